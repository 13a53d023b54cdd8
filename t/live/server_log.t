#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# What is logged, and that nobody waits for it.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Clock qw(time);
use JSON::PP;
use Mxonly qw(wait_until slurp request answers RELAY DIRECT);
use POSIX qw(mkfifo);
use Test::More;

my $ini = "$Mxonly::relay\n[domains customers]\nnames = customer.test\n";
my %near = (client_address => '198.51.100.1', client_name => 'mx9.relay.example', helo_name => 'mx9.relay.example');

# The log of a server that was asked one of each.
sub log_of {
	my (@settings) = @_;
	my $server = Mxonly->new(ini => $ini, policyd => join('', map { "$_\n" } 'workers = 1', @settings));
	my $socket = $server->connect;
	$server->ask($socket, RELAY);
	$server->ask($socket, DIRECT, sender => 'a b@evil.test');
	$server->ask($socket, %near);
	$server->ask($socket, RELAY, helo_name => "e\xffvil.test");
	$server->ask($socket, RELAY, recipient => '', protocol_state => 'DATA') for 1 .. 3;
	$server->ask($socket, DIRECT, policy_context => 'nobody') for 1 .. 3;
	is($server->stop, 0, 'a clean end');
	return $server->log;
}

subtest 'text' => sub {
	my $log = log_of();
	like($log, qr/^mxonlyd\[\d+\]: outcome=refuse reason=unknown-address mode=enforce policy=default domain=example\.org client_address=203\.0\.113\.9 client_name=unknown helo_name=evil\.test sender="a b\@evil\.test" recipient=u\@example\.org$/m, 'a refusal');
	like($log, qr/^mxonlyd\[\d+\]: outcome=defer reason=near-miss /m, 'a deferral');
	like($log, qr/helo_name=e\\xffvil\.test/, 'foreign bytes are harmless');
	unlike($log, qr/outcome=permit/, 'no permit');
	like($log, qr/^mxonlyd\[\d+\]: warning: near-miss: 198\.51\.100\.1 .*name/m, 'a near miss is warned of');
	like($log, qr/^mxonlyd\[\d+\]: warning: .*192\.0\.2\.7/m, 'a mismatch is warned of');
	is(scalar(() = $log =~ /warning: asked without a recipient \(protocol_state=DATA\)/g), 1, 'no recipient: once');
	is(scalar(() = $log =~ /warning: policy_context=nobody names no/g), 1, 'unknown context: once');
	is(scalar(grep { !/^mxonlyd\[\d+\]: \S/ } split(/\n/, $log)), 0, 'every line has its prefix');
};

subtest 'log_decisions' => sub {
	my $log = log_of('log_decisions = none');
	unlike($log, qr/outcome=/, 'none');
	like($log, qr/warning: near-miss: 198\.51\.100\.1 /, 'near misses are warned of all the same');
	$log = log_of('log_decisions = all');
	is(scalar(() = $log =~ /outcome=permit reason=relay /g), 1, 'all: permits too');
	is(scalar(() = $log =~ /outcome=permit reason=no-recipient/g), 3, 'of every kind');
};

subtest 'json' => sub {
	my $log = log_of('log_format = json');
	my @all = map { my $line = $_; eval { JSON::PP->new->decode($line) } // "no JSON: $line" } split(/\n/, $log);
	is(scalar(grep { !ref } @all), 0, 'every line is an object') or diag($log);
	my ($refusal) = grep { ref && ($_->{reason} // '') eq 'unknown-address' } @all;
	is($refusal->{client_address}, '203.0.113.9', 'a decision');
	is($refusal->{sender}, 'a b@evil.test', 'its values');
	ok((grep { ref && ($_->{level} // '') eq 'warning' && $_->{message} =~ /198\.51\.100\.1/ } @all), 'a warning');
	ok((grep { ref && ($_->{level} // '') eq 'info' && $_->{message} =~ /generation 1/ } @all), 'words');
};

subtest 'a terminal' => sub {
	my $folder = Mxonly::free_folder();
	my $server = Mxonly->new(folder => $folder, policyd => "workers = 1\n; log =\n",
		before => [ 'sh', '-c', "exec script -qef -c \"exec \$*\" $folder/log >/dev/null", 'sh' ]);
	my ($pid) = $server->children;
	my $socket = $server->connect;
	$server->ask($socket, DIRECT, instance => 'first');
	ok($server->logs(qr/outcome=refuse .* instance=first/), 'when `log` is not set, decisions are shown there');
	kill('HUP', $pid);
	ok($server->logs(qr/all workers serve generation 2/), 'so is a reload');
	$server->ask($socket, DIRECT, instance => 'second');
	ok($server->logs(qr/outcome=refuse .* instance=second/), 'and what comes after it');
	kill('TERM', $pid);
	is($server->wait_end, 0, 'a clean end');
};

subtest 'a warning of the configuration' => sub {
	my $server = Mxonly->new(ini => "$Mxonly::relay\n[default]\nmode = off\n");
	like($server->log, qr/warning: \S*mxonly\.ini:\d+: /, 'is logged at the start');
	is($server->stop, 0, 'stopped');
};

subtest 'nobody reads the log' => sub {
	my $folder = Mxonly::free_folder();
	mkfifo("$folder/fifo", 0666) or die;
	chmod(0666, "$folder/fifo");
	sysopen(my $reader, "$folder/fifo", POSIX::O_RDWR()) or die;
	my $server = bless({ folder => $folder, path => "$folder/policy", options => [], policyd => "workers = 1\n", stderr => "$folder/fifo" }, 'Mxonly');
	$server->configure($Mxonly::relay);
	$server->start(0);
	my $socket = wait_until { $server->connect };
	my ($count, $rounds) = (500, 120);    # 10 MB of lines: more than any queue holds
	my $begin = time();
	for my $round (1 .. $rounds) {
		syswrite($socket, request(DIRECT) x $count);
		my @got = answers($socket, $count, 20);
		is(scalar(@got), $count, 'all are answered') or last if $round == $rounds || @got != $count;
	}
	note(sprintf('%d requests in %.1f s while nobody reads', $count * $rounds, time() - $begin));
	my ($got, $seen, $lines, $dropped) = ('', 0, 0, 0);
	$reader->blocking(0);
	my $take = sub {
		1 while sysread($reader, $got, 1 << 20, length($got));
		my $new = substr($got, $seen, rindex($got, "\n") + 1 - $seen);
		$seen += length($new);
		$lines += () = $new =~ /outcome=refuse/g;
		$dropped += $1 while $new =~ /warning: (\d+) log lines were dropped/g;
		return $lines + $dropped == $count * $rounds;
	};
	ok(wait_until { $take->() }, 'when it is read again, each line is written, or counted as dropped');
	cmp_ok($dropped, '>', 0, "$dropped were dropped");
	kill('TERM', $server->pid);
	ok(wait_until { $take->(); $server->ended }, 'it ends');
	is($server->wait_end, 0, 'in peace');
	ok($take->(), 'the end adds nothing');
	is(scalar(grep { !/^mxonlyd\[\d+\]: \S/ } split(/\n/, $got)), 0, 'no line is broken');
};

subtest 'the end, while nobody reads the log' => sub {
	my $folder = Mxonly::free_folder();
	mkfifo("$folder/fifo", 0666) or die;
	chmod(0666, "$folder/fifo");
	sysopen(my $reader, "$folder/fifo", POSIX::O_RDWR()) or die;
	my $server = bless({ folder => $folder, path => "$folder/policy", options => [], policyd => "workers = 1\n", stderr => "$folder/fifo" }, 'Mxonly');
	$server->configure($Mxonly::relay);
	$server->start(0);
	my $socket = wait_until { $server->connect };
	syswrite($socket, request(DIRECT) x 2000);
	answers($socket, 2000);
	is($server->stop, 0, 'is not held up');
	ok(!-e $server->path, 'the socket is removed');
};

done_testing();
