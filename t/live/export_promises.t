#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# What every target of mxonly export promises: trusted hosts and loopback are in or it says so, what it cannot express is refused, what
# it writes fits its system, and goes where -o says.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Mailer;
use Test::More;
use Tool;

my $filter = "[relay filter]\nranges = 192.0.2.0/24, 2001:db8:25::/48\ndomains = relay.example\n";
my $named = $filter . "[relay named]\ndomains = named.example\nmatch = name\n[default]\nrelays = filter named\n";

sub export {
	my ($ini, @arguments) = @_;
	return mxonly('', 'export', '-c', write_file('mxonly.ini', $ini), @arguments);
}

# written(INI, ARGUMENTS...): what was printed, and the warnings.
sub written {
	my ($ini, @arguments) = @_;
	my ($status, $out, $err) = export($ini, @arguments);
	is($status, 0, "@arguments: status") or diag($err);
	return ($out, $err);
}

sub refused {
	my ($pattern, $ini, @arguments) = @_;
	my ($status, $out, $err) = export($ini, @arguments);
	is("$status$out", '2', "@arguments: refused, and nothing is written");
	like($err, $pattern, "@arguments: says why");
}

subtest 'cpanel: trusted addresses' => sub {
	my ($out) = written("[relay a]\nranges = 192.0.2.10-192.0.2.13\n", 'cpanel');
	my $file = file_of($out, 'skipsmtpcheckhosts');
	is_deeply([grep { !/^#/ } split(/\n/, $file)], [qw(192.0.2.10/31 192.0.2.12/31)], 'prefixes, which host lists of Exim match');
	like($file, qr/\A# mxonly export cpanel: /, 'a header');
};

subtest 'trusted hosts' => sub {
	my @trusted = map { ('--trusted', $_) } qw(203.0.113.2 2001:db8:77::/64);
	my $ini = $filter . "[default]\nexempt_networks = 127.0.0.0/8 ::1 198.18.0.0/15\n";
	for my $target (qw(zoho rackspace smartermail)) {
		my ($out) = written($ini, $target, @trusted);
		like($out, qr/^ {7}\Q$_\E$/m, "$target: $_ is listed") for qw(192.0.2.0/24 203.0.113.2 2001:db8:77::/64 198.18.0.0/15);
	}
	for my $target (qw(thunderbird outlook apple-mail)) {
		my ($out, $err) = written($ini, $target, @trusted);
		for my $range (qw(203.0.113.2 2001:db8:77::/64 198.18.0.0/15)) {
			like($_, qr/warning: \Q$range\E is left out: .*names alone/i, "$target: $range: warns") for $out, $err;
		}
	}
	my ($out, $err) = written($ini, 'smartermail', @trusted);
	my ($exceptions) = $out =~ /in the header:\n(.*?) {5}Action/s;
	is($exceptions, join('', map { "       $_\n" } '.relay.example', '[198.18.', '[198.19.', '[203.0.113.2]'), 'smartermail: exceptions of its filter');
	like($err, qr/warning: step 3: trusted 2001:db8:77::\/64 is left out/, 'smartermail: a text cannot hold them');
	($out) = written($ini, 'plain', @trusted);
	like($out, qr/^\Q$_\E$/m, "plain: $_") for qw(127.0.0.0/8 ::1 203.0.113.2 198.18.0.0/15);
};

subtest 'exchange-online: networks that cannot reach it' => sub {
	my @inner = qw(10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16 ::1 fc00::/7 fe80::/10);
	my ($out, $err) = written("$filter\[default]\nexempt_networks = @inner 203.0.113.2\n", 'exchange-online');
	my ($addresses) = $out =~ /Addresses = \@\(\n(.*?)    \)/s;
	is($addresses, "        '192.0.2.0/24'\n        '203.0.113.2'\n", 'are not among the addresses');
	like($out, qr/^# - \Q$_\E is left out: private/m, "$_: a note") for grep { !/^127|^::1/ } @inner;
	unlike($err, qr/private/, 'no warning');
	($out, $err) = written($filter, 'exchange-online', '--trusted', '2001:db8:77::/64');
	like($err, qr/warning: 2001:db8:77::\/64 is left out: .*IPv4 alone/, 'a trusted range of IPv6: a warning');
	refused(qr/\[default\]: its relays have no public IPv4 range/, "[relay a]\nranges = $_\n", 'exchange-online', '--trusted', '203.0.113.2') for '10.1.0.0/16', '2001:db8:25::/48';
};

subtest 'exchange-online: what a rule can hold' => sub {
	refused(qr/\[default\]: a rule of Exchange Online's holds 8192 characters, .*certificate, or mxonlyd/, "[relay a]\nranges = 198.16.0.0/14\n", 'exchange-online');
	my $many = sub { my ($n) = @_; write_file('many.domains', join('', map { "d$_.example\n" } 1 .. $n)); return "[domains many]\nfile = many.domains\n" };
	my ($out) = written("$filter\[default]\nmode = off\n" . $many->(600) . "mode = enforce\n", 'exchange-online');
	my @rules = $out =~ /^(\$Rules \+= \@\{\n.*?^\}\n)/msg;
	cmp_ok(scalar(@rules), '>', 1, 'several rules');
	is(scalar(grep { length > 8192 } @rules), 0, 'none is too long');
	is(join(' ', map { /Name = 'mxonly (\d+)'/ } @rules), join(' ', 1 .. @rules), 'numbered');
	is_deeply([sort map { /'\@(d\d+)\\\.example\$'/g } @rules], [sort map { "d$_" } 1 .. 600], 'each domain in one of them');
	is(scalar(grep { /Addresses = \@\(\n        '192\.0\.2\.0\/24'\n    \)/ } @rules), scalar(@rules), 'each with all addresses');
	refused(qr/20480 characters of patterns/, "$filter\[default]\nmode = off\n" . $many->(3000) . "mode = enforce\n", 'exchange-online');
	($out) = written($filter . $many->(3000), 'exchange-online');
	is(scalar(() = $out =~ /^\$Rules \+=/mg), 1, 'domains that are like all others need no rule');
};

subtest 'a relay that only a name tells' => sub {
	for my $target (qw(postfix exim cpanel exchange-online sieve exim-filter rackspace)) {
		refused(qr/\Q$target\E knows addresses alone, and relay named is known by name: its mail would be refused\. .*mxonlyd.*--force/, $named, $target);
		my ($out, $err) = written($named, $target, '--force');
		like($_, qr/warning: relay named is left out/i, "$target: forced, warns") for $out, $err;
	}
	my $off = "$filter\[relay named]\ndomains = named.example\n[default]\nrelays = filter\n[domain off.example]\nmode = off\nrelays = named\n";
	written($off, $_) for qw(postfix exim sieve);
	written($named, $_) for qw(plain json smartermail thunderbird);
};

subtest 'no range at all' => sub {
	my $none = "[relay named]\ndomains = named.example\nmatch = name\n[domain example.org]\n";
	refused(qr/no relay has a range: \Q$_\E would let nobody in\. .*mxonlyd/, $none, $_) for qw(plain json sieve zoho rackspace);
	written($none, $_) for qw(thunderbird outlook apple-mail port rename);
};

subtest '-o' => sub {
	my $folder = folder() . '/here';
	mkdir($folder);
	write_file('mxonly.ini', $filter);
	my $there = sub { run('', 'sh', '-c', 'cd "$1"; shift; exec "$@"', 'sh', $folder, "$ENV{MXONLY_BUILD}/mxonly", 'export', '-c', folder() . '/mxonly.ini', @_) };
	my ($status, $out, $err) = $there->('plain', '-o', '-');
	is("$status$err", '0', '-: status');
	like($out, qr{^192\.0\.2\.0/24$}m, '-: standard output');
	ok(!-e "$folder/-", '-: no file of that name');
	($status, $out, $err) = $there->('firewalld', '-o', '-');
	is("$status$out", '2', '-: not for several files');
	like($err, qr/several files: -o needs a folder/, '-: says so');
	($status, $out, $err) = $there->('plain', '-o', '-', '--verify');
	like("$status$err", qr/^2.*--verify/s, '-: not with --verify, which tells there');
	for my $path ('a/b/c', "$folder/d/e/f/") {
		($status, $out, $err) = $there->('exim', '-o', $path);
		is("$status$out$err", '0', "$path: a folder whose parents are not there");
		ok(-f ($path =~ m{^/} ? $path : "$folder/$path") . '/acl', "$path: is made");
	}
	write_file("$folder/file", '');
	($status, $out, $err) = $there->('exim', '-o', 'file/b');
	like("$status$err", qr/^2.*file is no folder/s, 'a file is in the way');
};

# An address to try an export with must be one that it lets in, whomever that writes to.
subtest 'the addresses to verify it with' => sub {
	my $relays = "[relay a]\nranges = 192.0.2.0/24 2001:db8:1::/48\n[relay b]\nranges = 198.51.100.0/25 2001:db8:25::/48\n";
	my %ini = (
		'relays of a domain that is off' => "$relays\[default]\nrelays = b\n[domain off.example]\nmode = off\nrelays = a\n",
		'relays of one domain'           => "$relays\[default]\nrelays = b\n[domain customer.example]\nrelays = a\n",
		'all else is off'                => "$relays\[default]\nmode = off\nrelays = a\n[domain customer.example]\nmode = enforce\nrelays = b\n",
	);
	for my $what (sort keys %ini) {
		for my $target (qw(postfix exim cpanel exchange-online sieve exim-filter rackspace smartermail)) {
			my ($out) = written($ini{$what}, $target);
			my ($check) = $out =~ /Verify its effect:\n(.*?)\n(?:\W*\n)/s;
			like($check, qr/\b198\.51\.100\.1\b/, "$target: $what: not theirs");
			unlike($check, qr/\b192\.0\.2\.1\b|2001:db8:1::/, "$target: $what: none of theirs");
		}
		for my $target (qw(postfix sieve)) {
			my ($out) = written($ini{$what}, $target, '--verify');
			like($out, qr/^verified: (?:mail from )?\Q$_\E, a relay's/m, "$target: $what: verified with $_") for qw(198.51.100.1 2001:db8:25::1);
			unlike($out, qr/^wrong/m, "$target: $what: nothing is wrong");
		}
	}
};

subtest 'screens: nothing is enforced' => sub {
	my $off = "$filter\[default]\nmode = off\n";
	refused(qr/no domain is in mode enforce: there is nothing to ask Rackspace for/, $_, 'rackspace', '--trusted', '203.0.113.2') for $off, "$filter\[default]\nmode = monitor\n";
	refused(qr/every domain .*is off: there is nothing to type in/, $off, 'smartermail', '--trusted', '203.0.113.2');
	my ($out) = written("$filter\[default]\nmode = monitor\n", 'smartermail');
	like($out, qr/^ {7}192\.0\.2\.0\/24$/m, 'smartermail: relays that are only watched are not to be hindered');
};

subtest 'plain: relays of domains that are off' => sub {
	my $ini = "$filter\[relay other]\nranges = 198.51.100.0/24\n[default]\nrelays = filter\n[domain off.example]\nmode = off\nrelays = other\n";
	my ($out) = written($ini, 'plain');
	unlike($out, qr/^198\.51\.100/m, 'are left out');
	like($out, qr/^192\.0\.2\.0\/24$/m, 'the others are not');
	refused(qr/every domain .*is off/, "$filter\[default]\nmode = off\n", 'plain');
};

done_testing();
