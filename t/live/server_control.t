#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# The control socket of a running server: status, reload and stats, who may ask, and what hangs there.

use strict;
use warnings;
use Fcntl;
use FindBin;
use lib "$FindBin::Bin/lib";
use Mxonly qw(wait_until request run slurp closed as_root free_folder RELAY DIRECT);
use POSIX ();
use Test::More;
use Time::HiRes qw(time);

local $SIG{PIPE} = 'IGNORE';

use constant OFF => "$Mxonly::relay\n[default]\nmode = off\n";

sub metric { return Mxonly::metric(@_) }

# Sends bytes, and leaves the answer for later.
sub begin {
	my ($server, $bytes) = @_;
	my $socket = $server->connect($server->control_path) or die "control: $!";
	syswrite($socket, $bytes);
	return $socket;
}

# Something has come already, be it the end.
sub has_answer {
	my ($socket) = @_;
	vec(my $set = '', fileno($socket), 1) = 1;
	return select($set, undef, undef, 0) > 0;
}

sub write_file {
	my ($path, $text) = @_;
	open(my $to, '>', $path) or die "$path: $!";
	print $to $text;
	close($to);
	return $path;
}

# A load that takes as long as we like: its configuration is a pipe.
sub slow_configuration {
	my ($server) = @_;
	my $pipe = "$server->{folder}/pipe";
	POSIX::mkfifo($pipe, 0644) or die "mkfifo: $!";
	rename($pipe, $server->config) or die "rename: $!";
}

# The end to write to, once a load waits at the other one.
sub held {
	my ($server) = @_;
	my $to;
	wait_until { sysopen($to, $server->config, O_WRONLY | O_NONBLOCK) } or die 'nobody reads the configuration';
	return $to;
}

sub feed { my ($to, $ini) = @_; syswrite($to, "[policyd]\ncontrol = unix:control\n$ini"); close($to) }

subtest 'status' => sub {
	my $server = Mxonly->new(policyd => Mxonly::CONTROL . "workers = 2\n", ini => "$Mxonly::relay\n[domain a.test]\nmode = off\n");
	my ($status, $text) = $server->ctl('status');
	is($status, 0, 'status 0');
	my %got;
	push(@{ $got{$1} }, $2) while $text =~ /^([a-z0-9 ]+): (.+)\n/mg;
	is($got{generation}[0], 1, 'generation');
	is($got{configuration}[0], $server->config, 'configuration');
	is($got{pid}[0], $server->pid, 'pid');
	is($got{workers}[0], 2, 'workers');
	is($got{relays}[0], 1, 'relays');
	is($got{domains}[0], 1, 'domains');
	like($got{version}[0], qr/^\d+\.\d+/, 'version');
	like($got{age}[0], qr/^\d+ s, compiled 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC$/, 'age');
	like($got{served}[0], qr/^\d+ s, since 20/, 'since when it is served');
	like($got{uptime}[0], qr/^\d+ s, since 20/, 'uptime');
	like($got{log}[0], qr/^standard error, text, 0 lines dropped$/, 'log');
	is($got{listen}[0], 'unix:' . $server->path, 'listen');
	my @workers = $server->workers;
	is_deeply([ sort { $a <=> $b } map { $got{"worker $_"}[0] =~ /^pid (\d+), generation 1, connections 0, restarts 0$/ } 0, 1 ],
		\@workers, 'its workers');
	my @sockets = map { $server->connect } 1 .. 5;
	$server->ask($_, RELAY) for @sockets;
	like(($server->ctl('status'))[1], qr/^connections: 5 of at most 4096$/m, 'connections');
	is(sprintf('%o', (stat($server->control_path))[2] & 07777), '600', 'nobody else may open the socket');
	is($server->stop, 0, 'stopped');
	ok(!-e $server->control_path, 'the socket is removed');
};

subtest 'reload' => sub {
	my $server = Mxonly->new(policyd => Mxonly::CONTROL . "workers = 2\n");
	my @sockets = map { $server->connect } 1 .. 20;
	is($server->ask($_, DIRECT) =~ s/ .*//r, 'REJECT', 'generation 1 refuses') for $sockets[0];

	$server->configure(OFF);
	my ($status, $text) = $server->ctl('reload');
	is($status, 0, 'a good one: status 0');
	my $file = quotemeta($server->config);
	like($text, qr/\A$file:\d+: warning: .*off.*\ngeneration 2 of $file: served by 2 workers\n\z/, 'its warnings, and what is served');
	is(join(' ', map { $server->ask($_, DIRECT) } @sockets), join(' ', ('DUNNO') x 20), 'every connection has it at its next request');
	like(($server->ctl('status'))[1], qr/^last load: good, .*\nwarning: $file:\d+: .*off/m, 'status tells the warnings too');

	$server->configure("$Mxonly::relay\n[default]\nmode = of\nrelays = nothing\n");
	($status, $text) = $server->ctl('reload');
	is($status, 2, 'a faulty one: status 2');
	like($text, qr/\A$file:\d+: .*`of`.*\n$file:\d+: .*nothing.*\nstill serving generation 2\n\z/, 'its faults, a line each');
	like(($server->ctl('status'))[1], qr/^generation: 2\n(?:.*\n)*last load: refused, .*\nfault: $file:\d+: .*`of`/m, 'status tells the faults');
	is($server->ask($sockets[0], DIRECT), 'DUNNO', 'what was served still is');

	unlink($server->config);
	($status, $text) = $server->ctl('reload');
	is($status, 2, 'one that has vanished');
	like($text, qr/No such file.*\nstill serving generation 2\n\z/, 'is told');
	$server->configure($Mxonly::relay);
	is(($server->ctl('reload'))[0], 0, 'mended');

	my @tool = run('mxonly', 'ctl', '-s', 'unix:' . $server->control_path, 'reload');
	is_deeply([ @tool[ 0, 2 ] ], [ 0, '' ], 'mxonly ctl reload');
	like($tool[1], qr/^generation 4 of $file: served by 2 workers$/, 'says what is served');
	my @check = ('mxonly', 'ctl', '-s', 'unix:' . $server->control_path, 'status', '--check');
	is_deeply([run(@check)], [0, '', ''], 'status --check: all is well');
	$server->configure('rubbish');
	@tool = run('mxonly', 'ctl', '-s', 'unix:' . $server->control_path, 'reload');
	is_deeply([ @tool[ 0, 1 ] ], [ 2, '' ], 'mxonly ctl reload, refused');
	like($tool[2], qr/still serving generation 4$/, 'says what is served');
	@tool = run(@check);
	is_deeply([@tool[0, 1]], [1, ''], 'status --check: a refused reload');
	like($tool[2], qr/^last load: refused, .*\nfault: $file:\d+: /m, 'says why');
	is($server->stop, 0, 'a clean end');
	unlike($server->log, qr/ERROR: \w+Sanitizer|runtime error/, 'no sanitizer had a word to say');
};

subtest 'ranges that grow old while they are served' => sub {
	my $folder = free_folder();
	my $ranges = write_file("$folder/filter.ranges", "192.0.2.0/24\n");
	my $server = Mxonly->new(policyd => Mxonly::CONTROL, ini => "[relay filter]\nranges_file = $ranges\nmax_age = 3s\n[relay other]\nranges_file = $ranges\nmax_age = 1d\n");
	my @check = ('mxonly', 'ctl', '-s', 'unix:' . $server->control_path, 'status', '--check');

	my @result;
	ok(wait_until(sub { utime(undef, undef, $ranges); $server->ctl('reload'); @result = run(@check); $result[0] == 0 }), 'fresh: all is well');
	ok(wait_until(sub { @result = run(@check); $result[0] != 0 }, 20), 'some time later it is not');
	is_deeply([@result[0, 1]], [1, ''], 'status --check: old ranges');
	like($result[2], qr/\Aranges_file: \Q$ranges\E of \[relay filter\] is older than max_age: 0 days\n\z/, 'says which, and of which relay');
	is($server->stop, 0, 'a clean end');
};

subtest 'two at a time' => sub {
	my $server = Mxonly->new(policyd => Mxonly::CONTROL . "workers = 2\n");

	slow_configuration($server);
	my $first = begin($server, "reload\n");
	my $held  = held($server);
	like(($server->ctl('status'))[1], qr/^last load: .*, another is running$/m, 'status is answered during a load');
	$server->configure("$Mxonly::relay\n[domain two.test]\nmode = off\n[domain three.test]\nmode = off\n");
	my $second = begin($server, "reload\n");
	my $third  = begin($server, "reload\n");
	is(($server->ctl('stats'))[0], 0, 'so is stats');
	ok(!(grep { has_answer($_) } $first, $second, $third), 'reloads wait');
	feed($held, "$Mxonly::relay\n[domain one.test]\nmode = off\n");
	like(closed($first), qr/\A0\n(?:.*warning.*\n)*generation 2 of .* served by 2 workers\n\z/, 'the first is answered');
	like(closed($second), qr/\A0\n(?:.*warning.*\n)*generation 3 of /, 'the second by a load that began after it had asked');
	like(closed($third), qr/\A0\n(?:.*warning.*\n)*generation 3 of /, 'the third by the same');
	like(($server->ctl('status'))[1], qr/^domains: 2$/m, 'which read the new configuration');

	slow_configuration($server);
	$first = begin($server, "reload\n");
	$held  = held($server);
	close($first);
	my $fourth = begin($server, "reload\n");
	$server->configure('rubbish');
	is(($server->ctl('status'))[0], 0, 'both are in');
	feed($held, $Mxonly::relay);
	like(closed($fourth), qr/\A2\n.*\nstill serving generation 4\n\z/s, 'one whose client has gone goes on, and the next comes');

	slow_configuration($server);
	my @waiting = (begin($server, "reload\n"));
	$held = held($server);
	push(@waiting, begin($server, "reload\n"));
	is(($server->ctl('status'))[0], 0, 'both are in');
	kill('TERM', $server->pid);
	is(closed($_), "1\nthe server is stopping\n", 'a stop is told to those who wait') for @waiting;
	is($server->wait_end, 0, 'a clean end');
};

subtest 'workers that do not serve' => sub {
	my $server  = Mxonly->new(policyd => Mxonly::CONTROL . "workers = 2\n");
	my @workers = $server->workers;
	kill('STOP', $workers[0]);
	my $reload = begin($server, "reload\n");
	ok(wait_until { ($server->ctl('status'))[1] =~ /^generation: 2, not yet served by every worker$/m }, 'loaded');
	ok(wait_until { ($server->ctl('status'))[1] =~ /pid $workers[1], generation 2/ }, 'one serves it');
	ok(!has_answer($reload), 'the other one is waited for');
	kill('KILL', $workers[0]);
	like(closed($reload), qr/\A0\ngeneration 2 of .*: served by 2 workers\n\z/, 'the one that replaces it counts');
	like(($server->ctl('status'))[1], qr/, restarts 1$/m, 'status tells of the restart');
	is(metric(($server->ctl('stats'))[1], 'mxonly_worker_restarts_total'), 1, 'so does stats');
	is($server->stop, 0, 'a clean end');
};

subtest 'what is no command' => sub {
	my $server = Mxonly->new(policyd => Mxonly::CONTROL);
	for my $row (
		[ 'an unknown word',   "restart\n" ],
		[ 'upper case',        "STATUS\n" ],
		[ 'an empty line',     "\n" ],
		[ 'a request',         request(RELAY) ],
		[ 'a long line',       'x' x 1000 . "\n" ],
		[ 'no line at all',    'y' x 100000 ],
		[ 'a NUL',             "status\0\n" ],
	) {
		my ($what, $bytes) = @$row;
		like(closed(begin($server, $bytes)), qr/\A2\nthat is no command: .*status, reload or stats\n\z/, $what);
	}
	my $socket = begin($server, 'sta');
	syswrite($socket, $_) for 'tu', "s\nrel", "oad\n";
	like(closed($socket), qr/\A0\nversion: /, 'a line in pieces, and bytes behind it');
	$socket = begin($server, "reload\n");
	shutdown($socket, 1);
	like(closed($socket), qr/\A0\n/, 'a client that has closed its sending side is answered');
	$socket = begin($server, 'status');
	shutdown($socket, 1);
	like(closed($socket), qr/\A2\n/, 'a line without an end is no command');
	$socket = begin($server, '');
	shutdown($socket, 1);
	is(closed($socket), '', 'nothing is asked, nothing is answered');
	is(metric(($server->ctl('stats'))[1], 'mxonly_reloads_total{result="good"}'), 1, 'nothing else was reloaded');
	is($server->stop, 0, 'a clean end');
	unlike($server->log, qr/ERROR: \w+Sanitizer|runtime error/, 'no sanitizer had a word to say');
};

# Sixteen at once may hang: one sends nothing, one never reads, one waits for its reload.
subtest 'clients that hang' => sub {
	# More than a socket takes without being read, unless it takes more than usual: 370 kB.
	my $folder = free_folder();
	my $file = write_file("$folder/" . 'x' x 200, "203.0.113.1\n");
	my $many = join('', map { "[relay r$_]\nranges_file = $file\nranges = 192.0." . ($_ >> 8) . '.' . ($_ & 255) . "\n" } 1 .. 1000);
	my $server = Mxonly->new(folder => $folder, policyd => Mxonly::CONTROL, ini => $many);
	slow_configuration($server);
	my $begin  = time();
	my $waits  = begin($server, "reload\n");
	my $reads  = begin($server, "stats\n");
	my @silent = map { begin($server, '') } 1 .. 13;
	is(($server->ctl('status'))[0], 0, 'the last place is free for who asks');
	is($server->ask($server->connect, RELAY), 'DUNNO', 'clients of the server do not notice');
	push(@silent, begin($server, 'statu'));
	my $late = begin($server, "status\n");
	cmp_ok(time() - $begin, '<', 8, 'all that took no time');
	like(closed($late), qr/\A0\nversion: /, 'who had to wait for a place is answered');
	cmp_ok(time() - $begin, '<', 8, 'soon: somebody who said nothing made way');
	is(scalar(grep { defined closed($_) } @silent), 14, 'those who say nothing are closed');
	cmp_ok(time() - $begin, '>=', 9.9, 'after ten seconds');
	my $got = closed($reads);
	like($got, qr/\A0\n# HELP/, 'who did not read gets what was sent');
	SKIP: {
		skip('a socket takes it all here: net.core.wmem_default', 1) if slurp('/proc/sys/net/core/wmem_default') > 300_000;
		ok($got !~ /mxonly_build_info\{/, 'but not the rest');
	}
	ok(!has_answer($waits), 'who waits for a reload is not closed');
	feed(held($server), "[relay slow]\nranges = 192.0.2.0/24\n");
	like(closed($waits), qr/\A0\n(?:.*warning.*\n)*generation 2 of /, 'and gets its answer');
	my ($status, $stats) = $server->ctl('stats');
	my $relays = () = $stats =~ /^mxonly_relay_requests_total\{/mg;
	is($relays, 1001, 'a thousand relays are counted, those that are no more too');
	is($server->stop, 0, 'a clean end');
	unlike($server->log, qr/ERROR: \w+Sanitizer|runtime error/, 'no sanitizer had a word to say');
};

# The configuration that is read first is a pipe, so that the start takes as long as we like.
subtest 'a reload during the start' => sub {
	my $folder = free_folder();
	my @user = Mxonly::as_nobody();
	my $server = bless({ folder => $folder, path => "$folder/policy", options => [], policyd => Mxonly::CONTROL, before => \@user }, 'Mxonly');
	$server->configure($Mxonly::relay);
	my $text = slurp($server->config);
	slow_configuration($server);
	$server->start(0);
	my $held = held($server);
	kill('HUP', $server->pid);
	$server->configure("$Mxonly::relay\n[domain later.test]\nmode = off\n");
	syswrite($held, $text);
	close($held);
	ok($server->logs(qr/all workers serve generation 2 /), 'comes after it');
	like(($server->ctl('status'))[1], qr/^domains: 1$/m, 'and reads what is there by then');
	is($server->stop, 0, 'a clean end');
};

# As another user: the answer, or why there is none.
sub ask_as {
	my ($server, $user) = @_;
	my $pid = open(my $from, '-|') // die "fork: $!";
	if ($pid == 0) {
		my (undef, undef, $uid, $gid) = getpwnam($user);
		$) = "$gid $gid";
		POSIX::setgid($gid);
		POSIX::setuid($uid);
		my $socket = $server->connect($server->control_path);
		print $socket ? do { syswrite($socket, "status\n"); closed($socket) } : "not connected: $!";
		close(STDOUT);
		POSIX::_exit(0);
	}
	local $/;
	return scalar(<$from>);
}

SKIP: {
	skip('not root: cannot ask as others', 1) unless as_root();
	subtest 'who may ask' => sub {
		my $server = Mxonly->new(policyd => Mxonly::CONTROL);
		like(ask_as($server, 'nobody'), qr/\A0\nversion: /, 'the user of the server');
		like(ask_as($server, 'daemon'), qr/\Anot connected: Permission denied/, 'another cannot even connect');
		chmod(0666, $server->control_path);
		is(ask_as($server, 'daemon'), "1\nonly root and the user whom mxonlyd runs as may ask\n", 'and if it can it is told');
		like(ask_as($server, 'root'), qr/\A0\nversion: /, 'root');
		is($server->stop, 0, 'a clean end');
	};
}

# Every counter of `stats`.
sub counters {
	my ($stats) = @_;
	my %type = $stats =~ /^# TYPE (\S+) (\S+)$/mg;
	my %all;
	while ($stats =~ /^((\w+?)(?:_bucket|_sum|_count)?(?:\{.*\})?) (\S+)$/mg) {
		my ($series, $name, $value) = ($1, $2, $3);
		my $of = $type{$name} ? $name : $series =~ s/\{.*//r;
		$all{$series} = $value if ($type{$of} // die "no TYPE of $series") ne 'gauge';
	}
	return %all;
}

subtest 'stats' => sub {
	my $ini = <<'INI';
[relay first]
ranges  = 192.0.2.0/24
domains = relay.example
[relay second]
ranges_file = second.ranges
domains = second.example
[default]
relays = first second
INI
	my $folder = free_folder();
	my $ranges = write_file("$folder/second.ranges", "198.51.100.0/24\n");
	utime(time() - 5000, time() - 5000, $ranges);
	my $server = Mxonly->new(folder => $folder, policyd => Mxonly::CONTROL . "workers = 2\n", ini => $ini);
	my @sockets = map { $server->connect } 1 .. 10;
	my %near = (DIRECT, client_name => 'mx7.second.example');
	for my $socket (@sockets) {
		$server->ask($socket, RELAY) for 1 .. 30;
		$server->ask($socket, DIRECT);
		$server->ask($socket, %near) for 1 .. 2;
	}
	$server->ask($sockets[0], RELAY, client_address => '198.51.100.1', helo_name => 'a.second.example');
	syswrite($server->connect, "rubbish\n\n");
	ok($server->logs(qr/a request that is not one/), 'a malformed one');
	my ($status, $stats) = $server->ctl('stats');
	is($status, 0, 'status 0');
	for my $row (
		[ 'mxonly_requests_total{outcome="permit",reason="relay"}', 301 ],
		[ 'mxonly_requests_total{outcome="refuse",reason="unknown-address"}', 10 ],
		[ 'mxonly_requests_total{outcome="defer",reason="near-miss"}', 20 ],
		[ 'mxonly_relay_requests_total{relay="first"}',     300 ],
		[ 'mxonly_relay_requests_total{relay="second"}',    1 ],
		[ 'mxonly_relay_near_misses_total{relay="first"}',  0 ],
		[ 'mxonly_relay_near_misses_total{relay="second"}', 20 ],
		[ 'mxonly_malformed_requests_total', 1 ],
		[ 'mxonly_connections',              10 ],
		[ 'mxonly_connections_total',        11 ],
		[ 'mxonly_workers',                  2 ],
		[ 'mxonly_generation',               1 ],
		[ 'mxonly_reloads_total{result="good"}',    0 ],
		[ 'mxonly_reloads_total{result="refused"}', 0 ],
		[ 'mxonly_last_load_good',           1 ],
		[ 'mxonly_worker_restarts_total',    0 ],
		[ 'mxonly_log_lines_dropped_total',  0 ],
	) {
		is(metric($stats, $row->[0]), $row->[1], $row->[0]);
	}
	my $age = metric($stats, "mxonly_ranges_file_age_seconds{relay=\"second\",file=\"$ranges\"}");
	ok(defined $age && $age >= 5000 && $age < 5100, 'age of a ranges_file');
	my $count = metric($stats, 'mxonly_decision_duration_seconds_count');
	cmp_ok($count, '>=', 331 / 61 - 1, 'decisions are timed');
	cmp_ok($count, '<=', 331 / 61 + 2, 'some of them');
	is($count, metric($stats, 'mxonly_decision_duration_seconds_bucket{le="+Inf"}'), 'all in the buckets');
	my $sum = metric($stats, 'mxonly_decision_duration_seconds_sum');
	ok($sum > 0 && $sum < $count, 'in seconds');
	cmp_ok(abs(metric($stats, 'mxonly_snapshot_compiled_timestamp_seconds') - time()), '<', 100, 'when it was compiled');

	my %before = counters($stats);
	$server->configure($ini =~ s/first/1st/gr);
	$server->ctl('reload');
	$server->ask($_, RELAY) for @sockets;
	kill('KILL', $server->workers);
	ok(wait_until { metric(($server->ctl('stats'))[1], 'mxonly_workers') == 2 && metric(($server->ctl('stats'))[1], 'mxonly_worker_restarts_total') == 2 },
		'both workers are killed, and replaced');
	$server->configure('rubbish');
	$server->ctl('reload');
	(undef, $stats) = $server->ctl('stats');
	my %after = counters($stats);
	is(join(' ', grep { !defined $after{$_} || $after{$_} < $before{$_} } sort keys %before), '', 'no counter has gone down or away');
	is($after{'mxonly_relay_requests_total{relay="1st"}'}, 10, 'a relay that came later is counted');
	is($after{'mxonly_relay_requests_total{relay="first"}'}, 300, 'and not as one that was there before');
	is($after{'mxonly_reloads_total{result="refused"}'}, 1, 'a refused reload');
	is(metric($stats, 'mxonly_last_load_good'), 0, 'which was the last');
	is(metric($stats, 'mxonly_connections'), 0, 'connections of dead workers are not open');

	SKIP: {
		skip('no promtool here (package prometheus)', 2) unless grep { -x "$_/promtool" } split(/:/, $ENV{PATH});
		write_file("$folder/stats", $stats);
		my $said = `promtool check metrics < $folder/stats 2>&1`;
		is($? >> 8, 0, 'promtool check metrics: status 0');
		is($said, '', 'and nothing to complain of');
	}
	my @tool = run('mxonly', 'ctl', '-s', 'unix:' . $server->control_path, 'stats');
	is($tool[0], 0, 'mxonly ctl stats');
	like($tool[1], qr/^# HELP mxonly_requests_total .*\n# TYPE mxonly_requests_total counter\n/, 'prints them');
	is($server->stop, 0, 'a clean end');
};

subtest 'where it is' => sub {
	my $server = Mxonly->new(policyd => "control = unix:missing/control\n", wait => 0);
	is($server->wait_end, 1, 'one that is configured and cannot be: exit 1');
	like($server->log, qr{control = unix:\S*/missing/control: the folder \S*/missing does not exist}, 'is told');
	ok(!-e $server->path, 'and no socket is left');

	$server = Mxonly->new;
	$server->configure($Mxonly::relay, Mxonly::CONTROL);
	ok($server->reload(2), 'a changed one is accepted');
	like($server->log, qr/warning: `control` has changed: this takes effect at the next start/, 'with a warning');
	ok(!-e $server->control_path, 'and not made');
	is($server->stop, 0, 'a clean end');

	$server = Mxonly->new(policyd => Mxonly::CONTROL);
	$server->configure($Mxonly::relay, Mxonly::CONTROL . "workers = 3\n");
	my @tool = run('mxonly', 'ctl', '-s', 'unix:' . $server->control_path, 'reload');
	is($tool[0], 0, 'a reload that is asked for');
	like("$tool[1]$tool[2]", qr/warning: `workers` has changed: this takes effect at the next start/, 'tells it too');
	is($server->stop, 0, 'a clean end');

	my $folder = free_folder();
	my $stale = IO::Socket::UNIX->new(Listen => 1, Local => "$folder/control") or die;
	close($stale);
	chmod(0666, "$folder/control");
	$server = Mxonly->new(folder => $folder, policyd => Mxonly::CONTROL);
	is(($server->ctl('status'))[0], 0, 'a stale one is replaced');
	is($server->stop, 0, 'a clean end');
};

done_testing();
