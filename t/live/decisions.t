#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# Random configurations and requests: what mxonly query answers is what live/lib/Reference.pm answers, which was written
# from the manual alone; and what it answers from the same configuration with comments, lines that go on, and other white space.
# MXONLY_SEED=N, MXONLY_COUNT=N: other configurations, more of them.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP;
use Reference qw(decide normal packed);
use Test::More;
use Tool;

my $seed = $ENV{MXONLY_SEED} // 1;
my $count = $ENV{MXONLY_COUNT} // 12;
my $each = 500;

sub one { return $_[int rand @_] }
sub maybe { return rand() < $_[0] }
sub some { my ($least, @of) = @_; my $n = $least + int rand(@of + 1 - $least); return map { splice(@of, int rand @of, 1) } 1 .. $n }

# As it is written, its first and its last address.
my %range = map { ($_->[0] => [map { packed($_) } @$_[1, 2]]) } (
	['192.0.2.0/24', '192.0.2.0', '192.0.2.255'], ['192.0.2.7', '192.0.2.7', '192.0.2.7'], ['198.51.100.0/255.255.255.128', '198.51.100.0', '198.51.100.127'],
	['198.51.100.100-198.51.100.200', '198.51.100.100', '198.51.100.200'], ['::ffff:203.0.113.0/121', '203.0.113.0', '203.0.113.127'],
	['2001:db8:25::/48', '2001:db8:25::', '2001:db8:25:ffff:ffff:ffff:ffff:ffff'], ['2001:db8:25::10-2001:db8:25::7f', '2001:db8:25::10', '2001:db8:25::7f'],
	['127.0.0.0/8', '127.0.0.0', '127.255.255.255'], ['::1', '::1', '::1'], ['203.0.113.9', '203.0.113.9', '203.0.113.9'], ['fc00::/7', 'fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
);
my @ranges = grep { !/^(?:127|::1|203\.0\.113\.9|fc00)/ } sort keys %range;
my @relay_domains = ('relay.example', 'mx.relay.example', 'other.example', "b\xc3\xbccher.example");
my %relay_alabel = ("b\xc3\xbccher.example" => 'xn--bcher-kva.example');
my @fingerprints = ('00112233445566778899aabbccddeeff00112233', join(':', ('AB') x 32));
my @names = ('victim.test', 'single', 'b_c.test', 'strasse.test', 'xn--strae-oqa.test', 'example.org', 'sub.example.org', "b\xc3\xbccher2.test", 'off.test', "\xe2\x98\x95\xc3\xa9.test", 'x' x 60 . '.long.test');
my @parents = ('.example.org', '.test', '.sub.example.org', '.relayed.test', '.org');
my %action = (
	refuse_action => ['REJECT', 'REJECT 5.7.1 no ${client_address} ${client_name} ${helo_name} ${sender} ${recipient} x', '550 5.7.1 a ${recipient_domain} ${reason} ${policy}', '450 x$$y',
		'DEFER_IF_PERMIT later ${reason}', 'HOLD held ${sender}', 'DISCARD it'],
	defer_action => ['DEFER', 'DEFER_IF_PERMIT 4.7.1 t ${policy} ${reason}', '421 x ${helo_name}'],
	monitor_action => ['DUNNO', 'INFO i ${reason} ${sender}', 'WARN w ${recipient}', 'PREPEND X-Y: a ${helo_name}'],
);
my %base = (
	mode => 'enforce', on_near_miss => 'defer', on_mismatch => 'refuse', exempt_authenticated => 'yes', exempt_recipients => [],
	exempt_networks => [@range{ '127.0.0.0/8', '::1' }], monitor_action => 'DUNNO', title => 'default',
	refuse_action => 'REJECT 5.7.1 Direct delivery refused: mail for ${recipient_domain} must come through its MX hosts',
	defer_action => 'DEFER_IF_PERMIT 4.7.1 Not a known relay for ${recipient_domain} at this time, try again later',
);

sub relay {
	my ($name) = @_;
	my @in = maybe(0.75) ? some(1, @ranges) : ();
	my @domains = maybe(0.7) ? some(1, @relay_domains) : ();
	my @prints = maybe(0.4) || !(@in || @domains) ? some(1, @fingerprints) : ();
	my @data = ('tls', (@in ? 'address' : ()), (@domains ? qw(helo name) : ()), (@prints ? 'certificate' : ()));
	my @match;
	if (maybe(0.6)) { @match = some(1, @data) until grep { /address|name|certificate/ } @match }
	my $text = "[relay $name]\n" . join('', map { "$_->[0] = " . join(one(', ', ' ', ','), @$_[1 .. $#$_]) . "\n" } grep { @$_ > 1 }
		['ranges', @in], ['domains', @domains], ['fingerprints', @prints], ['match', @match]);
	@match = @in ? ('address', @domains ? 'helo' : ()) : @domains ? 'name' : 'certificate' unless @match;
	return ($text, { ranges => [@range{@in}], domains => [map { $relay_alabel{$_} // $_ } @domains], fingerprints => \@prints, match => \@match });
}

# Some keys of a policy: their lines, and what the policy is with them.
sub policy {
	my ($title, $inherited, @relays) = @_;
	my %p = (%$inherited, title => $title);
	my $text = '';
	my $set = sub { my ($key, $written, $value) = @_; return unless maybe(0.35); $text .= "$key = $written\n"; $p{$key} = $value // $written };
	$set->('mode', one(qw(enforce enforce monitor off)));
	my @listed = some(1, @relays);
	$set->('relays', "@listed", \@listed);
	$set->($_, one(@{ $action{$_} })) for sort keys %action;
	$set->($_, one(qw(defer refuse))) for qw(on_near_miss on_mismatch);
	$set->('exempt_authenticated', one(qw(yes no)));
	my $networks = one('', '127.0.0.0/8 ::1', '203.0.113.9', '203.0.113.9, fc00::/7');
	$set->('exempt_networks', $networks, [map { $range{$_} } split(/[, ]+/, $networks)]);
	my $recipients = one('', 'postmaster', 'Postmaster, abuse@Victim.test', 'u@example.org');
	$set->('exempt_recipients', $recipients, [map { lc } split(/[, ]+/, $recipients)]);
	return ($text, \%p);
}

sub configuration {
	my %c = (routed_recipients => one(qw(strict strict strict ignore)), recipient_delimiter => one('+', '', '+-'));
	my $text = "[policyd]\nrouted_recipients = $c{routed_recipients}\nrecipient_delimiter = $c{recipient_delimiter}\n";
	my @relays = map { "r$_" } 1 .. 1 + int rand 4;
	for (@relays) {
		(my $lines, $c{relays}{$_}) = relay($_);
		$text .= $lines;
	}
	(my $lines, $c{default}) = policy('default', { %base, relays => \@relays }, @relays);
	my @sections = ("[default]\n$lines");
	my @free = some(0, @names, @parents);
	my $cover = sub {
		my ($name, $policy) = @_;
		$c{ $name =~ /^\./ ? 'parent' : 'exact' }{ normal($name) } = $policy;
	};
	for my $label (some(0, 'customers', 'Lab-2', 'x_1.y')) {
		my ($keys, $policy) = policy("domains $label", $c{default}, @relays);
		my @covered = splice(@free, 0, int rand 3);
		$c{labels}{$label} = $policy;
		$cover->($_, $policy) for @covered;
		push(@sections, "[domains $label]\n$keys" . (@covered ? 'names = ' . join(', ', @covered) . "\n" : ''));
	}
	for my $name (@free) {
		my ($keys, $policy) = policy('domain ' . normal($name), $c{default}, @relays);
		$cover->($name, $policy);
		push(@sections, "[domain $name]\n$keys");
	}
	my %modes = map { ($_->{mode} => 1) } $c{default}, map { values %{ $c{$_} // {} } } qw(exact parent labels);
	($c{strictest}) = grep { $modes{$_} } qw(enforce monitor off);
	return ($text . join('', some(scalar @sections, @sections)), \%c);
}

my @addresses = qw(192.0.2.7 192.0.2.255 198.51.100.99 198.51.100.100 198.51.100.128 203.0.113.9 203.0.113.200 2001:db8:25::7 2001:db8:25:2::9 2001:db8:26:: ::ffff:192.0.2.7 ::192.0.2.7
	2001:DB8:25::30%x 127.0.0.1 ::1 ::ffff:127.0.0.1 unknown 192.0.2.07 192.0.2 192.0.2.7%x [192.0.2.7] fd00::1 ::%);
my @hosts = (qw(relay.example mx1.relay.example MX1.Relay.EXAMPLE mx1.relay.example. mx1.relay.example.. .relay.example a..relay.example evilrelay.example relay.example.evil unknown UNKNOWN
	[192.0.2.7] mx.relay.example a.mx.relay.example b.other.example mx.xn--bcher-kva.example foo relay.example:25 . -relay.example), '', "mx.b\xc3\xbccher.example");
my @locals = ('u', 'postmaster', 'Postmaster', 'postmaster+x', 'POSTMASTER-y', 'abuse', 'a+b', '+x', '', 'post\\master', ' postmaster');

sub domain {
	my $d = one(@names, 'other.test', 'x.relayed.test', 'a.example.org', 'b.sub.example.org', 'notest', '[127.0.0.1]', '', "B\xc3\x9cCHER2.Test", "stra\xc3\x9fe.test",
		"victim.te\xef\xac\x86", "\xc5\xbfingle", "\xe2\x98\x95.relayed.test", "\xe2\x98\x95\xc3\x89.Test");
	$d = uc $d if $d !~ /[\x80-\xff]/ && maybe(0.2);
	$d = one("$d.", ".$d", "\"$d\"", " $d ", "$d\x7f", "$d(", "\\$d", "$d/") if maybe(0.3);
	return $d;
}

sub recipient {
	my ($u, $a, $b, $c) = (one(@locals), domain(), domain(), domain());
	return "$u\@$a" if maybe(0.4);
	return one("$u%$a\@$b", "$u\@$a\@$b", "$a!$u\@$b", "$u%$a", "$a!$u", "$u\@$a\@", "\@$a:$b!$u\@$c", "%$a:$u\@$b", "$a!$b!$u", "$u%$a%$b\@$c", "$u,$a\@$b", "$u:$a\@$b", "$a:$u\@$b", $u, $a,
		"\@$a", '@', "$u\@$a:$b", "$a,$b!$u", "$u\@$a,$b", "$u%$a:$b");
}

sub request {
	my %r = (client_address => one(@addresses), recipient => recipient());
	my $put = sub { my ($name, $likely, @values) = @_; $r{$name} = one(@values) if maybe($likely) };
	$put->('client_name', 0.9, @hosts);
	$put->('reverse_client_name', 0.6, @hosts);
	$put->('helo_name', 0.9, @hosts);
	$put->('sender', 0.7, '', 's@x.test', "\xc3\xa9\@x", 'x' x 100, 'a"b\\c', '   ');
	$put->('sasl_username', 0.1, '', 'joe');
	$put->($_, 0.4, '', @fingerprints, uc $fingerprints[0], lc $fingerprints[1], '00:11', "$fingerprints[0]00") for qw(ccert_fingerprint ccert_pubkey_fingerprint);
	$put->('encryption_protocol', 0.5, '', 'TLSv1.3');
	$put->('policy_context', 0.2, '', 'customers', 'Customers', 'Lab-2', 'x_1.y', 'default');
	$put->('recipient', 0.02, '');
	return \%r;
}

# The same configuration, as somebody else would write it.
sub otherwise {
	my ($text) = @_;
	my $end = maybe(0.3) ? "\r\n" : "\n";
	my $out = maybe(0.2) ? "\xef\xbb\xbf" : '';
	my $noise = sub { join('', map { $_ . $end } some(0, '; c', '# mode = off', '', '  ; [default]', "\t# x = y", "   ")) };
	for (split(/\n/, $text)) {
		$out .= $noise->() if maybe(0.2);
		if (/^\[/) {
			$out .= s/ /one(' ', '  ', "\t")/er . one('', ' ', "\t; c = d", ' ; [x]') . $end;
			next;
		}
		my ($key, $value) = /^(\w+) = (.*)/ or die $_;
		$value =~ s/(\S) (?=\S)/$1 . (maybe(0.25) ? one('', ' ', ' ; mode = off', "\t;") . $end . $noise->() . one(' ', "\t", '    ') : ' ')/ge;
		$out .= $key . one(' = ', '=', '= ', ' =', "\t=\t") . $value . one('', '  ', ' ; c', "\t;x") . $end;
	}
	return $out;
}

# As --json writes what is not printable ASCII.
sub escaped { return defined $_[0] ? $_[0] =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ger : undef }

for my $number (1 .. $count) {
	srand($seed * 1000 + $number);
	my ($text, $c) = configuration();
	my @requests = map { request() } 1 .. $each;
	my $wire = join('', map { my $r = $_; "request=smtpd_access_policy\n" . join('', map { "$_=$r->{$_}\n" } sort keys %$r) . "\n" } @requests);
	my (undef, $again) = mxonly($wire, 'query', '-c', write_file('otherwise.ini', otherwise($text)), '--json', '-r', '-');
	my (undef, $out, $err) = mxonly($wire, 'query', '-c', write_file('mxonly.ini', $text), '--json', '-r', '-');
	my @answers = map { decode_json($_) } split(/\n/, $out);
	my $wrong = @answers == @requests ? undef : $err;
	for my $i (0 .. $#answers) {
		my $expected = decide($c, $requests[$i]);
		$expected->{$_} = escaped($expected->{$_}) for qw(domain policy);
		my ($want, $got) = map { JSON::PP->new->canonical->encode($_) } $expected, $answers[$i];
		next if $want eq $got;
		$wrong = join("\n", (map { "$_=" . escaped($requests[$i]{$_}) } sort keys %{ $requests[$i] }), "expected $want", "got      $got", $text);
		last;
	}
	ok(!defined $wrong, "configuration $number of seed $seed: $each requests are decided as the manual says") or diag($wrong);
	ok($again eq $out, "... and the same when it is written otherwise") or diag(read_file(folder() . '/otherwise.ini'));
}

done_testing();
