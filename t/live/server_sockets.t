#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# The sockets: who may use them, what is in their place already, what becomes of them.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Clock qw(time);
use IO::Socket::INET;
use IO::Socket::UNIX;
use Mxonly qw(wait_until free_port free_folder as_root RELAY);
use Test::More;

sub mode { return sprintf('%04o', (stat($_[0]))[2] & 07777) }

# A server that must not start: its exit status and what it says.
sub fails {
	my (%o) = @_;
	my $server = Mxonly->new(%o, wait => 0);
	return ($server->wait_end, $server->log);
}

subtest 'mode and group' => sub {
	my $server = Mxonly->new;
	is(mode($server->path), '0660', 'the default');
	is($server->stop, 0, 'stopped');
	ok(!-e $server->path, 'removed');
	$server = Mxonly->new(policyd => "socket_mode = 0600\n");
	is(mode($server->path), '0600', 'as configured');

	my $folder = free_folder();
	chmod(02755, $folder);
	SKIP: {
		skip('not root: no other group to be had', 1) unless as_root();
		my $daemon = getgrnam('daemon');
		chown(-1, $daemon, $folder);
		$server = Mxonly->new(folder => $folder);
		is((stat($server->path))[5], $daemon, 'a setgid folder decides the group');
		$server->stop;

		my ($status, $log) = fails(policyd => "socket_group = daemon\n");
		is($status, 1, 'a group that the user is no member of');
		like($log, qr/nobody must be a member of it: adduser nobody daemon/, 'says what to do');
	}
	my ($status, $log) = fails(policyd => "socket_group = no-such-group\n");
	is($status, 2, 'a group that does not exist');
	like($log, qr/socket_group = no-such-group: there is no such group/, 'is told');
};

subtest 'what is in its place already' => sub {
	my $folder = free_folder();
	my $stale  = IO::Socket::UNIX->new(Listen => 1, Local => "$folder/policy") or die;
	close($stale);
	chown((getpwnam('nobody'))[2], -1, "$folder/policy") if as_root();
	ok(-S "$folder/policy", 'a stale socket');
	my $server = Mxonly->new(folder => $folder);
	is($server->ask($server->connect, RELAY), 'DUNNO', 'is replaced');

	my $begin = time();
	my ($status, $log) = fails(folder => free_folder(), options => [ '-l', 'unix:' . $server->path ]);
	is($status, 1, 'a socket that is served');
	like($log, qr/\Q$folder\E\/policy is served by another process/, 'is told');
	cmp_ok(time() - $begin, '>=', 4.9, 'after five seconds of trying');
	is($server->ask($server->connect, RELAY), 'DUNNO', 'and left alone');

	my $late = Mxonly->new(folder => free_folder(), options => [ '-l', 'unix:' . $server->path ], wait => 0);
	select(undef, undef, undef, 0.5);    # it tries; this is the case that is tested, not a wait for something
	is($server->stop, 0, 'one that is given up in these five seconds');
	ok($late->logs(qr/all workers serve generation 1 /), 'is taken over');
	is($late->ask($late->connect($server->path), RELAY), 'DUNNO', 'and served');

	unlink($server->path);
	my $other = IO::Socket::UNIX->new(Listen => 1, Local => $server->path) or die;
	is($late->stop, 0, 'stopped');
	ok(-S $server->path, "somebody else's socket is not removed");

	$folder = free_folder();
	open(my $file, '>', "$folder/policy") or die;
	($status, $log) = fails(folder => $folder);
	is($status, 1, 'a file');
	like($log, qr/that is not a socket/, 'is told');
	ok(-f "$folder/policy", 'and not removed');
};

subtest 'folders' => sub {
	my $folder = free_folder();
	my ($status, $log) = fails(folder => $folder, policyd => "listen = unix:$folder/missing/policy\n");
	is($status, 1, 'one that is missing');
	my $user = as_root() ? 'nobody' : getpwuid($>);
	like($log, qr/the folder \Q$folder\E\/missing does not exist: create it for $user/, 'is told, and for whom it must be');
	SKIP: {
		skip('not root', 2) unless as_root();
		mkdir("$folder/foreign", 0755);
		($status, $log) = fails(folder => $folder, policyd => "listen = unix:$folder/foreign/policy\n");
		is($status, 1, 'one that is not writable');
		like($log, qr/the folder \Q$folder\E\/foreign must be writable to nobody/, 'is told');
	}
	($status, $log) = fails(folder => $folder, policyd => "listen = unix:$folder/first unix:$folder/missing/policy\n");
	is($status, 1, 'when the second socket fails');
	ok(!-e "$folder/first", 'the first one is removed again');
};

subtest 'inet' => sub {
	my $taken = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1);
	my ($status, $log) = fails(options => [ '-l', 'inet:127.0.0.1:' . $taken->sockport ]);
	is($status, 1, 'a port that is taken');
	like($log, qr/inet:127\.0\.0\.1:\d+: .*served by another process/, 'is told');
	($status, $log) = fails(options => [ '-l', 'inet:no-such-host.invalid:10040' ]);
	is($status, 1, 'a host that does not exist');
	like($log, qr/no-such-host\.invalid/, 'is told');
};

subtest '-l' => sub {
	my $port   = free_port();
	my $server = Mxonly->new(options => [ '-l', "inet:127.0.0.1:$port", '-l', "inet:[::1]:$port" ]);
	is($server->ask(IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port"), RELAY), 'DUNNO', 'it listens there');
	ok(!-e $server->path, 'and not where the configuration says');
};

done_testing();
