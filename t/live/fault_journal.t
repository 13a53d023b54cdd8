#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# A real systemd-journald, alone in a mount namespace, reads standard error as it does under systemd: hung, and killed, under load.

package Journaled;
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Mxonly ();
our @ISA = ('Mxonly');

sub log { return scalar(`journalctl --no-pager -q -o cat -D /run/log/journal -t mxonlyd 2>/dev/null`) }

package main;
use Load;
use Mxonly qw(wait_until as_root);
use Test::More;
use Time::HiRes qw(time);

use constant { BATCH => 10_000, CLONE_NEWNS => 0x20000, SYS_unshare => 272, JOURNALD => '/lib/systemd/systemd-journald' };

plan(skip_all => 'it takes root') unless as_root();
die JOURNALD . " is missing: apt-get install systemd\n" unless -x JOURNALD;
plan(skip_all => 'no mount namespaces here') if syscall(SYS_unshare, CLONE_NEWNS) != 0 || system('mount --make-rprivate / 2>/dev/null') != 0;
system('mount -t tmpfs -o size=600m run /run && mkdir -p /run/systemd/journald.conf.d /run/log') == 0 or die 'no /run of its own';
open(my $to, '>', '/run/systemd/journald.conf.d/mxonly.conf') or die;
print $to "[Journal]\nStorage=volatile\nRuntimeMaxUse=500M\nRuntimeKeepFree=1M\nRateLimitIntervalSec=0\n";
close($to);

my $journald = fork() // die "fork: $!";
if ($journald == 0) {
	open($_, '>', '/dev/null') for *STDOUT, *STDERR;
	exec(JOURNALD) or exit(127);
}
my $test = $$;
END { my $status = $?; kill('KILL', $journald) if $journald && $$ == $test; $? = $status }
wait_until { -S '/run/systemd/journal/stdout' } or die 'systemd-journald does not start';

my $server = Journaled->new(policyd => Mxonly::CONTROL . "workers = 2\n", before => [ 'systemd-cat', '-t', 'mxonlyd' ]);
ok($server->logs(qr/mxonlyd \S+ starts with/), 'it logs there');
my $load = Load->new($server);

sub speed {
	my $begin = time();
	$load->more(BATCH);
	return BATCH / (time() - $begin);
}

sub as_fast {
	my ($while, $before, $what) = @_;
	cmp_ok($while, '>', $before / 5, sprintf('%s: %.0f a second, before %.0f', $what, $while, $before));
}

sub dropped {
	my $n = 0;
	my $log = $server->log;
	$n += $1 while $log =~ /(\d+) log lines were dropped/g;
	return $n;
}

my $before = speed();
kill('STOP', $journald);
# A stream to the journal takes megabytes before it is full.
for (1 .. 20) {
	speed();
	last if Mxonly::metric(($server->ctl('stats'))[1], 'mxonly_log_lines_dropped_total') > 0;
}
as_fast(speed(), $before, 'while it hangs');
kill('CONT', $journald);
ok($server->logs(qr/\d+ log lines were dropped/), 'when it goes on, what was dropped is told');
$load->more(BATCH);
my $answered = $load->end->{answered};
ok(wait_until { abs((() = $server->log =~ /outcome=refuse/g) + dropped() - $answered) <= 2 }, 'each line was written, or counted: ' . dropped() . ' dropped');

my $first = $load;
$load = Load->new($server);
speed();
kill('KILL', $journald);
waitpid($journald, 0);
undef $journald;
as_fast(speed(), $before, 'after it was killed');
$load->end;
ok($_->whole && !$_->{retried}, 'nothing is lost, nobody has to ask again') or diag($_->words) for $first, $load;
note($_->words) for $first, $load;
is($server->stop, 0, 'a clean end');

done_testing();
