#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# What mxonly exports for Exim and cPanel, asked in a real Exim (exim -bh): relay, loopback, logged in, foreign, other domains,
# modes, other ports; what happens when a file is missing; --verify.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Exim;
use Test::More;
use Tool;

Exim::fetch();

my $ini = write_file('mxonly.ini', <<'INI');
[relay filter]
ranges  = 192.0.2.0/24, 2001:db8:25::/48
domains = relay.example

[relay other]
ranges = 198.18.0.10-198.18.0.20, 2001:db8:77::/64

[default]
relays = filter
exempt_recipients = postmaster, abuse@protected.example

[domain monitored.example]
mode = monitor

[domain .parent.example]
mode = off

[domain deep.parent.example]
relays = other

[domain .deep.parent.example]
relays = filter

[domain noauth.example]
exempt_authenticated = no

[domain exempt.example]
exempt_networks = 127.0.0.0/8 ::1 203.0.113.64/26

[domain later.example]
refuse_action = 451 4.7.1 Not now for $$ ${recipient_domain}

[domain deferred.example]
refuse_action = DEFER Come through the MX hosts

[domain silent.example]
refuse_action = DISCARD test

[domains customers]
names  = customer.example .customer.example
relays = other
INI

# The exported files, where they lie in the test: their paths in acl changed, as its README says.
sub exported {
	my ($target, $folder) = @_;
	my $to = folder() . "/$target";
	my ($status, $out, $err) = mxonly('', 'export', '-c', $ini, $target, '-o', $to, '--trusted', '10.9.0.0/16');
	is($status, 0, "$target: written") or diag($err);
	write_file("$to/acl", read_file("$to/acl") =~ s{\Q$folder\E}{$to/}gr);
	return $to;
}

my $refused  = qr/^550 5\.7\.1 Direct delivery refused: mail for this domain must come through its MX hosts/;
my $accepted = qr/^250 Accepted/;
my ($relay4, $relay6, $other4, $other6, $foreign4, $foreign6) = qw(192.0.2.10 2001:db8:25::10 198.18.0.10 2001:db8:77::1 198.51.100.7 2001:db8:99::7);

# NAME, client, recipient, reply; port 25 and not logged in unless it is said.
my @cases = (
	(map { ["first and last address, and those beside them: $_->[0]", $_->[0], 'u@protected.example', $_->[1]] }
			['192.0.2.0', $accepted], ['192.0.2.255', $accepted], ['192.0.1.255', $refused], ['192.0.3.0', $refused],
		['2001:db8:25::', $accepted], ['2001:db8:25:ffff:ffff:ffff:ffff:ffff', $accepted], ['2001:db8:24:ffff:ffff:ffff:ffff:ffff', $refused], ['2001:db8:26::', $refused]),
	['loopback',          '127.0.0.1',  'u@protected.example', $accepted],
	['loopback, IPv6',    '::1',        'u@protected.example', $accepted],
	['trusted',           '10.9.3.1',   'u@protected.example', $accepted],
	['foreign',           $foreign4,    'u@protected.example', $refused],
	['foreign, IPv6',     $foreign6,    'u@protected.example', $refused],
	['capital letters',   $foreign4,    'u@PROTECTED.Example', $refused],
	['logged in',         $foreign4,    'u@protected.example', $accepted, login => 1],
	['logged in, which does not exempt', $foreign4, 'u@noauth.example', $refused, login => 1],
	['port 587',          $foreign4,    'u@protected.example', $accepted, port => 587],
	['port 465, IPv6',    $foreign6,    'u@protected.example', $accepted, port => 465],
	['postmaster',        $foreign4,    'postmaster@protected.example', $accepted],
	['Postmaster with an extension', $foreign4, 'Postmaster+x@protected.example', $accepted],
	['not quite postmaster', $foreign4, 'postmasterx@protected.example', $refused],
	['an exempt address', $foreign4,    'abuse@protected.example', $accepted],
	['the same elsewhere', $foreign4,   'abuse@another.example', $refused],
	['postmaster where [default] exempts him too', $foreign4, 'postmaster@customer.example', $accepted],
	['monitored',         $foreign4,    'u@monitored.example', $accepted],
	['below a monitored one', $foreign4, 'u@x.monitored.example', $refused],
	['off',               $foreign4,    'u@x.parent.example', $accepted],
	['the parent of those that are off', $foreign4, 'u@parent.example', $refused],
	['an exception below', $foreign4,   'u@deep.parent.example', $refused],
	['its relay',         $other4,      'u@deep.parent.example', $accepted],
	['not its relay',     $relay4,      'u@deep.parent.example', $refused],
	['below the exception', $relay4,    'u@x.deep.parent.example', $accepted],
	['not for what is below', $other4,  'u@x.deep.parent.example', $refused],
	['other relays',      $other4,      'u@customer.example', $accepted],
	['other relays, last address', '198.18.0.20', 'u@customer.example', $accepted],
	['other relays, behind it', '198.18.0.21', 'u@customer.example', $refused],
	['other relays, IPv6', $other6,     'u@x.customer.example', $accepted],
	['not through the other relay', $relay6, 'u@x.customer.example', $refused],
	['an exempt network', '203.0.113.70', 'u@exempt.example', $accepted],
	['not for others',    '203.0.113.70', 'u@protected.example', $refused],
	['451',               $foreign4,    'u@later.example', qr/^451 4\.7\.1 Not now for \$ this domain/],
	['DEFER',             $foreign4,    'u@deferred.example', qr/^451 Come through the MX hosts/],
	['DISCARD',           $foreign4,    'u@silent.example', qr/^250/],
);

for (['exim', '/etc/exim4/mxonly/', ''], ['cpanel', '/etc/mxonly/', "hostlist loopback = <; 127.0.0.0/8 ; ::1\nhostlist relay_hosts = 203.0.113.2"]) {
	my ($target, $folder, $main) = @$_;
	my $to = exported($target, $folder);
	my $configuration = Exim::configuration("$target.conf", $main, ".include $to/acl");
	is((Exim::exim('', '-C', $configuration, '-bV'))[0], 0, "$target: exim -bV");
	my %sessions;
	push(@{ $sessions{join(' ', $_->[1], $_->[5] // '', $_->[4] // '')} }, $_) for @cases;
	for my $session (map { $sessions{$_} } sort keys %sessions) {
		my (undef, $client, undef, undef, %o) = @{ $session->[0] };
		my ($replies) = Exim::replies($configuration, $client, $o{port} // 25, $o{login}, map { $_->[2] } @$session);
		like($replies->[$_] // '', $session->[$_][3], "$target: $session->[$_][0]") for 0 .. $#$session;
	}
	my ($replies) = Exim::replies($configuration, '203.0.113.2', 25, 0, 'u@protected.example');
	like($replies->[0], $target eq 'cpanel' ? $accepted : $refused, "$target: relay_hosts are cPanel's");
	($replies) = Exim::replies($configuration, $foreign4, 25, 0, 'u@x.parent.example', 'u@protected.example', 'u@monitored.example', 'u@x.parent.example');
	is_deeply([map { /^(\d+)/ } @$replies], [250, 550, 250, 250], "$target: each recipient of a message for itself");
	my (undef, $log) = Exim::replies($configuration, $foreign4, 25, 0, 'u@monitored.example');
	like($log, qr/LOG: .*mxonly: direct delivery would be refused: 198\.51\.100\.7 to u\@monitored\.example/, "$target: monitor is logged");
	rename("$to/hosts-1", "$to/hosts-1.away") or die;
	($replies) = Exim::replies($configuration, $foreign4, 25, 0, 'u@protected.example');
	unlike($replies->[0] // 'closed', qr/^[25]/, "$target: without its list of hosts nobody is let in, and nothing bounces");
	rename("$to/domains", "$to/domains.away") or die;
	($replies) = Exim::replies($configuration, $foreign4, 25, 0, 'u@protected.example');
	unlike($replies->[0] // 'closed', qr/^[25]/, "$target: nor without its list of domains");
}

for my $target (qw(exim cpanel exim-filter)) {
	my ($status, $out, $err) = Exim::beside("$ENV{MXONLY_BUILD}/mxonly", 'export', '-c', $ini, $target, '--verify');
	is($status, 0, "$target --verify: status") or diag($err);
	unlike($out, qr/^wrong/m, "$target --verify: nothing is wrong");
	for my $address (qw(192.0.2.1 2001:db8:25::1 198.51.100.7 2001:db8:99::7)) {
		like($out, qr/^verified: .*\Q$address\E/m, "$target --verify: asked about $address");
	}
}

done_testing();
