#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# A worker that an attacker has got hold of does to the others what it can: with the memory that they share, its channel to the
# supervisor, its way to the log. They live, and serve.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Load;
use Mxonly qw(wait_until as_root request RELAY);
use Test::More;

# Its workers play attacks (confined_attacks.c).
sub captured {
	my ($workers) = @_;
	return Mxonly->new(policyd => "workers = $workers\n" . Mxonly::CONTROL, program => 't/confined');
}

sub attack {
	my ($server, $name) = @_;
	return $server->ask($server->connect, recipient => "$name\@" . $server->pid);
}

sub descriptors { my ($pid) = @_; return scalar(() = glob("/proc/$pid/fd/*")) }

# All is well: a reload comes through, the control socket answers, workers do, the supervisor is the one of the start.
my $generation = 1;

sub well {
	my ($server) = @_;
	$generation++;
	$server->configure("$Mxonly::relay\n[relay new$generation]\nranges = 198.51.100.0/24\n[default]\nrelays = filter\n");
	ok($server->reload($generation), 'a reload is carried out') or diag($server->log);
	my ($status, $text) = $server->ctl('status');
	is($status, 0, 'ctl status answers');
	like($text // '', qr/^generation: $generation$/m, 'all workers serve it');
	like(($server->ctl('stats'))[1] // '', qr/^mxonly_generation $generation$/m, 'ctl stats answers');
	is($server->ask($server->connect, RELAY), 'no such attack', 'a worker answers') for 1 .. 4;
	ok(!$server->ended, 'the supervisor lives');
}

my $server = captured(1);

for my $name (qw(scribble-ones scribble-all)) {
	subtest "$name: the names of relays, in memory that all share" => sub {
		is(attack($server, $name), 'done', 'overwritten');
		well($server);
	};
}

subtest 'hand-over: descriptors for the supervisor, two with each message' => sub {
	my $before = descriptors($server->pid);
	attack($server, 'hand-over') for 1 .. 50;
	well($server);
	cmp_ok(descriptors($server->pid), '<=', $before + 2, 'it keeps none');
};

subtest 'generation: claims to serve one that is yet to come' => sub {
	is(attack($server, 'generation'), 'done', 'claimed');
	well($server);
};

subtest 'hang-up: leaves its channel, and stays' => sub {
	my ($worker) = $server->workers;
	attack($server, 'hang-up');
	ok($server->logs(qr/worker 0 was ended by signal 9/), 'it is ended, which is told');
	ok(wait_until { my ($new) = $server->workers; $new && $new != $worker }, 'and replaced');
	well($server);
};

subtest 'forge: lines of the log' => sub {
	my ($worker) = $server->workers;
	attack($server, 'forge');
	ok($server->logs(qr/first.*second/s), 'it came') or diag($server->log);
	like($server->log, qr/^mxonlyd\[$worker\]: first\?mxonlyd\[1\]: second \?\[2J$/m,
		'as one line of the worker that has sent it, which does nothing to a terminal');
};

# A worker of a build with a sanitizer keeps standard error, for its report.
subtest 'what is open in a worker' => sub {
	plan(skip_all => 'root alone may look') if !as_root();
	my %open = map { m{/(\d+)$} ? ($1 => readlink($_)) : () } glob("/proc/@{[$server->workers]}/fd/*");
	is($open{$_}, '/dev/null', "$_ leads nowhere") for 0, 1, `nm @{[Mxonly::program('t/confined')]}` =~ /__asan_init/ ? () : 2;
	delete @open{ 0 .. 2 };
	is(join(' ', grep { !/^(?:socket:|anon_inode:\[?event(?:poll|fd)\]?$)/ } values %open), '', 'sockets, and what waits for them');
	cmp_ok(scalar(keys %open), '<=', 6, 'few');
};

is($server->stop, 0, 'a clean end');
unlike($server->log, qr/ERROR: \w+Sanitizer|runtime error/, 'no sanitizer had a word to say');

# By a fault, or on purpose.
subtest 'loop: computes without an end' => sub {
	my $server = captured(2);
	my $stuck = $server->connect;
	syswrite($stuck, request(recipient => 'loop@' . $server->pid));
	ok(wait_until { grep { Load::cpu($_) > 0.5 } $server->workers }, 'it computes');
	is($server->ask($server->connect, RELAY), 'no such attack', 'who comes now is served by the other') for 1 .. 20;
	ok(defined Mxonly::closed($stuck, 180), 'its clients may ask somebody else');
	ok($server->logs(qr/error: worker \d computed for more than 5 s without an end /), 'it is ended, and that is told');
	ok(wait_until { $server->workers == 2 }, 'and replaced');
	$generation = 1;
	well($server);
	is($server->stop, 0, 'a clean end');
};

done_testing();
