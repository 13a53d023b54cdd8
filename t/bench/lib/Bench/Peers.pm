# SPDX-License-Identifier: BSD-2-Clause
# Peers - other policy servers of Debian beside mxonlyd and floor, all under the same load, in turns
package Bench::Peers;
use strict;
use warnings;
use Exporter 'import';
use Bench::Machine qw(median text_of);
use Bench::Pairs ();
use Bench::Serving qw(start_ours start_floor);
use Bench::Server;
use Bench::Table;
our @EXPORT_OK = qw(measure_peers);

my @NOBODY = $> == 0 ? qw(nobody nogroup) : ();

sub postgrey {
	my ($in, $socket) = @_;
	return ('postgrey', "--unix=$socket", '--dbdir=' . $in->path('postgrey'), '--delay=0', '--whitelist-clients=/dev/null',
		'--whitelist-recipients=/dev/null', @NOBODY ? ("--user=$NOBODY[0]", "--group=$NOBODY[1]") : ());
}

sub postfwd {
	my ($in, $socket) = @_;
	return ('postfwd1', '--daemon', '--pidfile', $in->path('peer.pid'), '--proto', 'unix', '--port', $socket, '--nodns',
		'--norulelog', '--rule', 'id=R1; action=DUNNO', @NOBODY ? ('--user', $NOBODY[0], '--group', $NOBODY[1]) : ());
}

sub policyd_rate_limit {
	my ($in, $socket) = @_;
	my $user = @NOBODY ? "user: $NOBODY[0]\ngroup: $NOBODY[1]\n" : '';
	my $file = $in->write_file('prl.yaml', "debug: false\n${user}pidfile: " . $in->path('prl.pid')
		. "\nbackend: 0\nsqlite_config: {database: " . $in->path('prl.db') . "}\n"
		. "SOCKET: $socket\nsocket_permission: 0666\nlimits: [[1000000000, 60]]\n");
	return ('policyd-rate-limit', '--file', $file);
}

# By socat, as Postfix's spawn(8): a process of the program for every connection.
sub spawned {
	my ($program) = @_;
	return sub { ('socat', "UNIX-LISTEN:$_[1],fork,backlog=1024", 'EXEC:' . path_of($program)) };
}

# package: also its name here; program; command: its line, for a socket; daemon: what is started leaves it behind; local: a process
# for every connection, asked about 127.0.0.1 alone, because for any other it asks the DNS; warm: seconds before anything counts.
my @PEERS = (
	{ package => 'postgrey', program => 'postgrey', command => \&postgrey, warm => 2, note => 'all clients known, no delay' },
	{ package => 'postfwd', program => 'postfwd1', command => \&postfwd, daemon => 1, warm => 2,
		note => 'one rule; answers from its cache' },
	{ package => 'policyd-rate-limit', program => 'policyd-rate-limit', command => \&policyd_rate_limit, warm => 1,
		note => 'no limit applies' },
	{ package => 'postfix-policyd-spf-python', program => 'policyd-spf', command => spawned('policyd-spf'), local => 1, warm => 10,
		note => '127.0.0.1, so no SPF; a process each, and socat' },
	{ package => 'postfix-policyd-spf-perl', program => 'postfix-policyd-spf-perl', command => spawned('postfix-policyd-spf-perl'),
		local => 1, warm => 10, note => '127.0.0.1, so no SPF; a process each, and socat' },
);

sub path_of {
	my ($program) = @_;
	my ($found) = grep { -x } map { "$_/$program" } split(/:/, $ENV{PATH}), '/usr/sbin';
	return $found;
}

# The sample's requests, all from 127.0.0.1.
sub local_requests {
	my ($in) = @_;
	my $text = text_of($in->sample('requests', 1000));
	$text =~ s/^client_address=.*/client_address=127.0.0.1/mg;
	return $in->write_file('local-requests', $text);
}

# What is measured: { name, start, options, warm, note }; or { name, why }, why not.
sub contestants {
	my ($in) = @_;
	my $usual = $in->usual('usual.ini');
	mkdir $in->path('postgrey');
	chown scalar getpwnam($NOBODY[0]), -1, $in->path('postgrey') if @NOBODY;
	return (
		{ name => 'floor', start => sub { start_floor($in) }, warm => 0.3, note => 'a constant answer' },
		{ name => 'mxonlyd', start => sub { start_ours($in, $usual) }, warm => 0.3, note => '1,000 ranges, 500 domains; one worker' },
		map { contestant($in, $_) } @PEERS);
}

sub contestant {
	my ($in, $p) = @_;
	my %c = (name => $p->{package}, warm => $p->{warm}, note => $p->{note});
	return { %c, why => 'not installed' } if !path_of($p->{program});
	return { %c, why => 'socat is not installed' } if !path_of('socat');
	return { %c, options => $p->{local} ? [ '-f', local_requests($in) ] : [], start => sub {
		my $socket = $in->path('peer.sock');
		my %more = $p->{daemon} ? (pid_file => $in->path('peer.pid')) : ();
		return Bench::Server->start(command => [ $p->{command}->($in, $socket) ], socket => $socket,
			log => $in->path('peer.log'), spawning => $p->{local}, client => $p->{local} ? '127.0.0.1' : '203.0.113.9', %more);
	} };
}

# One run of a server that was started for it: some end when a client leaves. What fails is remembered.
sub run_once {
	my ($in, $c, $connections, $seconds) = @_;
	return if $c->{why};
	my $server = eval { $c->{start}->() };
	my $r = $server && eval {
		$server->load($in->program('policyload'), '-c', $connections, '-d', $seconds, '-w', $c->{warm}, @{ $c->{options} // [] });
	};
	push @{ $c->{failed}{$connections} }, $@ =~ s/\s+/ /gr if !$r;
	push @{ $c->{runs}{$connections} }, $r if $r;
	$server->stop if $server;
}

my $FORM = "| %-26s | %11s | %-25s | %16s | %12s | %10s | %s |\n";

sub row {
	my ($c, $connections, $ours) = @_;
	my @runs = @{ $c->{runs}{$connections} // [] };
	my @failed = @{ $c->{failed}{$connections} // [] };
	return sprintf $FORM, $c->{name}, $connections, ('-') x 4, 'not measured: ' . ($c->{why} // $failed[0]) if !@runs;
	my @rate = sort { $a <=> $b } map { $_->{req_per_s} } @runs;
	my $cpu = median(map { $_->{cpu_us} } @runs);
	my $times = $ours && $c->{name} ne 'mxonlyd' ? sprintf(' (%.*f)', $cpu / $ours < 10 ? 1 : 0, $cpu / $ours) : '';
	my @disturbed = grep { Bench::Pairs::disturbed($_->{steal}, $_->{others}) > 1 } @runs;
	return sprintf $FORM, $c->{name}, $connections, Bench::Table::figure(median(@rate), @rate[ 0, -1 ]),
		sprintf('%.1f%s', $cpu, $times), Bench::Table::commas(sprintf '%.0f', median(map { $_->{p99_us} } @runs)),
		sprintf('%.1f', median(map { $_->{pss} } @runs) / 1024),
		join '; ', $c->{note}, @disturbed ? @disturbed . ' of ' . @runs . ' runs DISTURBED' : (),
		@failed ? @failed . ' more failed' : ();
}

# Measures all of them, in turns; returns the table, which is printed too.
sub measure_peers {
	my ($in, $quick) = @_;
	my @all = contestants($in);
	my @connections = (1, 32);
	for my $round (1 .. ($quick ? 1 : 3)) {
		for my $connections (@connections) {
			run_once($in, $_, $connections, $quick ? 1 : 3) for $round % 2 ? @all : reverse @all;
		}
	}
	my ($ours) = grep { $_->{name} eq 'mxonlyd' } @all;
	my $text = sprintf($FORM, 'server', 'connections', 'requests/s median (min-max)', 'CPU us (of ours)', 'p99 us', 'memory MiB', 'remarks')
		. sprintf $FORM, map { '-' x $_ } 26, 11, 25, 16, 12, 10, 7;
	for my $connections (@connections) {
		my $cpu = median(map { $_->{cpu_us} } @{ $ours->{runs}{$connections} // [] });
		$text .= row($_, $connections, $cpu) for @all;
	}
	print $text;
	return $text;
}

1;
