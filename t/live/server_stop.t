#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# A stop: what was asked is answered, what was begun may end, nothing is left behind.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Mxonly qw(wait_until request closed RELAY DIRECT);
use Test::More;
use Time::HiRes qw(time);

for my $signal (qw(TERM INT)) {
	my $server  = Mxonly->new(policyd => "workers = 2\n");
	my @sockets = map { $server->connect } 1 .. 20;
	$server->ask($_, RELAY) for @sockets;
	kill('STOP', $server->workers);               # so that all of it waits when the end comes
	syswrite($_, request(RELAY) . request(DIRECT)) for @sockets;
	my @late = map { $server->connect } 1 .. 5;       # nobody has accepted these yet
	syswrite($_, request(RELAY)) for @late;
	kill($signal, $server->pid);
	ok(wait_until { !-e $server->path }, "SIG$signal: the socket is removed");
	kill('CONT', $server->workers);
	my @got = map { closed($_) } @sockets;
	is(scalar(grep { $_ =~ /^action=DUNNO\n\naction=REJECT [^\n]*\n\n\z/ } @got), 20, 'all that was asked is answered');
	is(scalar(grep { $_ eq "action=DUNNO\n\n" } map { closed($_) } @late), 5, 'so is who waited to be accepted');
	is($server->wait_end, 0, 'exit 0');
	ok(!$server->connect, 'nobody serves any more');
	unlike($server->log, qr/error|Sanitizer/, 'nothing went wrong');
}

subtest 'signals that mean nothing' => sub {
	my $server = Mxonly->new(policyd => "workers = 1\n");
	my $socket = $server->connect;
	for my $signal (qw(USR1 USR2 ALRM PIPE)) {
		kill($signal, $server->pid, $server->workers);
		is($server->ask($socket, RELAY), 'DUNNO', "SIG$signal: served on the same connection");
	}
	is($server->stop, 0, 'a clean end');
	unlike($server->log, qr/error|warning/, 'nothing happened');
};

subtest 'a request begun' => sub {
	my $server = Mxonly->new(policyd => "workers = 1\n");
	my ($ends, $stays, $new, $idle) = map { $server->connect } 1 .. 4;
	my $whole = request(DIRECT);
	syswrite($_, substr($whole, 0, 50)) for $ends, $stays;
	$server->ask($idle, RELAY);
	my $begin = time();
	kill('TERM', $server->pid);
	is(closed($idle), '', 'an idle connection is closed');
	syswrite($ends, substr($whole, 50));
	like(closed($ends), qr/^action=REJECT [^\n]*\n\n\z/, 'a request that ends in time is answered');
	syswrite($new, $whole);
	like(closed($new), qr/^action=REJECT [^\n]*\n\n\z/, 'so is one that had not begun on a new connection');
	is(closed($stays), '', 'one that does not is not waited for');
	is($server->wait_end, 0, 'exit 0');
	cmp_ok(time() - $begin, '>=', 1.9, 'it had two seconds');
};

subtest 'a worker that hangs' => sub {
	my $server = Mxonly->new(policyd => "workers = 2\n");
	kill('STOP', ($server->workers)[0]);
	is($server->stop, 0, 'does not hold up the end');
	like($server->log, qr/workers have not left in \d+ s: killed/, 'and that is told');
};

subtest 'the supervisor is killed' => sub {
	my $server  = Mxonly->new(policyd => "workers = 2\n");
	my @sockets = map { $server->connect } 1 .. 10;
	$server->ask($_, RELAY) for @sockets;
	my @children = $server->children;
	kill('STOP', $server->workers);
	syswrite($_, request(DIRECT)) for @sockets;
	my @workers = $server->workers;
	kill('KILL', $server->pid);
	is($server->wait_end, 137, 'it is dead');
	kill('CONT', @workers);
	is(scalar(grep { closed($_) =~ /^action=REJECT/ } @sockets), 10, 'the workers answer what they hold');
	ok(wait_until { !grep { kill(0, $_) } @children }, 'and leave, the logger too');
	ok(-S $server->path, 'the socket is left, stale');
	my $next = Mxonly->new(folder => $server->{folder}, policyd => "workers = 2\n", wait => 0);
	ok($next->logs(qr/all workers serve generation 1 /, 2), 'a new server takes its place');
	is($next->ask($next->connect, RELAY), 'DUNNO', 'and answers');
	is($next->stop, 0, 'a clean end');
};

done_testing();
