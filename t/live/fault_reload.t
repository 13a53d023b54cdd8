#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# Reloads under load, of configurations that are good, faulty, or vanish; a compile that runs out of memory, or is killed: the
# old configuration stays, and no client notices anything.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Load;
use Mxonly qw(wait_until slurp);
use POSIX qw(mkfifo);
use Test::More;

use constant { ROUNDS => 120, BATCH => 200 };

sub descriptors { my ($pid) = @_; return scalar(() = glob("/proc/$pid/fd/*")) }

sub file {
	my ($path, $text) = @_;
	open(my $to, '>', "$path.new") or die "$path: $!";
	print $to $text;
	close($to);
	rename("$path.new", $path) or die "$path: $!";
}

sub many { my ($path) = @_; return file($path, join('', map { "customer-$_.some-hosting-company.example\n" } 1 .. 500_000)) }

# The newest generation that all workers serve.
sub highest { my ($server) = @_; return (sort { $b <=> $a } $server->log =~ /all workers serve generation (\d+)/g)[0] }

# How many reloads were good, or faulty, whichever were fewer.
sub settled {
	my ($server) = @_;
	my $good   = () = $server->log =~ /all workers serve generation/g;
	my $faulty = () = $server->log =~ /still serving generation/g;
	return $good < $faulty ? $good : $faulty;
}

my @kinds = (
	sub { $_[0]->configure($Mxonly::relay) },
	sub { file($_[0]->config, "[policyd\nnonsense\n") },
	sub { $_[0]->configure("$Mxonly::relay\n[default]\nmode = enforce\n") },
	sub { unlink($_[0]->config) },
	sub { $_[0]->configure("$Mxonly::relay\n[domain a.test]\nrelays = missing\n") },
	sub { file($_[0]->config, '') },
	sub { file($_[0]->config, "MXONLY\0\0" . "\xff" x 500) },
	sub { unlink($_[0]->config); mkdir($_[0]->config) },
	sub { rmdir($_[0]->config); file($_[0]->config, "[relay x]\nranges_file = /nowhere\n") },
);

for my $hurry (0, 1) {
	subtest $hurry ? 'a storm: faster than they can be carried out' : 'one after the other' => sub {
		my $server = Mxonly->new(policyd => "workers = 2\nlog_decisions = none\n");
		my $load = Load->new($server);
		$load->more(BATCH);
		my @before = (descriptors($server->pid), Load::memory($server->pid, $server->workers));
		my @workers = $server->workers;
		for (my $i = 0; $i < ROUNDS || settled($server) < 10; $i++) {
			$kinds[ $i % @kinds ]->($server);
			kill('HUP', $server->pid);
			$load->more($hurry ? 1 : BATCH);
			$load->logged(qr/(?:still serving|all workers serve) generation/, $i + 2) unless $hurry;
		}
		rmdir($server->config);
		$server->configure($Mxonly::relay);
		my $last = highest($server);
		$load->until(sub { kill('HUP', $server->pid); highest($server) > $last });
		$load->more(BATCH)->end;
		ok($load->whole, 'nothing is lost') or diag($load->words);
		is($load->{retried}, 0, 'nobody has to ask again');
		is(scalar(grep { kill(0, $_) } @workers), 2, 'by the same workers');
		cmp_ok(settled($server), '>=', 10, settled($server) . ' good ones at least, and as many faulty ones');
		ok(wait_until { descriptors($server->pid) == $before[0] }, "the supervisor has as many descriptors as before, $before[0]");
		note($load->words . "; memory: $before[1] KiB before, " . Load::memory($server->pid, $server->workers) . ' KiB after');
		is($server->stop, 0, 'a clean end');
		unlike($server->log, qr/ERROR: \w+Sanitizer|runtime error/, 'no sanitizer had a word to say');
	};
}

subtest 'a compile that is killed, as a kernel without memory does' => sub {
	my $server = Mxonly->new(policyd => "workers = 2\nlog_decisions = none\n");
	unlink($server->config);
	mkfifo($server->config, 0644) or die "mkfifo: $!";    # nobody writes to it: whoever reads it is still there to be killed
	my $load = Load->new($server);
	for my $i (1 .. 3) {
		my %old = map { $_ => 1 } $server->children;
		kill('HUP', $server->pid);
		my $compiler;
		$load->until(sub { ($compiler) = grep { !$old{$_} } $server->children; $compiler });
		kill('KILL', $compiler);
		$load->logged(qr/still serving generation 1/, $i);
	}
	like($server->log, qr/mxonly\.ini: the process that read it was ended by signal 9 \(Killed\): out of memory\?/, 'it is told');
	$load->more(BATCH)->end;
	ok($load->whole, 'nothing is lost') or diag($load->words);
	is($load->{retried}, 0, 'nobody has to ask again');
	note($load->words);
	$server->configure($Mxonly::relay);    # in its place
	ok($server->reload(2), 'the next good one is taken');
	is($server->stop, 0, 'a clean end');
};

# A limit on what each process of the server may have: eight MiB more than a worker has, for a configuration that needs ten times that.
subtest 'a compile that gets no more memory' => sub {
	my $policyd = "workers = 2\nlog_decisions = none\n";
	my $server = Mxonly->new(policyd => $policyd);
	my ($size) = slurp('/proc/' . $server->pid . '/status') =~ /^VmSize:\s*(\d+)/m;
	$server->stop;
	$server = Mxonly->new(policyd => $policyd, before => [ 'sh', '-c', 'ulimit -v ' . ($size + 8192) . '; exec "$@"', 'sh' ]);
	many("$server->{folder}/many");
	$server->configure("$Mxonly::relay\n[domains many]\nfile = many\nrelays = filter\n");
	my $load = Load->new($server);
	$load->more(BATCH);
	kill('HUP', $server->pid);
	$load->logged(qr/still serving generation 1/);
	like($server->log, qr/mxonly\.ini: .*(?:out of memory|Cannot allocate memory)|cannot reload: .*memory/, 'it is told') or diag($server->log);
	$load->more(BATCH);
	$server->configure($Mxonly::relay);
	kill('HUP', $server->pid);
	$load->logged(qr/all workers serve generation 2/);
	$load->more(BATCH)->end;
	ok($load->whole, 'nothing is lost') or diag($load->words);
	is($load->{retried}, 0, 'nobody has to ask again');
	note($load->words);
	is($server->stop, 0, 'a clean end');
};

done_testing();
