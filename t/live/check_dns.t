#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# mxonly check --dns: what the MX records of protected domains say, asked of a real name server (NSD) on loopback.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Clock qw(time);
use IO::Socket::INET;
use Mxonly qw(free_port);
use POSIX ();
use Test::More;
use Tool;

die "no nsd here: apt-get install nsd\n" if !-x '/usr/sbin/nsd';

my $top = folder();
chmod(0755, $top);
my $port = free_port();
my @many = map { sprintf('d%03d.many.example', $_) } 1 .. 300;

write_file('root.zone', <<'END' . join('', map { "$_. MX 10 mx.relay.example.\n" } @many[0 .. 298]));
$TTL 60
.                     SOA   ns. hostmaster. 1 3600 600 86400 60
.                     NS    ns.
ns.                   A     127.0.0.1
all.example.          MX    10 mx1.relay.example.
all.example.          MX    20 mx2.relay.example.
all.example.          MX    20 relay.example.
other.example.        MX    10 MX3.Other-Relay.example.
elsewhere.example.    MX    10 mail.elsewhere.example.
mail.elsewhere.example. A   203.0.113.5
mixed.example.        MX    10 mx1.relay.example.
mixed.example.        MX    30 backup.example.
mixed.example.        MX    20 evilrelay.example.
null.example.         MX    0 .
address.example.      A     203.0.113.6
address6.example.     AAAA  2001:db8::6
nothing.example.      TXT   "v=spf1 -all"
alias.example.        CNAME all.example.
mxalias.example.      MX    10 mail.mxalias.example.
mail.mxalias.example. CNAME mx1.relay.example.
mx1.relay.example.    A     192.0.2.7
trick.example.        MX    10 mx\.relay.example.
bare.example.         MX    10 mx.bare.example.
good.test.            MX    10 mx1.relay.example.
good.home.arpa.       MX    10 mx1.relay.example.
bad.test.             MX    10 mx.bad.test.
bad.invalid.          MX    10 mx.bad.invalid.
bad.onion.            MX    10 mx.bad.onion.
bad.localhost.        MX    10 mx.bad.localhost.
bad.home.arpa.        MX    10 mx.bad.home.arpa.
bad.10.in-addr.arpa.  MX    10 mx.bad.10.in-addr.arpa.
bad.168.192.in-addr.arpa. MX 10 mx.bad.168.192.in-addr.arpa.
bad.8.b.d.0.1.0.0.2.ip6.arpa. MX 10 mx.bad.8.b.d.0.1.0.0.2.ip6.arpa.
END

my $nsd = fork() // die "fork: $!";
if ($nsd == 0) {
	write_file('nsd.conf', <<"END");
server:
  ip-address: 127.0.0.1\@$port
  username: ""
  zonesdir: "$top"
  database: ""
  zonelistfile: "$top/zone.list"
  xfrdfile: "$top/xfrd.state"
  xfrdir: "$top"
  pidfile: "$top/nsd.pid"
  logfile: "$top/nsd.log"
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: "."
  zonefile: "root.zone"
END
	open(STDOUT, '>', "$top/nsd.out") or die;
	open(STDERR, '>&', \*STDOUT) or die;
	exec('/usr/sbin/nsd', '-d', '-c', "$top/nsd.conf") or POSIX::_exit(127);
}
END { my $status = $?; kill('TERM', $nsd) && waitpid($nsd, 0) if $nsd; $? = $status }
my $there = Mxonly::wait_until(sub { IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port") || waitpid($nsd, POSIX::WNOHANG()) });
ok(ref($there), 'the name server is there') or BAIL_OUT(read_file("$top/nsd.out"));

my $head = <<'END';
[relay filter]
ranges  = 192.0.2.0/24
domains = relay.example

[relay other]
ranges  = 198.51.100.0/24
domains = other-relay.example

[default]
relays  = filter

[domain off.example]
mode    = off
relays  = other
END
my $line = 1 + ($head =~ tr/\n//);    # of the first section behind it

# check(SECTIONS, [SERVER]): status, output, findings, seconds.
sub check {
	my ($sections, $server) = @_;
	my $ini   = write_file('mxonly.ini', $head . $sections);
	my $begin = time();
	my @result = mxonly('', 'check', '-c', $ini, '--dns', '--name-server', $server // "127.0.0.1\@$port");
	$result[2] =~ s/^\Q$ini\E//mg;
	return (@result, time() - $begin);
}

# What the records are, and the finding: of an enforced domain, then of a monitored one; '': none.
my @rows = (
	['all.example',       ''],
	['alias.example',     ''],
	['elsewhere.example', 'lost', qr/MX 10 mail\.elsewhere\.example is not at or below relay\.example \(\[relay filter\]\)/],
	['mixed.example',     'lost', qr/MX 20 evilrelay\.example is not at or below .*\n.*MX 30 backup\.example is not at or below/, 2],
	['trick.example',     'lost', qr/MX 10 mx\?relay\.example is not at or below/],
	['other.example',     'lost', qr/MX 10 mx3\.other-relay\.example is not at or below relay\.example/],
	['address.example',   'lost', qr/no MX record, so mail goes to its own address, 203\.0\.113\.6/],
	['address6.example',  'lost', qr/no MX record, so mail goes to its own address, 2001:db8::6/],
	['null.example',      'warning', qr/takes no mail at all \(null MX, RFC 7505\)/],
	['nothing.example',   'warning', qr/neither an MX record nor an address/],
	['none.example',      'warning', qr/there is no such domain in the DNS/],
	['mxalias.example',   'warning', qr/MX 10 mail\.mxalias\.example is an alias \(CNAME\) of mx1\.relay\.example, which RFC 2181 forbids/],
	['bare.example',      'lost', qr/MX 10 mx\.bare\.example is not at or below/],
	['good.test',      ''],
	['good.home.arpa', ''],
	# Names for private use, which a resolver answers itself unless it is told not to (RFC 6303, 6761).
	(map { ["bad.$_", 'lost', qr/MX 10 mx\.bad\.\Q$_\E is not at or below/] }
		qw(test invalid onion localhost home.arpa 10.in-addr.arpa 168.192.in-addr.arpa 8.b.d.0.1.0.0.2.ip6.arpa)),
);
for (@rows) {
	my ($domain, $kind, $says, $lines) = @$_;
	for my $mode (qw(enforce monitor)) {
		my ($status, $out, $err) = check("[domain $domain]\nmode = $mode\n");
		is(scalar(() = $err =~ /\n/g), $kind ? $lines // 1 : 0, "$domain, $mode: as many findings") or diag($err);
		is($status, $kind eq 'lost' && $mode eq 'enforce' ? 2 : 0, "$domain, $mode: the status");
		next unless $kind;
		like($err, $says, "$domain, $mode: what is wrong");
		like($err, $kind eq 'lost' && $mode eq 'enforce' ? qr/^:$line: \Q$domain\E: / : qr/^:$line: warning: \Q$domain\E: /, "$domain, $mode: where, and how bad");
		like($err, qr/; write: \S/, "$domain, $mode: what to write");
		like($err, $mode eq 'enforce' ? qr/what is sent there is refused here/ : qr/if enforced, what is sent there would be refused/, "$domain, $mode: what comes of it") if $kind eq 'lost';
	}
}

subtest 'which relays, which domains' => sub {
	my ($status, $out, $err) = check("[domain other.example]\nrelays = filter other\n[domain elsewhere.example]\nmode = off\n[domain .elsewhere.example]\n");
	is("$status$err", '0', 'any relay of the policy; domains that are off and parents are not looked up');
	($status, $out, $err) = check("[domain all.example]\nrelays = plain\n[relay plain]\nranges = 203.0.113.0/24\n");
	is($status, 0, 'a relay without domains');
	like($err, qr/:$line: warning: all\.example: none of its relays has `domains`/, 'cannot be told, which is said');
	for (['elsewhere.example', qr/MX 10 mail\.elsewhere\.example is not at or below/], ['address.example', qr/its own address, 203\.0\.113\.6/]) {
		my ($domain, $says) = @$_;
		($status, $out, $err) = check("[domain $domain]\nrelays = filter plain\n[relay plain]\nranges = 203.0.113.0/24\n");
		is($status, 0, "$domain: one of two relays without domains may be the one");
		like($err, qr/\A:$line: warning: $domain: .*$says.*\[relay plain\] has no `domains`: whether it is that relay's cannot be told; write: domains = .*\n\z/, 'which is said, once');
	}
	($status, $out, $err) = check("[domain all.example]\nrelays = filter plain\n[relay plain]\nranges = 203.0.113.0/24\n");
	is("$status$err", '0', 'all at the relay that has them: nothing to say');
	($status, $out, $err) = check('');
	is($status, 0, 'no domain at all');
	like($err, qr/warning: --dns: .* names no protected domain/, 'is said');
};

subtest 'many domains' => sub {
	my ($status, $out, $err, $seconds) = check("[domains all]\nnames = " . join("\n ", reverse @many) . "\n");
	is($status, 0, 'exit 0');
	like($err, qr/\A:$line: warning: d300\.many\.example: there is no such domain .*\n\z/, 'one finding');
	my @names = map { "z$_.missing.example" } 100 .. 199;
	($status, $out, $err) = check("[domains all]\nnames = " . join(' ', reverse @names) . "\n");
	is_deeply([$err =~ /warning: (\S+): there/g], \@names, 'in the order of their names, however they are answered');
};

subtest 'nobody answers' => sub {
	my $silent = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '127.0.0.1') or die;
	my ($status, $out, $err, $seconds) = check("[domain all.example]\n[domain mixed.example]\n", '127.0.0.1@' . $silent->sockport);
	is($status, 0, 'exit 0: nothing is known');
	like($err, qr/\Awarning: --dns: no name server answers: nothing was looked up.*\n\z/, 'said once');
	cmp_ok($seconds, '<', 60, 'in bounded time');
	($status, $out, $err) = check("[domain all.example]\n", 'nowhere');
	is($status, 2, 'a server that is no address: exit 2');
	like($err, qr/--dns: nowhere is no ADDRESS or ADDRESS\@PORT/, 'said');
	is((mxonly('', 'check', '-c', "$top/mxonly.ini", '--name-server', '127.0.0.1'))[0], 2, '--name-server without --dns: exit 2');
};

done_testing();
