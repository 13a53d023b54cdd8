#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# contrib/watching: the real promtool takes the alert rules and each query of the dashboard; every alert fires when it should
# and only then; every metric that they name is one that the server prints. Grafana's own definitions take the dashboard.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Mxonly;
use Npm;
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
	MxonlySilent         => { 'mxonly_build_info' => '1x280 _x40' },
	MxonlyWorkersMissing => { 'mxonly_workers' => '0x320' },
	MxonlyWorkersDie     => { 'mxonly_worker_restarts_total' => '0x312 0+1x8' },
	MxonlyNearMiss       => { 'mxonly_relay_near_misses_total{relay="filter"}' => '0x315 1x5' },
	MxonlyMismatch       => { 'mxonly_requests_total{outcome="refuse",reason="no-tls"}' => '0x315 1x5' },
	MxonlyDeferred       => { 'mxonly_requests_total{outcome="defer",reason="name-unverified"}' => '0x310 0+3x10' },
	MxonlyReloadRefused  => { 'mxonly_last_load_good' => '1x300 0x20' },
	MxonlyRangesOld      => { 'mxonly_ranges_file_age_seconds{relay="filter",file="f"}' => '15552001x320' },
	MxonlySnapshotOld    => { 'mxonly_snapshot_age_seconds' => '7776001x320' },
	MxonlyRefusalsRise   => { 'mxonly_requests_total{outcome="refuse",reason="unknown-address"}' => '0+5x308 1550+300x12' },
	MxonlyClientsHidden  => { 'mxonly_clients_hidden' => '1x320' },
	MxonlyLogLinesLost   => { 'mxonly_log_lines_dropped_total' => '0x315 9x5' },
);
is_deeply([sort keys %fires], [sort @alerts], 'each alert has a history in which it fires');

# promtool wants the alert's words as well: they are taken from what it says that it got.
my $firing = write_file('firing.yml', "rule_files: ['$watching/mxonly.rules.yml']\nevaluation_interval: 5m\ntests:\n" . join('', map {
	my $alert = $_;
	"  - interval: 5m\n    input_series:\n" . join('', map { "      - { series: '$_', values: '$fires{$alert}{$_}' }\n" } sort keys %{ $fires{$alert} })
		. "    alert_rule_test: [{ eval_time: 1595m, alertname: $alert }]\n"
} @alerts));
my (undef, $fired, $unfired) = run('', 'promtool', 'test', 'rules', $firing);
like($fired . $unfired, qr/got:\[\s*0:\s*Labels:\{alertname="$_"/, "$_ fires") for @alerts;
promtool('test', 'rules', "$watching/mxonly.rules.test.yml");

subtest 'each alert says what to do' => sub {
	for my $alert (split(/^      - alert: /m, $rules =~ s/^\s*#.*\n//mgr)) {
		my ($name) = $alert =~ /\A(\w+)\n/ or next;
		like($alert, qr/severity: (?:critical|warning|info) /, "$name: how urgent");
		like($alert, qr/summary: .*\n          description: .{60}/, "$name: what, and then");
	}
};

my $written = read_file("$watching/mxonly.dashboard.json");
my $dashboard = JSON::PP->new->decode($written);
my @asking = grep { $_->{targets} } @{ $dashboard->{panels} };
my @queries = ((map { map { $_->{expr} } @{ $_->{targets} } } @asking), map { $_->{target}{expr} } @{ $dashboard->{annotations}{list} });
cmp_ok(scalar(@queries), '>=', 8, 'the dashboard asks');

# As Grafana fills its variables in.
sub filled { return $_[0] =~ s/\$__(?:rate_interval|range)/6m/gr =~ s/\$__interval_ms/300000/gr =~ s/\$instance/.*/gr }

promtool('check', 'rules', write_file('queries.yml', "groups:\n  - name: dashboard\n    rules:\n"
	. join('', map { "      - { record: 'x:y', labels: { n: '$_' }, expr: " . JSON::PP->new->allow_nonref->encode(filled($queries[$_])) . " }\n" } 0 .. $#queries)));

# A value that every query gives when all is quiet, so that no panel stays empty; and the hosts that have fallen silent.
sub expressions {
	my ($series, @tests) = @_;
	my $json = JSON::PP->new->allow_nonref->canonical;
	my $file = write_file('expressions.yml', $json->encode({ tests => [{ interval => '1m',
		input_series => [map { { series => $_, values => $series->{$_} } } sort keys %$series],
		promql_expr_test => [map { { expr => $_->[0], eval_time => '60m', exp_samples => [map { { labels => $_->[0], value => $_->[1] } } @{ $_->[1] }] } } @tests] }] }));
	promtool('test', 'rules', $file);
}

sub query_of {
	my ($title, $n) = @_;
	my ($panel) = grep { $_->{title} eq $title } @asking;
	return filled($panel->{targets}[$n // 0]{expr});
}

subtest 'what the tiles show' => sub {
	my %series = map { ("mxonly_build_info{instance=\"$_\"}" => $_ eq 'gone' ? '1x20 _x60' : '1x80', "mxonly_workers{instance=\"$_\"}" => $_ eq 'gone' ? '2x20 _x60'
			: $_ eq 'idle' ? '0x80' : '2x80', "mxonly_snapshot_compiled_timestamp_seconds{instance=\"$_\"}" => '0x80', "mxonly_snapshot_age_seconds{instance=\"$_\"}" => $_ eq 'old' ? '0+60x20 1200x60' : '0+60x80') } qw(good gone idle old);
	$series{'mxonly_requests_total{instance="good",outcome="refuse",reason="near-miss"}'} = '0x30 1x50';
	$series{'mxonly_requests_total{instance="good",outcome="permit",reason="mode-off"}'} = '5x80';
	$series{'mxonly_last_load_good{instance="good"}'} = '1x80';
	$series{'mxonly_last_load_good{instance="idle"}'} = '0x80';
	expressions(\%series,
		[query_of('Servers'), [['{instance="good"}', 2], ['{instance="gone"}', -1], ['{instance="idle"}', 0], ['{instance="old"}', -1]]],
		[query_of('Configuration'), [['{}', 0]]],
		["round(" . query_of('Refused, last hour') . ")", [['{}', 1]]],
		[query_of('Refused and deferred, by reason'), [['{reason="none"}', 0]]],
		[query_of('Permitted without the relay, by reason'), [['{reason="none"}', 0]]]);
};

subtest 'what to do stands there for each tile that it names' => sub {
	my ($words) = map { $_->{options}{content} } grep { $_->{type} eq 'text' } @{ $dashboard->{panels} };
	my @named = $words =~ /^\| \*\*(.+?)\*\*/mg;
	cmp_ok(scalar(@named), '>=', 6, 'some');
	for my $name (@named) {
		ok((grep { $_->{title} =~ /^\Q$name\E(?:,|\z)/ } @asking), "$name is a panel");
	}
	ok(length($_->{description}) > 30, "$_->{title} is described") for @asking;
};

# The compiler is shown the dashboard, and some that are wrong in one place.
subtest 'the definitions of Grafana take it' => sub {
	my ($folder, $fault) = Npm::fetched('grafana');
	plan skip_all => 'no definitions' if !ok($folder, 'Grafana\'s definitions are there') && diag($fault);
	my @wrong = (
		['a panel of no known kind',    qr/"type": "stat"/,                  '"type": "stats"'],
		['a key that is none',          qr/"colorMode": "value"/,            '"colourMode": "value"'],
		['a word that is none',         qr/"graphMode": "area"/,             '"graphMode": "areas"'],
		['an option of another kind',   qr/"drawStyle": "bars"/,             '"cellHeight": "sm"'],
		['a number for a text',         qr/"unit": "s"/,                     '"unit": 1'],
		['an override that is none',    qr/"id": "custom.minWidth"/,         '"id": "custom.leastWidth"'],
		['a threshold without colour',  qr/\{"color": "red", "value": null\}/, '{"value": null}'],
		['a query without expression',  qr/"expr": "/,                       '"query": "'],
		['a variable of no known kind', qr/"type": "query"/,                 '"type": "ask"'],
	);
	my %file = ('ours.ts' => $written, map { my ($text, $i) = ($written, $_); $text =~ s/$wrong[$i][1]/$wrong[$i][2]/ or fail("$wrong[$i][0]: nothing to spoil"); ("wrong$i.ts" => $text) } 0 .. $#wrong);
	write_file("$folder/$_", "import type { Written } from './dashboard.js';\nexport const it: Written = $file{$_};\n") for sort keys %file;
	write_file("$folder/dashboard.ts", read_file(source_folder() . '/t/live/npm/grafana/dashboard.ts'));
	write_file("$folder/tsconfig.json", JSON::PP->new->encode({ files => [sort keys %file],
		compilerOptions => { noEmit => JSON::PP::true, strict => JSON::PP::true, skipLibCheck => JSON::PP::true, module => 'nodenext', target => 'es2022', types => [] } }));
	my (undef, $out, $err) = run('', qw(env -C /), 'node', "$folder/node_modules/typescript/bin/tsc", '--pretty', 'false', '-p', $folder);
	my ($mine) = $out =~ m{^\S*/(ours\.ts.*(?:\n .*)*)}m;
	is($mine // '', '', 'contrib/watching/mxonly.dashboard.json');
	unlike($out . $err, qr{^(?!\S*/(?:ours|wrong\d)\.ts\(|\s).}m, 'the compiler itself has nothing to say');
	like($out, qr{^\S*/wrong$_\.ts\(}m, "and they refuse $wrong[$_][0]") for 0 .. $#wrong;
};

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
my $control = 'unix:' . $server->control_path;
my (undef, $stats) = mxonly('', 'ctl', '-s', $control, 'stats');
my %known = map { $_ => 1 } $stats =~ /^# TYPE (\w+)/mg;
cmp_ok(scalar(keys %known), '>', 10, 'the server prints its metrics');
for my $text ($rules, @queries) {
	ok($known{ s/_(?:bucket|sum|count)\z//r } || $known{$_}, "$_ is printed by the server") for $text =~ /\b(mxonly_\w+)/g;
}

# The units hand them on, and take them away when there are none.
sub handed_on {
	my $service = read_file("$watching/mxonly-stats.service");
	my ($folder) = $service =~ /^WorkingDirectory=(.+)/m;
	like($service, qr/^ReadWritePaths=\Q$folder\E$/m, 'the unit may write there');
	my ($script) = $service =~ m{^ExecStart=/bin/sh -c '(.+)'$}m;
	my $here = folder() . '/node-exporter';
	mkdir($here);
	my $program = write_file("$here/mxonly", "#!/bin/sh\ntest \"\$*\" = 'ctl stats' && exec '$ENV{MXONLY_BUILD}/mxonly' ctl -s '$control' stats\n");
	chmod(0755, $program);
	my ($status) = run('', 'sh', '-c', "cd '$here' && PATH=$here:\$PATH && $script");
	my $file = read_file("$here/mxonly.prom") if -e "$here/mxonly.prom";
	return ($status, $file);
}

my ($handed, $file) = handed_on();
is($handed, 0, 'mxonly-stats.service');
like($file, qr/^mxonly_build_info\{.*\} 1$/m, 'has left the metrics');
is((mxonly('', 'ctl', '-s', $control, 'status', '--check'))[0], 0, 'status --check: all is well');
$server->configure('rubbish');
$server->ctl('reload');
is_deeply([(mxonly('', 'ctl', '-s', $control, 'status', '--check'))[0, 1]], [1, ''], 'not any more');
like((mxonly('', 'ctl', '-s', $control, 'status', '--check'))[2], qr/refused/, 'and it says why on standard error, as README does');

is($server->stop, 0, 'a clean end');
($handed, $file) = handed_on();
is($handed, 1, 'without a server the unit fails');
is($file, undef, 'and has taken the old metrics away');
is((mxonly('', 'ctl', '-s', $control, 'status', '--check'))[0], 1, 'status --check: no server');
my ($verified, $said, $complaints) = run('', 'systemd-analyze', 'verify', '--man=no', map { "$watching/mxonly-stats.$_" } qw(service timer));
is($verified, 0, 'systemd takes the units') or diag($complaints);
unlike($said . $complaints, qr/mxonly/, 'and has nothing to say');
done_testing();
