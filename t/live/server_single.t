#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# mxonlyd -i: one client on standard input and output, be they pipes, a socket or a file.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Clock qw(time);
use Mxonly qw(wait_until request slurp answers closed free_folder RELAY DIRECT);
use POSIX ();
use Socket;
use Test::More;

local $SIG{PIPE} = 'IGNORE';

my $folder = free_folder();

sub file {
	my ($name, $text) = @_;
	open(my $to, '>', "$folder/$name") or die;
	print $to $text;
	close($to);
	return "$folder/$name";
}

# `listen`, `control` and `user` are not for -i: that they cannot work does not matter.
sub configuration {
	my ($policyd, $name) = @_;
	return file($name // 'mxonly.ini',
		"[policyd]\nlog = stderr\nlisten = unix:/nowhere/policy\ncontrol = unix:/nowhere/control\nuser = no-such-user\n$policyd\n$Mxonly::relay");
}

# Started with these as standard input, output, error; whoever is asked for the rest keeps it.
sub start {
	my ($in, $out, $err, $config) = @_;
	my $pid = fork() // die "fork: $!";
	return $pid if $pid;
	open(STDIN,  '<&', $in)  or die;
	open(STDOUT, '>&', $out) or die;
	open(STDERR, '>&', $err) or die;
	exec(Mxonly::program('mxonlyd'), '-i', '-c', $config) or POSIX::_exit(127);
}

sub error_file { open(my $file, '>>', "$folder/log") or die; return $file }

# On pipes: what to write to, what to read from, the process.
sub on_pipes {
	my ($config) = @_;
	unlink("$folder/log");
	pipe(my $in, my $to) or die;
	pipe(my $from, my $out) or die;
	my $pid = start($in, $out, error_file(), $config // configuration(''));
	return ($to, $from, $pid);
}

# all: standard error leads there as well.
sub on_socket {
	my ($all, $config) = @_;
	unlink("$folder/log");
	socketpair(my $ours, my $its, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die;
	return ($ours, start($its, $its, $all ? $its : error_file(), $config // configuration('')));
}

sub status_of {
	my ($pid) = @_;
	my $status;
	wait_until { waitpid($pid, POSIX::WNOHANG()) == $pid ? defined($status = $?) : 0 };
	return !defined $status ? 'runs' : $status & 127 ? 128 + ($status & 127) : $status >> 8;
}

# How often it has waited for something, when it does so now; else 0.
sub slept {
	my ($pid) = @_;
	return slurp("/proc/$pid/status") =~ /^State:\s*S.*^voluntary_ctxt_switches:\s*(\d+)$/ms ? $1 : 0;
}

subtest 'pipes' => sub {
	my ($to, $from, $pid) = on_pipes();
	syswrite($to, request(RELAY));
	is((answers($from, 1))[0], 'DUNNO', 'a request');
	syswrite($to, request(RELAY) . request(DIRECT) . request(RELAY));
	is(join(' ', map { s/ .*//sr } answers($from, 3)), 'DUNNO REJECT DUNNO', 'several at once');
	for my $piece (request(DIRECT) =~ /(.{1,7})/gs) {
		syswrite($to, $piece);
	}
	like((answers($from, 1))[0], qr/^REJECT /, 'one in pieces');
	close($to);
	is(closed($from), '', 'no more than that');
	is(status_of($pid), 0, 'end of file: exit 0');
	like(slurp("$folder/log"), qr/^mxonlyd\[$pid\]: outcome=refuse reason=unknown-address /m, 'refusals are logged to standard error');
	unlike(slurp("$folder/log"), qr/Sanitizer|runtime error|error:/, 'nothing went wrong');
};

subtest 'a socket, and its other end half closed' => sub {
	my ($socket, $pid) = on_socket(0);
	syswrite($socket, request(RELAY) . request(DIRECT));
	shutdown($socket, 1);
	like(closed($socket), qr/\Aaction=DUNNO\n\naction=REJECT [^\n]*\n\n\z/, 'both are answered');
	is(status_of($pid), 0, 'exit 0');
};

subtest 'standard error leads to the client too' => sub {
	my ($socket, $pid) = on_socket(1);
	syswrite($socket, request(DIRECT));
	like((answers($socket, 1))[0], qr/^REJECT/, 'answered');
	syswrite($socket, "rubbish\n\n");
	is(closed($socket), '', 'no word of the log comes between');
	is(status_of($pid), 0, 'exit 0');
	($socket, $pid) = on_socket(1, file('bad.ini', 'rubbish'));
	is(closed($socket), '', 'nor of a faulty configuration');
	is(status_of($pid), 2, 'exit 2');
};

subtest 'files' => sub {
	my $requests = file('requests', request(DIRECT) x 3000);
	open(my $in, '<', $requests) or die;
	open(my $out, '>', "$folder/replies") or die;
	is(status_of(start($in, $out, error_file(), configuration("log_decisions = none\n"))), 0, 'exit 0');
	my $n = () = slurp("$folder/replies") =~ /^action=REJECT .*\n\n/mg;
	is($n, 3000, 'all are answered');
};

subtest 'a client that does not read, and goes' => sub {
	my ($socket, $pid) = on_socket(0, configuration("log_decisions = none\n"));
	my $asker = fork() // die;
	if ($asker == 0) {
		my $many = request(DIRECT) x 20000;
		while (length $many) {
			my $n = syswrite($socket, $many) or last;
			substr($many, 0, $n) = '';
		}
		shutdown($socket, 1);
		POSIX::_exit(0);
	}
	my ($n, $rest) = (0, '');
	while (sysread($socket, $rest, 65536, length($rest))) {
		$n += () = $rest =~ /\n\n/g;
		$rest = substr($rest, -1) eq "\n" && $rest !~ /\n\n\z/ ? "\n" : '' if $rest =~ s/.*\n\n//s || 1;
	}
	waitpid($asker, 0);
	is(status_of($pid), 0, 'exit 0');
	cmp_ok($n, '>', 19000, 'replies as fast as they are read');

	($socket, $pid) = on_socket(0);
	syswrite($socket, request(DIRECT) x 10);
	close($socket);
	is(status_of($pid), 0, 'one that goes without reading: exit 0');
	unlike(slurp("$folder/log"), qr/Sanitizer|runtime error/, 'no sanitizer had a word to say');
};

subtest 'time-outs' => sub {
	my $config = configuration("request_timeout = 1\nidle_timeout = 2\n", 'short.ini');
	my ($to, $from, $pid) = on_pipes($config);
	syswrite($to, substr(request(RELAY), 0, 30));
	is(closed($from), '', 'a request that does not end is not answered');
	is(status_of($pid), 0, 'exit 0');
	like(slurp("$folder/log"), qr/warning: a request begun has not ended for 1 s: closed/, 'and a warning');

	($to, $from, $pid) = on_pipes($config);
	my $begin = time();
	syswrite($to, request(RELAY));
	is((answers($from, 1))[0], 'DUNNO', 'asked once');
	is(closed($from), '', 'then silent: closed');
	cmp_ok(time() - $begin, '>=', 1.9, 'after idle_timeout');
	is(status_of($pid), 0, 'exit 0');
	unlike(slurp("$folder/log"), qr/closed$/m, 'without a warning');

	my $socket;
	($socket, $pid) = on_socket(0, $config);
	$socket->blocking(0);
	my ($sent, $silent) = (0, time());
	my $many = request(DIRECT) x 100;
	while (time() - $silent < Mxonly::DEADLINE && !(waitpid($pid, POSIX::WNOHANG()) == $pid)) {
		if (syswrite($socket, $many)) {
			$silent = time();
		}
		select(undef, undef, undef, 0.01);
	}
	is($?, 0, 'replies that nobody reads: exit 0');
	like(slurp("$folder/log"), qr/warning: a client has not read its replies for 1 s: closed/, 'and a warning');
};

subtest 'SIGTERM' => sub {
	my ($to, $from, $pid) = on_pipes();
	syswrite($to, request(RELAY));
	is((answers($from, 1))[0], 'DUNNO', 'it runs');
	kill('STOP', $pid);    # so that all of it waits when the end comes
	syswrite($to, request(RELAY) . request(DIRECT));
	kill('TERM', $pid);
	kill('CONT', $pid);
	like(closed($from), qr/\Aaction=DUNNO\n\naction=REJECT [^\n]*\n\n\z/, 'what was asked is answered');
	is(status_of($pid), 0, 'exit 0');

	($to, $from, $pid) = on_pipes();
	my $whole = request(DIRECT);
	syswrite($to, request(RELAY) . substr($whole, 0, 40));
	is((answers($from, 1))[0], 'DUNNO', 'a request is begun');
	my $times = wait_until { slept($pid) };
	kill('TERM', $pid);
	ok(wait_until { slept($pid) > $times }, 'SIGTERM has come, and it waits again');
	syswrite($to, substr($whole, 40));
	like(closed($from), qr/\Aaction=REJECT/, 'it may end');
	is(status_of($pid), 0, 'exit 0');

	($to, $from, $pid) = on_pipes();
	syswrite($to, request(RELAY) . 'request=smtpd');
	is((answers($from, 1))[0], 'DUNNO', 'another one');
	my $begin = time();
	kill('INT', $pid);
	is(closed($from), '', 'is not waited for');
	is(status_of($pid), 0, 'exit 0');
	cmp_ok(time() - $begin, '>=', 1.9, 'it had two seconds');
	cmp_ok(time() - $begin, '<', 10, 'and no more');
};

subtest 'a faulty configuration' => sub {
	my ($to, $from, $pid) = on_pipes(file('bad.ini', "[relay filter]\nranges = 192.0.2.0/33\n"));
	is(closed($from), '', 'no answer');
	is(status_of($pid), 2, 'exit 2');
	like(slurp("$folder/log"), qr/bad\.ini:2: .*\n.*bad\.ini is not fit to serve/, 'its faults are told');
	is((Mxonly::run('mxonlyd', '-i', '-D'))[0], 2, '-D does not go with it');
};

subtest 'a compiled file' => sub {
	my $compiled = "$folder/mxonly.mxs";
	is((Mxonly::run('mxonly', 'compile', '-c', configuration(''), '-o', $compiled))[0], 0, 'mxonly compile');
	my ($to, $from, $pid) = on_pipes($compiled);
	syswrite($to, request(DIRECT));
	like((answers($from, 1))[0], qr/^REJECT/, 'is served');
	close($to);
	is(status_of($pid), 0, 'exit 0');
};

done_testing();
