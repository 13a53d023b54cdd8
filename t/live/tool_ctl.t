#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# mxonly ctl, the client: what it sends, whose answers it takes, what it says when there is none. The other side is played
# here; a real server is asked in server_control.t.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Mxonly qw(wait_until slurp);
use IO::Socket::UNIX;
use POSIX ();
use Socket qw(SOCK_STREAM);
use Test::More;
use Tool;

my $path = folder() . '/control';
my $endpoint = "unix:$path";

sub listener {
	unlink($path);
	return IO::Socket::UNIX->new(Type => SOCK_STREAM, Local => $path, Listen => 5) // die "listen: $!";
}

# Begins mxonly with its output in files.
sub begin {
	my ($name, @arguments) = @_;
	my $pid = fork() // die "fork: $!";
	return { pid => $pid, name => $name } if $pid;
	open(STDIN,  '<', '/dev/null') or die;
	open(STDOUT, '>', folder() . "/$name.out") or die;
	open(STDERR, '>', folder() . "/$name.err") or die;
	exec("$ENV{MXONLY_BUILD}/mxonly", @arguments) or POSIX::_exit(127);
}

sub end {
	my ($run) = @_;
	wait_until { waitpid($run->{pid}, POSIX::WNOHANG()) == $run->{pid} };
	return ($? >> 8, map { slurp(folder() . "/$run->{name}.$_") } qw(out err));
}

# One client of the listener's: the line that it sends, and whether it has closed its side since.
sub accepted {
	my ($listener) = @_;
	my $client = $listener->accept // die "accept: $!";
	my $line = '';
	while ($line !~ /\n/) {
		sysread($client, $line, 100, length($line)) or last;
	}
	$client->blocking(0);
	my $n = sysread($client, $line, 100, length($line));
	return ($client, $line, defined $n && $n == 0);
}

# What a server that answers so makes of it: status, standard output, standard error.
sub answered {
	my ($word, $answer) = @_;
	my $listener = listener();
	my $run = begin('run', 'ctl', '-s', $endpoint, $word);
	my ($client, $line, $closed) = accepted($listener);
	is($line, "$word\n", "$word: the line that is sent");
	ok(!$closed, 'the client does not close before the answer');
	$client->blocking(1);
	print $client $answer;
	close($client);
	close($listener);
	return end($run);
}

my $big = join('', map { "mxonly_requests_total{outcome=\"permit\"} $_\n" } 1 .. 20000);
for my $row (
	# word     answer                          status, out, err
	['status', "0\nversion 1\nworkers 2\n",    0, "version 1\nworkers 2\n", ''],
	['stats',  "0\n$big",                      0, $big, ''],
	['reload', "0\n",                          0, '', ''],
	['reload', "0\nno newline",                0, "no newline\n", ''],
	['reload', "2\nx.ini:3: wrong\n",          2, '', "x.ini:3: wrong\n"],
	['status', "1\nonly root may ask\n",       1, '', "only root may ask\n"],
	['status', "0\nharm\e[2Jless\a\tb\xc3\xbccher\n", 0, "harm?[2Jless?\tb\xc3\xbccher\n", ''],
	['status', '',                             1, '', qr/closed without an answer: is this the control socket of mxonlyd\?/],
	['status', "3\nx\n",                       1, '', qr/the answer is no server's of ours/],
	['status', "action=DUNNO\n\n",             1, '', qr/the answer is no server's of ours/],
	['status', '0',                            1, '', qr/the answer is no server's of ours/],
	['status', "00\n",                         1, '', qr/the answer is no server's of ours/]) {
	my ($word, $answer, @want) = @$row;
	my $name = substr($answer, 0, 20) =~ s/[^ -~]/./gr;
	my ($status, $out, $err) = answered($word, $answer);
	is($status, $want[0], "$word, $name: exit $want[0]");
	ok($out eq $want[1], 'standard output') or diag(substr($out, 0, 300));
	ref($want[2]) ? like($err, $want[2], 'standard error') : is($err, $want[2], 'standard error');
}

# A server that refuses a client answers, and closes without having read what it was asked.
{
	my $listener = listener();
	my $run = begin('run', 'ctl', '-s', $endpoint, 'status');
	my $client = $listener->accept // die;
	vec(my $readable = '', fileno($client), 1) = 1;
	select($readable, undef, undef, 60);
	print $client "1\nnot you\n";
	close($client);
	is_deeply([end($run)], [1, '', "not you\n"], 'an answer that came before the question was read');
}

subtest 'nobody there' => sub {
	my ($status, $out, $err) = mxonly('', 'ctl', '-s', "unix:$path.none", 'status');
	is("$status$out", '1', 'no socket: exit 1');
	like($err, qr/^mxonly ctl: unix:\Q$path\E\.none: .*is mxonlyd running, and does \[policyd\] control name this one\?/, 'says what was probably meant');
	close(listener());
	($status, $out, $err) = mxonly('', 'ctl', '-s', $endpoint, 'reload');
	is("$status$out", '1', 'a stale socket: exit 1');
	like($err, qr/^mxonly ctl: \Q$endpoint\E: .*mxonlyd is not running/, 'says so');
};

SKIP: {
	skip('only root can be somebody else', 3) if $> != 0;
	my $listener = listener();
	chmod(0755, folder());
	chmod(0600, $path);
	my ($status, $out, $err) = run('', $^X, '-MPOSIX', '-e', 'setgid(65534); setuid(65534); exec @ARGV; exit 126',
		"$ENV{MXONLY_BUILD}/mxonly", 'ctl', '-s', $endpoint, 'status');
	skip('the build folder is closed to others', 3) if $status == 126;
	is($status, 1, 'may not ask: exit 1');
	is($out, '', 'no answer');
	like($err, qr/^mxonly ctl: \Q$endpoint\E: Permission denied: only root and the user whom mxonlyd runs as may ask/, 'says who may');
}

subtest 'usage' => sub {
	for my $row (
		[[],                             qr/Give status, reload or stats/],
		[['relaod'],                     qr/unknown command `relaod`: did you mean `reload`\?/],
		[['stat'],                       qr/did you mean `stats`\?/],
		[['xyzzy'],                      qr/give status, reload or stats/],
		[['status', 'stats'],            qr/unexpected `stats`/],
		[['-s', $path, 'status'],        qr/is no endpoint/],
		[['-s', 'inet:127.0.0.1:1', 'status'], qr/the control socket is a UNIX socket/],
		[['--check', 'stats'],           qr/--check goes with status/],
		[['-x', 'status'],               qr/invalid option/]) {
		my ($status, $out, $err) = mxonly('', 'ctl', @{ $row->[0] });
		is("$status$out", '2', "ctl @{$row->[0]}: exit 2");
		like($err, $row->[1], 'says why');
	}
	my ($status, $out) = mxonly('', 'ctl', '--help');
	is($status, 0, '--help');
	like($out, qr/status \[--check\] \| reload \| stats/, 'helps');
};

# The limit of `status` is ten seconds; a reload that has begun to wait before still waits then.
subtest 'a server that does not answer' => sub {
	my $listener = listener();
	my $reload = begin('reload', 'ctl', '-s', $endpoint, 'reload');
	my ($client) = accepted($listener);
	my $status = begin('status', 'ctl', '-s', $endpoint, 'status');
	my ($code, $out, $err) = end($status);
	is("$code$out", '1', 'status gives up: exit 1');
	like($err, qr/mxonlyd is there, but does not answer in time/, 'says why');
	is(waitpid($reload->{pid}, POSIX::WNOHANG()), 0, 'reload waits on');
	$client->blocking(1);
	print $client "0\ngeneration 2\n";
	close($client);
	is_deeply([end($reload)], [0, "generation 2\n", ''], 'and gets its answer');
};

done_testing();
