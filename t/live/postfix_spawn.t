#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# mxonlyd -i under spawn(8) of a real Postfix, with a compiled configuration.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Postfix;
use Test::More;

plan(skip_all => 'a real Postfix needs root') if $> != 0;

my $mxonlyd = Postfix::program('mxonlyd');
my $folder  = File::Temp::tempdir('mxonly-spawn-XXXXXX', TMPDIR => 1, CLEANUP => 1);
chmod(0755, $folder);
my $compiled = "$folder/mxonly.mxs";

# Written elsewhere and renamed, as mxonly compile does; what is wrong in [policyd] does not matter to -i.
sub compile {
	my ($mode) = @_;
	Postfix::spew("$folder/mxonly.ini", <<"END");
[policyd]
listen = unix:/nowhere/policy
control = unix:/nowhere/control
log = stderr
log_decisions = all
log_format = json
[relay filter]
ranges  = 192.0.2.0/24, 2001:db8:25::/48
domains = relay.example
[default]
mode = $mode
END
	is(system(Postfix::program('mxonly'), 'compile', '-c', "$folder/mxonly.ini", '-o', $compiled), 0, "compiled: $mode");
}

compile('enforce');
my $postfix = Postfix->new(
	main => <<'END',
virtual_mailbox_domains = enforce.test
smtpd_recipient_restrictions = check_policy_service { unix:private/policy, { default_action = DEFER_IF_PERMIT 4.3.5 policy server is away } }
policy_time_limit = 3600
END
	services => <<"END");
policy unix - n n - 0 spawn user=nobody argv=$mxonlyd -i -c $compiled
END
$postfix->start;

my %relay  = (xclient => 'NAME=mx1.relay.example REVERSE_NAME=mx1.relay.example ADDR=192.0.2.7', helo => 'mx1.relay.example');
my %direct = (xclient => 'NAME=[UNAVAILABLE] REVERSE_NAME=dsl.isp.test ADDR=IPV6:2001:db8:f::9', helo => 'dsl.isp.test');

sub reply_to { my (%client) = @_; return ($postfix->mail($postfix->session(%client), 'sender@sender.test', 'u@enforce.test'))[0] }

# The processes that serve on standard input, each with the one that writes its log.
sub serving {
	my @all;
	for my $file (glob('/proc/[0-9]*/cmdline')) {
		my @words = split(/\0/, Postfix::slurp($file));
		push(@all, $file =~ /(\d+)/) if @words == 4 && $words[1] eq '-i' && $words[3] eq $compiled;
	}
	@all = sort { $a <=> $b } @all;
	return @all;
}

# As at the end of Postfix. They answer what has begun before they leave; the next request after that starts another one.
sub end_all {
	kill(TERM => serving());
	Postfix::wait_for('they have left', sub { !serving() });
	return 0;
}

like(reply_to(%relay), qr/^250 2\.1\.5 /, 'the relay delivers');
like(reply_to(%direct), qr/^554 5\.7\.1 .*Direct delivery refused/, 'nobody else does');
like(reply_to(%direct), qr/^554 5\.7\.1 /, 'the second time the process is there already');
cmp_ok(scalar(serving()), '>=', 1, 'it waits for more');

# What a process has begun with it stays with; who comes later has the new one.
my @open = map { $postfix->session(%direct) } 1 .. 3;
like(($postfix->mail($_, 'a@b.test', 'u@enforce.test'))[0], qr/^554 /, 'three at once') for @open;
my @before = serving();
my @again = $postfix->mail($open[0], 'a@b.test', map { "u$_\@enforce.test" } 1 .. 5);
is(scalar(grep { /^554 / } @again), 5, 'five more on the same connection');
# A line of our log, which goes to standard error, would make Postfix begin anew, and silently.
is_deeply([serving()], \@before, 'all by the same processes');
is(join("\n", $postfix->complaints), '', 'Postfix has nothing to complain of');
compile('off');
Postfix::wait_for('new processes', sub { reply_to(%direct) =~ /^250 / || end_all() });
like(reply_to(%direct), qr/^250 /, 'a new configuration');

Postfix::spew($compiled, 'rubbish');
end_all();
like(reply_to(%direct), qr/^450 4\.3\.5 .*policy server is away/, 'a faulty configuration: the mail is deferred');
compile('enforce');
Postfix::wait_for('it is mended', sub { reply_to(%direct) =~ /^554 / });
pass('mended');

$postfix->stop;
Postfix::wait_for('all have gone', sub { !serving() });
pass('with Postfix they all leave');
my @complaints = grep { !/policy server is away|problem talking to server|premature end-of-input|unexpected attribute|exit status 2$/ } $postfix->complaints;
is(join("\n", @complaints), '', 'Postfix has nothing else to complain of');
done_testing();
