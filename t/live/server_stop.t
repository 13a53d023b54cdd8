#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# A stop: what was asked is answered, what was begun may end, nothing is left behind.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Clock qw(time);
use Mxonly qw(wait_until request closed gone RELAY DIRECT);
use POSIX ();
use Test::More;

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
	unlike(Mxonly::but_for_landlock($server->log), qr/error|warning/, 'nothing happened');
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

# Asks on and on, whole requests and the beginning of one more each time, until it is closed; a child, which tells by `to` that it is served.
sub flood {
	my ($socket, $to) = @_;
	my $pid = fork() // die "fork: $!";
	return $pid if $pid;
	my $whole = request(DIRECT);
	my $bytes = $whole x 500 . substr($whole, 0, 20);
	my ($unsent, $said) = ($bytes, 0);
	$socket->blocking(0);
	my $both = '';
	vec($both, fileno($socket), 1) = 1;
	while (select(my $in = $both, my $out = $both, undef, undef) > 0) {
		if (vec($in, fileno($socket), 1)) {
			last unless sysread($socket, my $replies, 65536);
			syswrite($to, '.') unless $said++;
		}
		next unless vec($out, fileno($socket), 1);
		my $n = syswrite($socket, $unsent) // last;
		$unsent = substr($unsent, $n);
		$unsent = substr($whole, 20) . $bytes if $unsent eq '';
	}
	POSIX::_exit(0);
}

subtest 'a client that never stops asking' => sub {
	my $server = Mxonly->new(policyd => "workers = 1\nlog_decisions = none\n");
	pipe(my $from, my $to) or die;
	my $pid = flood($server->connect, $to);
	sysread($from, my $said, 1);
	is($said, '.', 'it is served');
	is($server->stop, 0, 'does not hold up the end');
	waitpid($pid, 0);
	unlike($server->log, qr/killed/, 'its worker had not to be killed');
};

# What takes long to read: a pipe that nobody writes to.
subtest 'while the first configuration is read' => sub {
	for my $signal (qw(TERM INT)) {
		my $folder = Mxonly::free_folder();
		POSIX::mkfifo("$folder/pipe", 0644) or die "mkfifo: $!";
		my $server = Mxonly->new(folder => $folder, wait => 0, before => [ Mxonly::as_nobody() ], options => [ '-c', "$folder/pipe" ]);
		ok(wait_until { my @all = $server->children }, 'somebody reads it');
		kill($signal, $server->pid);
		is($server->wait_end, 0, "SIG$signal: exit 0");
		like($server->log, qr/stopping: asked to while .* was being read/, 'it says why');
	}
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
	ok(wait_until { !grep { !gone($_) } @children }, 'and leave, the logger too');
	ok(-S $server->path, 'the socket is left, stale');
	my $next = Mxonly->new(folder => $server->{folder}, policyd => "workers = 2\n", wait => 0);
	ok($next->logs(qr/all workers serve generation 1 /, 2), 'a new server takes its place');
	is($next->ask($next->connect, RELAY), 'DUNNO', 'and answers');
	is($next->stop, 0, 'a clean end');
};

done_testing();
