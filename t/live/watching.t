#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# contrib/watching: the real promtool takes the alert rules and each query of the dashboard; every alert fires when it should
# and only then; every metric that they name is one that the server prints.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Mxonly;
use Test::More;
use Tool;

my $watching = source_folder() . '/contrib/watching';
BAIL_OUT('no promtool: apt-get install prometheus') if system('command -v promtool >/dev/null') != 0;

sub promtool {
	my @arguments = @_;
	my ($status, $out, $err) = run('', 'promtool', @arguments);
	is($status, 0, "promtool @arguments[0, 1]") or diag($out . $err);
	return $out . $err;
}

promtool('check', 'rules', "$watching/mxonly.rules.yml");
my $rules = read_file("$watching/mxonly.rules.yml");
my @alerts = $rules =~ /- alert: (\w+)/g;

# A history, in steps of five minutes, at whose end the alert fires.
my %fires = (
	MxonlySilent         => { 'mxonly_build_info' => '1x10 _x318' },
	MxonlyWorkersMissing => { 'mxonly_workers' => '0x320' },
	MxonlyWorkersDie     => { 'mxonly_worker_restarts_total' => '0x312 0+1x8' },
	MxonlyNearMiss       => { 'mxonly_relay_near_misses_total{relay="filter"}' => '0x315 1x5' },
	MxonlyMismatch       => { 'mxonly_requests_total{outcome="refuse",reason="no-tls"}' => '0x315 1x5' },
	MxonlyReloadRefused  => { 'mxonly_reloads_total{result="refused"}' => '0x315 1x5', 'mxonly_reloads_total{result="good"}' => '1x320' },
	MxonlyRangesOld      => { 'mxonly_ranges_file_age_seconds{relay="filter",file="f"}' => '15552001x320' },
	MxonlySnapshotOld    => { 'mxonly_snapshot_age_seconds' => '7776001x320' },
	MxonlyRefusalsRise   => { 'mxonly_requests_total{outcome="refuse",reason="unknown-address"}' => '0+5x308 1550+300x12' },
	MxonlyClientsHidden  => { 'mxonly_clients_hidden' => '1x320' },
	MxonlyLogLinesLost   => { 'mxonly_log_lines_dropped_total' => '0x315 9x5' },
);
is_deeply([sort keys %fires], [sort @alerts], 'each alert has a history in which it fires');

# promtool wants the alert's words as well: they are taken from what it says that it got.
for my $alert (@alerts) {
	my $series = join('', map { "      - { series: '$_', values: '$fires{$alert}{$_}' }\n" } sort keys %{ $fires{$alert} });
	my $file = write_file("$alert.yml", "rule_files: ['$watching/mxonly.rules.yml']\nevaluation_interval: 5m\ntests:\n  - interval: 5m\n    input_series:\n$series"
		. "    alert_rule_test: [{ eval_time: 1595m, alertname: $alert }]\n");
	my ($status, $out, $err) = run('', 'promtool', 'test', 'rules', $file);
	like($out . $err, qr/got:\[\s*0:\s*Labels:\{alertname="$alert"/, "$alert fires");
}
promtool('test', 'rules', "$watching/mxonly.rules.test.yml");

my $dashboard = JSON::PP->new->decode(read_file("$watching/mxonly.dashboard.json"));
my @queries = map { map { $_->{expr} } @{ $_->{targets} // [] } } @{ $dashboard->{panels} };
cmp_ok(scalar(@queries), '>=', 8, 'the dashboard asks');
promtool('check', 'rules', write_file('queries.yml', "groups:\n  - name: dashboard\n    rules:\n"
	. join('', map { "      - { record: 'x:y', labels: { n: '$_' }, expr: " . JSON::PP->new->allow_nonref->encode($queries[$_] =~ s/\$__(?:rate_interval|range)/5m/gr =~ s/\$instance/.*/gr) . " }\n" } 0 .. $#queries)));

subtest 'the dashboard is laid out well' => sub {
	my (%id, %taken);
	for my $panel (@{ $dashboard->{panels} }) {
		my ($at, $title) = ($panel->{gridPos}, $panel->{title});
		ok(!$id{ $panel->{id} }++, "$title: an id of its own");
		cmp_ok($at->{x} + $at->{w}, '<=', 24, "$title: within 24 columns");
		my @clash = grep { defined } map { my $x = $_; map { $taken{"$x,$_"}++ ? "$x,$_" : undef } $at->{y} .. $at->{y} + $at->{h} - 1 } $at->{x} .. $at->{x} + $at->{w} - 1;
		is_deeply(\@clash, [], "$title: lies over no other panel");
		ok(!grep({ ($_->{datasource}{uid} // '') ne '${source}' } $panel), "$title: the chosen source") if $panel->{targets};
	}
};

my $server = Mxonly->new(policyd => "workers = 1\ncontrol = unix:control\n");
my (undef, $stats) = mxonly('', 'ctl', '-s', 'unix:' . $server->control_path, 'stats');
my %known = map { $_ => 1 } $stats =~ /^# TYPE (\w+)/mg;
cmp_ok(scalar(keys %known), '>', 10, 'the server prints its metrics');
for my $text ($rules, @queries) {
	ok($known{ s/_(?:bucket|sum|count)\z//r } || $known{$_}, "$_ is printed by the server") for $text =~ /\b(mxonly_\w+)/g;
}
is($server->stop, 0, 'a clean end');
done_testing();
