#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# mxonly export --verify where it is not root's, beside a Postfix that runs, and with more ranges than a target is made for: what it cannot
# verify it says, and it never calls wrong what is right.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Apart;
use File::Copy qw(copy);
use Postfix;
use Test::More;
use Tool;

Apart::begin(qw(ip postfix postmap nft ipset iptables ufw firewalld xmllint sievec setpriv));
# Addresses that stand for this host's outside.
Apart::here(@$_) for [qw(ip link set lo up)], [qw(ip address add 192.0.2.99/32 dev lo)], [qw(ip address add 2001:db8::99/128 dev lo nodad)];

my $filter = "[relay filter]\nranges = 192.0.2.0/24, 2001:db8:25::/48\ndomains = relay.example\n";
my $ini = write_file('mxonly.ini', $filter);

subtest 'an ordinary user' => sub {
	chmod(0755, folder());
	copy("$ENV{MXONLY_BUILD}/mxonly", folder() . '/program') or die "$!";
	chmod(0755, folder() . '/program');
	my (undef, $list) = mxonly('', 'export', '--list');
	for my $target ($list =~ /^(\S+)/mg) {
		my ($status, $out, $err) = run('', qw(setpriv --reuid=65534 --regid=65534 --clear-groups), folder() . '/program', 'export', '-c', $ini, $target, '--verify');
		is($status, 0, "$target: status") or diag($out, $err);
		like($out, qr/\A(?:(?:not )?verified: .*\n)+\z/, "$target: nothing is called wrong");
		like($out, qr/^verified: 2001:db8:99::7, a stranger's, is /m, "$target: it is asked") if $target =~ /^(?:postfix|postscreen|nftables|ipset)$/;
		like($out, qr/^not verified: anything: only root may/m, "$target: it says who may") if $target =~ /^(?:ufw|firewalld)$/;
	}
};

# A machine whose postmap cannot work.
subtest 'a postmap that does not work' => sub {
	my $false = write_file('postmap', "#!/bin/sh\necho 'postmap: fatal: no' >&2\nexit 1\n");
	chmod(0755, $false);
	for my $target (qw(postfix postscreen)) {
		my ($status, $out) = run('', qw(unshare --mount --propagation private sh -ec), 'mount --bind "$1" /usr/sbin/postmap; shift; exec "$@"', 'sh', $false,
			"$ENV{MXONLY_BUILD}/mxonly", 'export', '-c', $ini, $target, '--verify');
		is("$status$out", "0not verified: anything: postmap does not work here: postmap: fatal: no\n", $target);
	}
};

subtest 'port, beside a Postfix that has it' => sub {
	my (undef, $lines) = mxonly('', 'export', '-c', $ini, 'port');
	my $postfix = Postfix->new(main => "inet_interfaces = all\n", services => "$lines\n587 inet n - n - - smtpd\n");
	$postfix->start;
	my $answers = sub { my $socket = $postfix->connect(@_) or return 'refused'; return <$socket> =~ /^220 / ? 'open' : 'closed' };
	is($answers->(@$_[0, 1]), $_->[2], "$_->[0] port $_->[1]") for
		['127.0.0.1', 25, 'open'], ['::1', 25, 'open'], ['192.0.2.99', 25, 'refused'], ['2001:db8::99', 25, 'refused'],
		['192.0.2.99', 2525, 'open'], ['2001:db8::99', 2525, 'open'], ['192.0.2.99', 587, 'open'];
	my ($status, $out, $err) = mxonly('', 'export', '-c', $ini, 'port', '--verify');
	like("$status$out", qr/^0(?:verified: Postfix [^\n]*\n){4}not verified: whether the relay services[^\n]*\n\z/, '--verify meanwhile') or diag($err);
	is($answers->('192.0.2.99', 2525), 'open', 'and it goes on');
	is(join("\n", $postfix->complaints), '', 'Postfix has no complaint');
};

subtest 'thousands of ranges' => sub {
	my @ranges = map { '198.' . (18 + ($_ >> 14)) . '.' . ($_ >> 6 & 255) . '.' . ($_ * 4 & 255), sprintf('2001:db8:%x::/48', 2 * $_) } 0 .. 2499;
	my $many = write_file('thousands.ini', "[relay filter]\ndomains = relay.example\nranges = " . join("\n  ", @ranges) . "\n");
	for my $target (qw(nftables ipset postfix postscreen sieve)) {
		my ($status, $out, $err) = mxonly('', 'export', '-c', $many, $target, '--verify');
		is($status, 0, "$target: status") or diag($err);
		like($out, qr/^verified: .*\Q$_\E, a (?:relay|stranger)'s/m, "$target: $_") for qw(198.18.0.0 2001:db8::1 198.51.100.7 2001:db8:99::7);
		unlike($out, qr/^wrong/m, "$target: nothing is wrong");
	}
};

subtest 'ufw, more ranges than it is made for' => sub {
	my $many = write_file('many.ini', "[relay filter]\ndomains = relay.example\nranges = " . join("\n  ", map { '198.' . (18 + ($_ >> 15)) . '.' . ($_ >> 7 & 255) . '.' . ($_ * 2 & 255) } 0 .. 999) . "\n");
	my ($status, $out, $err) = mxonly('', 'export', '-c', $many, 'ufw', '--verify');
	is("$status$out", "0not verified: anything: ufw would take too long for so many ranges\n", 'is not asked');
	like($err, qr/warning: ufw takes about half a second for each of 1002 ranges: nftables and ipset take all at once/, 'and one is warned');
};

done_testing();
