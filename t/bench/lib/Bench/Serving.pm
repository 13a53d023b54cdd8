# SPDX-License-Identifier: BSD-2-Clause
# Serving - the rows of the table that a running server shows
package Bench::Serving;
use strict;
use warnings;
use Exporter 'import';
use Bench::Machine qw(median pss);
use Bench::Pairs qw(pairs ratio_of span_of);
use Bench::Server;
use Bench::Table;
our @EXPORT_OK = qw(measure_serving start_ours start_floor);

sub start_ours {
	my ($in, $config, %o) = @_;
	return Bench::Server->start(command => [ $in->server, '-c', $config ], socket => $in->path('server.sock'),
		log => $in->path('server.log'), %o);
}

sub start_floor {
	my ($in) = @_;
	return Bench::Server->start(command => [ $in->program('floor'), $in->path('floor.sock') ],
		socket => $in->path('floor.sock'));
}

# Ours and floor under the same load, in turns; both run all the time, only one is asked.
sub beside_floor {
	my ($in, $count, $ours, $floor, @options) = @_;
	my $load = $in->program('policyload');
	return pairs($count, sub { $ours->load($load, @options) }, sub { $floor->load($load, @options) });
}

sub usual_rows {
	my ($in, $table, $quick) = @_;
	my $ours = start_ours($in, $in->usual('usual.ini'));
	my $floor = start_floor($in);
	my $seconds = $quick ? 1 : 3;
	my $one = beside_floor($in, $quick ? 3 : 15, $ours, $floor, '-c', 1, '-d', $seconds, '-w', 0.3);
	$table->add_pairs('requests/s, 1 connection', $one, 'req_per_s', goal => 0.95, least => 1);
	for my $c (32, 512) {
		my $many = beside_floor($in, $quick ? 2 : 7, $ours, $floor, '-c', $c, '-d', $seconds, '-w', 0.3);
		$table->add_pairs("server CPU us a request, $c connections", $many, 'cpu_us', goal => 1.25);
		$table->add_pairs("  requests/s there", $many, 'req_per_s');
		$table->add_pairs("  p99 latency us there", $many, 'p99_us', goal => 1.3);
	}
	crowd_row($in, $table, $quick, $ours, $floor);
}

# 10,000 connections: how far the slow ones are behind, beside how far they are with floor.
sub crowd_row {
	my ($in, $table, $quick, $ours, $floor) = @_;
	my $p = beside_floor($in, $quick ? 1 : 5, $ours, $floor, '-c', 10000, '-d', $quick ? 3 : 6, '-w', 2);
	$_->{tail} = $_->{p999_us} / ($_->{p50_us} || 1) for map { @{$_}{qw(ours reference)} } @{ $p->{used} };
	$table->add_pairs('10,000 connections: p99.9 / median', $p, 'tail', goal => 1.3);
}

sub refusing_rows {
	my ($in, $table, $quick) = @_;
	my $drops = $in->path('drops');
	my $ours = start_ours($in, $in->refusing('refusing.ini'), sink => "grep -a 'were dropped' > $drops");
	my $floor = start_floor($in);
	for my $c (32, 512) {
		my $p = beside_floor($in, $quick ? 2 : 5, $ours, $floor, '-c', $c, '-d', $quick ? 1 : 3, '-w', 0.3);
		$table->add_pairs("CPU, all refused and logged, $c connections", $p, 'cpu_us', goal => 2);
		$table->add_pairs("  requests/s there", $p, 'req_per_s');
	}
	$ours->stop;
	my $dropped = 0;
	$dropped += $_ for Bench::Machine::text_of($drops) =~ /(\d+) log lines were dropped/g;
	$table->add(what => '  log lines dropped in all', value => $dropped);
}

# What 10,000 clients that have asked once and wait cost.
sub idle_row {
	my ($in, $table) = @_;
	my $ours = start_ours($in, $in->usual('usual.ini'));
	$ours->load($in->program('policyload'), '-n', 100);
	my ($count, $before) = (10000, pss($ours->{pid}));
	open my $client, '-|', 'sleep 30 | ' . $in->program('policyload') . " -1 -c $count $ours->{target}" or die;
	my $said = <$client> // '';
	my ($asked) = $said =~ /requests=(\d+)/ or die "policyload -1: $said\n";
	my $kib = (pss($ours->{pid}) - $before) / $asked;
	$table->add(what => 'memory of an idle connection, KiB', value => $kib, goal => 1, note => "PSS of $asked");
	$ours->stop;
	close $client;
}

# The slowest answer while the configuration is reloaded, over and over, beside the slowest without.
sub reload_row {
	my ($in, $table, $quick) = @_;
	my $ours = start_ours($in, $in->compiled($in->big($quick ? 100000 : 1000000)));
	my $load = $in->program('policyload');
	my @options = ('-c', 32, '-d', 6, '-w', 1);
	my $reloading = sub {
		my $pid = fork // die "fork: $!\n";
		if ($pid == 0) {
			sleep 2;
			for (1 .. 2) { kill 'HUP', $ours->{pid}; sleep 2; }
			POSIX::_exit(0);
		}
		my $r = $ours->load($load, @options);
		waitpid $pid, 0;
		return $r;
	};
	my $p = pairs($quick ? 1 : 5, $reloading, sub { $ours->load($load, @options) });
	$_->{max_ms} = $_->{max_us} / 1000 for map { @{$_}{qw(ours reference)} } @{ $p->{used} };
	$table->add_pairs('slowest answer ms, reloading / not', $p, 'max_ms', goal => 2);
}

# Eight workers with a million domains: one copy.
sub shared_row {
	my ($in, $table, $quick) = @_;
	my $mxs = $in->compiled($in->big($quick ? 100000 : 1000000, workers => 8));
	my $ours = start_ours($in, $mxs);
	my $r = $ours->load($in->program('policyload'), '-c', 64, '-d', 2);
	my $size = (-s $mxs) / 1024;
	$table->add(what => 'memory of 8 workers, MiB', value => $r->{pss} / 1024, goal => sprintf('%.1f', (1.6 * $size + 8192) / 1024),
		note => sprintf 'PSS; the snapshot has %.1f MiB', $size / 1024);
}

sub measure_serving {
	my ($in, $table, $quick) = @_;
	usual_rows($in, $table, $quick);
	refusing_rows($in, $table, $quick);
	idle_row($in, $table);
	shared_row($in, $table, $quick);
	reload_row($in, $table, $quick);
}

1;
