#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# What mxonly exports for delivery filters and mail programs: Sieve and Exim filters over relayed, direct and forged messages in the
# real programs; what Thunderbird, Apple Mail and PowerShell are to read, in their grammar.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Exim;
use Powershell;
use Test::More;
use Tool;

system("command -v $_ >/dev/null") == 0 or die "$_ is missing: apt-get install dovecot-sieve libxml2-utils python3 (t/run does)\n" for qw(sievec sieve-test xmllint python3);
Exim::fetch();

my $plain = "[relay filter]\nranges = 192.0.2.0/24, 2001:db8:25::/48\ndomains = relay.example\n";
my $exempt = $plain . "[default]\nexempt_networks = 127.0.0.0/8 ::1 10.0.0.0/8\nexempt_recipients = postmaster\n";
my $policies = $plain . <<'INI';
[relay other]
ranges  = 198.18.0.10-198.18.0.20
domains = other.example
[default]
relays = filter
[domain monitored.example]
mode = monitor
[domain .parent.example]
mode = off
[domain customer.example]
relays = other
INI

sub export {
	my ($target, $ini, @more) = @_;
	my ($status, $out, $err) = mxonly('', 'export', '-c', write_file('mxonly.ini', $ini), $target, @more);
	is($status, 0, "$target: written") or diag($err);
	return $out;
}

# Received lines, the topmost first; whether such mail stays in the inbox.
my $by = "\tby own.test (Postfix) with ESMTP id 4Cx1\n\tfor <u\@example.org>; Sun, 22 Nov 2026 05:00:00 +0000";
my $tls = "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\n\t key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256)\n";
my $certificate = "\t(Client CN \"from a (b [192.0.2.10]) with ESMTPSA id 1\", Issuer \"with ESMTPSA id\" (not verified))\n";
my $direct = "from evil.test (unknown [198.51.100.7])\n$by";
my $direct6 = "from evil.test (unknown [IPv6:2001:db8:99::7])\n$by";
my $relayed = "from mx1.relay.example (mx1.relay.example [192.0.2.10])\n$by";
my $relayed6 = "from mx6.relay.example (mx6.relay.example [IPv6:2001:db8:25::10])\n$by";
my $lmtp = "from own.test ([127.0.0.1])\n\tby own.test with LMTP\n\tid abc (envelope-from <a\@b.test>)\n\tfor <u\@example.org>";
my $lmtp_socket = "from own.test\n\tby own.test with LMTP\n\tid abc";
my $back = "from localhost (localhost [127.0.0.1])\n\tby own.test (Postfix) with ESMTP id 5";
my $amavis = "from own.test ([127.0.0.1])\n\tby localhost (own.test [127.0.0.1]) (amavisd-new, port 10024)\n\twith ESMTP id 6";
my @messages = (
	['relayed',                             1, $relayed],
	['relayed over IPv6',                   1, $relayed6],
	['relayed, with TLS',                   1, "from mx1.relay.example (mx1.relay.example [192.0.2.10])\n$tls$by"],
	['direct',                              0, $direct],
	['direct over IPv6',                    0, $direct6],
	['direct, with a forged line below',    0, $direct, $relayed],
	['direct, the relay named in HELO',     0, "from mx1.relay.example (unknown [198.51.100.7])\n$by"],
	['direct, an address of the relay in HELO', 0, "from [192.0.2.10] (unknown [198.51.100.7])\n$by"],
	['direct, the same over IPv6',          0, "from [IPv6:2001:db8:25::10] (unknown [IPv6:2001:db8:99::7])\n$by"],
	['direct, loopback in HELO',            0, "from [127.0.0.1] (unknown [198.51.100.7])\n$by"],
	['direct, a protocol in HELO',          0, "from with?ESMTPSA?id?1 (unknown [198.51.100.7])\n$by"],
	['direct, lies in a certificate',       0, "from evil.test (unknown [198.51.100.7])\n$tls$certificate$by"],
	['direct, without a name',              0, "from evil.test ([198.51.100.7])\n$by"],
	['a neighbour of the relay',            0, "from evil.test (unknown [192.0.20.1])\n$by"],
	['another neighbour',                   0, "from evil.test (unknown [1.192.0.2])\n$by"],
	['a neighbour over IPv6',               0, "from evil.test (unknown [IPv6:2001:db8:250::1])\n$by"],
	['logged in',                           1, "from [10.1.1.1] (unknown [198.51.100.7])\n$tls\t(Authenticated sender: joe)\n" . ($by =~ s/ESMTP/ESMTPSA/r)],
	['logged in, Exim',                     1, "from [198.51.100.7] (helo=laptop)\n\tby own.test with esmtpsa (TLS1.3) tls TLS_AES_256_GCM_SHA384\n\t(Exim 4.96)\n\tid 1abc"],
	['written here',                        1, "by own.test (Postfix, from userid 1000)\n\tid 7; Sun, 22 Nov 2026 05:00:00 +0000"],
	['written here, a foreign line below',  1, "by own.test (Postfix, from userid 1000)\n\tid 7; Sun, 22 Nov 2026 05:00:00 +0000", $direct],
	['without any line',                    1],
	['Exim, relayed',                       1, "from mx9.relay.example ([192.0.2.10] helo=mx1.relay.example)\n\tby own.test with esmtp (Exim 4.96)"],
	['Exim, relayed, a port',               1, "from mx9.relay.example ([192.0.2.10]:26047)\n\tby own.test with esmtp (Exim 4.96)"],
	['Exim, relayed, no name',              1, "from [192.0.2.10] (helo=mx1.relay.example)\n\tby own.test with esmtp (Exim 4.96)"],
	['Exim, relayed over IPv6',             1, "from mx6.relay.example ([2001:db8:25::10] ident=root)\n\tby own.test with esmtp (Exim 4.96)"],
	['Exim, direct, no name, lies in HELO', 0, "from [198.51.100.7] (helo=[192.0.2.10])\n\tby own.test with esmtp (Exim 4.96)"],
	['Exim, direct',                        0, "from evil.test ([198.51.100.7] helo=mx1.relay.example)\n\tby own.test with esmtp (Exim 4.96)"],
	['sendmail, direct',                    0, "from mx1.relay.example (evil.test [198.51.100.7] (may be forged))\n\tby own.test (8.17.1/8.17.1) with ESMTP id 1"],
	['LMTP, relayed',                       1, $lmtp, $relayed],
	['LMTP, direct',                        0, $lmtp, $direct, $relayed],
	['LMTP by socket, direct',              0, $lmtp_socket, $direct],
	['LMTP by socket, relayed',             1, $lmtp_socket, $relayed6],
	['content filter, relayed',             1, $back, $amavis, $relayed, $direct],
	['content filter, direct',              0, $back, $amavis, $direct, $relayed],
	['LMTP and content filter, direct',     0, $lmtp, $back, $amavis, $direct],
	['LMTP, logged in on loopback',         1, $lmtp, "from webmail (localhost [127.0.0.1])\n\tby own.test (Postfix) with ESMTPA id 8", $direct],
);

sub message {
	my (@received) = @_;
	return join('', map { "Received: $_\n" } @received) . "From: a\@sender.test\nTo: u\@example.org\nSubject: test\n\nText.\n";
}

# Works for root alone, as another user.
sub sieve {
	my ($script, $message, $recipient) = @_;
	my $folder = folder();
	chmod(0777, $folder);
	write_file('script.sieve', $script);
	unlink("$folder/script.svbin");
	write_file('message', $message);
	local $ENV{HOME} = $folder;
	my ($status, $out, $err) = run('', qw(setpriv --reuid=65534 --regid=65534 --clear-groups sieve-test -C -r), $recipient // 'u@example.org', "$folder/script.sieve", "$folder/message");
	die "sieve-test: $err" if $status != 0;
	return $out =~ /store message in folder: Junk/ ? 0 : $out =~ /store message in folder: INBOX/ ? 1 : die "sieve-test: $out$err";
}

my $exim_configuration = Exim::configuration('filter.conf', '', '');

sub exim_filter {
	my ($filter, $message, @options) = @_;
	my $path = write_file('exim.filter', $filter);
	my ($status, $out, $err) = Exim::exim("From a\@sender.test Sun Nov 22 05:00:00 2026\n$message", '-C', $exim_configuration, @options, '-bf', $path);
	die "exim -bf: $out$err" if $status != 0;
	return $out =~ /^Save message to: \S*junk/m ? 0 : $out =~ /Normal delivery will occur/ ? 1 : die "exim -bf: $out$err";
}

subtest 'Sieve' => sub {
	my $script = export('sieve', $plain);
	my ($status, $out, $err) = run('', 'sievec', write_file('compile.sieve', $script));
	is("$status$out$err", '0', 'sievec takes it');
	for my $case (@messages) {
		my ($name, $stays, @received) = @$case;
		is(eval { sieve($script, message(@received)) } // $@, $stays, $name);
	}
	$script = export('sieve', $exempt, '--trusted', '2001:db8:99::/64');
	is(sieve($script, message("from printer (unknown [10.1.1.1])\n$by")), 1, 'an exempt network');
	is(sieve($script, message($direct6)), 1, 'a trusted one');
	is(sieve($script, message($direct)), 0, 'foreign');
	is(sieve($script, message($direct), 'postmaster@example.org'), 1, 'postmaster is exempt');
	is(sieve($script, message($direct), 'Postmaster+x@example.org'), 1, 'with an extension too');
	is(sieve($script, message($direct), 'postmasterx@example.org'), 0, 'nobody else is');
	$script = export('sieve', $policies);
	is(sieve($script, message($direct), 'u@monitored.example'), 1, 'monitored');
	is(sieve($script, message($direct), 'u@x.monitored.example'), 0, 'below a monitored one');
	is(sieve($script, message($direct), 'u@x.parent.example'), 1, 'off');
	is(sieve($script, message($direct), 'u@parent.example'), 0, 'the parent of those that are off');
	is(sieve($script, message($relayed), 'u@customer.example'), 0, 'not its relay');
	is(sieve($script, message($relayed =~ s/192\.0\.2\.10/198.18.0.20/r), 'u@customer.example'), 1, 'its relay');
};

subtest 'Exim filter' => sub {
	my $filter = export('exim-filter', $plain);
	for my $case (grep { $_->[0] !~ /LMTP|content filter/ } @messages) {
		my ($name, $stays, @received) = @$case;
		is(eval { exim_filter($filter, message(@received)) } // $@, $stays, $name);
	}
	is(exim_filter($filter, message($relayed), '-oMa', '198.51.100.7'), 0, 'what Exim saw counts: direct');
	is(exim_filter($filter, message($direct), '-oMa', '192.0.2.10'), 1, 'what Exim saw counts: relayed');
	is(exim_filter($filter, message($direct), '-oMa', '2001:db8:25::10'), 1, 'relayed over IPv6');
	is(exim_filter($filter, message($relayed), '-oMa', '2001:db8:99::7'), 0, 'direct over IPv6');
	is(exim_filter($filter, message($direct), '-oMa', '198.51.100.7', '-oMaa', 'anybody'), 1, 'logged in');
	$filter = export('exim-filter', $policies);
	is(exim_filter($filter, message($direct), '-bfd', $_->[0]), $_->[1], "$_->[0]: direct")
		for ['monitored.example', 1], ['x.monitored.example', 0], ['x.parent.example', 1], ['parent.example', 0], ['customer.example', 0];
	is(exim_filter($filter, message($relayed), '-bfd', $_->[0]), $_->[1], "$_->[0]: relayed") for ['customer.example', 0], ['parent.example', 1];
	$filter = export('exim-filter', $exempt);
	is(exim_filter($filter, message("from printer (unknown [10.1.1.1])\n$by")), 1, 'an exempt network');
};

# How comm-central reads msgFilterRules.dat: attributes, then the terms of the condition. Dies like it gives up.
sub thunderbird {
	my ($text) = @_;
	my (@attributes, @terms);
	while (length($text)) {
		my ($name, $value) = $text =~ s/\A\s*(\w+)="((?:[^"\\\n]|\\["\\])*)"\n// ? ($1, $2) : die "attribute: $text\n";
		push(@attributes, [$name, $value =~ s/\\(["\\])/$1/gr]);
	}
	my $condition = pop(@attributes);
	die "the last is $condition->[0]\n" if $condition->[0] ne 'condition';
	my $rest = $condition->[1];
	while ($rest =~ s/\A ?(AND|OR) \("([a-z]+)",([^,]+),((?:"[^"]*"|[^")])*)\)//) {
		my @term = ($1, $2, $3, $4);
		$term[3] =~ s/^"(.*)"$/$1/;
		push(@terms, \@term);
	}
	die "condition: $rest\n" if length($rest);
	return (\@attributes, \@terms);
}

subtest 'Thunderbird' => sub {
	my $folder = folder() . '/thunderbird';
	export('thunderbird', $policies, '-o', $folder);
	my ($attributes, $terms) = thunderbird(read_file("$folder/msgFilterRules.dat"));
	is(join(' ', map { $_->[0] } @$attributes), 'version logging name enabled description type action actionValue action actionValue', 'attributes');
	my %known = map { $_ => 1 } 'AddTag', 'JunkScore';
	is_deeply([grep { $_->[0] eq 'action' && !$known{ $_->[1] } } @$attributes], [], 'actions that it knows');
	is_deeply([map { "@$_[0, 1, 2]" } @$terms], [("AND received doesn't contain") x 6], 'all of them must hold');
	my $flags = sub { my ($header) = @_; return !grep { index(lc($header), $_->[3]) >= 0 } @$terms };
	ok(!$flags->("from mx1.relay.example (x [192.0.2.1])"), 'a host of the relay');
	ok(!$flags->("from relay.example (relay.example [192.0.2.1])"), 'the relay itself');
	ok($flags->("from evilrelay.example (x [198.51.100.7])"), 'a name that only ends alike');
	like(read_file("$folder/README.mxonly"), qr/FORGEABLE.*not for mailboxes of \[domain monitored\.example\]: its mode is monitor/s, 'it says what it is worth, and for whom');
};

subtest 'Apple Mail' => sub {
	my $path = write_file('SyncedRules.plist', export('apple-mail', $policies));
	my ($status, $out, $err) = run('', qw(xmllint --noout --nonet), $path);
	is("$status$err", '0', 'xmllint reads it');
	($status, $out, $err) = run('', 'python3', '-c', <<~'PYTHON', $path);
		import plistlib, sys
		rules = plistlib.load(open(sys.argv[1], 'rb'))
		for rule in rules:
		    print(rule['RuleName'], rule['AllCriteriaMustBeSatisfied'], sorted(rule))
		    for c in rule['Criteria']:
		        print(repr(c['Expression']), c['Header'], c['Qualifier'])
		PYTHON
	is($out, <<~'END', 'plistlib reads what was meant') or diag($err);
		mxonly: direct delivery YES ['AllCriteriaMustBeSatisfied', 'Criteria', 'FlagColor', 'MarkFlagged', 'RuleId', 'RuleName', 'StopEvaluatingRules']
		'.relay.example' Received DoesNotContain
		' relay.example' Received DoesNotContain
		'(relay.example' Received DoesNotContain
		'.other.example' Received DoesNotContain
		' other.example' Received DoesNotContain
		'(other.example' Received DoesNotContain
		END
};

subtest 'PowerShell' => sub {
	my %script = map { $_ => export($_, $plain) } qw(exchange exchange-online outlook windows-firewall);
	$script{'exchange-online, policies'} = export('exchange-online', $policies);
	Powershell::grammar(\%script);
	for my $name (sort keys %script) {
		is(join("\n", Powershell::unknown($script{$name})), '', "$name: cmdlets and parameters are documented ones");
	}
	like($script{'exchange-online'}, qr/-ConnectorType Partner -Enabled \$false/, 'exchange-online: a connector, disabled');
	unlike($script{'exchange-online, policies'}, qr/InboundConnector -Name/, 'no connector where domains differ');
	my @rules = $script{'exchange-online, policies'} =~ /^\$Rules \+= \@\{\n(.*?)^\}\n/msg;
	is_deeply([map { join(' ', map { s/^\s+//r } grep { /\S/ } split(/\n/)) } @rules], [
		q{Name = 'mxonly 1' Mode = 'Enforce' For = @( ) NotFor = @( '\.parent\.example$' '@customer\.example$' '@monitored\.example$' ) Addresses = @( '192.0.2.0/24' )},
		q{Name = 'mxonly 2' Mode = 'Audit' For = @( '@monitored\.example$' ) NotFor = @( ) Addresses = @( '192.0.2.0/24' )},
		q{Name = 'mxonly 3' Mode = 'Enforce' For = @( '@customer\.example$' ) NotFor = @( ) Addresses = @( '198.18.0.10/31' '198.18.0.12/30' '198.18.0.16/30' '198.18.0.20' )},
	], 'a rule for each lane');
};

subtest 'names that are no ASCII' => sub {
	# U+2019 ends a string of PowerShell's.
	my $ini = write_file('mxonly.ini', $plain . "[default]\nexempt_recipients = \"x\n[domain a\xe2\x80\x99b.example]\nmode = monitor\n[domain ok.example]\nmode = monitor\n");
	for my $target (qw(postfix exim cpanel exchange-online sieve exim-filter)) {
		my ($status, $out, $err) = mxonly('', 'export', '-c', $ini, $target);
		is($status, 0, "$target: written") or diag($err);
		unlike($out, qr/[^\n\t -~]/, "$target: nothing of it is in what was written");
		like($err, qr/warning: domain a\\xe2\\x80\\x99b\.example is left out/, "$target: which says so");
		like($err, qr/warning: \[default\], .*: exempt recipient "x is left out|warning: \[default\]: exempt recipient "x is left out/, "$target: the same of a recipient");
	}
};

subtest 'refused' => sub {
	my $nameless = "[relay filter]\nranges = 192.0.2.0/24\n";
	for my $target (qw(thunderbird outlook apple-mail)) {
		my ($status, $out, $err) = mxonly('', 'export', '-c', write_file('mxonly.ini', $nameless), $target);
		is("$status$out", '2', "$target: a relay without a name");
		like($err, qr/relay filter has no `domains`/, "$target: says why");
	}
	my ($status, $out, $err) = mxonly('', 'export', '-c', write_file('mxonly.ini', $nameless), 'smartermail');
	is($status, 0, 'smartermail: the other steps need no name');
	unlike($out, qr/^3\./m, 'smartermail: the one that does is left out');
	like($err, qr/step 3 is left out: relay filter has no `domains`/, 'smartermail: says why');
	write_file('many.domains', join('', map { "d$_.example\n" } 1 .. 3000));
	my $many = write_file('many.ini', $plain . "[default]\nmode = monitor\n[domains many]\nfile = many.domains\n");
	for my $target (qw(sieve exim-filter)) {
		($status, $out, $err) = mxonly('', 'export', '-c', $many, $target);
		is("$status$out", '2', "$target: too many domains");
		like($err, qr/a filter that names 3000 domains/, "$target: says why");
	}
	($status, $out, $err) = mxonly('', 'export', '-c', write_file('differ.ini', read_file($many) . "mode = enforce\n"), 'exchange-online');
	is("$status$out", '2', 'exchange-online: more domains than its rules can name');
	like($err, qr/\[default\]: a rule of Exchange Online's holds 8192 characters, .*mxonlyd/, 'exchange-online: says why, and what to use instead');
	for my $target (qw(sieve exim-filter postfix exim cpanel exchange-online)) {
		my ($status, $out, $err) = mxonly('', 'export', '-c', write_file('mxonly.ini', $plain . "[default]\nmode = off\n"), $target);
		is("$status$out", '2', "$target: everything is off");
		like($err, qr/every domain is off/, "$target: says why");
		($status, $out, $err) = mxonly('', 'export', '-c', write_file('mxonly.ini', "$plain\[relay named]\ndomains = named.example\n[default]\nrelays = filter\n[domain x.example]\nrelays = named\n"), $target, '--force');
		is("$status$out", '2', "$target: a domain whose relays have no range");
		like($err, qr/\[domain x\.example\]: none of its relays has a range/, "$target: says why");
	}
};

for my $target (qw(sieve apple-mail)) {
	my ($status, $out, $err) = mxonly('', 'export', '-c', write_file('mxonly.ini', $plain), $target, '--verify');
	is($status, 0, "$target --verify: status") or diag($out, $err);
	like($out, qr/^verified/m, "$target --verify: something was");
	unlike($out, qr/^wrong/m, "$target --verify: nothing is wrong");
}

done_testing();
