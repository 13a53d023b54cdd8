#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# Sockets that are handed over as systemd does it, and what systemd is told.

use strict;
use warnings;
use Fcntl;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::INET;
use IO::Socket::UNIX;
use Mxonly qw(wait_until request answers closed slurp as_root free_folder RELAY DIRECT);
use POSIX ();
use Socket qw(:DEFAULT SOCK_DGRAM SOCK_STREAM);
use Test::More;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

local $SIG{PIPE} = 'IGNORE';
$^F = 100;    # what is handed over stays open

my @started;

sub listener { return IO::Socket::UNIX->new(Type => SOCK_STREAM, Local => $_[0], Listen => 10) // die "$_[0]: $!" }

# A folder with a configuration whose `listen` and `control` nobody should make when others are handed over.
sub configured {
	my ($policyd) = @_;
	my $folder = free_folder();
	my $server = bless { folder => $folder, path => "$folder/policy", policyd => $policyd // '' }, 'Mxonly';
	$server->configure($Mxonly::relay, "control = unix:$folder/own-control\nlisten = unix:$folder/own\nworkers = 2\n$server->{policyd}");
	return $server;
}

# start($server, fds => [...], names => 'a:b', environment => {...}): mxonlyd with these as 3, 4, ...
sub start {
	my ($server, %o) = @_;
	my $pid = fork() // die "fork: $!";
	if ($pid == 0) {
		my @high = map { defined ? fcntl($_, F_DUPFD, 50) : undef } @{ $o{fds} // [] };
		open(STDIN,  '<', '/dev/null') or die;
		open(STDERR, '>>', "$server->{folder}/log") or die;
		for my $i (0 .. $#high) {
			POSIX::close(3 + $i);
			POSIX::dup2($high[$i], 3 + $i) if defined $high[$i];
		}
		for my $fd (3 + @high .. 100) { POSIX::close($fd) }
		if (@high) {
			$ENV{LISTEN_PID} = $o{pid} // $$;
			$ENV{LISTEN_FDS} = @high;
			$ENV{LISTEN_FDNAMES} = $o{names} if defined $o{names};
		}
		$ENV{$_} = $o{environment}{$_} for keys %{ $o{environment} // {} };
		exec(Mxonly::program('mxonlyd'), '-c', $server->config, @{ $o{options} // [] }) or POSIX::_exit(127);
	}
	push(@started, $pid);
	$server->{pid} = $pid;
	delete $server->{status};
	return $server;
}

sub serves { my ($server) = @_; return wait_until { $server->log =~ /all workers serve generation 1 / || $server->ended } && !$server->ended }

END { my $status = $?; kill('KILL', grep { kill(0, $_) } @started); $? = $status }

subtest 'sockets by name' => sub {
	my $server  = configured();
	my $policy  = listener($server->path);
	my $control = listener($server->control_path);
	my $port    = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 10) or die;
	my $client  = $server->connect;    # before the server is there
	syswrite($client, request(DIRECT));
	start($server, fds => [ $policy, $control, $port ], names => 'policy:control:tcp');
	ok(serves($server), 'it serves');
	like((answers($client, 1))[0], qr/^REJECT/, 'who was there before is answered');
	is($server->ask($server->connect, RELAY), 'DUNNO', 'the UNIX socket');
	is($server->ask(IO::Socket::INET->new(PeerAddr => '127.0.0.1:' . $port->sockport), RELAY), 'DUNNO', 'the TCP socket');
	my ($status, $text) = $server->ctl('status');
	is($status, 0, 'the one that is named control is the control socket');
	like($text, qr{^listen: unix:\Q$server->{path}\E, handed over\nlisten: inet:127\.0\.0\.1:\d+, handed over$}m, 'status tells where they are from');
	ok(!-e "$server->{folder}/$_", "$_ of the configuration is not made") for qw(own own-control);
	$server->configure($Mxonly::relay, "control =\nlisten = unix:elsewhere\nworkers = 2\n");
	is(($server->ctl('reload'))[0], 0, 'a reload');
	unlike($server->log, qr/`(listen|control)` has changed/, 'their settings do not matter');
	is($server->stop, 0, 'stopped');
	ok(-S $server->path && -S $server->control_path, 'the files are not ours to remove');
	my $waits = $server->connect;
	syswrite($waits, request(RELAY));
	unlink("$server->{folder}/log");
	start($server, fds => [ $policy, $control ], names => 'policy:control');
	is((answers($waits, 1))[0], 'DUNNO', 'who comes between two servers is answered by the second');
	is($server->stop, 0, 'stopped');
	unlike($server->log, qr/ERROR: \w+Sanitizer|runtime error/, 'no sanitizer had a word to say');
};

subtest 'some of them' => sub {
	my $server  = configured();
	my $control = listener($server->control_path);
	start($server, fds => [$control], names => 'control');
	ok(serves($server), 'only a control socket');
	is($server->ask($server->connect("$server->{folder}/own"), RELAY), 'DUNNO', 'it listens where it is configured to');
	is(($server->ctl('status'))[0], 0, 'and is controlled by what was handed over');
	is($server->stop, 0, 'stopped');

	$server = configured();
	my $policy = listener($server->path);
	start($server, fds => [$policy]);
	ok(serves($server), 'a socket without a name');
	is($server->ask($server->connect, RELAY), 'DUNNO', 'is one to listen on');
	is(($server->connect("$server->{folder}/own-control") ? 'there' : 'none'), 'there', 'the control socket is the configured one');
	is($server->stop, 0, 'stopped');

	$server = configured();
	$policy = listener($server->path);
	start($server, fds => [$policy], options => [ '-l', "unix:$server->{folder}/option" ]);
	ok(serves($server), 'with -l');
	is($server->ask($server->connect($_), RELAY), 'DUNNO', $_) for $server->path, "$server->{folder}/option";
	ok(!-e "$server->{folder}/own", 'the configured one is not made');
	is($server->stop, 0, 'stopped');

	$server = configured();
	$policy = listener($server->path);
	start($server, fds => [$policy], pid => $$);
	ok(serves($server), 'those of another process');
	is($server->ask($server->connect("$server->{folder}/own"), RELAY), 'DUNNO', 'are not taken');
	is($server->stop, 0, 'stopped');
};

subtest 'what is no listener' => sub {
	my $folder = free_folder();
	open(my $file, '<', '/dev/null') or die;
	socket(my $datagram, AF_UNIX, SOCK_DGRAM, 0) or die;
	socket(my $idle, AF_UNIX, SOCK_STREAM, 0) or die;
	my $good = listener("$folder/good");
	my $port = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 10) or die;
	for my $row (
		[ 'a file',               [ $good, $file ],     'a:b',             qr/descriptor 4, name b\): / ],
		[ 'a datagram socket',    [$datagram],          'policy',          qr/descriptor 3, name policy\): not a stream socket that listens/ ],
		[ 'one that is idle',     [ $good, $idle ],     '',                qr/descriptor 4, name \): not a stream socket that listens/ ],
		[ 'two for control',      [ $good, $good ],     'control:control', qr/descriptor 4, name control\): a second one/ ],
		[ 'control on the net',   [$port],              'control',         qr/must be a UNIX socket/ ],
		[ 'one that is not there', [ $good, undef ],     '',                qr/descriptor 4, name \): / ],
	) {
		my ($what, $fds, $names, $why) = @$row;
		my $server = configured();
		start($server, fds => $fds, names => $names);
		is($server->wait_end, 1, "$what: exit 1");
		like($server->log, $why, 'is told');
	}
};

# The socket that systemd would have; nobody but root gets there by its path.
sub manager {
	my ($path) = @_;
	my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $path =~ s/^@/\0/r) or die "$path: $!";
	chmod(0700, $path) unless $path =~ /^@/;
	return $socket;
}

# The next message, as a hash.
sub told {
	my ($manager) = @_;
	vec(my $set = '', fileno($manager), 1) = 1;
	select($set, undef, undef, Mxonly::DEADLINE()) > 0 or return {};
	recv($manager, my $message, 4096, 0);
	return { map { split(/=/, $_, 2) } split(/\n/, $message) };
}

for my $kind (qw(path abstract)) {
	subtest "what systemd is told: $kind" => sub {
		my $server = configured();
		mkdir("$server->{folder}/private", 0700);
		my $path    = $kind eq 'path' ? "$server->{folder}/private/notify" : "\@mxonly-test-$$";
		my $manager = manager($path);
		my $own     = "$server->{folder}/own";
		start($server, environment => { NOTIFY_SOCKET => $path });
		my $told = told($manager);
		is($told->{READY}, 1, 'ready, with the first worker');
		$told = told($manager) if $told->{STATUS} =~ /yet to start/;
		is_deeply($told, { READY => 1, STATUS => 'Serving generation 1 with 2 workers' }, 'ready, with all');
		my $client = $server->connect($own);
		is($server->ask($client, DIRECT) =~ s/ .*//r, 'REJECT', 'it is');

		my $before = clock_gettime(CLOCK_MONOTONIC);
		$server->configure("$Mxonly::relay\n[default]\nmode = off\n", "control = unix:control\nlisten = unix:$own\nworkers = 2\n");
		kill('HUP', $server->pid);
		$told = told($manager);
		is($told->{RELOADING}, 1, 'a reload begins');
		cmp_ok($told->{MONOTONIC_USEC}, '>=', $before * 1e6, 'with its time');
		cmp_ok($told->{MONOTONIC_USEC}, '<=', clock_gettime(CLOCK_MONOTONIC) * 1e6, 'of this clock');
		is_deeply(told($manager), { READY => 1, STATUS => 'Serving generation 2 with 2 workers' }, 'and ends');
		is($server->ask($client, DIRECT), 'DUNNO', 'it does');

		$server->configure('rubbish', "control = unix:control\nlisten = unix:$own\n");
		kill('HUP', $server->pid);
		is(told($manager)->{RELOADING}, 1, 'a faulty reload begins');
		is_deeply(told($manager), { READY => 1, STATUS => 'The last reload was refused; still serving generation 2 with 2 workers' }, 'and ends');

		# A storm: the last word is that it is ready.
		for (1 .. 20) {
			$server->configure($_ % 3 ? $Mxonly::relay : 'rubbish', "control = unix:control\nlisten = unix:$own\nworkers = 2\n");
			kill('HUP', $server->pid);
		}
		my ($reloading, $ready, $last) = (0, 0, '');
		wait_until {
			vec(my $set = '', fileno($manager), 1) = 1;
			while (select(my $got = $set, undef, undef, 0.3) > 0) {
				my $next = told($manager);
				$reloading += $next->{RELOADING} // 0;
				$ready     += $next->{READY} // 0;
				$last = join(' ', sort keys %$next);
			}
			$last eq 'READY STATUS';
		};
		cmp_ok($reloading, '>', 0, "a storm of reloads ($reloading loads)");
		is($last, 'READY STATUS', 'ends with the word that all is well');

		kill('KILL', ($server->workers)[0]);
		ok($server->logs(qr/worker \d was ended by signal 9/), 'a worker dies');
		is($server->stop, 0, 'stopped');
		is(told($manager)->{STOPPING}, 1, 'which is told, and nothing else');
	};
}

SKIP: {
	my ($program) = grep { -x } map { "$_/systemd-socket-activate" } split(/:/, $ENV{PATH});
	skip('no systemd-socket-activate here (package systemd)', 1) unless $program;
	subtest 'systemd-socket-activate' => sub {
		my $server = configured();
		my $pid = fork() // die "fork: $!";
		if ($pid == 0) {
			open(STDERR, '>>', "$server->{folder}/log") or die;
			exec($program, '-l', $server->path, '-l', $server->control_path, '--fdname=policy:control',
				Mxonly::program('mxonlyd'), '-c', $server->config) or POSIX::_exit(127);
		}
		push(@started, $pid);
		$server->{pid} = $pid;
		ok(wait_until { -S $server->path && -S $server->control_path }, 'it listens for us');
		my $client = $server->connect;
		is($server->ask($client, DIRECT) =~ s/ .*//r, 'REJECT', 'the first client starts the server, and is answered');
		is($server->ask($client, RELAY), 'DUNNO', 'and again');
		my ($status, $text) = $server->ctl('status');
		like($text, qr/^pid: $pid\n/m, 'ctl status is of the server');
		is($server->stop, 0, 'stopped');
	};
}

done_testing();
