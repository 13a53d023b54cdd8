#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# mxonly compile: the file is written whole or not at all, and is taken wherever -c FILE is, in another folder too.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Copy qw(copy);
use Mxonly ();
use POSIX qw(mkfifo);
use Test::More;
use Tool;

my $source = source_folder();
my $text = <<'INI';
[policyd]
recipient_delimiter = -

[relay alpha]
ranges       = 192.0.2.0/25, 192.0.2.128/25, 2001:db8:25::/48
domains      = relay.example

[relay beta]
fingerprints = 00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33

[default]
relays       = alpha
exempt_recipients = postmaster

[domain example.org]
mode         = monitor

[domain .example.net]
mode         = off

[domains customers]
file         = customers.domains
relays       = beta alpha
INI
my $ini = write_file('mxonly.ini', $text);
write_file('customers.domains', "customer.example\nb\xc3\xbccher.example\n");
my $mxs = folder() . '/mxonly.mxs';
my $original;

sub leftovers { return join(' ', glob(folder() . '/*.mxs.*')) }

# A copy in another folder, where none of the files that were named is.
sub elsewhere {
	my ($bytes, $name) = @_;
	mkdir(folder() . '/elsewhere');
	return write_file('elsewhere/' . ($name // 'copy.mxs'), $bytes);
}

# in_shell(COMMANDS, ARGUMENTS...): mxonly with the arguments, after these commands of the shell.
sub in_shell {
	my ($commands, @arguments) = @_;
	return run('', '/bin/sh', '-c', "$commands; exec \"\$@\"", 'sh', "$ENV{MXONLY_BUILD}/mxonly", @arguments);
}

subtest 'writes' => sub {
	is_deeply([in_shell('umask 022', 'compile', '-c', $ini, '-o', $mxs)], [0, '', ''], 'exit 0, not a word');
	is((stat($mxs))[2] & 07777, 0644, 'readable to all');
	$original = read_file($mxs);
	is(substr($original, 0, 8), "mxonly\r\n", 'a compiled file');
	open(my $before, '<', $mxs) or die;
	is_deeply([in_shell('umask 027', 'compile', '-c', $ini, '-o', $mxs)], [0, '', ''], 'again');
	is((stat($mxs))[2] & 07777, 0640, 'as umask wants it');
	isnt((stat($mxs))[1], (stat($before))[1], 'another file by rename: the old one is whole for whoever reads it');
	is(do { local $/; readline($before) }, $original, 'and unchanged');
	is(leftovers(), '', 'nothing is left beside it');
	my $again = folder() . '/again.mxs';
	is_deeply([mxonly('', 'compile', '-c', $mxs, '-o', $again)], [0, '', ''], 'compiled once more');
	is(read_file($again), read_file($mxs), 'the same bytes');
	my $warned = write_file('warned.ini', "[relay a]\nranges = 192.0.2.0/24\n[relay b]\nranges = 198.51.100.0/24\n");
	my ($status, $out, $err) = mxonly('', 'compile', '-c', $warned, '-o', $again);
	is("$status$out", '0', 'a warning is no fault');
	like($err, qr/^\Q$warned\E(:\d+)?: warning: /, 'but is told');
};

subtest 'answers as the configuration does' => sub {
	my $copy = elsewhere($original);
	my @asked = (
		(map { ['-q', $_], ['--json', '-q', $_], ['--explain', '-q', $_] }
			qw(192.0.2.200 203.0.113.9 2001:db8:25::1 u@example.org x.example.net example.net customer.example xn--bcher-kva.example)),
		map { [@$_], ['--json', @$_], ['--explain', @$_] } (
			[qw(client_address=192.0.2.7 helo_name=mx1.relay.example recipient=u@example.com)],
			[qw(client_address=203.0.113.9 recipient=u@example.com)],
			[qw(client_address=203.0.113.9 recipient=u%customer.example@x.example.net)],
			[qw(client_address=203.0.113.9 recipient=u@example.org)],
			[qw(client_address=203.0.113.9 recipient=Postmaster-x@example.com)],
			['client_address=203.0.113.9', "recipient=u\@b\xc3\xbccher.example"],
			[qw(client_address=203.0.113.9 recipient=u@[192.0.2.1])],
		));
	for my $question (@asked) {
		my @want = mxonly('', 'query', '-c', $ini, @$question);
		is_deeply([mxonly('', 'query', '-c', $copy, @$question)], \@want, join(' ', @$question) =~ s/[^ -~]/./gr);
		isnt($want[0], 2, 'which is an answer');
	}
	my ($status, $out, $err) = mxonly('', 'check', '-c', $copy);
	is("$status$err", '0', 'check takes it');
	like($out, qr/^\Q$copy\E: fit to serve: 2 relays, 4 domains$/, 'and says so');
	is_deeply([(run('', "$ENV{MXONLY_BUILD}/mxonlyd", '-t', '-c', $copy))[0, 2]], [0, ''], 'so does mxonlyd -t');
};

subtest 'a faulty configuration' => sub {
	my $faulty = write_file('faulty.ini', $text =~ s/= monitor/= monitored/r =~ s/192\.0\.2\.0\/25/192.0.2.0\/33/r);
	my $kept = read_file($mxs);
	my ($status, $out, $err) = mxonly('', 'compile', '-c', $faulty, '-o', $mxs);
	is("$status$out", '2', 'exit 2, nothing on standard output');
	like($err, qr/^\Q$faulty\E:5: .*\n\Q$faulty\E:16: /, 'every fault with its place');
	like($err, qr/^mxonly compile: \Q$faulty\E is not fit to serve: \Q$mxs\E was not written$/m, 'and what became of it');
	is(read_file($mxs), $kept, 'the file that was there is as it was');
	($status, $out, $err) = mxonly('', 'compile', '-c', folder() . '/none.ini', '-o', $mxs);
	is("$status$out", '2', 'a configuration that is not there: exit 2');
	like($err, qr/none\.ini: No such file or directory/, 'said');
	is(leftovers(), '', 'nothing is left beside it');
};

subtest 'where it cannot be written' => sub {
	mkdir(folder() . '/folder');
	my $missing = folder() . '/missing/x.mxs';
	my $fifo = folder() . '/fifo';
	mkfifo($fifo, 0600) or die;
	for my $row (
		[$missing,             qr/\Q$missing\E: .*No such file or directory/],
		[folder() . '/folder', qr/folder is a folder: name a file in it/],
		[$fifo,                qr/\Q$fifo\E is no ordinary file/],
		[$ini,                 qr/\Q$ini\E is the configuration itself/],
		[write_file("list", "192.0.2.1\n"), qr/list is there, and not by mxonly/],
		['-',                  qr/not written to standard output/],
		['',                   qr/Give -o FILE\.mxs/]) {
		my ($status, $out, $err) = mxonly('', 'compile', '-c', $ini, '-o', $row->[0]);
		is("$status$out", '2', "-o $row->[0]: exit 2");
		like($err, $row->[1], 'says why');
	}
	ok(-p $fifo, 'what was no ordinary file is as it was');
	is(read_file($ini), $text, 'so is the configuration');
	for my $row ([[], qr/Give -o FILE\.mxs/], [['x.mxs'], qr/did you mean -o x\.mxs/], [['-x'], qr/invalid option/]) {
		my ($status, $out, $err) = mxonly('', 'compile', @{ $row->[0] });
		is("$status$out", '2', "compile @{$row->[0]}: exit 2");
		like($err, $row->[1], 'says why');
	}
	my ($status, $out) = mxonly('', 'compile', '--help');
	is($status, 0, '--help');
	like($out, qr/^mxonly compile .*-o FILE/, 'helps');
};

SKIP: {
	my $small = folder() . '/small';
	mkdir($small);
	skip('no small file system can be mounted', 1) if $> != 0 || system("mount -t tmpfs -o size=64k none $small 2>/dev/null") != 0;
	subtest 'a full disk' => sub {
		my $many = write_file('many.ini', "[relay a]\nranges = 192.0.2.0/24 2001:db8:25::/48\n[domains many]\nnames =\n"
			. join('', map { " d$_.example\n" } 1 .. 10000));
		copy($mxs, "$small/x.mxs") or die;
		my ($status, $out, $err) = mxonly('', 'compile', '-c', $many, '-o', "$small/x.mxs");
		is("$status$out", '2', 'exit 2');
		like($err, qr{^mxonly compile: \Q$small\E/x\.mxs: .*No space left on device}, 'says why');
		is(read_file("$small/x.mxs"), read_file($mxs), 'the file that was there is as it was');
		is(join(' ', glob("$small/*")), "$small/x.mxs", 'and alone');
	};
	system("umount $small");
}

# What is no compiled file of ours, and the words that help.
subtest 'damaged files' => sub {
	my $length = length($original);
	my @damaged = (
		['another format',     sub { substr($_[0], 8, 4, pack('L', 99)) }, qr/compiled by another version \(format 99, .*compile it again with `mxonly compile`/],
		['another byte order', sub { substr($_[0], $_, 4, reverse(substr($_[0], $_, 4))) for 8, 12 }, qr/other byte order: compile it on this one with `mxonly compile`/],
		['one byte too few',   sub { chop($_[0]) },                        qr/cut off: /],
		['a byte too many',    sub { $_[0] .= 'x' },                       qr/damaged: /],
		['half of it',         sub { substr($_[0], $length / 2) = '' },    qr/cut off: /],
		['half a header',      sub { substr($_[0], 20) = '' },             qr/cut off: 20 bytes, less than a header/],
		['nothing but magic',  sub { substr($_[0], 8) = '' },              qr/cut off: 8 bytes/],
		['line ends changed',  sub { $_[0] =~ s/\r\n/\n/ },                qr/:1: /],
		(map { my $at = int($_ * $length / 24); ["byte $at turned", sub { substr($_[0], $at, 1) ^= "\x40" }, qr/damaged|not fit|checksum|other|byte order|:\d+: |cut off/] } 1 .. 23),
	);
	for my $row (@damaged) {
		my ($name, $damage, $words) = @$row;
		my $bytes = $original;
		$damage->($bytes);
		isnt($bytes, $original, "$name: another file");
		my $file = elsewhere($bytes, 'damaged.mxs');
		for my $command (['mxonly', 'query', '-q', 'example.org'], ['mxonly', 'check'], ['mxonlyd', '-t']) {
			my ($program, @arguments) = @$command;
			my ($status, $out, $err) = run('', "$ENV{MXONLY_BUILD}/$program", @arguments, '-c', $file);
			is($status, 2, "$name: @$command: exit 2");
			like($err, qr/^\Q$file\E.*(?:$words)/, 'says why') if $command->[1] ne 'query' || $words !~ /:1: /;
		}
	}
};

subtest 'a server' => sub {
	my $folder = Mxonly::free_folder();
	my $user = Mxonly::as_root() ? 'daemon' : 'nobody';
	chown((getpwnam($user))[2, 3], $folder) if Mxonly::as_root();
	mkdir("$folder/ini");
	my $server = bless({ folder => "$folder/ini", path => "$folder/policy", policyd => "listen = unix:$folder/policy\nuser = $user\nworkers = 2\n",
		options => ['-c', "$folder/served.mxs"] }, 'Mxonly');
	my $serve = sub {
		my ($mode) = @_;
		$server->configure("$Mxonly::relay\n[default]\nmode = $mode\n");
		return mxonly('', 'compile', '-c', $server->config, '-o', "$folder/served.mxs");
	};
	is_deeply([$serve->('enforce')], [0, '', ''], 'compiled');
	unlink($server->config);
	$server->start(1);
	if (Mxonly::as_root()) {
		my ($uid) = Mxonly::slurp('/proc/' . $server->pid . '/status') =~ /^Uid:\s+(\d+)/m;
		is($uid, (getpwnam('daemon'))[2], 'runs as the user that stands in the compiled file');
	}
	my $connection = $server->connect or die "connect: $!";
	like($server->ask($connection, Mxonly::DIRECT), qr/^REJECT /, 'refuses');
	is($server->ask($connection, Mxonly::RELAY), 'DUNNO', 'lets pass');
	$serve->('monitor');
	ok($server->reload(2), 'takes the next one over');
	is($server->ask($connection, Mxonly::DIRECT), 'DUNNO', 'the same connection is answered by it');
	write_file("$folder/served.mxs", substr(read_file("$folder/served.mxs"), 0, 500));
	ok($server->reload, 'refuses half a file');
	like($server->log, qr/served\.mxs: cut off: 500 of /, 'says why');
	is($server->ask($connection, Mxonly::DIRECT), 'DUNNO', 'goes on with the one it has');
	is($server->stop, 0, 'stops');
};

# Processor time of what has ended.
sub spent { return (times)[2] + (times)[3] }

subtest 'a million domains' => sub {
	write_file('million', join('', map { "d$_.example\n" } 1 .. 1_000_000));
	my $million = write_file('million.ini', "[relay a]\nranges = 192.0.2.0/24 2001:db8:25::/48\n[domains all]\nfile = million\nmode = monitor\n");
	my $compiled = folder() . '/million.mxs';
	my $begun = spent();
	is_deeply([mxonly('', 'compile', '-c', $million, '-o', $compiled)], [0, '', ''], 'compiled');
	my $compiling = spent() - $begun;
	unlink(folder() . '/million');
	my $asking;
	for (1 .. 3) {
		$begun = spent();
		is_deeply([mxonly('', 'query', '-c', $compiled, '-q', 'd777777.example')], [0, "monitor a\n", ''], 'answers');
		my $took = spent() - $begun;
		$asking = $took if !defined $asking || $took < $asking;
	}
	cmp_ok($asking, '<', $compiling / 3, sprintf('at once: %.2f s to compile, %.2f s to ask', $compiling, $asking));
};

done_testing();
