#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# The pages of mxonly audit and replay, made from a mailbox and a log with hostile senders, in a real browser.
# MXONLY_PICTURES=FOLDER keeps pictures of them, at the widths of a phone and a desktop, light and dark.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Browser;
use Digest::SHA qw(sha256_base64);
use POSIX qw(strftime);
use Test::More;
use Tool;

my $ini = write_file('mxonly.ini', <<'INI');
[relay filter]
ranges  = 192.0.2.0/24, 2001:db8:25::/48
domains = relay.example

[default]
mode    = monitor

[domain example.org]
mode    = enforce

[audit]
own     = mx.example.org
INI

# What senders may write; a browser must show each as it is.
my @evil = ('<script>alert(1)</script>', '"><img/src=http://127.0.0.1:9/x/onerror=alert(1)>', '</td></table><h1>Owned</h1>',
	'</style><style>*{display:none}</style>', '<!--', '&lt;b&gt;', "\xe2\x80\xaeright-to-left", '\'`onload=alert(1)',
	'<meta/http-equiv=refresh/content=0;url=http://127.0.0.1:9/>', 'x' x 300);
my @dressed = map { s/(["\\])/\\$1/gr } @evil;    # as they stand in a quoted local part
my $day = 86400;
my $now = time();

sub received {
	my ($address, $name, $helo, $for, $when) = @_;
	my $date = strftime('%a, %d %b %Y %H:%M:%S +0000', gmtime($when));
	return "Received: from $helo ($name [$address])\n\tby mx.example.org (Postfix) with ESMTP id 1A2B3C\n\tfor <$for>; $date\n";
}

sub mbox {
	my $mbox = '';
	for my $i (0 .. 299) {
		my $when = $now - int($i / 10) * $day - 60;
		my $evil = $evil[ $i % @evil ];
		my @from = $i % 9 == 0 ? ('203.0.113.' . $i % 250, "mail$i.isp.example", 'helo.isp.example')
			: $i % 25 == 1 ? ('198.51.100.4', 'new.relay.example', 'new.relay.example')
			: $i % 70 == 2 ? ('192.0.2.77', 'vm12.cloud.example', 'localhost.localdomain')
			: ('192.0.2.7', 'mx1.relay.example', 'mx1.relay.example');
		$mbox .= "From s\@x.example Sat Nov 21 00:00:00 2026\n" . received(@from, qq("$dressed[ $i % @evil ]"\@example.org), $when) .
			"From: $evil <s\@x.example>\nSubject: $evil\nDelivered-To: $evil\@example.org\n\ntext\n\n";
	}
	return write_file('mbox', $mbox);
}

sub maillog {
	my $log = '';
	for my $i (0 .. 299) {
		my $stamp = strftime('%Y-%m-%dT%H:%M:%S+00:00 mx postfix', gmtime($now - int($i / 10) * $day - 60));
		my ($id, $evil) = (sprintf('%X', 0xabc000 + $i), $dressed[ $i % @evil ]);
		my $client = $i % 9 == 0 ? 'unknown[203.0.113.' . $i % 250 . ']' : $i % 25 == 1 ? 'new.relay.example[198.51.100.4]' : 'mx1.relay.example[192.0.2.7]';
		$log .= "$stamp/smtpd[100]: $id: client=$client\n$stamp/cleanup[101]: $id: message-id=<$i\@x.example>\n" .
			"$stamp/qmgr[102]: $id: from=<\"$evil\"\@x.example>, size=900, nrcpt=1 (queue active)\n" .
			"$stamp/local[103]: $id: to=<\"$evil\"\@example.org>, relay=local, delay=0.1, dsn=2.0.0, status=sent (delivered)\n" .
			"$stamp/qmgr[102]: $id: removed\n";
	}
	return write_file('mail.log', $log);
}

# In the page: the texts whose contrast to what is behind them is below 4.5:1 (WCAG 2, AA).
my $contrast = <<'JS';
(() => {
	const light = c => c.map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	const numbers = text => text.match(/[\d.]+/g).map(Number);
	const behind = e => { for (; e; e = e.parentElement) { const c = numbers(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c.slice(0, 3); } return [255, 255, 255]; };
	const bad = [];
	for (const e of document.body.querySelectorAll('*')) {
		if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
		if (e.closest('svg')) continue;
		const [a, b] = [light(numbers(getComputedStyle(e).color).slice(0, 3)), light(behind(e))];
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < 4.5) bad.push(`${e.tagName} ${ratio.toFixed(2)} ${e.textContent.slice(0, 30)}`);
	}
	return bad.join('\n');
})()
JS

# In the page: what stands out at its sides.
my $outside = <<'JS';
(() => [...document.body.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > innerWidth + 0.5 || e.getBoundingClientRect().left < -0.5)
	.map(e => `${e.tagName}.${e.getAttribute('class')} ${e.textContent.slice(0, 40)}`).slice(0, 5).join('\n'))()
JS

my $browser = Browser->new;

sub looks_right {
	my ($kind, $page) = @_;
	my $pictures = $ENV{MXONLY_PICTURES};
	for my $scheme (qw(light dark)) {
		for my $width ($pictures ? (360, 390, 768, 1280) : (360, 1280)) {
			my $as = "$kind, $scheme, $width px";
			$browser->open($page, width => $width, scheme => $scheme);
			is_deeply([$browser->complaints], [], "$as: the console is silent");
			is_deeply([grep { $_ !~ m{^file:///.*/$kind\.html\z} } $browser->requests], [], "$as: nothing is fetched");
			is($browser->ask('document.documentElement.scrollWidth'), $width, "$as: no scrolling to the side");
			is($browser->ask($outside), '', "$as: nothing stands out");
			is($browser->ask($contrast), '', "$as: contrast") if $width == 1280;
			$browser->picture("$pictures/$kind-$scheme-$width.png") if $pictures;
		}
		my ($r) = $browser->ask('getComputedStyle(document.body).backgroundColor') =~ /(\d+)/;
		ok($scheme eq 'dark' ? $r < 60 : $r > 200, "$kind, $scheme: the background is");
	}
	$browser->open($page, media => 'print', scheme => 'dark');
	like($browser->ask('getComputedStyle(document.body).backgroundColor'), qr/255, 255, 255/, "$kind: printed on white");
	return;
}

sub is_harmless {
	my ($kind, $page, @shown) = @_;
	$browser->open($page);
	is($browser->ask("document.querySelectorAll('$_').length"), 0, "$kind: no $_ in the page")
		for qw(script img iframe object embed link a form input base video audio math h1+h1 h1~h1);
	is($browser->ask("document.querySelectorAll('$_').length"), 1, "$kind: one $_") for 'h1', 'style', 'meta[http-equiv]';
	is($browser->ask("[...document.querySelectorAll('*')].flatMap(e => [...e.attributes]).filter(a => /^on|^(src|href|style|srcdoc|action)\$/i.test(a.name)).length"),
		0, "$kind: no attribute that acts");
	my $text = $browser->ask('document.body.innerText');
	ok(index($text, $_) >= 0, "$kind: shown as text: " . substr($_, 0, 40)) for @shown;
	return $text;
}

sub shown { return grep { length() < 200 } map { s/([^ -~])/sprintf('\\x%02x', ord $1)/ger } @_ }

my ($status, $out, $err) = mxonly('', 'audit', '-c', $ini, '--html', folder() . '/audit.html', mbox());
is($status, 1, 'audit: some came directly') or diag($err);
is($out, '', 'audit: nothing on standard output');
my $text = is_harmless('audit', folder() . '/audit.html', 'new.relay.example, 198.51.100.4, is probably a new host',
	'[relay filter]', 'unknown-address', 'near-miss', '203.0.113.0/24', shown(@dressed));
like($browser->ask('document.querySelector("h1").innerText'), qr/^\d+ of 300 messages of the last \d+ days came directly, past relay\.example\.$/, 'audit: the answer');
looks_right('audit', folder() . '/audit.html');

($status, $out, $err) = mxonly('', 'replay', '-c', $ini, '--html', folder() . '/replay.html', maillog());
is($status, 0, 'replay: all was read') or diag($err);
is_harmless('replay', folder() . '/replay.html', 'new.relay.example, 198.51.100.4, is probably a new host', 'mail.log', shown(@evil));
like($browser->ask('document.querySelector("h1").innerText'), qr/^\d+ of 300 deliveries of the last \d+ days came directly, past relay\.example\.$/, 'replay: the answer');
looks_right('replay', folder() . '/replay.html');

# The Content-Security-Policy allows this style, and nothing else: a changed one, or markup that got in, would be stopped.
my $page = read_file(folder() . '/audit.html');
my ($style) = $page =~ m{<style>(.*?)</style>}s;
my ($hash) = $page =~ m{style-src 'sha256-([^']+)'};
is($hash, sha256_base64($style) . '=', 'the hash is that of the style');
write_file('broken.html', $page =~ s{</main>}{<script>document.title = 'Owned'</script><img src="http://127.0.0.1:9/x"/><p style="color:red">x</p></main>}r);
$browser->open(folder() . '/broken.html');
my @complaints = $browser->complaints;
cmp_ok(scalar(@complaints), '>=', 3, 'what is not of the page is stopped, and the console says so') or diag("@complaints");
unlike($browser->ask('document.title'), qr/Owned/, 'a script does not run');

# OUT is written whole, or not at all, or refused before the work begins.
for my $case (['/dev/null', 'no ordinary file'], [folder(), 'is a folder'], [$ini, 'is the configuration itself'], [folder() . '/none/x.html', 'No such file'],
	[folder() . '/mbox', 'is there, and not by mxonly']) {
	my ($path, $says) = @$case;
	($status, $out, $err) = mxonly('', 'audit', '-c', $ini, '--html', $path, folder() . '/mbox');
	is($status, 2, "--html $says");
	like($err, qr/\Q$path\E.*\Q$says\E/, 'and says so');
}
like(read_file($ini), qr/\[relay filter\]/, 'the configuration is as it was');
like(read_file(folder() . '/mbox'), qr/\AFrom /, 'so is the mailbox, taken for OUT');

done_testing();
