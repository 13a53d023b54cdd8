#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# What a worker must not be able to do is tried from inside a real worker; what the supervisor must still be able to do is done;
# and where the kernel has none of it, the server works and says what is missing.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::UNIX;
use Mxonly qw(wait_until slurp run as_root request RELAY DIRECT);
use Test::More;

sub field {
	my ($pid, $what) = @_;
	my ($line) = slurp("/proc/$pid/status") =~ /^$what:\s*(.*?)\s*$/m;
	return $line // 'none';
}

# What came of each probe that a worker of this server made: PROBE => words.
sub probe_all {
	my ($server) = @_;
	my $socket = $server->connect;
	my %got;
	for my $number (0 .. 999) {
		my ($probe, $came) = $server->ask($socket, recipient => "$number@" . $server->pid) =~ /\A([\w-]+): (.*)/ or last;
		$got{$probe} = $came;
	}
	return %got;
}

# Processes of a server by what they are.
sub processes {
	my ($server) = @_;
	my $n = 0;
	return ([ supervisor => $server->pid ], [ logger => $server->logger ], map { [ 'worker ' . $n++ => $_ ] } $server->workers);
}

subtest 'from inside a worker' => sub {
	my $server = Mxonly->new(policyd => "workers = 1\n", program => 't/confined');
	my ($worker) = $server->workers;
	my %got = probe_all($server);
	cmp_ok(scalar(keys %got), '>=', 30, 'probes');
	like($got{$_}, qr/^refused, /, "$_: $got{$_}") for sort keys %got;
	is_deeply([ $server->workers ], [$worker], 'it was the same worker all the time, and it lives');
	is($server->stop, 0, 'a clean end');
};

# What this machine refuses everybody: a container has a filter of its own, io_uring can be switched off.
sub machine_refuses {
	my ($probe) = @_;
	return field($$, 'Seccomp') ne '0' || $probe eq 'io-uring' && slurp('/proc/sys/kernel/io_uring_disabled') =~ /^[12]/;
}

# Else a probe that is refused for another reason would pass for one that confinement refuses.
subtest 'the same, from inside one that gives up nothing' => sub {
	my $server = Mxonly->new(policyd => "workers = 1\n", program => 't/unconfined');
	my %got = probe_all($server);
	cmp_ok(scalar(keys %got), '>=', 30, 'probes');
	delete $got{'open-proc-self-mem'};    # of a process that is not dumpable it is root's
	is(field(($server->workers)[0], 'Seccomp_filters'), field($$, 'Seccomp_filters'), 'no filter but what this test has, too');
	for my $probe (sort keys %got) {
		my $title = "$probe: $got{$probe}";
		$got{$probe} =~ /^refused, / && machine_refuses($probe) ? pass("$title, by this machine itself") : unlike($got{$probe}, qr/^refused, /, $title);
	}
	is($server->stop, 0, 'a clean end');
};

subtest 'files, by Landlock alone' => sub {
	plan(skip_all => 'this kernel has no Landlock') if !Mxonly::landlock();
	my $server = Mxonly->new(policyd => "workers = 1\n", program => 't/confined', before => [ Mxonly::program('t/without'), 'seccomp' ]);
	my %got = probe_all($server);
	is($got{$_}, 'refused, Permission denied', $_) for grep { /^open/ } sort keys %got;
	is($got{'socket-unix'}, 'done', 'a socket is no file');
	is($server->stop, 0, 'a clean end');
};

# A logger and two workers, none of them old, each with at least two filters.
sub confined_anew {
	my ($server, %old) = @_;
	my @now = $server->children;
	return @now == 3 && $server->workers == 2 && !grep { $old{$_} || field($_, 'Seccomp_filters') !~ /^[2-9]/ } @now;
}

subtest 'every process' => sub {
	my $server = Mxonly->new(policyd => "workers = 2\n");
	for my $round ('at the start', 'after all were replaced') {
		for my $process (processes($server)) {
			my ($name, $pid) = @$process;
			is(field($pid, 'NoNewPrivs'), 1, "$round: $name: no new privileges");
			is(field($pid, 'Seccomp'), 2, "$round: $name: a filter");
			is(field($pid, 'CapBnd') =~ /[1-9a-f]/ && field($pid, 'CapEff') =~ /[1-9a-f]/ ? 'some' : 'none', 'none', "$round: $name: no capabilities");
			like(slurp("/proc/$pid/limits"), qr/^Max core file size\s+0\s+0\s/m, "$round: $name: no core");
			next unless as_root();
			unlike(field($pid, 'Uid'), qr/(?:^|\t)0\b/, "$round: $name: not root");
			unlike(field($pid, 'Gid'), qr/(?:^|\t)0\b/, "$round: $name: nor of root's group");
			is((stat("/proc/$pid/environ"))[4], 0, "$round: $name: not dumpable");
		}
		next if $round ne 'at the start';
		my %old = map { $_ => 1 } $server->children;
		kill('KILL', keys %old);
		ok(wait_until { confined_anew($server, %old) }, 'all were killed, and replaced; each has a filter of its own behind the supervisor\'s');
		is($server->ask($server->connect, RELAY), 'DUNNO', 'they answer');
	}
	is($server->stop, 0, 'a clean end');
	unlike(Mxonly::but_for_landlock($server->log), qr/confined as far as/, 'nothing was missing');
};

sub file {
	my ($path, $text) = @_;
	open(my $to, '>', $path) or die "$path: $!";
	print $to $text;
	close($to);
}

# The process that compiles has what the supervisor has left itself.
subtest 'reload, with all that a configuration can consist of' => sub {
	my $server = Mxonly->new(policyd => "workers = 1\n");
	my $folder = $server->{folder};
	mkdir("$folder/$_") for qw(parts lists);
	file("$folder/lists/ranges", "198.51.100.0/24\n2001:db8::/32\n");
	file("$folder/lists/domains", "first.test\nsecond.test\nbücher.example\n");
	file("$folder/parts/1.ini", "[relay file]\nranges_file = ../lists/ranges\n");
	file("$folder/parts/2.ini", "[domains customers]\nfile = ../lists/domains\nrelays = file\n");
	my $all = "$Mxonly::relay\n[default]\nrelays = filter\n[policyd]\ninclude = parts/*.ini\n";
	$server->configure($Mxonly::relay, "workers = 1\ninclude = parts/*.ini\n");
	ok($server->reload(2), 'include with a pattern, ranges_file, file') or diag($server->log);
	is($server->ask($server->connect, client_address => '198.51.100.3', recipient => 'u@second.test'), 'DUNNO', 'they are served');
	is($server->ask($server->connect, client_address => '2001:db8::9', recipient => 'u@xn--bcher-kva.example'), 'DUNNO', 'a name that is not ASCII too');

	my ($status, undef, $err) = run('mxonly', 'compile', '-c', $server->config, '-o', "$folder/all.mxs");
	is($status, 0, 'compiled') or diag($err);
	rename("$folder/all.mxs", $server->config) or die "rename: $!";
	ok($server->reload(3), 'a compiled file') or diag($server->log);
	is($server->ask($server->connect, client_address => '198.51.100.3', recipient => 'u@first.test'), 'DUNNO', 'it is served');

	file("$folder/new.ini", "[policyd\n");
	rename("$folder/new.ini", $server->config) or die "rename: $!";
	ok($server->reload, 'a faulty one');
	like($server->log, qr/mxonly\.ini:1: /, 'its fault is told as ever');
	unlink($server->config);
	kill('HUP', $server->pid);
	ok($server->logs(qr/still serving generation 3/, 2), 'none at all');
	is($server->ask($server->connect, client_address => '198.51.100.3', recipient => 'u@first.test'), 'DUNNO', 'what was served still is');
	is($server->stop, 0, 'a clean end');
	ok(!-e $server->path, 'the socket was removed');
	unlike($server->log, qr/Operation not permitted|Permission denied/, 'nothing that was needed was refused');
};

my @kernels = (
	[ 'an old kernel: no Landlock', 'landlock', [], qr/without: Landlock \(Function not implemented\)/, qr/seccomp|no_new/ ],
	[ 'a container that forbids both', 'landlock,seccomp', [qw(-e EPERM)], qr/without: Landlock \(Operation not permitted\), seccomp \(/, qr/no_new/ ],
	[ 'a kernel without both', 'landlock,seccomp', [], qr/without: Landlock \(Function not implemented\), seccomp \(/, qr/no_new/ ],
	[ 'a kernel with nothing', 'landlock,seccomp,no_new_privs', [], qr/without: no_new_privs \(Invalid argument\)/, qr/Landlock/ ],
);
for my $kernel (@kernels) {
	my ($title, $what, $errno, $told, $not) = @$kernel;
	subtest $title => sub {
		my $server = Mxonly->new(policyd => "workers = 2\n", before => [ Mxonly::program('t/without'), @$errno, $what ]);
		is($server->ask($server->connect, RELAY), 'DUNNO', 'it serves');
		like($server->log, qr/warning: confined as far as this kernel lets it; $told/, 'says what is missing');
		my ($line) = $server->log =~ /^(.*confined as far as.*)$/m;
		unlike($line // '', $not, 'and nothing else');
		kill('KILL', $server->workers);
		$server->configure($Mxonly::relay);
		ok($server->reload(2), 'it replaces workers, and reloads');
		is($server->stop, 0, 'a clean end');
		my $times = () = $server->log =~ /confined as far as/g;
		is($times, 1, 'that was said once');
		is(field($server->pid, 'State'), 'none', 'it has gone');
	};
}

# Without descriptors of its own to hand on, a worker that dies at its start is started again, more and more slowly, not for ever.
subtest 'workers that die at once' => sub {
	local $ENV{WORKERS_DIE} = 1;
	my $server = Mxonly->new(policyd => "workers = 1\n", program => 't/unconfined', wait => 0);
	is($server->wait_end, 1, 'the server gives up in the end');
	my $deaths = () = $server->log =~ /worker 0 has left with status 7: it is replaced/g;
	is($deaths, 8, 'after eight of them');
	like($server->log, qr/ error: every worker died at once 8 times in a row: giving up$/m, 'loudly');
	ok(!-e $server->path, 'and leaves no socket behind');
};

done_testing();
