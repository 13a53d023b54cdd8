#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# What a client gets back, however it cuts, crowds or ends what it asks.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::INET;
use IO::Socket::IP;
use Mxonly qw(wait_until request answers closed free_port RELAY DIRECT);
use Test::More;

my $port   = free_port();
my $folder = Mxonly::free_folder();
my $server = Mxonly->new(
	folder  => $folder,
	ini     => "$Mxonly::relay\n[default]\ndefer_action = DEFER_IF_PERMIT 4.7.1 " . 'later ' x 29 . "\n",
	policyd => "listen = unix:$folder/policy, unix:second, inet:localhost:$port\nworkers = 2\n"
);
my $refusal = qr/^REJECT 5\.7\.1 Direct delivery refused: mail for example\.org/;

subtest 'unix and inet' => sub {
	for my $socket (
		[ 'unix',                         $server->connect ],
		[ 'a path beside the ini file',   $server->connect("$folder/second") ],
		[ 'inet',                         IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port") ],
		) {
		ok($socket->[1], "$socket->[0]: connected") or next;
		is($server->ask($socket->[1], RELAY), 'DUNNO', "$socket->[0]: relay");
		like($server->ask($socket->[1], DIRECT), $refusal, "$socket->[0]: direct");
	}
	my $v6 = IO::Socket::IP->new(PeerHost => '::1', PeerPort => $port);
	SKIP: {
		skip('localhost is not ::1 here', 1) unless $v6;
		is($server->ask($v6, RELAY), 'DUNNO', 'inet, IPv6');
	}
};

subtest 'pipelined' => sub {
	my $socket = $server->connect;
	syswrite($socket, join('', map { request($_ % 3 ? RELAY : DIRECT) } 1 .. 30));
	my @got = answers($socket, 30);
	is(scalar(@got), 30, 'an answer each');
	is(join('', map { $_ eq 'DUNNO' ? 'p' : /$refusal/ ? 'R' : '?' } @got), 'ppR' x 10, 'in their order');
};

# More than a worker serves in one round, and each asks more than it has room for in its share of one; some go in between.
subtest 'a crowd, each with many at once' => sub {
	my $short = "request=smtpd_access_policy\nrecipient=u\@a.example\n\n";
	my @crowd = map { $server->connect } 1 .. 80;
	kill('STOP', $server->workers);    # so that all have asked when they go on
	for my $i (0 .. $#crowd) {
		syswrite($crowd[$i], join('', map { $_ % ($i % 7 + 2) ? $short : request(RELAY) } 1 .. 100));
		close($crowd[$i]) if $i % 10 == 9;
	}
	kill('CONT', $server->workers);
	my $wrong = '';
	for my $i (grep { $_ % 10 != 9 } 0 .. $#crowd) {
		last if $wrong;
		my $got = join('', map { $_ eq 'DUNNO' ? 'p' : /^DEFER_IF_PERMIT 4\.7\.1 later/ ? 'd' : '?' } answers($crowd[$i], 100));
		$wrong = "client $i got $got" if $got ne join('', map { $_ % ($i % 7 + 2) ? 'd' : 'p' } 1 .. 100);
	}
	is($wrong, '', 'each gets its own answers, in their order');
};

subtest 'byte by byte' => sub {
	my $socket = $server->connect;
	syswrite($socket, $_) for split(//, request(RELAY) . request(DIRECT));
	my @got = answers($socket, 2);
	is($got[0], 'DUNNO', 'the first');
	like($got[1], $refusal, 'the second');
};

subtest 'more than fits anywhere, from a client that reads only at the end' => sub {
	my $socket = $server->connect;
	my $count  = 20000;    # replies of 4 MB: no socket holds that, nor has the server room for those to one read
	my $all    = "request=smtpd_access_policy\nrecipient=u\@a.example\n\n" x $count;
	my $pid    = fork() // die;
	if ($pid == 0) {
		syswrite($socket, $all, 65536, $_ * 65536) for 0 .. length($all) / 65536;
		shutdown($socket, 1);
		exit(0);
	}
	# Others are served while this one does not read.
	my $other = $server->connect;
	is($server->ask($other, RELAY), 'DUNNO', "others are served ($_)") for 1 .. 3;
	my $got = closed($socket);
	waitpid($pid, 0);
	my ($reply) = $got =~ /^(action=DEFER_IF_PERMIT [^\n]*\n\n)/;
	is(length($got), $count * length($reply), 'as much as an answer each');
	ok($got eq $reply x $count, 'an answer each');
};

subtest 'half closed' => sub {
	my $socket = $server->connect;
	syswrite($socket, request(RELAY) . request(DIRECT));
	shutdown($socket, 1);
	my $got = closed($socket);
	like($got, qr/^action=DUNNO\n\naction=REJECT [^\n]*\n\n\z/, 'both answers, then the end');
};

subtest 'malformed' => sub {
	my @rows = (
		[ 'no request',      "recipient=u\@example.org\n\n" ],
		[ 'another request', "request=other\n\n" ],
		[ 'no =',            "request=smtpd_access_policy\nnonsense\n\n" ],
		[ 'a NUL',           "request=smtpd_access_policy\nhelo_name=a\0b\n\n" ],
		[ 'an empty one',    "\n" ],
	);
	my $before = () = $server->log =~ /a request that is not one/g;
	for my $row (@rows) {
		my $socket = $server->connect;
		syswrite($socket, $row->[1]);
		is(closed($socket), '', "$row->[0]: closed without a reply");
	}
	ok($server->logs(qr/warning: a request that is not one: /, $before + @rows), 'a warning each');
	for my $socket ($server->connect, IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port")) {
		syswrite($socket, request(RELAY) . "nonsense\n\n" . request(RELAY) x 50);
		is(closed($socket), "action=DUNNO\n\n", 'what was asked before is answered');
	}
};

subtest 'over the limits' => sub {
	my $socket = $server->connect;
	syswrite($socket, request(RELAY, helo_name => 'a' x 9000) . request(RELAY));
	my @got = answers($socket, 2);
	like($got[0], qr/^DEFER_IF_PERMIT 4\.7\.1 /, 'deferred');
	is($got[1], 'DUNNO', 'and the next one is served');
	syswrite($socket, request(RELAY, map { ("x$_" => 'a' x 8000) } 1 .. 20) . request(RELAY));
	@got = answers($socket, 2);
	like($got[0], qr/^DEFER_IF_PERMIT 4\.7\.1 /, 'so is a long request of many lines');
	is($got[1], 'DUNNO', 'and the next one is served');
};

subtest 'clients that vanish' => sub {
	my @workers = $server->workers;
	for (1 .. 50) {
		my $socket = $server->connect;
		syswrite($socket, request(DIRECT) x 20);
		close($socket);
	}
	is($server->ask($server->connect, RELAY), 'DUNNO', 'others are served');
	is_deeply([ $server->workers ], \@workers, 'by the same workers');
};

is($server->stop, 0, 'a clean end');
unlike($server->log, qr/ERROR: \w+Sanitizer|runtime error/, 'no sanitizer had a word to say');
done_testing();
