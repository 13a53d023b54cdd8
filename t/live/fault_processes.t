#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# Processes die under load: clients that ask again as Postfix does lose nothing.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Load;
use Mxonly qw(wait_until slurp as_root free_folder);
use Test::More;

use constant { KILLS => 8, BATCH => 2000, LONELY => 64999 };

sub alive { my ($pid) = @_; return slurp("/proc/$pid/stat") !~ /\) Z |\A\z/ }

subtest 'workers, one after the other' => sub {
	my $server = Mxonly->new(policyd => "workers = 2\nlog_decisions = none\n");
	my $load = Load->new($server);
	my $before = Load::memory($server->pid);
	for my $i (1 .. KILLS) {
		$load->more(BATCH);
		kill('KILL', ($server->workers)[ $i % 2 ]);
		$load->logged(qr/was ended by signal 9/, $i)->until(sub { $server->workers == 2 });
		$load->calm;
	}
	$load->more(BATCH)->end;
	ok($load->whole, 'nothing is lost') or diag($load->words);
	cmp_ok($load->{retried}, '>', 0, 'some asked again');
	note($load->words);
	note("supervisor: $before KiB before, " . Load::memory($server->pid) . ' KiB after');
	is($server->stop, 0, 'a clean end');
};

subtest 'all workers at once' => sub {
	my $server = Mxonly->new(policyd => "workers = 2\nlog_decisions = none\n");
	my $load = Load->new($server);
	for my $i (1 .. 3) {
		$load->more(BATCH);
		my @old = $server->workers;
		kill('KILL', @old);
		$load->until(sub { $server->workers == 2 && !grep { alive($_) } @old });
		$load->calm;
	}
	$load->more(BATCH)->end;
	ok($load->whole, 'nothing is lost') or diag($load->words);
	note($load->words);
	is($server->stop, 0, 'a clean end');
};

subtest 'the logger' => sub {
	my $server = Mxonly->new(policyd => "workers = 2\n");
	my $load = Load->new($server);
	for my $i (1 .. 3) {
		$load->more(BATCH);
		my ($old) = $server->logger;
		kill('KILL', $old);
		$load->until(sub { my ($new) = $server->logger; $new && $new != $old });
		$load->logged(qr/the process that writes the log had died, and was replaced/, $i);
	}
	$load->more(BATCH)->end;
	ok($load->whole, 'nothing is lost') or diag($load->words);
	is($load->{retried}, 0, 'nobody has to ask again');
	note($load->words);
	is(scalar(() = $server->log =~ /the process that writes the log had died, and was replaced/g), 3, 'it is told');
	is($server->stop, 0, 'a clean end');
};

subtest 'the supervisor, and a new start' => sub {
	my $server = Mxonly->new(policyd => "workers = 2\nlog_decisions = none\n");
	my $load = Load->new($server);
	for my $i (1 .. 3) {
		$load->more(BATCH);
		my @old = $server->children;
		kill('KILL', $server->pid);
		$server->wait_end;
		delete $server->{status};
		$server->start(0);
		$server->logs(qr/all workers serve generation 1 /, $i + 1);    # nobody asks meanwhile: how long a start takes is not tested
		ok(wait_until { !grep { alive($_) } @old }, "$i: those of the old server have left");
		$load->calm;
	}
	$load->more(BATCH)->end;
	ok($load->whole, 'nothing is lost') or diag($load->words);
	note($load->words);
	is($server->stop, 0, 'a clean end');
	unlike($server->log, qr/ERROR: \w+Sanitizer|runtime error/, 'no sanitizer had a word to say');
};

# As a user of its own, since a limit counts all processes of one.
subtest 'most workers cannot be started' => sub {
	plan(skip_all => 'not root: no user whose processes are all ours') unless as_root();
	my $folder = free_folder();
	chown(LONELY, -1, $folder);
	my $server = Mxonly->new(folder => $folder, wait => 0, policyd => "workers = 256\n",
		before => [ qw(setpriv --regid=nogroup --clear-groups --reuid), LONELY, qw(prlimit --nproc=12) ]);
	ok($server->logs(qr/worker \d+ cannot be started: /), 'that is told');
	is($server->ask($server->connect, Mxonly::RELAY), 'DUNNO', 'the others serve');
	my $tried_on = wait_until {
		my %tries;
		$tries{$_}++ for $server->log =~ /worker (\d+) cannot be started/g;
		return keys(%tries) > 200 && !grep { $_ < 3 } values(%tries);
	};
	ok($tried_on, 'each is tried again and again');
	is($server->stop, 0, 'a clean end');
	unlike($server->log, qr/ERROR: \w+Sanitizer|runtime error|killed|is lost/, 'nothing went wrong');
};

# SIGSTOP: as a debugger, or a machine that swaps, holds a process up. Who comes then is served by the others.
subtest 'a worker that hangs' => sub {
	my $server = Mxonly->new(policyd => "workers = 2\nlog_decisions = none\n");
	my $load = Load->new($server);
	$load->more(BATCH);
	my ($hangs) = $server->workers;
	kill('STOP', $hangs);
	my $later = Load->new($server);
	$later->more(BATCH)->end;
	ok($later->whole && !$later->{retried}, 'who comes then is served by the other') or diag($later->words);
	kill('CONT', $hangs);
	$load->more(BATCH)->end;
	ok($load->whole && !$load->{retried}, 'nothing is lost, nobody has to ask again') or diag($load->words);
	note($_->words) for $load, $later;
	is($server->stop, 0, 'a clean end');
};

done_testing();
