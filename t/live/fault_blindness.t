#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# A proxy or a container network in front of Postfix: every client has its address.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Mxonly qw(RELAY DIRECT);
use Test::More;

# So many requests of a client, over several connections, as many smtpd processes make them.
sub ask_often {
	my ($server, $times, %client) = @_;
	my @sockets = map { $server->connect } 1 .. 8;
	$server->ask($sockets[$_ % @sockets], %client) for 1 .. $times;
}

sub status { return ($_[0]->ctl('status'))[1] }
sub hidden { return Mxonly::metric(($_[0]->ctl('stats'))[1], 'mxonly_clients_hidden') }

subtest 'clients have one private address' => sub {
	my $server = Mxonly->new(policyd => Mxonly::CONTROL . "workers = 2\n");
	is(hidden($server), 0, 'not hidden yet');
	ask_often($server, 300, DIRECT, client_address => '172.17.0.1');
	my $said = qr/ warning: nearly all clients seem to be 172\.17\.0\.1 \(\d+ of \d+ requests\): a container network, or a proxy/;
	ok($server->logs($said), 'it is warned of');
	like(status($server), qr/^clients: nearly all seem to be 172\.17\.0\.1 \(\d+ of \d+ requests\): /m, 'status tells it');
	is(hidden($server), 1, 'so does the metric');
	ask_often($server, 300, DIRECT, client_address => '172.17.0.1');
	ask_often($server, 60,  DIRECT);
	unlike(status($server), qr/^clients:/m, 'others come: not any more');
	is(hidden($server), 0, 'so does the metric');
	is($server->stop, 0, 'a clean end');
	is(() = $server->log =~ /$said/g, 1, 'said once');
};

subtest 'clients that may well have one' => sub {
	my $relay = $Mxonly::relay =~ s/192\.0\.2\.0/10.0.0.0/r;
	my $server = Mxonly->new(ini => $relay, policyd => Mxonly::CONTROL);
	ask_often($server, 200, RELAY, client_address => '10.0.0.7');
	unlike(status($server), qr/^clients:/m, 'a relay in a private network');
	ask_often($server, 200, DIRECT, client_address => '192.168.0.1', sasl_username => 'bob');
	unlike(status($server), qr/^clients:/m, 'users who authenticate, behind one router');
	is($server->stop, 0, 'a clean end');
	unlike($server->log, qr/nearly all clients/, 'nothing is said');
};

done_testing();
