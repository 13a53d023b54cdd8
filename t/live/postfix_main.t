#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# mxonlyd behind a real Postfix, its smtpd chrooted: what an SMTP client gets to see
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Postfix;
use Test::More;

my $watertight_port = Postfix::free_port();

my $ini = <<'END';
[relay filter]
ranges  = 192.0.2.0/24, 2001:db8:25::/48
domains = relay.example

[relay named]
ranges  = 198.51.100.0/24
domains = named.example
match   = address name

[default]
mode   = enforce
relays = filter

[domain monitor.test]
mode = monitor

[domain info.test]
mode           = monitor
monitor_action = INFO seen from ${client_address}: ${reason}

[domain off.test]
mode = off

[domain own.test]
refuse_action = 550 5.7.26 Use the MX hosts of ${recipient_domain}, $$1 a try

[domain exempt.test]
exempt_networks = 127.0.0.0/8 ::1 203.0.113.0/24 2001:db8:f::/48

[domain noauth.test]
exempt_authenticated = no

[domain named.test]
relays = named

[domain later.test]
mode = off

[domain victim.test]                     ; asked with policy_context alone may refuse
mode = off

[domains customers]
names = customers.invalid
END

my $postfix = Postfix->new(
	main => <<'END',
virtual_mailbox_domains = enforce.test monitor.test info.test own.test exempt.test noauth.test named.test later.test
	victim.test
mydestination = off.test
smtpd_recipient_restrictions = check_policy_service { unix:mxonly/policy, { default_action = DEFER_IF_PERMIT 4.3.5 policy server is away } }
smtpd_restriction_classes = prot
prot = check_policy_service { unix:mxonly/policy, policy_context=customers, { default_action = DEFER_IF_PERMIT 4.3.5 away } }
watertight = check_recipient_access inline:{ { victim.test = prot } }
END
	services => <<"END");
127.0.0.1:$watertight_port inet n - y - 5 smtpd -o smtpd_recipient_restrictions=\$watertight
END
$postfix->mxonlyd($ini)->start;

my %relay4 = (xclient => 'NAME=mx1.relay.example REVERSE_NAME=mx1.relay.example ADDR=192.0.2.7', helo => 'mx1.relay.example');
my %relay6 = (%relay4, xclient => 'NAME=mx1.relay.example REVERSE_NAME=mx1.relay.example ADDR=IPV6:2001:db8:25::7');
my %direct4 = (xclient => 'NAME=[UNAVAILABLE] REVERSE_NAME=dsl.isp.test ADDR=203.0.113.9', helo => 'dsl.isp.test');
my %direct6 = (%direct4, xclient => 'NAME=[UNAVAILABLE] REVERSE_NAME=dsl.isp.test ADDR=IPV6:2001:db8:f::9');

my $refused = qr/^554 5\.7\.1 /;
my $accepted = qr/^250 2\.1\.5 /;
my $deferred = qr/^450 4\.7\.1 /;

# what, client, recipient, reply
my @cases = (
	['relay over IPv4', \%relay4, 'u@enforce.test', $accepted],
	['relay over IPv6', \%relay6, 'u@enforce.test', $accepted],
	['relay, session over IPv6', { %relay4, host => '::1' }, 'u@enforce.test', $accepted],
	['direct over IPv4', \%direct4, 'u@enforce.test',
		qr/^554 5\.7\.1 <u\@enforce\.test>: Recipient address rejected: Direct delivery refused: mail for enforce\.test must come through its MX hosts/],
	['direct over IPv6', \%direct6, 'u@enforce.test', $refused],
	['direct, session over IPv6', { %direct6, host => '::1' }, 'u@enforce.test', $refused],
	['relay address with a foreign HELO', { %relay4, helo => 'dsl.isp.test' }, 'u@enforce.test', $refused],
	['relay address with a HELO that only ends alike', { %relay4, helo => 'evilrelay.example' }, 'u@enforce.test', $refused],
	['relay address with HELO as a literal', { %relay4, helo => '[192.0.2.7]' }, 'u@enforce.test', $refused],
	['relay over IPv6 with a foreign HELO', { %relay6, helo => 'dsl.isp.test' }, 'u@enforce.test', $refused],
	['direct with the HELO of the relay', { %direct4, helo => 'mx1.relay.example' }, 'u@enforce.test', $refused],
	['near miss: the verified name is of the relay',
		{ xclient => 'NAME=mx9.relay.example REVERSE_NAME=mx9.relay.example ADDR=203.0.113.10', helo => 'mx9.relay.example' },
		'u@enforce.test', qr/^450 4\.7\.1 <u\@enforce\.test>: Recipient address rejected: Not a known relay for enforce\.test/],
	['near miss: only the unverified name is',
		{ xclient => 'NAME=[UNAVAILABLE] REVERSE_NAME=mx9.relay.example ADDR=203.0.113.10', helo => 'x.test' }, 'u@enforce.test', $deferred],
	['a relay whose name could not be verified',
		{ xclient => 'NAME=[TEMPUNAVAIL] REVERSE_NAME=a.named.example ADDR=198.51.100.1', helo => 'a.named.example' },
		'u@named.test', $deferred],
	['a relay whose name is another',
		{ xclient => 'NAME=a.other.example REVERSE_NAME=a.other.example ADDR=198.51.100.1', helo => 'a.named.example' },
		'u@named.test', $refused],
	['a relay whose name is verified',
		{ xclient => 'NAME=a.named.example REVERSE_NAME=a.named.example ADDR=198.51.100.1', helo => 'dsl.isp.test' }, 'u@named.test', $accepted],
	['an address that is none', { %direct4, xclient => 'NAME=[UNAVAILABLE] ADDR=[UNAVAILABLE]' }, 'u@enforce.test', $deferred],
	['monitor', \%direct4, 'u@monitor.test', $accepted],
	['monitor with INFO', \%direct4, 'u@info.test', $accepted],
	['off', \%direct4, 'u@off.test', $accepted],
	['own refuse_action', \%direct4, 'u@own.test',
		qr/^550 5\.7\.26 <u\@own\.test>: Recipient address rejected: Use the MX hosts of own\.test, \$1 a try/],
	['exempt network over IPv4', \%direct4, 'u@exempt.test', $accepted],
	['exempt network over IPv6', \%direct6, 'u@exempt.test', $accepted],
	['SASL login', { %direct4, xclient => "$direct4{xclient} LOGIN=joe" }, 'u@enforce.test', $accepted],
	['SASL login that does not exempt', { %direct4, xclient => "$direct4{xclient} LOGIN=joe" }, 'u@noauth.test', $refused],
	['a dressed-up recipient: %', \%direct4, 'u%enforce.test@off.test', $refused],
	['a dressed-up recipient: backslash in quotes', \%direct4, '"u@enforce\\\\.test"@off.test', $refused],
	['a dressed-up recipient: route in quotes', \%direct4, '"@off.test:enforce.test!u"@off.test', $refused],
	['a dressed-up recipient by the relay', \%relay4, 'u%enforce.test@off.test', $accepted],
	['watertight: the resolved address chooses the policy', { %direct4, port => $watertight_port }, 'u@victim.test', $refused],
	['watertight: dressed up', { %direct4, port => $watertight_port }, '"u@victim\\\\.test"@off.test', $refused],
	['watertight: dressed up with bangs', { %direct4, port => $watertight_port }, 'victim.test!u@off.test', $refused],
	['watertight: through the relay', { %relay4, port => $watertight_port }, 'u@victim.test', $accepted],
	['watertight: a domain that nobody protects', { %direct4, port => $watertight_port }, 'u@off.test', $accepted],
	['without policy_context its section counts', \%direct4, 'u@victim.test', $accepted],
);

for my $case (@cases) {
	my ($what, $client, $recipient, $want) = @$case;
	my $session = $postfix->session(%$client);
	my ($reply) = $postfix->mail($session, 'sender@sender.test', $recipient);
	like($reply, $want, $what);
}

# Several recipients in one mail: each is decided for itself, and the others get their mail.
{
	my $session = $postfix->session(%direct4);
	my @replies = $postfix->mail($session, 'mixed@sender.test',
		map { "mixed\@$_" } 'enforce.test', 'monitor.test', 'off.test', 'own.test', 'exempt.test');
	is(join(' ', map { substr $_, 0, 3 } @replies), '554 250 250 550 250', 'mixed recipients: each its own reply');
	my @got;
	Postfix::wait_for('the mixed mail is delivered', sub {
		@got = sort map { $_->[1] } grep { $_->[1] =~ /^mixed/ } $postfix->deliveries;
		return @got >= 3;
	});
	is("@got", 'mixed@exempt.test mixed@monitor.test mixed@off.test', 'mixed recipients: delivered to those that were accepted');
}

ok(scalar($postfix->policyd_log =~ /outcome=refuse reason=unknown-address mode=monitor policy="domain monitor\.test" domain=monitor\.test client_address=203\.0\.113\.9 client_name=unknown helo_name=dsl\.isp\.test sender=sender\@sender\.test recipient=u\@monitor\.test/),
	'monitor: the decision is logged as if enforced');
Postfix::wait_for('INFO in the log of Postfix', sub { $postfix->log =~ /u\@info\.test/ });
ok(scalar($postfix->log =~ /info: RCPT from \S+: seen from 203\.0\.113\.9: unknown-address; .*to=<u\@info\.test>/), 'monitor_action INFO is in the log of Postfix');

# A reload between two recipients of one session: the connection of smtpd stays, the next answer is the new one's.
{
	my $session = $postfix->session(%direct4);
	is(substr(($postfix->mail($session, 's@sender.test', 'u@later.test'))[0], 0, 3), '250', 'before a reload');
	my $text = Postfix::slurp($postfix->{ini});
	$text =~ s/(\[domain later\.test\]\nmode = )off/${1}enforce/ or die;
	Postfix::spew($postfix->{ini}, $text);
	kill HUP => $postfix->{policyd_pid};
	Postfix::wait_for('the reloaded configuration decides', sub {
		return ($postfix->mail($session, 's@sender.test', 'u@later.test'))[0] =~ /^554/;
	});
	pass('after a reload, in the same session');
	Postfix::spew($postfix->{ini}, "[nonsense]\n");
	kill HUP => $postfix->{policyd_pid};
	Postfix::wait_for('the fault is logged', sub { $postfix->policyd_log =~ /mxonly\.ini:1:/ });
	like(($postfix->mail($session, 's@sender.test', 'u@later.test'))[0], qr/^554/, 'a faulty configuration changes nothing');
}

is(join("\n", $postfix->complaints), '', 'the log of Postfix holds no warning, error, fatal or panic');

is($postfix->mxonlyd_stop, 0, 'mxonlyd ends with 0 on SIGTERM');
ok(scalar($postfix->policyd_log !~ /Sanitizer|runtime error/), 'mxonlyd said nothing of a sanitizer');
{
	my $session = $postfix->session(%relay4);
	like(($postfix->mail($session, 's@sender.test', 'u@enforce.test'))[0], qr/^450 4\.3\.5 /, 'without a policy server mail waits: default_action');
}

done_testing();
