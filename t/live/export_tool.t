#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# mxonly export: the command line, where what is written goes, what every header has, and what is refused.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP;
use Manual;
use Test::More;
use Tool;

my @targets = qw(nftables ipset ufw firewalld pf windows-firewall postfix postscreen exim cpanel exchange exchange-online
	smartermail zoho rackspace sieve exim-filter thunderbird outlook apple-mail port rename plain json);
my @whole  = qw(nftables ipset ufw firewalld pf windows-firewall postscreen exchange zoho port);
my $filter = "[relay filter]\nranges = 192.0.2.0/24, 2001:db8:25::/48\ndomains = relay.example\n";
my $ini    = write_file('mxonly.ini', "$filter\n[default]\nmode = enforce\n[domain example.org]\n");

sub export {
	my (@arguments) = @_;
	return mxonly('', 'export', @arguments);
}

# fails([ARGUMENTS], PATTERN): status 2, nothing on standard output, a line that says what is wrong.
sub fails {
	my ($arguments, $pattern) = @_;
	my ($status, $out, $err) = export(@$arguments);
	is($status, 2, "@$arguments: status");
	is($out, '', "@$arguments: nothing is written");
	like($err, $pattern, "@$arguments: says why");
}

my ($status, $list) = export('--list');
my %help = $list =~ /^(\S+) +(\S.*)$/mg;
is_deeply([$list =~ /^(\S+)/mg], \@targets, '--list: the targets, in their order');
is($status, 0, '--list: status');

subtest 'every target' => sub {
	for my $target (@targets) {
		my ($status, $out, $err) = export('-c', $ini, $target, '--trusted', '203.0.113.2');
		is($status, 0, "$target: status") or diag($err);
		like($out, $_, "$target: has $_") for qr/\Qmxonly export $target: $help{$target}\E/, qr/\Q$ini\E/, qr/\b[0-9a-f]{16}\b/, qr/\d{4}-\d\d-\d\d \d\d:\d\d UTC/,
			qr/load/i, qr/verify/i, qr/192\.0\.2\.1\b/, qr/2001:db8:25::1\b/, qr/198\.51\.100\.7\b/;
		unlike($out, qr/\$\{(?:output|relay|foreign)/, "$target: no variable is left");
		unlike($out, qr/[^\n\t -~]/, "$target: printable");
	}
};

subtest 'usage' => sub {
	fails([], qr/a target is missing/);
	fails(['nftable'], qr/unknown target `nftable`: did you mean `nftables`\?/);
	fails(['xyzzy-plugh'], qr/unknown target `xyzzy-plugh`: see mxonly export --list/);
	fails(['-c', $ini, 'plain', 'json'], qr/unexpected `json`/);
	fails(['--list', 'plain'], qr/--list goes alone/);
	fails(['-o', '', 'plain'], qr/-o needs/);
	fails(['-x', 'plain'], qr/which options/);
	fails(['-c', $ini, 'plain', '--trusted', $_], qr/--trusted needs a range/) for '', ' ';
	fails(['-c', $ini, 'plain', '--trusted', '192.0.2.1/24'], qr/--trusted: .*host bits/);
	fails(['-c', $ini, 'plain', '--trusted', '0.0.0.0/0'], qr/wider than/);
	fails(['-c', $ini, 'plain', '--trusted', '8.0.0.0/7'], qr/wider than/);
	fails(['-c', $ini, 'plain', '--trusted', 'fc00::/6'], qr/wider than/);
	fails(['-c', folder() . '/none.ini', 'plain'], qr/none\.ini/);
	fails(['-c', write_file('faulty.ini', "$filter\nrages = 1\n"), 'plain'], qr/faulty\.ini:5: .*rages/);
	my ($status, $out) = export('--help');
	is($status, 0, '--help: status');
	like($out, qr/^mxonly export /, '--help: says something');
};

subtest 'refused' => sub {
	my %not = (
		monitor => [qr/\[default\] \(\S+:4\) only monitors/, "$filter\[default]\nmode = monitor\n[domain example.org]\nmode = enforce\n"],
		off     => [qr/\[domain a\.example\] \(\S+:4\) is off/, "$filter\[domain a.example]\nmode = off\n"],
		others  => [qr/\[domain a\.example\] \(\S+:8\) goes through other relays/, "$filter\[relay b]\nranges = 198.51.100.1\n[default]\nrelays = filter\n[domain a.example]\nrelays = b\n"],
	);
	for my $what (sort keys %not) {
		my ($why, $text) = @{ $not{$what} };
		my $path = write_file("$what.ini", $text);
		for my $target ($what eq 'monitor' ? @whole : 'nftables') {
			fails(['-c', $path, $target], $why);
			my ($status, $out, $err) = export('-c', $path, $target, '--force');
			is($status, 0, "$what: $target: forced");
			like($_, qr/warning:? .*forced: .*$why/i, "$what: $target: warns") for $out, $err;
		}
	}
	my $nobody = write_file('nobody.ini', "[relay c]\ndomains = relay.example\n[domain example.org]\n");
	fails(['-c', $nobody, $_, '--force'], qr/would let nobody in/) for qw(nftables ipset ufw firewalld pf windows-firewall plain json sieve postfix);
	for my $wide ('0.0.0.0/0', '::/0', '0.0.0.0/1 128.0.0.0/1') {
		my $everybody = write_file('everybody.ini', "[relay c]\nranges = 192.0.2.1 $wide\nallow_wide_ranges = yes\n[domain example.org]\n");
		fails(['-c', $everybody, $_, '--force'], qr/lets everybody in/) for $wide eq '::/0' ? @targets : 'nftables';
	}
};

subtest 'files' => sub {
	my $folder = folder() . '/out';
	mkdir($folder);
	my ($status, $out, $err) = export('-c', $ini, 'plain', '-o', "$folder/list");
	is("$status$out$err", '0', 'a file, silently');
	is((stat("$folder/list"))[2] & 07777, 0644 & ~umask, 'its mode');
	my ($same) = (export('-c', $ini, 'plain'))[1] =~ s/^# Written.*\n//mr;
	is(read_file("$folder/list") =~ s/^# Written.*\n//mr, $same, 'what standard output gets');
	my $inode = (stat("$folder/list"))[1];
	export('-c', $ini, 'plain', '-o', "$folder/list");
	isnt((stat("$folder/list"))[1], $inode, 'replaced whole');
	is((export('-c', $ini, 'plain', '-o', $folder))[0], 0, 'one file into a folder');
	like(read_file("$folder/mxonly.ranges"), qr{^192\.0\.2\.0/24$}m, 'by its own name');
	like((export('-c', $ini, 'nftables', '-o', $folder))[1] . read_file("$folder/mxonly.nft"), qr{nft -f \Q$folder\E/mxonly\.nft}, 'which its header knows');
	fails(['-c', $ini, 'plain', '-o', $ini], qr/is the configuration itself/);
	mkdir("$folder/etc") or die;
	my $main = write_file('out/etc/main.cf', "myhostname = mx.example.org\n");
	fails(['-c', $ini, 'postfix', '-o', "$folder/etc"], qr{etc/main\.cf is there, and not by mxonly});
	is(read_file($main), "myhostname = mx.example.org\n", "Postfix's own main.cf is as it was");
	is(join(' ', glob("$folder/etc/*")), $main, 'and none of the others was written');
	unlink($main) && rmdir("$folder/etc") or die;
	fails(['-c', $ini, 'plain', '-o', "$folder/none/list"], qr/none/);
	fails(['-c', $ini, 'plain', '-o', '/dev/null'], qr/no ordinary file/);
	fails(['-c', $ini, 'firewalld', '-o', "$folder/list"], qr/is no folder/);
	fails(['-c', folder() . '/nobody.ini', 'plain', '-o', "$folder/list"], qr/nobody/);
	like(read_file("$folder/list"), qr/^192\.0\.2\.0/m, 'the old one stays');
	opendir(my $all, $folder) or die;
	is_deeply([sort grep { !/^\.\.?\z/ } readdir($all)], [qw(list mxonly.nft mxonly.ranges)], 'nothing else is left');
};

subtest 'a folder' => sub {
	my @files = qw(README.mxonly ipsets/mxonly4.xml ipsets/mxonly6.xml policies/mxonly.xml);
	my ($written, $unpacked) = map { folder() . "/$_" } qw(written unpacked);
	is((export('-c', $ini, 'firewalld', '-o', $written))[0], 0, 'written');
	mkdir($unpacked);
	my $script = write_file('script', (export('-c', $ini, 'firewalld'))[1]);
	my ($status, $out, $err) = run('', 'sh', '-c', "cd $unpacked && sh $script");
	is("$status$out$err", '0', 'standard output gets a script that writes it');
	is(read_file("$unpacked/$_") =~ s/mxonly-firewalld/$written/gr =~ s/^ *Written:.*\n//mr, read_file("$written/$_") =~ s/^ *Written:.*\n//mr, $_) for @files;
};

subtest 'a path that is none' => sub {
	my $odd = write_file("odd\n\x1b[31m-->'\";\$(x).ini", read_file($ini));
	for my $target (qw(nftables firewalld windows-firewall sieve apple-mail json)) {
		my ($status, $out) = export('-c', $odd, $target);
		is($status, 0, "$target: status");
		unlike($out, qr/\x1b|^\W*\[31m/m, "$target: no line of the header is its");
	}
};

# Loaded into the real programs, apart from this machine's own; t/live/export_firewalls.t is about what they then do.
subtest 'verify' => sub {
	my $file = folder() . '/verified';
	for my $target (qw(nftables ipset ufw firewalld)) {
		my ($status, $out, $err) = export('-c', $ini, $target, '--verify');
		is($status, 0, "$target: status") or diag($err);
		is(join("\n", grep { !/^verified: / } split(/\n/, $out)), '', "$target: all is verified");
		like($out, qr/^verified: \Q$_\E, a relay's, is let in$/m, "$target: $_") for qw(192.0.2.1 2001:db8:25::1);
		like($out, qr/^verified: \Q$_\E, a stranger's, is not /m, "$target: $_") for qw(198.51.100.7 2001:db8:99::7);
	}
	my ($status, $out) = export('-c', $ini, 'nftables', '--verify', '-o', $file);
	like($out, qr/^verified: /, 'the report, with -o');
	like(read_file($file), qr/^table inet mxonly \{/m, 'and the file');
	($status, $out) = export('-c', $ini, 'port', '--verify');
	like("$status$out", qr/^0(?:verified: Postfix [^\n]*\n){4}not verified: /, 'port');
	($status, $out) = export('-c', $ini, 'pf', '--verify');
	is("$status$out", "0not verified: pfctl is not on this machine\n", 'a program that is not there');
	($status, $out) = export('-c', $ini, 'windows-firewall', '--verify');
	like("$status$out", qr/^0not verified: /, 'no program');
};

# On a machine where the rules cannot do what they must.
subtest 'verify, in vain' => sub {
	my $default = write_file('default', read_file('/etc/default/ufw') =~ s/^IPV6=yes/IPV6=no/mr);
	my $file = write_file('old', "old\n");
	my ($status, $out, $err) = run('', qw(unshare --mount --propagation private sh -ec), 'mount --bind "$1" /etc/default/ufw; shift; exec "$@"', 'sh', $default,
		"$ENV{MXONLY_BUILD}/mxonly", 'export', '-c', $ini, 'ufw', '--verify', '-o', $file);
	is($status, 2, 'status');
	like($out, qr{^wrong: ufw takes it: IPV6=yes must be in /etc/default/ufw}m, 'says what is wrong');
	like($err, qr/did not stand its trial/, 'and what comes of it');
	is(read_file($file), "old\n", 'the old file stays');
};

subtest 'json' => sub {
	my ($status, $out) = export('-c', $ini, 'json');
	my $all = decode_json($out);
	is_deeply($all->{allowed}, ['127.0.0.0/8', '192.0.2.0/24', '::1', '2001:db8:25::/48'], 'allowed');
	is_deeply($all->{relays}, [{ name => 'filter', match => [qw(address helo)], ranges => ['192.0.2.0/24', '2001:db8:25::/48'], domains => ['relay.example'], fingerprints => [] }], 'relays');
	is_deeply($all->{domains}, { 'example.org' => 'domain example.org' }, 'domains');
	is($all->{policies}[1]{place}, "$ini:7", 'policies');
};

subtest 'rename' => sub {
	my ($state, $sample, $warning) = export('-c', write_file('unnamed.ini', $filter), 'rename');
	is($state, 0, 'without a domain');
	like($sample, qr/^mail\.example\.com$/m, 'an example');
	like($warning, qr/no domain is named/, 'and a warning');
	my $path = write_file('rename.ini', "$filter\[domain example.org]\n[domain .example.org]\n[domain off.example]\nmode = off\n[domain .below.example]\n");
	my ($status, $out) = export('-c', $path, 'rename');
	my @names = grep { !/^#/ && length } split(/\n/, $out);
	is(scalar(grep { $_ eq 'mail.example.org' } @names), 1, 'each name once');
	is(scalar(grep { /off\.example$/ } @names), 0, 'none of a domain that is off');
	cmp_ok(scalar(@names), '>', 60, 'many');
	for my $name (qw(example.org smtp.example.org autodiscover.below.example example-org.mail.protection.outlook.com)) {
		ok((grep { $_ eq $name } @names) == 1, $name);
	}
};

done_testing();
