#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# mxonly export thunderbird, in the real Thunderbird: its filters are loaded as they were meant, and what they mark, in a folder and among
# new mail, is what the export's README says. All of it in a network that has loopback and nothing else.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Apart;
use Test::More;
use Thunderbird;
use Tool;

Apart::begin(qw(thunderbird dovecot));
-x "/usr/lib/dovecot/$_" or die "Dovecot's $_ is missing: apt-get install dovecot-${_}d (t/run does)\n" for qw(imap pop3);
Apart::here(qw(ip link set lo up));
# Some kernels put tunnels into every network, which are down.
is(join(' ', (run('', qw(ip -o link show up)))[1] =~ /^\d+: ([^:@]+)/mg), 'lo', 'nothing can leave: there is no other network');

my $plain = "[relay filter]\nranges = 192.0.2.0/24\ndomains = relay.example\n";
my @many = map { "relay$_.example" } 1 .. 100;
my %ini = (
	plain => $plain,
	# relays of a domain that is not protected here, names that are not ASCII, and a trusted host, whose range cannot be told
	policies => "$plain\[relay other]\nranges = 198.18.0.10\ndomains = other.example b\xc3\xbccher.example\n[relay unused]\nranges = 198.18.0.99\ndomains = unused.example\n"
		. "[default]\nrelays = filter\n[domain customer.example]\nrelays = other\n[domain off.example]\nmode = off\nrelays = unused\n",
	many => "[relay filter]\nranges = 192.0.2.0/24\ndomains = @many\n",
);
my %names = (plain => ['relay.example'], policies => ['relay.example', 'other.example', 'xn--bcher-kva.example'], many => \@many);

sub exported {
	my ($name, @arguments) = @_;
	my $to = folder() . "/export-$name";
	my ($status, $out, $err) = mxonly('', 'export', '-c', write_file("$name.ini", $ini{$name}), 'thunderbird', '-o', $to, @arguments);
	is($status, 0, "$name: written") or diag($err);
	return read_file("$to/msgFilterRules.dat");
}

# Subject, what must become of it, its Received lines, the topmost first.
my $by = "\tby own.test (Postfix) with ESMTP id 4Cx1\n\tfor <u\@example.org>; Sun, 22 Nov 2026 05:00:00 +0000";
my $direct = "from evil.test (unknown [198.51.100.7])\n$by";
my $relayed = "from mx1.relay.example (mx1.relay.example [192.0.2.10])\n$by";
my $lmtp = "from own.test\n\tby own.test with LMTP\n\tid abc";
my $marked = 'label1 junk';
my @messages = (
	['relayed',                             '',      $relayed],
	['relayed over IPv6',                   '',      "from mx6.relay.example (mx6.relay.example [IPv6:2001:db8:25::10])\n$by"],
	['relayed, in capitals',                '',      $relayed =~ s/relay\.example/Relay.EXAMPLE/gr],
	['the relay itself',                    '',      "from relay.example (unknown [192.0.2.10])\n$by"],
	['the relay itself, its verified name', '',      "from x.test (relay.example [192.0.2.10])\n$by"],
	['relayed, a folded line',              '',      "from x.test\n\t(mx1.relay.example [192.0.2.10])\n$by"],
	['relayed, the name behind a fold',     '',      "from\n\trelay.example ([192.0.2.10])\n$by"],
	['relayed, LMTP',                       '',      $lmtp, $relayed],
	['direct',                              $marked, $direct],
	['direct over IPv6',                    $marked, "from evil.test (unknown [IPv6:2001:db8:99::7])\n$by"],
	['direct, LMTP',                        $marked, $lmtp, $direct],
	['direct, a name that ends alike',      $marked, "from evilrelay.example (evilrelay.example [198.51.100.7])\n$by"],
	# What the README calls taken for direct.
	['of a colleague',                      $marked, "from [10.1.1.1] (unknown [198.51.100.7])\n\t(Authenticated sender: joe)\n$by"],
	['without any line',                    $marked],
	# What the README calls forgeable.
	['direct, a forged line below',         '',      $direct, $relayed],
	['direct, the relay named in HELO',     '',      "from mx1.relay.example (unknown [198.51.100.7])\n$by"],
	['direct, a name that begins alike',    '',      "from relay.example.evil.test (unknown [198.51.100.7])\n$by"],
	['the last',                            $marked, $direct],
);

sub message {
	my ($subject, undef, @received) = @_;
	return join('', map { "Received: $_\n" } @received)
		. "From: a\@sender.test\nTo: u\@example.org\nSubject: $subject\nDate: Sun, 22 Nov 2026 05:00:00 +0000\nX-Received: from mx1.relay.example\n\nReceived: from mx1.relay.example (mx1.relay.example)\n";
}

my %rules = map { $_ => exported($_, $_ eq 'policies' ? ('--trusted', '203.0.113.2') : ()) } sort keys %ini;
my $own = "version=\"9\"\nlogging=\"no\"\nname=\"own\"\nenabled=\"yes\"\ntype=\"17\"\naction=\"Mark read\"\ncondition=\"AND (subject,contains,newsletter)\"\n";
my @mail = map { message(@$_) } @messages;
my $thunderbird = Thunderbird->new(
	(map { $_ => { filters => $rules{$_}, mail => \@mail } } keys %rules),
	behind => { filters => $own . $rules{plain} =~ s/\A.*?(?=^name=)//msr },
	faulty => { filters => $rules{plain} =~ s/doesn't contain/does not contain/r },
	(map { $_ => { type => $_, filters => $rules{plain}, mail => \@mail } } qw(imap pop3)),
);

subtest 'loaded' => sub {
	for my $name (sort keys %names) {
		my $filters = $thunderbird->filters($name);
		is(scalar(@$filters), 1, "$name: one filter");
		my %filter = %{ $filters->[0] };
		is($filter{name}, 'mxonly: direct delivery', "$name: its name");
		like($filter{description}, qr/^mxonly export thunderbird, digest [0-9a-f]{16}, \d{4}-/, "$name: its source");
		ok($filter{enabled} && !$filter{unparseable}, "$name: enabled");
		is($filter{type}, 17, "$name: for new mail, and on demand");
		is(join(', ', @{ $filter{actions} }), 'tag $label1, junk 100', "$name: its actions");
		is_deeply($filter{terms}, [map { my $name = $_; map { ['and', 'received', "doesn't contain", "$_$name"] } '.', ' ', '(' } @{ $names{$name} }], "$name: its terms");
	}
	is(join(', ', map { "$_->{name} " . ($_->{enabled} ? 'enabled' : 'not') } @{ $thunderbird->filters('behind') }), 'own enabled, mxonly: direct delivery enabled', 'behind a filter that was there');
	my ($faulty) = @{ $thunderbird->filters('faulty') };
	ok(!$faulty->{enabled} && $faulty->{unparseable} && !@{ $faulty->{terms} }, 'a fault would be seen');
};

my %want = map { $_->[0] => $_->[1] } @messages;
is_deeply($thunderbird->run_filters('plain'), \%want, 'run on a folder: marks what no relay is named in');
is_deeply($thunderbird->fetch($_, $messages[-1][0]), \%want, "new mail, by $_: the same") for qw(imap pop3);
is_deeply($thunderbird->run_filters('many'), { map { $_ => $marked } keys %want }, 'relays of other names: all is marked');

done_testing();
