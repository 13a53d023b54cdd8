#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# Workers die: they are replaced, and nobody else notices.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use List::Util qw(first);
use Mxonly qw(wait_until request answers RELAY DIRECT);
use Test::More;

my $server  = Mxonly->new(policyd => "workers = 2\n");
my @workers = $server->workers;
my @sockets = map { $server->connect } 1 .. 60;

is(scalar(@workers), 2, 'two workers');
is(scalar(grep { $server->ask($_, RELAY) eq 'DUNNO' } @sockets), 60, 'all connections are served');

kill('KILL', $workers[0]);
ok($server->logs(qr/worker \d was ended by signal 9/), 'the death is told');
ok(wait_until { my @now = $server->workers; @now == 2 && !grep { $_ == $workers[0] } @now }, 'the worker is replaced');
ok((first { $_ == $workers[1] } $server->workers), 'the other one is still there');

# Those of the dead worker see the end; all the others are served as before.
my @got = map { my $s = $_; syswrite($s, request(RELAY)); (answers($s, 1))[0] // 'closed' } @sockets;
is(scalar(grep { $_ ne 'DUNNO' && $_ ne 'closed' } @got), 0, 'each is served or was closed');
note(scalar(grep { $_ eq 'DUNNO' } @got) . ' of 60 were of the other worker');
is($server->ask($server->connect, RELAY), 'DUNNO', 'a new connection is served');

# Several deaths in a row, each at once: the server goes on.
for (1 .. 3) {
	kill('KILL', $server->workers);
	is($server->ask($server->connect, RELAY), 'DUNNO', "answered after all workers were killed ($_)");
}
ok(wait_until { $server->workers == 2 }, 'both are back');

# A reload reaches those who came later.
$server->configure("$Mxonly::relay\n[default]\nmode = off\n");
ok($server->reload(2), 'a reload');
is(scalar(grep { $server->ask($server->connect, DIRECT) eq 'DUNNO' } 1 .. 20), 20, 'is served by all');
kill('KILL', $server->workers);
is($server->ask($server->connect, DIRECT), 'DUNNO', 'and by who replaces them');

# The logger dies: it is replaced, and no line is lost.
my ($logger) = $server->logger;
kill('KILL', $logger);
ok($server->logs(qr/the process that writes the log had died/), 'a new logger writes');

is($server->stop, 0, 'a clean end');
unlike($server->log, qr/ERROR: \w+Sanitizer|runtime error/, 'no sanitizer had a word to say');
done_testing();
