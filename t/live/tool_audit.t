#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# mxonly audit: the chains of t/mail in mailboxes of every kind, what is printed, what is refused, how much memory it takes.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Compress::Gzip qw(gzip);
use IO::Handle;
use JSON::PP;
use Mxonly ();
use POSIX ();
use Test::More;
use Tool;

my $ini = source_folder() . '/t/mail/audit.ini';
my $build = $ENV{MXONLY_BUILD} // die "MXONLY_BUILD names no build folder\n";

# [TITLE, [VERDICT, ADDRESS, RELAY, REASON, LINE], HEADER] of each chain.
my @chains;
for my $file (sort glob(source_folder() . '/t/mail/*.chain')) {
	push(@chains, map { /^([^\n]*)\nexpect ([^\n]*)\n(.*?\n)(?:\n|\z)/s ? [$1, [split(/ /, $2)], $3] : die "$file: $_" }
		grep { !/^#/ } split(/^=== /m, read_file($file)));
}
cmp_ok(scalar(@chains), '>=', 60, 'chains');
cmp_ok(scalar(grep { "@{$_->[1]}" !~ /^unknown/ && read_file(source_folder() . '/t/mail/forged.chain') =~ /^=== \Q$_->[0]\E$/m } @chains),
	'>=', 15, 'forgeries');

sub audit { return mxonly('', 'audit', '-c', $ini, @_) }

sub lines { return join('', map { join("\t", @{$_->[1]}[0 .. 3], $_->[2]) . "\n" } @_) }

# What is expected of all chains, at the paths that a sub makes of their numbers from 1.
sub expected {
	my ($path) = @_;
	my $n = 0;
	return lines(map { [$_->[0], $_->[1], $path->(++$n)] } @chains);
}

my %count;
$count{ $_->[1][0] }++ for @chains;
my $forged = grep { $_->[1][3] =~ /,forged/ } @chains;
my $counts = 'mxonly audit: ' . @chains . " messages: $count{relayed} relayed, $count{direct} direct ($forged forged), " .
	join(', ', map { "$count{$_} $_" } qw(exempt authenticated local unknown)) . "\n";

sub all_of {
	my ($name, $path, $expected) = @_;
	my ($status, $out, $err) = audit($path);
	is($out, $expected, "$name: lines");
	is($status, 1, "$name: some are direct");
	is(($err =~ /([^\n]*\n)\z/)[0], $counts, "$name: standard error ends with the counts");
}

my $folder = folder();
mkdir("$folder/$_") for qw(folder maildir maildir/new maildir/cur maildir/tmp);
my ($mbox, $n) = ('', 0);
for my $chain (@chains) {
	my $message = "$chain->[2]\nThe body.\n>From here on\nReceived: from x ([192.0.2.1]) by mx.example.org\n\n";
	$n++;
	write_file("folder/$n.eml", $message);
	write_file($n % 2 ? "maildir/new/$n.M1P2.host" : "maildir/cur/$n.M1P2.host:2,S", $message);
	$mbox .= "From s\@sender.example Sat Nov 21 23:57:15 2026\n$message";
}
write_file('mbox', $mbox);
gzip(\$mbox => "$folder/mbox.gz") or die;

all_of('folder', "$folder/folder", expected(sub { "$folder/folder/$_[0].eml" }));
all_of('mbox', "$folder/mbox", expected(sub { "$folder/mbox#$_[0]" }));
all_of('mbox, compressed', "$folder/mbox.gz", expected(sub { "$folder/mbox.gz#$_[0]" }));
my @of_maildir = map { [$_, "$folder/maildir/" . ($_ % 2 ? "new/$_.M1P2.host" : "cur/$_.M1P2.host:2,S")] } 1 .. @chains;
all_of('Maildir', "$folder/maildir", lines(map { [@{$chains[$_->[0] - 1]}[0, 1], $_->[1]] }
	(grep { $_->[0] % 2 } @of_maildir), (grep { $_->[0] % 2 == 0 } @of_maildir)));
for my $input ($mbox, read_file("$folder/mbox.gz")) {
	my ($status, $out) = mxonly($input, 'audit', '-c', $ini, '-');
	is($out, expected(sub { "-#$_[0]" }), 'standard input');
}

my ($first) = grep { $_->[0] eq 'through the relay' && $_->[2] =~ /Postfix/ } @chains;
my $relayed = write_file('relayed', $first->[2]);

subtest 'objects' => sub {
	my ($status, $out, $err) = audit('--json', "$folder/mbox");
	is($status, 1, 'status');
	is(($err =~ /([^\n]*\n)\z/)[0], $counts, 'counts');
	my @objects = map { decode_json($_) } split(/\n/, $out);
	is(scalar(@objects), scalar(@chains), 'one a message');
	for my $i (0 .. $#objects) {
		my ($object, $expect) = ($objects[$i], $chains[$i][1]);
		my ($reason, $mark) = split(/,/, $expect->[3]);
		is_deeply([@$object{qw(path verdict address relay reason received)}, $object->{forged} ? 1 : 0],
			["$folder/mbox#" . ($i + 1), $expect->[0], map({ $_ eq '-' ? undef : $_ } @$expect[1, 2], $reason, $expect->[4]), $mark ? 1 : 0],
			$chains[$i][0]);
	}
	($status, $out) = audit('--json', $relayed);
	is($out, '{"path":"' . $relayed . '","verdict":"relayed","address":"192.0.2.10","name":' .
		'"mx1.relay.example","helo":"mx1.relay.example","relay":"filter","reason":"relay","forged":false,"received":1,' .
		'"date":"2026-11-21T22:57:15Z","recipient":"u@example.org"}' . "\n", 'its members, in this order');
	($status, $out) = mxonly("Subject: x\n\n", 'audit', '-c', $ini, '--json', '-');
	is($out, '{"path":"-","verdict":"unknown","address":null,"name":null,"helo":null,"relay":null,"reason":"no-received",' .
		"\"forged\":false,\"received\":null,\"date\":null,\"recipient\":null}\n", 'null for what there is none of');
};

my $direct = "Received: from spam.example (unknown [198.51.100.7]) by mx.example.org with ESMTP; Sat, 21 Nov 2026 23:57:15 +0100\n";

subtest 'status' => sub {
	my $good = $relayed;
	my $bad = write_file('bad', $direct);
	my ($status, $out, $err) = audit($good);
	is($status, 0, 'none is direct');
	is($err, "mxonly audit: 1 message: 1 relayed, 0 direct, 0 exempt, 0 authenticated, 0 local, 0 unknown\n", 'counts');
	($status) = audit($good, $bad);
	is($status, 1, 'some are');
	($status, $out, $err) = audit($good, "$folder/missing", $bad);
	is($status, 2, 'a missing path');
	like($out, qr/\Arelayed\t.*\ndirect\t.*\n\z/, 'the others are judged all the same');
	like($err, qr{^mxonly audit: \Q$folder\E/missing: No such file or directory$}m, 'it is named');
	like($err, qr/ 0 unknown; 1 could not be read\n\z/, 'and counted');
	my $cut = write_file('cut.gz', substr(read_file("$folder/mbox.gz"), 0, 3000));
	($status, $out, $err) = audit($cut);
	is($status, 2, 'a compressed file that is cut off');
	like($out, qr/^\w+\t.*cut\.gz#1$/m, 'what could be read is judged');
	like($err, qr{^mxonly audit: \Q$cut\E: the compressed file is cut off$}m, 'named');
	($status, $out, $err) = audit(write_file('xz', "\xfd7zXZ\0"));
	is($status, 2, 'compressed otherwise');
	like($err, qr/compressed by xz: pipe it through xzcat/, 'says what helps');
	# A name that ends with the message may be the beginning of another's.
	for my $row ([qr/(?<=by mx)/, 'unknown'], [qr/(?<=by mx\.example\.org)/, 'unknown'], [qr/(?<=with ESM)/, 'unknown'], [qr/(?<=; S)/, 'direct'], [qr/\n\z/, 'direct']) {
		my ($end, $verdict) = @$row;
		($status, $out) = audit(write_file('ends', (split($end, $direct))[0]));
		like($out, $verdict eq 'direct' ? qr/\Adirect\t/ : qr/\Aunknown\t-\t-\ttruncated\t/, "a message that ends behind $end");
	}
	($status, $out, $err) = audit(write_file('empty', ''));
	is("$status$out", '0', 'an empty mailbox');
	($status, $out, $err) = mxonly('', 'audit', '-c', "$folder/none.ini", $good);
	is("$status$out", '2', 'no configuration');
	for my $wrong ([], ['--json', '--html', 'x', $good], ['--own', 'a..b', $good], ['--own', '[192.0.2.1]', $good], ['--bad', $good], ['--html', "$folder", $good]) {
		($status, $out, $err) = audit(@$wrong);
		is("$status$out", '2', "wrong: @$wrong");
		like($err, qr/^mxonly audit: /m, 'says why');
	}
};

subtest 'own hosts' => sub {
	my $foreign = write_file('foreign', $direct =~ s/mx\.example\.org/mx9.other.example/r);
	my ($status, $out, $err) = audit($foreign, $foreign);
	is($out, "unknown\t-\t-\tnot-own\t$foreign\n" x 2, 'a stranger wrote it');
	is($status, 0, 'none is direct');
	like($err, qr/^mxonly audit: 2 unknown: .* mx9\.other\.example: .*--own mx9\.other\.example/m, 'what is probably missing');
	for my $own ('mx9.other.example', 'other.example', 'OTHER.example.') {
		($status, $out) = audit('--own', 'x.example', '--own', $own, $foreign);
		is($out, "direct\t198.51.100.7\t-\tunknown-address\t$foreign\n", "--own $own");
	}
	($status, $out) = audit('--own', 'x.example', $relayed);
	like($out, qr/^relayed/, '--own adds to own');
	my $handed = write_file('handed', $direct =~ s/unknown \[[\d.]+\]/mx.example.org [203.0.113.77]/r);
	($status, $out, $err) = audit($handed);
	like($err, qr/^mxonly audit: 1 direct: from 203\.0\.113\.77, .*internal_networks/m, 'an address of ours that is probably missing');
	my $bare = write_file('bare.ini', "[relay filter]\nranges = 192.0.2.0/24\n");
	($status, $out) = mxonly('', 'audit', '-c', $bare, '--own', 'mx.example.org', $relayed);
	like($out, qr/^relayed\t192\.0\.2\.10\tfilter\t/, 'without [audit]');
	mxonly('', 'compile', '-c', $ini, '-o', "$folder/audit.mxs");
	($status, $out) = mxonly('', 'audit', '-c', "$folder/audit.mxs", "$folder/mbox");
	is($out, expected(sub { "$folder/mbox#$_[0]" }), 'with a compiled configuration');
	my $certificate = write_file('certificate.ini', "[relay c]\nfingerprints = " . 'ab' x 20 . "\n[relay d]\nranges = 192.0.2.0/24\n" .
		'fingerprints = ' . 'ab' x 20 . "\nmatch = address certificate\n[default]\nrelays = c d\n");
	($status, $out, $err) = mxonly('', 'audit', '-c', $certificate, '--own', 'mx.example.org', $relayed);
	like($out, qr/^relayed\t192\.0\.2\.10\td\t/, 'a certificate counts as matching');
	like($err, qr/warning: relay c is told by its certificate alone/, 'where nothing else tells a relay, that is said');
	unlike($err, qr/relay d/, 'and only there');
};

subtest 'what a sender writes reaches no terminal' => sub {
	my $hostile = "Received: from \e[31m\x07\"<script>\\ (unknown [198.51.100.7])\n by mx.example.org with ESMTP for <\e[2J\xff\@example.org>; x\n";
	my $path = write_file("a\tb\nc\e[1m", $hostile);
	my ($status, $out, $err) = audit($path);
	is($out, "direct\t198.51.100.7\t-\tunknown-address\t$folder/a\\x09b\\x0ac\\x1b[1m\n", 'a line');
	($status, $out) = audit('--json', $path);
	unlike($out, qr/[^ -~\n]/, 'an object');
	is(decode_json($out)->{helo}, '\x1b[31m\x07"<script>\\', 'its HELO');
	unlink($path);
	($status, $out, $err) = audit($path);
	unlike($err, qr/[^ -~\n]/, 'a complaint');
	my $stranger = write_file('stranger', "Received: from a ([198.51.100.7]) by \e[31m\xff; x\n");
	($status, $out, $err) = audit($stranger);
	unlike($err, qr/[^ -~\n]/, 'a guess');
};

subtest 'a report' => sub {
	my ($status, $out, $err) = audit('--html', "$folder/report.html", "$folder/mbox");
	is($status, 1, 'status');
	is($out, '', 'nothing else is printed');
	is(($err =~ /([^\n]*\n)\z/)[0], $counts, 'counts');
	like(read_file("$folder/report.html"), qr/\A<!DOCTYPE html>.*<\/html>\s*\z/si, 'a page');
	($status, $out, $err) = audit('--html', $ini, "$folder/mbox");
	is($status, 2, 'never in the place of the configuration');
};

sub start {
	my ($stderr, @arguments) = @_;
	pipe(my $from, my $to) or die;
	my $pid = fork() // die;
	if ($pid == 0) {
		close($to);
		open(STDIN, '<&', $from) or die;
		open(STDOUT, '>', "$folder/out") or die;
		open(STDERR, '>', $stderr) or die;
		exec("$build/mxonly", 'audit', '-c', $ini, @arguments, '-') or POSIX::_exit(127);
	}
	close($from);
	$to->autoflush(1);
	return ($pid, $to);
}

subtest 'interrupted' => sub {
	my ($pid, $to) = start("$folder/err");
	print $to "From a\n${direct}\nbody\n\n" x 3000;
	ok(Mxonly::wait_until(sub { -s "$folder/out" }), 'it reads');
	kill('INT', $pid);
	ok(Mxonly::wait_until(sub { waitpid($pid, POSIX::WNOHANG()) == $pid }), 'it ends') or kill('KILL', $pid);
	is($? >> 8, 2, 'status');
	my ($lines) = scalar(() = read_file("$folder/out") =~ /^direct\t198/mg);
	like(read_file("$folder/err"), qr/^mxonly audit: interrupted: .*\nmxonly audit: ([\d,]+) messages: 0 relayed, \1 direct, .*\n\z/m, 'the counts so far');
	my ($counted) = read_file("$folder/err") =~ /: ([\d,]+) messages: /;
	is($counted =~ tr/,//dr, $lines, 'are those of the lines');
};

# script(1) gives it a terminal.
subtest 'progress' => sub {
	my ($status) = run('', 'script', '-qec', "$build/mxonly audit -c $ini --json $folder/mbox >$folder/out", "$folder/typescript");
	like(read_file("$folder/typescript"), qr/\r\d+ messages?, [\d.]+ MB +\r +\r/, 'on a terminal');
	is(scalar(() = read_file("$folder/out") =~ /\n/g), scalar(@chains), 'not in what is printed');
	my (undef, undef, $err) = audit("$folder/mbox");
	unlike($err, qr/\r/, 'not elsewhere');
};

# The peak of the memory, with so many megabytes read.
sub peak {
	my ($megabytes) = @_;
	my ($pid, $to) = start("$folder/err");
	my $line = ('x' x 75 . "\n") x 1000;
	print $to "From a\n${direct}X-Long: ", 'y' x 1e6, "\n\n";
	for (1 .. $megabytes) {
		print $to "From a\n$direct" . "X-Field: z\n" x 5000, "\n", $line x 11, "\n\n";
	}
	print $to "From a\n$direct\n", 'z' x 8e6, "\n\nFrom b\n$direct\n" ;
	ok(Mxonly::wait_until(sub { POSIX::access("/proc/$pid/status", POSIX::R_OK()) }), 'runs');
	my ($peak) = read_file("/proc/$pid/status") =~ /^VmHWM:\s+(\d+)/m;
	close($to);
	waitpid($pid, 0);
	is($? >> 8, 1, 'status');
	is(scalar(() = read_file("$folder/out") =~ /\n/g), $megabytes + 3, 'all messages');
	return $peak;
}

subtest 'memory' => sub {
	my ($small, $large) = (peak(2), peak(60));
	cmp_ok($large - $small, '<', 4096, "60 MB take no more than 2 MB do: $small kB, $large kB");
};

done_testing();
