#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# Mail through a real Postfix, with mxonlyd monitoring: what mxonly audit says of the delivered messages afterwards is what the
# server said at the time, whatever the client called itself and wrote into its headers.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP;
use Postfix;
use Test::More;

my $ini = <<'END';
[relay filter]
ranges  = 192.0.2.0/24, 2001:db8:25::/48
domains = relay.example

[relay named]
ranges  = 198.51.100.0/24
domains = named.example
match   = address name

[default]
mode   = monitor
relays = filter

[domain off.test]
mode = off

[domain named.test]
relays = named

[audit]
own = host.test
END

my $postfix = Postfix->new(
	main => <<'END',
virtual_mailbox_domains = enforce.test off.test named.test
virtual_transport = virtual
virtual_mailbox_base = /
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_minimum_uid = 1
smtpd_recipient_restrictions = check_policy_service { unix:mxonly/policy, { default_action = DEFER_IF_PERMIT 4.3.5 away } }
END
	services => "virtual unix - n n - 1 virtual\n");
my $box = "$postfix->{dir}/mail";
mkdir($box);
chown(65534, 65534, $box);
open(my $main, '>>', "$postfix->{dir}/etc/main.cf") or die;
print $main "virtual_mailbox_maps = static:$box/box/\n";
close($main);
$postfix->mxonlyd($ini, policyd => 'log_decisions = all')->start;

my $relay4 = 'NAME=mx1.relay.example REVERSE_NAME=mx1.relay.example ADDR=192.0.2.7';
my $relay6 = 'NAME=mx1.relay.example REVERSE_NAME=mx1.relay.example ADDR=IPV6:2001:db8:25::7';
my $direct4 = 'NAME=[UNAVAILABLE] REVERSE_NAME=dsl.isp.test ADDR=203.0.113.9';
my $direct6 = 'NAME=[UNAVAILABLE] REVERSE_NAME=dsl.isp.test ADDR=IPV6:2001:db8:f::9';
my $forged = "Received: from mx1.relay.example (mx1.relay.example [192.0.2.7])\r\n\tby host.test (Postfix) with ESMTPSA id 4FyZ1h2;\r\n" .
	"\tSat, 21 Nov 2026 23:57:15 +0100\r\nDelivered-To: postmaster\@off.test\r\n";

# what, client, HELO, recipient (%d: its number), header, verdict, reason
my @cases = (
	['relay over IPv4', $relay4, 'mx1.relay.example', 'u%d@enforce.test', '', 'relayed', 'relay'],
	['relay over IPv6', $relay6, 'mx1.relay.example', 'u%d@enforce.test', '', 'relayed', 'relay'],
	['direct over IPv4', $direct4, 'dsl.isp.test', 'u%d@enforce.test', '', 'direct', 'unknown-address'],
	['direct over IPv6', $direct6, 'dsl.isp.test', 'u%d@enforce.test', '', 'direct', 'unknown-address'],
	['direct, with forged lines', $direct4, 'dsl.isp.test', 'u%d@enforce.test', $forged, 'direct', 'unknown-address'],
	['direct, with a body at once', $direct4, 'dsl.isp.test', 'u%d@enforce.test',
		" by host.test with ESMTPSA\r\n", 'direct', 'unknown-address'],
	['the HELO of the relay', $direct4, 'mx1.relay.example', 'u%d@enforce.test', $forged, 'direct', 'unknown-address'],
	['the address of the relay as HELO', $direct4, '[192.0.2.7]', 'u%d@enforce.test', $forged, 'direct', 'unknown-address'],
	['a HELO of Received syntax', $direct4, '([192.0.2.7])by;"host.test', 'u%d@enforce.test', $forged, 'direct', 'unknown-address'],
	['a HELO that is `by`', $direct4, 'by', 'u%d@enforce.test', $forged, 'direct', 'unknown-address'],
	['the relay with a foreign HELO', $relay4, 'dsl.isp.test', 'u%d@enforce.test', '', 'direct', 'helo-mismatch'],
	['the relay with its address as HELO', $relay6, '[IPv6:2001:db8:25::7]', 'u%d@enforce.test', '', 'direct', 'helo-mismatch'],
	['near miss', 'NAME=mx9.relay.example REVERSE_NAME=mx9.relay.example ADDR=203.0.113.10', 'mx9.relay.example',
		'u%d@enforce.test', '', 'direct', 'near-miss'],
	['a domain that is off', $direct4, 'dsl.isp.test', 'u%d@off.test', $forged, 'exempt', 'mode-off'],
	['a recipient of Received syntax', $direct4, 'dsl.isp.test', '"%d> with ESMTPSA; for <postmaster"@enforce.test', '', 'direct', 'unknown-address'],
	['a verified name', 'NAME=a.named.example REVERSE_NAME=a.named.example ADDR=198.51.100.1', 'x.test', 'u%d@named.test', '', 'relayed', 'relay'],
	['no verified name', 'NAME=[TEMPUNAVAIL] REVERSE_NAME=a.named.example ADDR=198.51.100.1', 'x.test', 'u%d@named.test', '', 'direct', 'name-unverified'],
	['another name', 'NAME=a.other.example REVERSE_NAME=a.other.example ADDR=198.51.100.1', 'x.test', 'u%d@named.test', '', 'direct', 'name-mismatch'],
);

my $n = 0;
for my $case (@cases) {
	my ($what, $client, $helo, $recipient, $header) = @$case;
	my $session = $postfix->session(xclient => $client, helo => $helo);
	$session->say('MAIL FROM:<"a) by host.test with ESMTPSA (b"@sender.test>');
	$session->expect(250);
	push(@$case, sprintf($recipient, ++$n));
	$session->say("RCPT TO:<$case->[-1]>");
	$session->expect(250);
	$session->say('DATA');
	$session->expect(354);
	$session->say("${header}Subject: $n\r\n\r\nA test.\r\n.");
	$session->expect(250);
}
Postfix::wait_for('all are delivered', sub { my @files = glob("$box/box/new/*"); @files == @cases });

$postfix->mxonlyd_stop;    # its log is whole

# What the server said at the time, by the recipient.
my %said;
for my $line (split(/\n/, $postfix->policyd_log)) {
	my ($outcome, $reason) = $line =~ /outcome=(\S+) reason=(\S+)/ or next;
	my ($recipient) = $line =~ /recipient=("(?:[^"\\]|\\.)*"|\S+)/ or next;
	$recipient =~ s/\\(.)/$1/g if $recipient =~ s/^"(.*)"$/$1/;
	$said{$recipient} = "$outcome $reason";
}
my %found;
my $program = Postfix::program('mxonly');
open(my $from, '-|', $program, 'audit', '-c', $postfix->{ini}, '--json', "$box/box") or die;
while (my $line = <$from>) {
	my $object = decode_json($line);
	$found{ $object->{recipient} } = $object;
}
close($from);
is($? >> 8, 1, 'some are direct');
$? = 0;
is(scalar(keys %found), scalar(@cases), 'every message was found');
for my $case (@cases) {
	my ($what, undef, $helo, undef, $header, $verdict, $reason, $recipient) = @$case;
	my ($unquoted) = $recipient =~ s/"//gr;
	my $found = $found{$recipient} // $found{$unquoted} // {};
	my ($outcome, $then) = split(/ /, $said{$unquoted} // $said{$recipient} // 'nothing nothing');
	is("$found->{verdict} $found->{reason}", "$verdict $reason", $what);
	is($then, $reason, "$what: as the server said");
	is($found->{forged} ? 1 : 0, $verdict eq 'direct' && $header =~ /relay\.example/ ? 1 : 0, "$what: its mark");
	is($found->{received}, 1, "$what: the topmost line decides");
}
is_deeply([$postfix->complaints], [], 'nothing amiss in the log');
done_testing();
