#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# What mxonly exports for Postfix, in a real one: classes and tables without a daemon, the same tables with mxonlyd asked by
# policy_context, postscreen; clients played through XCLIENT, and through HAProxy's protocol before postscreen.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use MIME::Base64;
use Postfix;
use Test::More;
use Tool;

my $rules = <<'INI';
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

[domain straße.example]
relays = other

[domain .bücher.example]
relays = other

[domains customers]
names  = customer.example .customer.example
relays = other
exempt_recipients =
INI

my $domains = 'protected.example another.example monitored.example x.monitored.example parent.example deep.parent.example '
	. 'x.deep.parent.example noauth.example exempt.example later.example customer.example x.customer.example straße.example x.bücher.example xn--strae-oqa.example';
my ($relay4, $relay6, $other4, $other6, $foreign4, $foreign6) = map { /:/ ? "IPV6:$_" : $_ } qw(192.0.2.10 2001:db8:25::10 198.18.0.10 2001:db8:77::1 198.51.100.7 2001:db8:99::7);
my $refused  = qr/^554 5\.7\.1 .*Direct delivery refused: mail for this domain must come through its MX hosts/;
my $accepted = qr/^250 /;

# NAME, client, recipient, reply without mxonlyd, with it where that differs; not logged in unless it is said.
my @cases = (
	(map { ["first and last address, and those beside them: $_->[0]", $_->[0], 'u@protected.example', $_->[1]] }
			['192.0.2.0', $accepted], ['192.0.2.255', $accepted], ['192.0.1.255', $refused], ['192.0.3.0', $refused],
		['IPV6:2001:db8:25::', $accepted], ['IPV6:2001:db8:25:ffff:ffff:ffff:ffff:ffff', $accepted], ['IPV6:2001:db8:26::', $refused]),
	['trusted',              '10.9.3.1', 'u@protected.example',            $accepted, $refused],
	['foreign',              $foreign4,  'u@protected.example',            $refused],
	['foreign, IPv6',        $foreign6,  'u@protected.example',            $refused],
	['capital letters',      $foreign4,  'u@PROTECTED.Example',            $refused],
	['dressed up',           $foreign4,  'u%protected.example@x.parent.example', $refused],
	['quoted',               $foreign4,  '"u@protected.example"@x.parent.example', $refused],
	['bang path',            $foreign4,  'protected.example!u',            $refused],
	['logged in',            $foreign4,  'u@protected.example',            $accepted, $accepted, 1],
	['logged in, which does not exempt', $foreign4, 'u@noauth.example',    $refused, $refused, 1],
	['postmaster',           $foreign4,  'postmaster@protected.example',   $accepted],
	['Postmaster with an extension', $foreign4, 'Postmaster+x@protected.example', $accepted],
	['not quite postmaster', $foreign4,  'postmasterx@protected.example',  $refused],
	['an exempt address',    $foreign4,  'abuse@protected.example',        $accepted],
	['the same elsewhere',   $foreign4,  'abuse@another.example',          $refused],
	['postmaster, not exempt here', $foreign4, 'postmaster@customer.example', $refused],
	['monitored',            $foreign4,  'u@monitored.example',            $accepted],
	['below a monitored one', $foreign4, 'u@x.monitored.example',          $refused],
	['off',                  $foreign4,  'u@x.parent.example',             $accepted],
	['the parent of those that are off', $foreign4, 'u@parent.example',    $refused],
	['an exception below',   $foreign4,  'u@deep.parent.example',          $refused],
	['its relay',            $other4,    'u@deep.parent.example',          $accepted],
	['not its relay',        $relay4,    'u@deep.parent.example',          $refused],
	['below the exception',  $relay6,    'u@x.deep.parent.example',        $accepted],
	['not for what is below', $other4,   'u@x.deep.parent.example',        $refused],
	['other relays',         $other4,    'u@customer.example',             $accepted],
	['other relays, last address', '198.18.0.20', 'u@customer.example',    $accepted],
	['other relays, behind it', '198.18.0.21', 'u@customer.example',       $refused],
	['other relays, IPv6',   $other6,    'u@x.customer.example',           $accepted],
	['not through the other relay', $relay6, 'u@x.customer.example',       $refused],
	(map { my $name = $_; ["$name, its relay", $other4, "u\@$name", $accepted, $name =~ /\Ax/ ? $accepted : $refused], ["$name, not its relay", $relay4, "u\@$name", $refused] }
		qw(straße.example STRAẞE.Example strasse.example xn--strae-oqa.example x.bücher.example x.BÜCHER.example)),
	['an exempt network',    '203.0.113.70', 'u@exempt.example',           $accepted],
	['not for others',       '203.0.113.70', 'u@protected.example',        $refused],
	['451',                  $foreign4,  'u@later.example',                qr/^451 4\.7\.1 .*Not now for \$ this domain/, qr/^451 4\.7\.1 .*Not now for \$ later\.example/],
);

# Dovecot's side of SASL: whoever asks is let in.
sub dovecot {
	my ($postfix) = @_;
	my $path = "$postfix->{queue}/auth";
	my $listen = IO::Socket::UNIX->new(Local => $path, Listen => 50) or die "$path: $!";
	chmod(0666, $path);
	$postfix->child(sub {
		$SIG{CHLD} = 'IGNORE';
		while (my $client = $listen->accept) {
			next if fork();
			print $client "VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t$$\nCUID\t1\nCOOKIE\t0123456789abcdef0123456789abcdef\nDONE\n";
			while (my $line = <$client>) {
				print $client "OK\t$1\tuser=joe\n" if $line =~ /^AUTH\t(\d+)/;
			}
			exit;
		}
	});
}

# The exported tables below etc/mxonly, as the README says; returns what is to be added to main.cf.
sub tables {
	my ($postfix, $ini, $main) = @_;
	my $to = "$postfix->{dir}/etc/mxonly";
	my ($status, $out, $err) = mxonly('', 'export', '-c', write_file('mxonly.ini', $ini), 'postfix', '-o', $to, '--trusted', '10.9.0.0/16');
	is($status, 0, 'written') or diag($err);
	is((run('', 'postmap', '-c', "$postfix->{dir}/etc", "$to/domains"))[0], 0, 'postmap domains');
	return read_file("$to/$main");
}

# The reply to one recipient, by who asks.
sub reply_to {
	my ($postfix, $client, $recipient, $login) = @_;
	my $session = $postfix->session(xclient => "ADDR=$client NAME=[UNAVAILABLE] HELO=mx1.relay.example", helo => 'mx1.relay.example');
	if ($login) {
		$session->say('AUTH PLAIN ' . encode_base64("\0joe\0secret", ''));
		$session->expect(235);
	}
	$session->say('MAIL FROM:<a@sender.test>' . ($recipient =~ /[\x80-\xff]/ ? ' SMTPUTF8' : ''));
	$session->expect(250);
	$session->say("RCPT TO:<$recipient>");
	return $session->reply;
}

my $main = <<END;
relay_domains = $domains
mydestination = x.parent.example
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = auth
smtpd_tls_auth_only = no
myorigin = protected.example
mydomain = protected.example
END

for my $way ('main.cf', 'main-mxonlyd.cf') {
	my $postfix = Postfix->new(main => $main, processes => 10);
	dovecot($postfix);
	# mxonlyd listens in the private queue directory, and is the one that judges HELO too.
	my $more = tables($postfix, $rules, $way);
	open(my $add, '>>', "$postfix->{dir}/etc/main.cf") or die;
	print $add $more;
	close($add);
	$postfix->mxonlyd($rules) if $way ne 'main.cf';
	my ($status, $out, $err) = run('', 'postfix', '-c', "$postfix->{dir}/etc", 'check');
	is("$status$err", '0', "$way: postfix check");
	$postfix->start;
	for my $case (@cases) {
		my ($name, $client, $recipient, $without, $with, $login) = @$case;
		my $want = $way eq 'main.cf' ? $without : $with // $without;
		$want = qr/$want|Direct delivery refused: mail for \S+ must come/ if $way ne 'main.cf' && $want == $refused;
		like(reply_to($postfix, $client, $recipient, $login), $want, "$way: $name");
	}
	like(reply_to($postfix, $relay4, 'u@elsewhere.test'), qr/^554 5\.7\.1 /, "$way: nobody's domain is not relayed for");
	my $session = $postfix->session(xclient => "ADDR=$foreign4", helo => 'evil.test');
	my @replies = $postfix->mail($session, 'a@sender.test', 'u@x.parent.example', 'u@protected.example', 'u@monitored.example');
	is_deeply([map { /^(\d+)/ } @replies], [250, 554, 250], "$way: each recipient of a message for itself");
	if ($way eq 'main.cf') {
		like($postfix->log, qr/reject_warning: RCPT from \S*\[198\.51\.100\.7\].*to=<u\@monitored\.example>/, "$way: monitor is logged");
	} else {
		like($postfix->policyd_log, qr/policy="?domains customers"? domain=\S+ .*recipient=u\@customer|policy="?domains customers/, "$way: the policy was named by its label");
	}
	is_deeply([grep { !/reject_warning/ } $postfix->complaints], [], "$way: nothing amiss in the log");
	$postfix->stop;
}

# postscreen decides before smtpd is there: so clients come through HAProxy's protocol.
{
	my $port = Postfix::free_port();
	my $postfix = Postfix->new(main => <<~END, services => <<~SERVICES);
		relay_domains = protected.example
		postscreen_access_list = permit_mynetworks, cidr:\$config_directory/mxonly-postscreen.cidr
		postscreen_denylist_action = enforce
		postscreen_greet_wait = 1s
		postscreen_upstream_proxy_protocol = haproxy
		END
		127.0.0.1:$port inet n - n - 1 postscreen
		smtpd pass - - n - - smtpd
		dnsblog unix - - n - 0 dnsblog
		tlsproxy unix - - n - 0 tlsproxy
		SERVICES
	my ($status, $out, $err) = mxonly('', 'export', '-c', write_file('mxonly.ini', "[relay filter]\nranges = 192.0.2.0/24 198.18.0.10-198.18.0.20 2001:db8:25::/48\n"),
		'postscreen', '-o', "$postfix->{dir}/etc/mxonly-postscreen.cidr", '--trusted', '10.9.0.0/16');
	is($status, 0, 'postscreen: written') or diag($err);
	$postfix->start;
	my %want = map { $_ => '250' } qw(192.0.2.0 192.0.2.255 198.18.0.20 2001:db8:25::1 10.9.1.1);
	$want{$_} = '550' for qw(192.0.3.0 198.18.0.21 198.51.100.7 2001:db8:99::7 2001:db8:26::);
	my %session = map { $_ => $postfix->connect('127.0.0.1', $port) } keys %want;
	for my $client (keys %session) {
		my ($family, $here) = $client =~ /:/ ? ('TCP6', '2001:db8:ffff::1') : ('TCP4', '203.0.113.1');
		syswrite($session{$client}, "PROXY $family $client $here 40000 25\r\n");
	}
	for my $client (sort keys %session) {
		my $session = bless({ socket => $session{$client} }, 'Postfix::Session');
		my $reply = eval {
			$session->expect(220);
			$session->say('EHLO evil.test'), $session->expect(250);
			$session->say('MAIL FROM:<a@sender.test>'), $session->expect(250);
			$session->say('RCPT TO:<u@protected.example>'), $session->reply;
		} // $@;
		like($reply, qr/^$want{$client}/, "postscreen: $client");
	}
	is(scalar(() = $postfix->log =~ /ALLOWLISTED/g), scalar(grep { $_ eq '250' } values %want), 'postscreen: as many are ALLOWLISTED in the log');
	is_deeply([$postfix->complaints], [], 'postscreen: nothing amiss in the log');
}

for my $target (qw(postfix postscreen)) {
	my ($status, $out, $err) = mxonly('', 'export', '-c', write_file('mxonly.ini', $target eq 'postfix' ? $rules : $rules =~ s/\[default\].*//sr . "[default]\n"), $target, '--verify');
	is($status, 0, "$target --verify: status") or diag($out, $err);
	unlike($out, qr/^wrong/m, "$target --verify: nothing is wrong");
	for my $address (qw(192.0.2.1 2001:db8:25::1 198.51.100.7 2001:db8:99::7)) {
		like($out, qr/^verified: .*\Q$address\E/m, "$target --verify: asked about $address");
	}
}

done_testing();
