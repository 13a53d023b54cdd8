#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# mxonlyd -D: what whoever starts it gets to know, and what of it is left when it has gone.

use strict;
use warnings;
use Cwd qw(getcwd);
use FindBin;
use lib "$FindBin::Bin/lib";
use Mxonly qw(wait_until slurp gone as_root free_folder RELAY DIRECT);
use POSIX ();
use Test::More;

my @daemons;

sub file {
	my ($path, $text) = @_;
	open(my $to, '>', $path) or die "$path: $!";
	print $to $text;
	close($to);
	chown((getpwnam('nobody'))[2, 3], $path) if as_root();
	return $path;
}

# A folder with a configuration.
sub configured {
	my ($policyd, $ini) = @_;
	my $folder = free_folder();
	file("$folder/mxonly.ini", "[policyd]\nlisten = unix:policy\nuser = nobody\n$policyd\n" . ($ini // $Mxonly::relay));
	return $folder;
}

# Runs mxonlyd in that folder, its three standard files pipes, as who waits for their end would: status, output, error.
sub begin {
	my ($folder, @options) = @_;
	pipe(my $out, my $to_out) or die;
	pipe(my $err, my $to_err) or die;
	my $pid = fork() // die "fork: $!";
	if ($pid == 0) {
		chdir($folder) or die;
		open(STDIN,  '<', '/dev/null') or die;
		open(STDOUT, '>&', $to_out) or die;
		open(STDERR, '>&', $to_err) or die;
		exec(Mxonly::program('mxonlyd'), '-c', 'mxonly.ini', @options) or POSIX::_exit(127);
	}
	close($to_out);
	close($to_err);
	my @got = map { Mxonly::closed($_) // 'still open' } $out, $err;
	waitpid($pid, 0);
	return ($? & 127 ? 128 + ($? & 127) : $? >> 8, @got);
}

# What asks and stops it, as if Mxonly.pm had started it.
sub server_of {
	my ($folder) = @_;
	my ($pid) = slurp("$folder/pid") =~ /\A(\d+)\n\z/ or return;
	my $server = bless { folder => $folder, path => "$folder/policy", pid => $pid }, 'Mxonly';
	push(@daemons, $pid);
	return $server;
}

END { my $status = $?; kill('KILL', grep { kill(0, $_) } @daemons); $? = $status }

subtest 'a good start' => sub {
	my $folder = configured('control = unix:control');
	my ($status, $out, $err) = begin($folder, '-D', '-p', 'pid');
	is($status, 0, 'status 0');
	is("$out$err", '', 'not a word, and the files are closed');
	my $server = server_of($folder);
	ok($server, 'the number is in the file') or return;
	my $pid = $server->pid;
	is($server->ask($server->connect, RELAY), 'DUNNO', 'it answers at once');
	my ($state, $parent, $group, $session, $tty) = slurp("/proc/$pid/stat") =~ /\) (\S) (\d+) (\d+) (\d+) (-?\d+)/;
	is($session, $pid, 'it leads a session of its own');
	is($tty, 0, 'without a terminal');
	is(readlink("/proc/$pid/cwd"), '/', 'its folder is /');
	is(join(' ', map { readlink("/proc/$pid/fd/$_") } 0 .. 2), join(' ', ('/dev/null') x 3), 'its standard files lead nowhere');
	is((stat("$folder/pid"))[2] & 07777, 0644, 'everybody may read the file');
	like(($server->ctl('status'))[1], qr/^log: syslog, text/m, 'it logs to syslog');
	file("$folder/mxonly.ini", "[policyd]\nlisten = unix:policy\nuser = nobody\ncontrol = unix:control\n$Mxonly::relay\n[default]\nmode = off\n");
	is(($server->ctl('reload'))[0], 0, 'a reload, of a path that was relative');
	is($server->ask($server->connect, DIRECT), 'DUNNO', 'is served');
	like(($server->ctl('status'))[1], qr{^configuration: \Q$folder\E/mxonly\.ini$}m, 'which is absolute now');

	my ($again, undef, $why) = begin($folder, '-D', '-p', 'pid', '-l', 'unix:other');
	is($again, 1, 'a second one with the same file: status 1');
	like($why, qr{-p \Q$folder\E/pid: the server that it names is running}, 'is told');
	is(slurp("$folder/pid"), "$pid\n", 'and the file left alone');
	is($server->ask($server->connect, RELAY), 'DUNNO', 'the first one goes on');

	kill('TERM', $pid);
	ok(wait_until { gone($pid) }, 'SIGTERM ends it');
	ok(!-e "$folder/$_", "$_ is removed") for qw(pid policy control);
};

subtest 'a stale file' => sub {
	my $folder = configured('control =');
	file("$folder/pid", "$$\nand more that is longer than a number\n");
	is((begin($folder, '-D', '-p', "$folder/pid", '-l', 'unix:here'))[0], 0, 'whatever it names: status 0');
	my $server = server_of($folder);
	ok($server && $server->pid != $$, 'it names the new server') or return;
	is($server->ask($server->connect("$folder/here"), RELAY), 'DUNNO', 'which listens where -l says');
	kill('KILL', $server->pid);
	ok(wait_until { gone($server->pid) }, 'killed');
	ok(-e "$folder/pid", 'the file is left');
	is((begin($folder, '-D', '-p', 'pid', '-l', 'unix:here'))[0], 0, 'the next one replaces it, and the socket');
	$server = server_of($folder);
	kill('TERM', $server->pid);
	ok(wait_until { gone($server->pid) }, 'SIGTERM ends it');
};

subtest 'starts that fail' => sub {
	my ($status, $out, $err);
	($status, $out, $err) = begin(configured('control =', "rubbish\n"), '-D');
	is($status, 2, 'a faulty configuration: status 2');
	like($err, qr/mxonly\.ini:\d+: no `=`/, 'with its faults');

	my $folder = configured('control =');
	($status, $out, $err) = begin($folder, '-D', '-p', 'missing/pid');
	is($status, 1, 'a file that cannot be written: status 1');
	like($err, qr{-p \Q$folder\E/missing/pid: No such file}, 'is told');
	ok(!-e "$folder/policy", 'and nothing left');
	mkdir("$folder/dir");
	is((begin($folder, '-D', '-p', 'dir'))[0], 1, 'a folder');

	$folder = configured('control = unix:missing/control');
	($status, $out, $err) = begin($folder, '-D', '-p', 'pid');
	is($status, 1, 'a socket that cannot be: status 1');
	like($err, qr/control = .*does not exist/, 'is told');
	ok(!-e "$folder/pid", 'the file is removed');

	# Too few descriptors, for one thing or another, some of them late: it either serves or says that it does not.
	$folder = configured("control =\nworkers = 2");
	my $program = Mxonly::program('mxonlyd');
	my @silent;
	my %with;
	for my $limit (5 .. 24) {
		unlink("$folder/pid");
		my $said = `bash -c 'ulimit -n $limit; exec "\$@"' sh $program -D -c $folder/mxonly.ini -p $folder/pid 2>&1 </dev/null`;
		my $end = $? >> 8;
		$with{$end}++;
		if ($end == 0) {
			my $server = server_of($folder);
			push(@silent, "$limit does not serve") if !$server || $server->ask($server->connect, RELAY) ne 'DUNNO';
			next if !$server;
			kill('TERM', $server->pid);
			wait_until { gone($server->pid) };
		}
		elsif ($said !~ /\Smxonlyd: |^mxonlyd: /m) {
			push(@silent, "$limit says nothing: $said");
		}
	}
	is(join("\n", @silent), '', 'too few descriptors are told, or enough');
	note(join(', ', map { "status $_: $with{$_} times" } sort keys %with));
	cmp_ok(scalar(keys %with), '>', 1, 'of both kinds');

	for my $options ([ '-p', 'pid' ], [ '-D', '-i' ], [ '-i', '-p', 'pid' ]) {
		is((begin($folder, @$options))[0], 2, "@$options: wrong usage");
	}
};

# What takes long to read: a pipe that nobody writes to.
subtest 'an end while the configuration is read' => sub {
	my $folder = free_folder();
	POSIX::mkfifo("$folder/pipe", 0644) or die "mkfifo: $!";
	my $starter = fork() // die "fork: $!";
	if ($starter == 0) {
		open(STDERR, '>', "$folder/log") or die;
		exec(Mxonly::as_nobody(), Mxonly::program('mxonlyd'), '-D', '-p', "$folder/pid", '-c', "$folder/pipe") or POSIX::_exit(127);
	}
	my $server;
	ok(wait_until { $server //= server_of($folder) }, 'the number is in the file') or return;
	ok(wait_until { my @all = $server->children }, 'somebody reads it');
	kill('TERM', $server->pid);
	ok(wait_until { gone($server->pid) }, 'SIGTERM ends it');
	waitpid($starter, 0);
	is($? >> 8, 1, 'whoever started it gets status 1, for nobody serves');
	like($server->log, qr/stopping: asked to while .* was being read/, 'and hears why');
	ok(!-e "$folder/pid", 'the file is removed');
};

subtest 'log = stderr' => sub {
	my $folder = configured("control = unix:control\nlog = stderr");
	is((begin($folder, '-D', '-p', 'pid'))[0], 0, 'of use to nobody: status 0');
	my $server = server_of($folder);
	my ($status, $text) = $server->ctl('status');
	like($text, qr/^log: syslog/m, 'it logs to syslog');
	like($text, qr/^warning: log = stderr: nobody reads that with -D: logging to syslog$/m, 'and says so');
	is(readlink('/proc/' . $server->pid . '/fd/2'), '/dev/null', 'standard error leads nowhere');
	kill('TERM', $server->pid);
	ok(wait_until { gone($server->pid) }, 'ended');

	my $program = Mxonly::program('mxonlyd');
	is(system("$program -D -c $folder/mxonly.ini -p $folder/pid 2>$folder/log </dev/null"), 0, 'standard error is a file: status 0');
	$server = server_of($folder);
	$server->ask($server->connect, DIRECT);
	ok($server->logs(qr/outcome=refuse reason=unknown-address/), 'it logs there');
	kill('TERM', $server->pid);
	ok(wait_until { gone($server->pid) }, 'ended');
	unlike($server->log, qr/ERROR: \w+Sanitizer|runtime error/, 'no sanitizer had a word to say');
};

done_testing();
