#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# A real systemd-journald, alone in a mount namespace, hung, killed, and started again, under load: with the journal's own entries
# and with standard error.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Journald;
use Load;
use Mxonly qw(wait_until);
use Test::More;

use constant BATCH => 5_000;

my $why = Journald::prepare();
plan(skip_all => $why) if defined $why;
Journald::begin();

sub as_fast {
	my ($load, $before, $what) = @_;
	my $while = $load->best_speed(BATCH, $before / 5);
	cmp_ok($while, '>', $before / 5, sprintf('%s: %.0f a second, before %.0f', $what, $while, $before));
}

sub metric { return Mxonly::metric(($_[0]->ctl('stats'))[1], 'mxonly_log_lines_dropped_total') }

sub told {
	my ($server) = @_;
	my ($n, $log) = (0, $server->log);
	$n += $1 while $log =~ /(\d+) log lines were dropped/g;
	return $n;
}

sub refusals { return scalar(() = $_[0]->log =~ /outcome=refuse/g) }

# Hung: its queue is full, a stream to it takes megabytes before that.
sub hang {
	my ($server, $load, $before) = @_;
	Journald::signal('STOP');
	for (1 .. 40) {
		$load->more(BATCH);
		last if metric($server) > 0;
	}
	as_fast($load, $before, 'while it hangs');
	Journald::signal('CONT');
	ok($server->logs(qr/\d+ log lines were dropped/), 'when it goes on, what was dropped is told');
	$load->more(BATCH);
	my $answered = $load->end->{answered};
	ok(wait_until { abs(refusals($server) + told($server) - $answered) <= 2 }, 'each line was written, or counted: ' . told($server) . ' dropped');
}

for my $log ('log = stderr', '; log =') {
	subtest $log eq 'log = stderr' ? 'standard error' : 'entries' => sub {
		my $server = Journald->new(policyd => Mxonly::CONTROL . "workers = 2\n$log\n");
		my $first = Load->new($server);
		my $before = $first->speed(BATCH);
		hang($server, $first, $before);

		my $load = Load->new($server);
		$load->more(BATCH);
		Journald::end();
		as_fast($load, $before, 'after it was killed');
		my ($dropped, $reported) = (metric($server), told($server));
		cmp_ok($dropped, '>', $reported, "what had nowhere to go is counted: $dropped");
		Journald::begin();
		if ($log ne 'log = stderr') {
			$load->until(sub { told($server) > $reported });
			ok(1, 'a new one is found, and told of ' . told($server));
			my ($entry) = Journald::entries('-n', 1, 'MXONLY_REASON=unknown-address');
			is($entry->{_TRANSPORT}, 'journal', 'decisions are entries again');
		}
		$load->end;
		ok($_->whole && !$_->{retried}, 'nothing is lost, nobody has to ask again') or diag($_->words) for $first, $load;
		note($_->words) for $first, $load;
		Journald::signal('STOP');
		Load->new($server)->more(BATCH)->end;
		is($server->stop, 0, 'a clean end, which one that hangs does not hold up');
		Journald::signal('CONT');
	};
}
Journald::end();

done_testing();
