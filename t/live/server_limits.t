#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# Clients that are too many, too slow, or do not read: bounded, and nobody else is harmed.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Clock qw(time);
use Mxonly qw(wait_until slurp request answers closed RELAY DIRECT);
use Test::More;

sub cpu {
	my $ticks = 0;
	for my $pid (@_) {
		my @stat = split(' ', slurp("/proc/$pid/stat") =~ s/.*\) //sr);
		$ticks += $stat[11] + $stat[12];
	}
	return $ticks;
}

subtest 'max_connections' => sub {
	my $server = Mxonly->new(policyd => "workers = 2\nmax_connections = 5\n");
	my @inside = map { $server->connect } 1 .. 5;
	is(scalar(grep { $server->ask($_, RELAY) eq 'DUNNO' } @inside), 5, 'five are served');
	my @outside = map { $server->connect } 1 .. 3;
	syswrite($_, request(RELAY)) for @outside;
	ok($server->logs(qr/warning: max_connections = 5 is reached/), 'that is told');
	my $before = cpu($server->workers);
	is(scalar(answers($outside[0], 1, 1)), 0, 'further ones wait');
	cmp_ok(cpu($server->workers) - $before, '<', 50, 'without the server spinning');
	is(scalar(grep { $server->ask($_, RELAY) eq 'DUNNO' } @inside), 5, 'the five are still served');
	close($_) for splice(@inside, 0, 2);
	is((answers($_, 1))[0], 'DUNNO', 'the next is served when one has left') for @outside[ 0, 1 ];
	is(scalar(answers($outside[2], 1, 0.5)), 0, 'the third has to wait');
	is(scalar(() = $server->log =~ /max_connections = 5 is reached/g), 1, 'told once a minute');
	kill('KILL', $server->workers);
	is((answers($outside[2], 1))[0], 'DUNNO', 'the places of dead workers are free again');
	is($server->stop, 0, 'stopped');
};

subtest 'request_timeout' => sub {
	my $server = Mxonly->new(policyd => "workers = 1\nrequest_timeout = 1\n");
	my ($slow, $idle, $drip) = map { $server->connect } 1 .. 3;
	$server->ask($idle, RELAY);
	my $begin = time();
	syswrite($slow, "request=smtpd_access");
	syswrite($drip, "request=smtpd_access_policy\n");
	wait_until { syswrite($drip, 'x'); $server->log =~ /has not ended/ } 10;
	is(closed($slow), '', 'a request begun and not ended: closed without a reply');
	cmp_ok(time() - $begin, '<', 10, 'in time');
	ok(wait_until { !defined syswrite($drip, 'x') }, 'a byte now and then does not put it off');
	ok($server->logs(qr/warning: a request begun has not ended for 1 s: closed/, 2), 'both are told');
	is($server->ask($idle, RELAY), 'DUNNO', 'an idle connection stays');
	is($server->stop, 0, 'stopped');
};

subtest 'idle_timeout' => sub {
	my $server = Mxonly->new(policyd => "workers = 1\nidle_timeout = 1\n");
	my $socket = $server->connect;
	$server->ask($socket, RELAY);
	is(closed($socket), '', 'a silent connection is closed');
	is(closed($server->connect), '', 'one that has never asked, too');
	unlike($server->log, qr/mxonlyd.*(error|: closed)/, 'without a word');
	is($server->stop, 0, 'stopped');
};

subtest 'clients that do not read' => sub {
	my $server = Mxonly->new(policyd => "workers = 1\nrequest_timeout = 1\nlog_decisions = none\n");
	my $socket = $server->connect;
	$socket->blocking(0);
	my $all = request(DIRECT) x 500;
	my $at  = 0;
	my $more = sub {
		while (defined(my $n = syswrite($socket, $all, length($all) - $at, $at))) {
			$at = ($at + $n) % length($all);
		}
	};
	$more->();
	is($server->ask($server->connect, RELAY), 'DUNNO', 'others are served');
	ok(wait_until { $more->(); $server->log =~ /warning: a client has not read its replies for 1 s: closed/ },
		'it is closed in the end');
	my ($rss) = slurp('/proc/' . ($server->workers)[0] . '/status') =~ /^VmRSS:\s*(\d+)/m;
	note("the worker has $rss KiB");
	is($server->stop, 0, 'stopped');
};

subtest 'no descriptors left' => sub {
	my $server = Mxonly->new(
		policyd     => "workers = 1\n",
		descriptors => 40
	);
	my @sockets = map { $server->connect } 1 .. 60;
	syswrite($_, request(RELAY)) for @sockets;
	ok($server->logs(qr/warning: cannot accept a client: Too many open files/), 'that is told');
	my $worker = ($server->workers)[0];
	my $before = cpu($worker);
	sleep(1);                      # measured: what it does in a second in which nothing happens
	cmp_ok(cpu($worker) - $before, '<', 50, 'it does not spin');
	is($server->ask($sockets[0], RELAY), 'DUNNO', 'who is inside is served');
	close($_) for splice(@sockets, 0, 30);
	is((answers($sockets[-1], 1))[0], 'DUNNO', 'the last one is served when others have left');
	is($server->stop, 0, 'stopped');
};

subtest 'many clients that come and go' => sub {
	my $server = Mxonly->new(policyd => "workers = 2\n");
	my $good = 0;
	for my $round (1 .. 10) {
		my @sockets = map { $server->connect } 1 .. 200;
		syswrite($_, request(RELAY)) for @sockets;
		$good += grep { ((answers($_, 1))[0] // '') eq 'DUNNO' } @sockets;
	}
	is($good, 2000, 'all are answered');
	is($server->stop, 0, 'stopped');
};

done_testing();
