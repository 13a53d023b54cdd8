#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# mxonly init: a first configuration that check takes, the lines that make Postfix ask, and nothing written over.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Tool;

die "no postconf here: apt-get install postfix\n" if system('command -v postconf >/dev/null') != 0;
die "no script here: apt-get install bsdutils\n" if system('command -v script >/dev/null') != 0;

my $top       = folder();
my $catalogue = source_folder() . '/etc/relays.d';
my $ini       = "$top/mxonly.ini";
chmod(0755, $top);
mkdir("$top/$_") for qw(etc queue queue/mxonly);

sub postfix {
	my (%change) = @_;
	my %main = (compatibility_level => '3.6', queue_directory => "$top/queue", data_directory => $top, myhostname => 'mx.example.net', mydomain => 'example.net',
		mynetworks => '127.0.0.0/8 [::1]/128', mydestination => 'localhost, $myhostname', relay_domains => 'example.org, example.com', %change);
	write_file('etc/main.cf', join('', map { "$_ = $main{$_}\n" } sort keys %main));
	write_file('etc/master.cf', "smtp inet n - y - - smtpd\n");
	utime(1, 1, "$top/etc/main.cf", "$top/etc/master.cf");    # Postfix waits two seconds until a file is surely whole
}

sub init { return mxonly('', 'init', '-c', $ini, '--catalogue', $catalogue, '--config-directory', "$top/etc", @_) }

# A first configuration without anything that is there.
sub fresh { unlink($ini); return init(@_) }

my @known = ('--service', 'mxguarddog', '--ranges', '192.0.2.0/24 2001:db8:25::/48');
postfix();

subtest 'the catalogue' => sub {
	my @files = map { /([^\/]+)\.relay$/ } glob("$catalogue/*.relay");
	cmp_ok(scalar(@files), '>=', 8, 'services are there');
	my ($status, $out, $err) = mxonly('', 'init', '--list', '--catalogue', $catalogue);
	is("$status$err", '0', 'every file is as it should be');
	is_deeply([$out =~ /^([\w-]+)\t/mg], [sort @files], 'every one is listed, by name');
	is(scalar(() = $out =~ /^\taddresses: https:\/\/\S+\n\tverified: \d{4}-\d\d-\d\d: ./mg), scalar(@files), 'where it publishes its addresses, and what was verified');
	for my $name (@files) {
		my $text = read_file("$catalogue/$name.relay") =~ s/^(?:published|source) .*\n//mgr;
		unlike($text, qr/\b\d+\.\d+\.\d+\.\d+|[\da-f]+:[\da-f]*:/, "$name: no addresses, which would be old tomorrow");
		($status, $out, $err) = fresh('--service', $name, '--ranges', '192.0.2.0/24 2001:db8:25::/48', '--relay-domains', 'relay.example');
		is("$status$err", '0', "$name: makes a configuration");
		like(read_file($ini), qr/^\[relay \Q$name\E\]$/m, "$name: by its name");
	}
};

subtest 'a catalogue that is wrong' => sub {
	my $right = "name = A\ndomains = relay.example\npublished = https://relay.example/ips\nsource = https://relay.example/\nverified = 2026-11-22: all\n";
	for (
		['no name', qr/^\S+: no name$/, sub { s/^name.*\n//m }],
		['no source', qr/^\S+: no source$/, sub { s/^source.*\n//m }],
		['domains missing', qr/: no domains/, sub { s/^domains.*\n//m }],
		['not a domain', qr/: domains: not all of them are domains/, sub { s/relay\.example$/192.0.2.1/m }],
		['no page', qr/: published: no address of a page/, sub { s/https:\S+ips/somewhere/ }],
		['no date', qr/: verified: not `YYYY-MM-DD: what`/, sub { s/2026-11-22/lately/ }],
		['an unknown key', qr/x\.relay:2: unknown key/, sub { s/^domains/ranges = 192.0.2.0\/24\ndomains/m }],
		['no key', qr/x\.relay:6: no `key = value`/, sub { $_ .= "more\n" }],
	) {
		my ($name, $says, $change) = @$_;
		mkdir("$top/relays.d");
		local $_ = $right;
		$change->();
		write_file('relays.d/x.relay', $_);
		my ($status, $out, $err) = mxonly('', 'init', '--list', '--catalogue', "$top/relays.d");
		like($err, $says, $name);
		is($out, '', "$name: left out");
	}
};

subtest 'a new file' => sub {
	my ($status, $out, $err) = fresh(@known, '--domains', "example.org B\xc3\x9cCHER.example");
	is("$status$err", '0', 'exit 0');
	my $text = read_file($ini);
	like($text, qr/^\[relay mxguarddog\]\nranges  = 192\.0\.2\.0\/24,\n +2001:db8:25::\/48\ndomains = ik2\.com\nmatch   = address helo/m, 'the relay, its domains from the catalogue');
	like($text, qr/^\[domains protected\]\nmode    = monitor\nnames   = example\.org,\n +xn--bcher-kva\.example\n/m, 'the domains, monitored');
	like($text, qr/^# its addresses: https:\/\/www\.mxguarddog\.com\//m, 'where the addresses come from');
	like($text, qr/^listen  = unix:\Q$top\E\/queue\/mxonly\/policy /m, 'the socket is in the queue folder');
	is_deeply([mxonly('', 'check', '-c', $ini)], [0, "$ini: fit to serve: 1 relay, 2 domains\n", ''], 'check takes it, without a word');
	is((mxonly('', 'query', '-c', $ini, 'client_address=203.0.113.9', "recipient=$_"))[1], "DUNNO\n", "it refuses nobody: $_") for 'u@example.org', 'u@other.example', 'u';
	like((mxonly('', 'query', '-c', $ini, '--json', 'client_address=203.0.113.9', 'recipient=u@example.org'))[1], qr/"outcome":"refuse".*"mode":"monitor".*"policy":"domains protected"/, 'but says whom it would');
	($status, $out, $err) = fresh(@known);
	like(read_file($ini), qr/^names   = example\.org,\n +example\.com\n\z/m, 'without --domains: what Postfix receives, but for names of the host');
	($status, $out, $err) = fresh('--service', 'Our own filter', '--ranges', '192.0.2.7', '--domains', 'example.org');
	like(read_file($ini), qr/^\[relay our-own-filter\]\nranges  = 192\.0\.2\.7\nmatch   = address /m, 'another service, by its addresses alone');
	($status, $out, $err) = fresh('--service', 'x', '--relay-domains', 'relay.example', '--domains', 'example.org');
	like(read_file($ini), qr/^domains = relay\.example\nmatch   = name /m, 'by its names alone');
	is((mxonly('', 'check', '-c', $ini))[0], 0, 'which check takes');
};

subtest 'the lines for Postfix' => sub {
	my $socket = "$top/queue/mxonly/policy";
	for my $before ('', 'permit_mynetworks, reject_unauth_destination, permit', 'reject_unknown_sender_domain, reject_rbl_client list.example') {
		postfix($before ? (smtpd_recipient_restrictions => $before) : (append_dot_mydomain => 'yes'));
		my ($status, $out) = fresh(@known);
		my ($lines) = $out =~ /main\.cf .*:\n\n(.*?)\n\nand see/s;
		like($lines, qr/^smtpd_recipient_restrictions =\n.*check_policy_service \{ unix:mxonly\/policy, timeout=10s, /ms, 'are printed');
		postfix(append_dot_mydomain => 'no', $lines =~ /^(\w+) = *((?:.|\n )*)$/mg);
		my (undef, undef, $err) = mxonly('', 'check', '-c', $ini, '--postfix', '--config-directory', "$top/etc");
		is($err =~ s/^.*(?:nobody listens there|could not be tried).*\n//mr, '', "put into main.cf they are all it takes: $before");
	}
	postfix();
};

subtest 'never over anything' => sub {
	fresh(@known);
	my $kept = read_file($ini);
	my ($status, $out, $err) = init(@known);
	is("$status$out", '2', 'a second time: exit 2');
	like($err, qr/^mxonly init: \Q$ini\E is there already, and is never written over/, 'said');
	is(read_file($ini), $kept, 'untouched');
	my $blank = "# mine\n\n[policyd]\n; listen = x\nworkers = 2\n";
	write_file('mxonly.ini', $blank);
	chmod(0640, $ini);
	my $inode = (stat($ini))[1];
	($status, $out, $err) = init(@known);
	is("$status$err", '0', 'a configuration without a relay');
	like(read_file($ini), qr/\A\Q$blank\E\n# .*^\[relay mxguarddog\]$/ms, 'is added to, its words as they were');
	is_deeply([(stat($ini))[1], (stat(_))[2] & 07777], [$inode, 0640], 'the same file, with its mode');
	is((mxonly('', 'check', '-c', $ini))[0], 0, 'fit to serve');
	for ("[relay a]\nranges = 192.0.2.1\n", "[policyd]\ninclude = more.ini\n", "[default]\n") {
		write_file('mxonly.ini', $_);
		is((init(@known))[0], 2, 'not added to: ' . s/\n/ /gr);
		is(read_file($ini), $_, 'untouched');
	}
	unlink($ini);
	symlink("$top/elsewhere", $ini);
	($status, $out, $err) = init(@known);
	is($status, 2, 'a link that leads nowhere: exit 2');
	ok(!-e "$top/elsewhere", 'nothing was written through it');
	unlink($ini);
};

subtest 'what is wrong or missing' => sub {
	for (
		['no service', [], qr/which service do your MX records point to\?/],
		['nothing to tell its hosts by', ['--service', 'mimecast'], qr/how is a host of mimecast told\? .*publishes its addresses at https:/],
		['a range that is none', ['--service', 'x', '--ranges', '192.0.2.1/24'], qr/ranges: .*192\.0\.2\.0\/24 meant/],
		['a domain that is none', [@known, '--domains', 'u@example.org'], qr/names: /],
		['a line that would be another', [@known, '--domains', "example.org\n[default]"], qr/names: /],
		['a range for the world', ['--service', 'x', '--ranges', '0.0.0.0/0'], qr/would have these faults: nothing was written/],
		['an unknown option', ['--relay', 'x'], qr/--help/],
		['a word too many', [@known, 'example.org'], qr/unexpected `example\.org`/],
	) {
		my ($name, $options, $says) = @$_;
		my ($status, $out, $err) = fresh(@$options);
		is("$status$out", '2', "$name: exit 2");
		like($err, $says, "$name: said");
		ok(!-e $ini, "$name: nothing was written");
	}
	my @none = ('init', '-c', $ini, '--catalogue', "$top/none", '--config-directory', "$top/none");
	my ($status, $out, $err) = mxonly('', @none, '--service', 'x', '--ranges', '192.0.2.1');
	is($status, 2, 'no Postfix and no domains: exit 2');
	like($err, qr/cannot look at Postfix: .*\n.*which domains does it filter\?/, 'said');
	($status, $out, $err) = mxonly('', @none, '--service', 'x', '--ranges', '192.0.2.1', '--domains', 'example.org');
	is($status, 0, 'no Postfix, but domains');
	like($out, qr/\/etc\/postfix\/main\.cf.*\n\nsmtpd_recipient_restrictions =\n/, 'the usual lines');
};

subtest 'on a terminal' => sub {
	my $command = "$ENV{MXONLY_BUILD}/mxonly init -c $ini --catalogue $catalogue --config-directory $top/etc";
	unlink($ini);
	my ($status, $out) = run("mxguarddog\n192.0.2.0/24\n\n", 'script', '-qec', $command, '/dev/null');
	is($status, 0, 'answered, the last by its default') or diag($out);
	like($out, qr/Which service do your MX records point to\?.*mxguarddog +MX Guarddog\r.*publishes its addresses here: https:.*Your domains that it filters \[example\.org example\.com\]:/s, 'it asks');
	like(read_file($ini), qr/^\[relay mxguarddog\]\nranges  = 192\.0\.2\.0\/24\ndomains = ik2\.com\n.*names   = example\.org,\n +example\.com\n\z/ms, 'and writes what was said');
	unlink($ini);
	($status, $out) = run("somebody\nrelay.example\n\nexample.org\n", 'script', '-qec', $command, '/dev/null');
	is($status, 0, 'a service that nobody knows');
	like(read_file($ini), qr/^\[relay somebody\]\ndomains = relay\.example\nmatch   = name/m, 'is asked about');
};

done_testing();
