#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# The log of a real Postfix, replayed: every recipient that it took or turned away comes back with the verdict that the server gave
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP;
use Postfix;
use Test::More;
use Tool;

my ($mx_in, $submission) = map { Postfix::free_port() } 1 .. 2;

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

[domains watched]
names = monitor.test, alias.test, local.test
mode  = monitor

[domain off.test]
mode = off

[domain exempt.test]
exempt_networks   = 127.0.0.0/8 ::1 203.0.113.0/24
exempt_recipients = postmaster

[domain named.test]
relays = named filter
END

my $postfix = Postfix->new(
	main => <<'END',
virtual_mailbox_domains = enforce.test monitor.test off.test exempt.test named.test
virtual_alias_domains = alias.test
virtual_alias_maps = inline:{ { list@alias.test = a@monitor.test b@monitor.test } { one@alias.test = c@off.test } }
mydestination = local.test
smtpd_recipient_restrictions = check_client_access inline:{ { 198.18.0.1 = reject } },
	check_policy_service unix:mxonly/policy, check_recipient_access inline:{ { nobody@off.test = 550 no such user } }
smtpd_authorized_xforward_hosts = 127.0.0.0/8
enable_long_queue_ids = yes
END
	services => <<"END");
127.0.0.1:$mx_in inet n - y - 5 smtpd -o syslog_name=mx-in -o smtpd_client_port_logging=yes
127.0.0.1:$submission inet n - y - 5 smtpd -o syslog_name=postfix/submission
END
$postfix->mxonlyd($ini, policyd => "log_decisions = all\nlog_format = json")->start;

my $mails = 0;     # those that were taken
my $others = 0;    # recipients that Postfix turned away before it asked the server

sub send_mail {
	my ($client, $from, @to) = @_;
	my @replies = $postfix->mail($postfix->session(@$client), $from, @to);
	$mails++ if grep { /^250/ } @replies;
	$others += grep { /Access denied/ } @replies;
}

sub client {
	my ($name, $address, %o) = @_;
	$o{login} =~ s/([^!-*,-<>-~])/sprintf '+%02X', ord $1/ge if $o{login};    # xtext
	return [xclient => "NAME=$name ADDR=$address" . ($o{login} ? " LOGIN=$o{login}" : ''), helo => $o{helo} // 'client.test', port => $o{port}];
}

my $relay  = client('mx1.relay.example', '192.0.2.7', helo => 'mx1.relay.example');
my $direct = client('[UNAVAILABLE]', '203.0.113.9');

send_mail($relay, 's1@a.test', 'u@enforce.test', 'v@enforce.test', 'u@off.test', 'u@monitor.test');
send_mail(client('mx2.relay.example', 'IPV6:2001:db8:25::7', helo => 'MX2.Relay.Example.'), 's2@a.test', 'u@enforce.test');
send_mail($direct, 's3@a.test', 'u@enforce.test', 'u@monitor.test', 'U@OFF.test', 'u@exempt.test', 'v@enforce.test');
send_mail($direct, '', 'u@monitor.test', 'nobody@off.test');
send_mail(client('[UNAVAILABLE]', 'IPV6:2001:db8:f::9'), 's4@a.test', 'u@enforce.test', 'u@monitor.test', 'postmaster@exempt.test', 'u@exempt.test');
send_mail(client('mx1.relay.example', '192.0.2.7'), 's5@a.test', 'u@enforce.test');                                     # another HELO
send_mail(client('new.relay.example', '198.51.100.4', helo => 'new.relay.example'), 's6@a.test', 'u@enforce.test', 'u@monitor.test');    # near miss
send_mail(client('[UNAVAILABLE]', '198.51.100.4'), 's7@a.test', 'u@named.test');                                        # its name is not verified
send_mail(client('other.example', '198.51.100.5'), 's8@a.test', 'u@named.test');
send_mail(client('h.named.example', '198.51.100.6'), 's9@a.test', 'u@named.test');
send_mail(client('[UNAVAILABLE]', '[UNAVAILABLE]'), 's10@a.test', 'u@monitor.test', 'u@enforce.test');                  # no address
send_mail(client('bad.test', '198.18.0.1'), 's11@a.test', 'u@monitor.test');                                           # somebody else refuses
send_mail(client('[UNAVAILABLE]', '203.0.113.9', login => 'joe'), 's12@a.test', 'u@enforce.test');
send_mail(client('[UNAVAILABLE]', '203.0.113.9', port => $mx_in), 's13@a.test', 'u@monitor.test', 'u@enforce.test');
send_mail(client('[UNAVAILABLE]', '203.0.113.9', port => $submission, login => 'client=x[192.0.2.7], y'), 's14@a.test', 'u@enforce.test');
send_mail($direct, 's15@a.test', 'list@alias.test', 'one@alias.test', 'x@monitor.test');                               # orig_to
{
	my $silent = client('[UNAVAILABLE]', '203.0.113.9');
	splice @$silent, 2, 2;                                                                                          # no HELO at all
	send_mail($silent, 's16@a.test', 'u@enforce.test', 'u@monitor.test');
}

# What imitates the log itself, or another domain.
my @hostile = (
	'u@"monitor.test "', 'u@"\"monitor.test\""', 'u%monitor.test@local.test', '"u@monitor.test"@local.test', 'monitor.test!u',
	'"a b"@monitor.test', '"a\"b\\\\c"@monitor.test', "u\x01\@monitor.test", "\"\xc3\xa9 x\"\@monitor.test",
	'"u> to=<v@off.test> proto=ESMTP helo=<mx1.relay.example"@monitor.test',
	'"u>, orig_to=<postmaster>, relay=none, delay=1, dsn=2.0.0, status=sent (x"@monitor.test',
	'"u> to=<v> proto=ESMTP helo=<mx1.relay.example"@monitor.test', '"u; from=<a> to=<v"@monitor.test',
	'"u; from=<a@b.test> to=<v@off.test"@monitor.test', '"u; from=<\"q\"> to=<v@off.test"@enforce.test',
	'"client=mx1.relay.example[192.0.2.7]"@enforce.test', '"u> to=<v@off.test> proto=ESMTP helo=<mx1.relay.example"@enforce.test',
	'"u> to=<v@off.test> proto=ESMTP helo=<x> sasl_username=<joe"@enforce.test', '"x, sasl_username=joe"@monitor.test',
);
my $n = 0;
send_mail($direct, 'h' . $n++ . '@a.test', $_) for @hostile;
send_mail(client('[UNAVAILABLE]', '203.0.113.9', helo => $_), 'h' . $n++ . '@a.test', 'u@enforce.test', 'u@monitor.test')
	for 'x> from=<y> to=<v@off.test> proto=ESMTP helo=<mx1.relay.example', 'x> sasl_username=<joe', '[192.0.2.7]', 'a]: client=b[192.0.2.7]', "\xc3\xa9";
send_mail($direct, $_, 'u@enforce.test', 'u@monitor.test')
	for '"s> to=<v@off.test> proto=ESMTP helo=<mx1.relay.example"@a.test', '"x; from=<\"y"@a.test', '"s>, size=1, nrcpt=1 (queue active"@a.test';

# A content filter gives a message back: it was judged under its first queue id.
{
	my $session = $postfix->session(helo => 'filter.test');
	$session->say('XFORWARD NAME=mx1.relay.example ADDR=192.0.2.7 IDENT=4Xk3jM2Nq7z1v SOURCE=REMOTE');
	$session->expect(250);
	$postfix->mail($session, 'filtered@a.test', 'u@monitor.test');
	$mails++;
}
# And one from this machine, not by SMTP.
open my $mail, '|-', "sendmail -C $postfix->{dir}/etc -f root\@local.test u\@monitor.test" or die;
print $mail "Subject: x\n\nx\n";
close $mail;
$mails++;

Postfix::wait_for('every message has left the queue', sub { my $left = () = $postfix->log =~ /: removed$/mg; $left == $mails });

$postfix->mxonlyd_stop;    # its log is whole

# What the server said, by sender and recipient; the log of Postfix has ? for what is not printable.
my %live;
for (grep { /"outcome"/ } split /\n/, $postfix->policyd_log) {
	my $decision = decode_json($_);
	next if ($decision->{sender} // '') =~ /^(?:filtered|root)@/;
	my $key = join ' -> ', map { s/\\x01/?/gr } $decision->{sender} // '', $decision->{recipient};
	$live{$key} = $decision;
}

my ($status, $out, $err) = mxonly('', 'replay', '-c', $postfix->{ini}, '--json', "$postfix->{dir}/mail.log");
my (%replayed, @twice, @unclear);
for (map { decode_json($_) } split /\n/, $out) {
	my $key = join ' -> ', $_->{sender} // '', $_->{recipient};
	push @twice, $key if $replayed{$key};
	$replayed{$key} = $_;
}
is_deeply(\@twice, [], 'each recipient of each message comes once');

# Lines that can be read in two ways, or in none, are named.
my @left_out = $err =~ /^mxonly replay: \S+: not read: (.*)/mg;
my %left_out = map { $_ => 1 } grep { !$replayed{$_} } keys %live;
cmp_ok(scalar(keys %live), '>', 60, scalar(keys %live) . ' recipients were sent');
is(scalar(keys %left_out), scalar(@left_out), 'what is missing is told: ' . join(', ', sort keys %left_out)) or diag($err);
is($status, @left_out ? 2 : 0, 'and the status tells it too');
like($_, qr/^s\d*\@|^h\d+\@|^"/, "unclear: $_") for sort keys %left_out;
my @not_asked = grep { !$live{$_} } sort keys %replayed;
is(scalar(@not_asked), $others, "what Postfix turned away by itself comes back too: " . join(', ', @not_asked));
is(join(' ', @{ $replayed{$_} }{qw(outcome reason rejected)}), 'refuse unknown-address 1', "as such: $_") for @not_asked;

my $same = 0;
for my $key (grep { $replayed{$_} } sort keys %live) {
	my ($then, $now) = ($live{$key}, $replayed{$key});
	my @keys = qw(outcome reason mode policy domain relay client_address client_name);
	push @keys, 'helo_name' if $now->{rejected};
	my %was = map { $_ => $then->{$_} } @keys;
	my %is  = map { $_ => $now->{$_} } @keys;
	is_deeply(\%is, \%was, "as it was: $key") or diag("$now->{path}\n");
	is($now->{without_helo} ? 1 : 0, $now->{rejected} ? 0 : 1, "HELO is known of what was rejected alone: $key");
	$same++;
}

my (undef, $text, $words) = mxonly('', 'replay', '-c', $postfix->{ini}, "$postfix->{dir}/mail.log");
like($text, qr/^ +1  message came another way than by SMTP/m, 'the local message is counted');
like($text, qr/^ +1  message came back from a content filter/m, 'so is the filtered one');
unlike($text, qr/came before the log begins|without a recipient/, 'nothing else is missing');
unlike($text . $err, qr/[^\n -~]/, 'nothing but printable ASCII is printed');

done_testing();
