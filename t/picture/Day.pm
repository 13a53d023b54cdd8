# SPDX-License-Identifier: BSD-2-Clause
package Day;

# A day at a mail server, told in some seconds to two real mxonlyd, whose real statistics are asked once for every minute of it
# and written down with that minute's time, for `promtool tsdb create-blocks-from openmetrics`. What the servers say of ages
# is moved to the minute that is told; all else is as they print it.
#
#   Day::told($folder)      FILE of the metrics, and the midnight at which the day ends

use strict;
use warnings;
use IO::Select;
use Mxonly;
use Tool;

use constant MINUTES => 26 * 60;    # a day, and what the longest looks back from its start would want

my $policyd = "workers = 2\n" . Mxonly::CONTROL;
my $domains = "[relay filter]\nranges_file = filter.ranges\ndomains = relay.example\n\n[relay archive]\nranges_file = archive.ranges\n"
	. "domains = archive.example\n\n[default]\nrelays = filter archive\nexempt_recipients = postmaster\n";

# What happens, by the minute of the day that the picture shows: yesterday, in UTC.
my %event = (
	9 * 60 + 58  => sub { my ($mx1) = @_; configure($mx1, $domains =~ s/relays = filter/relays = fliter/r); $mx1->reload },
	10 * 60 + 6  => sub { my ($mx1, $mx2) = @_; widen($_) for $mx1, $mx2; },
	14 * 60 + 20 => sub { my (undef, $mx2) = @_; my ($worker) = $mx2->workers; kill('KILL', $worker); $mx2->logs(qr/worker \d+.*(?:signal|killed)/i) },
);

my %generation;

sub configure {
	my ($server, $ini) = @_;
	return $server->configure($ini, $policyd);
}

# The service's new host is added, and all is well.
sub widen {
	my ($server) = @_;
	ranges($server, 'filter', "192.0.2.0/24\n198.51.100.8\n", 0);
	configure($server, $domains);
	return $server->reload(++$generation{$server});
}

sub ranges {
	my ($server, $relay, $text, $days) = @_;
	my $file = write_file("$server->{folder}/$relay.ranges", $text);
	chmod(0644, $file);
	my $then = time() - $days * 86400;
	utime($then, $then, $file) or die "$file: $!";
	return;
}

# So many requests in a minute, more or less, drawn so that each run is the same.
my $seed = 1;

sub drawn {
	my ($mean) = @_;
	$seed = ($seed * 1103515245 + 12345) % 2147483648;
	my $whole = $mean * 2 * $seed / 2147483648;
	$seed = ($seed * 1103515245 + 12345) % 2147483648;
	return int($whole) + ($seed / 2147483648 < $whole - int($whole) ? 1 : 0);
}

# Mail comes by day; at three there is a wave of direct delivery, at nine the service has a new host.
sub minute {
	my ($at, $host) = @_;
	my $hour = ($at / 60) % 24 + ($at % 60) / 60;
	my $day  = 0.15 + 0.85 * ($hour > 6 && $hour < 22 ? sin(($hour - 6) / 16 * 3.14159) : 0);
	my $new_host = $at >= 9 * 60 + 10;
	my %archive = (client_address => '203.0.113.40', client_name => 'in.archive.example', helo_name => 'in.archive.example');
	my %foreign = (client_address => '203.0.113.9', client_name => 'unknown', helo_name => 'evil.test');
	my @kinds   = (
		[14 * $day,                                                   Mxonly::RELAY],
		[3 * $day,                                                    %archive],
		[$new_host ? 1.2 * $day : 0,                                  client_address => '198.51.100.8', client_name => 'mx4.relay.example', helo_name => 'mx4.relay.example'],
		[$host ? 0.4 : 0.6,                                           %foreign],
		[$at >= 3 * 60 && $at < 3 * 60 + 45 ? 9 : 0,                  %foreign, client_address => '203.0.113.77'],
		[0.3 * $day,                                                  %foreign, sasl_username => 'anna', sasl_method => 'plain'],
		[0.15,                                                        %foreign, client_address => '127.0.0.1', client_name => 'localhost'],
		[0.03,                                                        %foreign, recipient => 'postmaster@example.org'],
		[$at >= 16 * 60 && $at < 17 * 60 && $host == 0 ? 0.08 : 0,    Mxonly::RELAY, helo_name => 'vps.customer.test'],
		[$at >= 20 * 60 && $at < 20 * 60 + 20 ? 0.2 : 0,              client_address => 'unknown'],
	);
	return map { my ($mean, %attributes) = @$_; (Mxonly::request(%attributes)) x drawn($mean) } @kinds;
}

# Asked on one of as many connections as Postfix holds at that hour; those of a worker that died are gone.
sub ask {
	my ($server, $connections, @requests) = @_;
	@{ $server->{held} } = grep { !IO::Select->new($_)->can_read(0) } @{ $server->{held} // [] };
	push(@{ $server->{held} }, $server->connect) while @{ $server->{held} } < $connections;
	$#{ $server->{held} } = $connections - 1;
	my $socket = $server->{held}[0];
	syswrite($socket, join('', @requests)) if @requests;
	my $answers = Mxonly::answers($socket, scalar @requests);
	return $answers == @requests ? 1 : die 'mxonlyd does not answer: ' . $server->log;
}

# The statistics as they would have been then.
sub statistics {
	my ($server, $instance, $then, $compiled, $touched) = @_;
	my ($status, $text) = $server->ctl('stats');
	my $moved = time() - $then;
	$text =~ s/^#.*\n//mg;
	$text =~ s/^(mxonly_snapshot_age_seconds) .*/"$1 " . ($then - $compiled)/me;
	$text =~ s/^(mxonly_snapshot_compiled_timestamp_seconds) .*/$1 $compiled/m;
	$text =~ s/^(mxonly_ranges_file_age_seconds\{relay="filter".*\}) .*/"$1 " . ($then - $touched)/me;
	$text =~ s/^(mxonly_ranges_file_age_seconds\{relay="archive".*\}) (\d+)/"$1 " . ($2 - $moved)/me;
	$text =~ s{file="\Q$server->{folder}\E/}{file="/etc/mxonly/}g;
	$text =~ s/^(\w+)(?:\{(.*)\})? (\S+)$/"$1\{" . (defined $2 ? "$2," : '') . "instance=\"$instance\"} $3 $then"/mge;
	return $text;
}

sub told {
	my ($folder) = @_;
	my @servers = map { my $server = Mxonly->new(folder => prepared(), policyd => $policyd, ini => $domains); $generation{$server} = 1; $server } 1, 2;
	my $last  = int(time() / 86400) * 86400;
	my $first = $last - MINUTES * 60;
	my @compiled = ($first - 20 * 86400) x 2;
	my @touched  = ($first - 40 * 86400) x 2;
	open(my $to, '>', "$folder/metrics") or die "$folder/metrics: $!";
	for my $minute (0 .. MINUTES - 1) {
		my ($then, $at) = ($first + $minute * 60 + 17, $minute - 120);
		$event{$at}->(@servers) if $event{$at};
		@compiled = @touched = ($then, $then) if $at == 10 * 60 + 6;
		for my $n (0, 1) {
			my @requests = minute($at, $n);
			ask($servers[$n], 2 + int(@requests / 2), @requests);
			print $to statistics($servers[$n], "mx" . ($n + 1), $then, $compiled[$n], $touched[$n]);
		}
	}
	print $to "# EOF\n";
	close($to) or die "$folder/metrics: $!";
	$_->stop for @servers;
	return ("$folder/metrics", $last);
}

sub prepared {
	my $folder = Mxonly::free_folder();
	my $server = { folder => $folder };
	ranges($server, 'filter', "192.0.2.0/24\n", 40);
	ranges($server, 'archive', "203.0.113.40\n", 130);
	return $folder;
}

1;
