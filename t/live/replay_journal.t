#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# mxonly replay reads what journalctl prints of a real systemd-journald, in each of its forms, with messages that are no text.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::UNIX;
use JSON::PP ();
use Journald;
use Mxonly qw(wait_until);
use Socket qw(SOCK_DGRAM);
use Test::More;
use Tool;

my $why = Journald::prepare();
plan(skip_all => $why) if defined $why;
Journald::begin();

my $ini = write_file('mxonly.ini', $Mxonly::relay);
my @log = (
	['smtpd', "4FyZ1h1QzPzK2: client=mx1.relay.example[192.0.2.7]"],
	['qmgr',  "4FyZ1h1QzPzK2: from=<s\@sender.test>, size=3, nrcpt=1 (queue active)"],
	['lmtp',  "4FyZ1h1QzPzK2: to=<\"u\\\\\xe9\nMESSAGE=x\n\n}\n{\n\"\@example.org>, relay=x, status=sent (ok)"],
	['smtpd', "4FyZ1h2QzPzK2: client=unknown[203.0.113.9]"],
	['lmtp',  "4FyZ1h2QzPzK2: to=<v\@example.org>, relay=x, status=sent (ok)"],
	['postscreen', "NOQUEUE: reject: RCPT from [203.0.113.9]:1025: 550 5.7.1 Service unavailable; from=<s\@x.test>, to=<u\@x.test>, proto=ESMTP, helo=<h>"],
);
my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Peer => Journald::NATIVE) or die "journald: $!";
for my $entry (@log, ['last', 'entry']) {
	my ($program, $message) = @$entry;
	$socket->send("SYSLOG_IDENTIFIER=postfix/$program\nMESSAGE\n" . pack('Q<', length $message) . "$message\n");
}
ok(wait_until(sub { Journald::entries('-t', 'postfix/last') }), 'the journal has them');

# What is said of each message, without the time stamps' place in the log.
sub told {
	my ($form, @arguments) = @_;
	my $log = folder() . "/log.$form";
	system("journalctl --no-pager -q -D @{[Journald::ENTRIES]} --utc -o $form >$log") == 0 or die;
	my ($status, $out, $err) = mxonly('', 'replay', '-c', $ini, @arguments, $log);
	is($status, 0, "$form: all was read") or diag($err);
	return ($out, $err);
}

sub objects { return [map { my $o = JSON::PP->new->decode($_); delete @$o{qw(path date)}; $o } split(/\n/, $_[0])] }

my ($out, $err) = told('json', '--json');
my $want = objects($out);
is(join(' ', map { "$_->{outcome} $_->{client_address}" } @$want), 'permit 192.0.2.7 refuse 203.0.113.9', '-o json');
like($want->[0]{recipient}, qr/\\x0aMESSAGE=x\\x0a\\x0a\}/, 'a recipient that looks like lines of the journal');
for my $form (qw(json-pretty export)) {
	($out, $err) = told($form, '--json');
	is_deeply(objects($out), $want, "-o $form says the same");
	like($err, qr/^ +1  recipient refused by postscreen, which asks no policy server: not judged$/m, 'and counts what postscreen turned away');
}
for my $form (qw(short short-full short-iso short-precise short-iso-precise short-unix with-unit)) {
	($out) = told($form, '--json');
	is_deeply([map { $_->{client_address} } @{ objects($out) }], ['203.0.113.9'], "-o $form: but for the message over lines");
}
Journald::end();
done_testing();
