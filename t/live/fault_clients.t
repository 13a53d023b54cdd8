#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# Clients that misbehave in every way at once, beside others that do not: these are answered as ever, and memory stays bounded.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Clock qw(time);
use IO::Socket::INET;
use Load;
use Mxonly qw(wait_until slurp request closed free_port DIRECT);
use Socket;
use Test::More;

use constant { BATCH => 3000, CROWD => 150, ROUNDS => 40 };

# Closed by a reset, with an answer on its way.
sub reset_closed {
	my ($socket) = @_;
	setsockopt($socket, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0));
	close($socket);
}

subtest 'connects and disconnects, by the thousand' => sub {
	my $port = free_port();
	my $server = Mxonly->new(policyd => "workers = 2\nlog_decisions = none\n", options => [ '-l', "inet:127.0.0.1:$port", '-l', 'unix:' . Mxonly::free_folder() . '/policy' ]);
	my ($unix) = $server->{options}[3] =~ /^unix:(.*)/;
	my $load = Load->new($server, connect => sub { $server->connect($unix) });
	$load->more(BATCH);
	my $before = Load::memory($server->workers);
	my ($made, $half) = (0, 0);
	for my $round (1 .. ROUNDS) {
		my @crowd = map { $_ % 2 ? $server->connect($unix) : IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port") } 1 .. CROWD;
		$made += grep { defined } @crowd;
		for my $i (0 .. $#crowd) {
			my $way = ($i >> 1) % 5;
			syswrite($crowd[$i], substr(request(DIRECT), 0, 60)) if $way == 1;
			syswrite($crowd[$i], request(DIRECT) x 5) if $way > 1;
			shutdown($crowd[$i], 1) if $way == 2;
			$half += (closed($crowd[$i]) // '') =~ /\A(?:action=REJECT [^\n]*\n\n){5}\z/ if $way == 2;
			reset_closed($crowd[$i]) if $way == 3;
			close($crowd[$i]) if $way == 4;
		}
		$load->more(100);
	}
	is($made, ROUNDS * CROWD, "$made connections that came and went");
	is($half, ROUNDS * CROWD / 5, "$half of them closed their side first: all that they asked was answered");
	$load->more(BATCH)->end;
	ok($load->whole, 'nothing of others is lost') or diag($load->words);
	is($load->{retried}, 0, 'nobody has to ask again');
	note($load->words . "; memory of the workers: $before KiB before, " . Load::memory($server->workers) . ' KiB after');
	ok(wait_until { scalar(() = map { glob("/proc/$_/fd/*") } $server->workers) < 60 }, 'no descriptor is left over');
	is($server->stop, 0, 'a clean end');
	unlike($server->log, qr/mxonlyd.*error|ERROR: \w+Sanitizer|runtime error/, 'nothing went wrong');
};

# A byte a time, never an end, no reading, no word: as many as there may be of each, a quarter of max_connections in all.
subtest 'every slow way at once' => sub {
	local $ENV{ASAN_OPTIONS} = 'quarantine_size_mb=1';    # else a sanitizer keeps what was freed
	my $server = Mxonly->new(policyd => "workers = 2\nlog_decisions = none\nrequest_timeout = 2\nmax_connections = 400\n");
	my $load = Load->new($server);
	$load->more(BATCH);
	my $before = Load::memory($server->workers);
	my %slow = map { my $kind = $_; $kind => [ map { $server->connect } 1 .. 50 ] } qw(drip endless deaf silent);
	my $deaf = request(DIRECT) x 200;
	my $endless = "request=smtpd_access_policy\n" . ('x' x 4000 . "=\n") x 16;
	$_->blocking(0) for map { @$_ } values %slow;
	syswrite($_, 'request=') for @{ $slow{drip} };
	my ($most, $bytes) = (0, 0);
	my $end = time() + Mxonly::DEADLINE;
	my $open = sub { my $n = () = $server->log =~ /closed$/mg; 150 - $n };
	while ($open->() > 0 && time() < $end) {
		syswrite($_, 'x') for @{ $slow{drip} };
		for my $socket (@{ $slow{endless} }) {
			while (my $n = syswrite($socket, $endless)) { $bytes += $n }
		}
		syswrite($_, $deaf) for @{ $slow{deaf} };
		$load->more(50);
		my $memory = Load::memory($server->workers);
		$most = $memory if $memory > $most;
	}
	my $log = $server->log;
	my ($unended, $unread) = (scalar(() = $log =~ /has not ended for 2 s: closed/g), scalar(() = $log =~ /has not read its replies for 2 s: closed/g));
	is($open->(), 0, 'all but the silent ones were closed in the end');
	is("$unended $unread", '100 50', 'each for its reason');
	is($server->ask($slow{silent}[0], DIRECT) =~ /^REJECT/, 1, 'who is silent may stay');
	$load->more(BATCH)->end;
	ok($load->whole, 'nothing of others is lost') or diag($load->words);
	is($load->{retried}, 0, 'nobody has to ask again');
	# 150 clients, each of at most a request, and the replies to one buffer of requests: much less than they have sent.
	cmp_ok($most - $before, '<', 150 * 128, 'memory is bounded: KiB more than before');
	cmp_ok($bytes / 1024, '>', 2 * 150 * 128, 'KiB of requests without an end');
	note($load->words . sprintf('; memory of the workers: %d KiB before, %d KiB at most; %d bytes of requests without an end', $before, $most, $bytes));
	is($server->stop, 0, 'a clean end');
};

subtest 'one that opens every connection there is' => sub {
	my $server = Mxonly->new(policyd => "workers = 2\nlog_decisions = none\nmax_connections = 100\nidle_timeout = 10\n");
	my $load = Load->new($server, connections => 20);
	$load->more(BATCH);
	my @greedy = map { $server->connect } 1 .. 200;
	ok($server->logs(qr/warning: max_connections = 100 is reached/), 'it is told');
	my $before = Load::memory($server->workers);
	$load->more(BATCH);
	is(Mxonly::answers($greedy[-1], 1, 0.2), 0, 'further ones wait') if syswrite($greedy[-1], request(DIRECT));
	reset_closed($_) for @greedy[ 0 .. 189 ];
	$load->more(BATCH)->end;
	is((Mxonly::answers($greedy[-1], 1))[0] =~ /^REJECT/, 1, 'until there is room');
	ok($load->whole, 'nothing of those who are inside is lost') or diag($load->words);
	is($load->{retried}, 0, 'nobody has to ask again');
	note($load->words . "; memory of the workers: $before KiB");
	is($server->stop, 0, 'a clean end');
};

subtest 'out of descriptors' => sub {
	my $server = Mxonly->new(policyd => "workers = 1\nlog_decisions = none\n", descriptors => 64);
	my $load = Load->new($server, connections => 16);
	$load->more(BATCH);
	my ($worker) = $server->workers;
	my @crowd = map { $server->connect } 1 .. 100;
	ok($server->logs(qr/warning: cannot accept a client: Too many open files/), 'it is told');
	$load->more(BATCH)->end;
	ok($load->whole, 'nothing of those who are inside is lost') or diag($load->words);
	is($load->{retried}, 0, 'nobody has to ask again');
	note($load->words);
	my $cpu = Load::cpu($worker);
	select(undef, undef, undef, 1);    # measured: what it does in a second in which nobody asks
	cmp_ok(Load::cpu($worker) - $cpu, '<', 0.2, 'it does not spin');
	close($_) for splice(@crowd, 0, 90);
	my $again = Load->new($server, connections => 16);
	$again->more(BATCH)->end;
	ok($again->whole && !$again->{retried}, 'it accepts again when it can') or diag($again->words);
	is($server->stop, 0, 'a clean end');
};

done_testing();
