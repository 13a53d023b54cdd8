#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# Whom an export for a mail server lets in, read back by other code, is whom the configuration lets in: for random sets of ranges.
# Of Sieve, which knows addresses as texts, every edge of every range is asked.
#
# MXONLY_SEED=N plays one seed again.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Mailer;
use Ranges;
use Test::More;
use Tool;

my $seed = $ENV{MXONLY_SEED} // time() ^ $$;

sub configure {
	my ($relays, $exempt) = @_;
	my $half = int(@$relays / 2);
	my @first = @$relays[0 .. $half - 1];
	return write_file('mxonly.ini', (@first ? "[relay a]\nallow_wide_ranges = yes\ndomains = a.example\nranges = @first\n" : '')
		. "[relay b]\nallow_wide_ranges = yes\ndomains = b.example\nranges = @$relays[$half .. $#$relays]\n[default]\nrelays = " . (@first ? 'a ' : '') . "b\nexempt_networks = 127.0.0.0/8 ::1 @$exempt\n");
}

# What differs, in words; the texts are long.
sub difference {
	my ($got, $want) = map { { map { $_ => 1 } split(/ /) } } @_;
	return join("\n", (map { "too much: $_" } grep { !$want->{$_} } sort keys %$got), (map { "missing: $_" } grep { !$got->{$_} } sort keys %$want));
}

# The regular expressions of a Sieve script, as one of perl's.
sub sieve_pattern {
	my ($script) = @_;
	my ($list) = $script =~ /not string :comparator "i;ascii-casemap" :regex "\$\{client\}" \[\n(.*?)\n    \]\) \{\n  fileinto/s or die "no list\n";
	my $all = join('|', map { /^ {6}"(\^.*\$)",? # \S+\z/ ? $1 =~ s/\\\\/\\/gr : die "line $_\n" } split(/\n/, $list));
	return qr/$all/;
}

# How many /24 (or longer prefixes, at least) are needed.
sub split_24 {
	my ($ranges) = @_;
	my $count = 0;
	for my $range (split(/ /, $ranges)) {
		my ($first, $last) = map { unpack('N', $_) } map { @$_ } ranges_of($range);
		$count += ($last >> 8) - ($first >> 8) + 1;
	}
	return (1) x $count;
}

# Addresses at and around the edges of ranges, and what differs from them in one group or octet alone.
sub edges {
	my @edges = grep { defined } map { ($_->[0], $_->[1], previous_address($_->[0]), next_address($_->[1])) } @_;
	my @near = map { my $a = $_; my $size = length($a) == 16 ? 2 : 1; substr($a, $size * int(rand(length($a) / $size)), $size, $size == 2 ? ("\0\0", "\0\1", "\1\0", pack('n', rand(65536)))[rand(4)] : chr(rand(256))); $a } @edges, @edges;
	return @edges, @near;
}

my @rounds = ([['192.0.2.1'], [], []], [['2001:db8::/32', '10.0.0.0/9'], [], []], [['192.0.2.0/25', '192.0.2.128/25', '2001:db8::-2001:db8::ffff'], [], ['10.0.0.0/8']],
	[['198.18.0.1-198.19.3.254', '2001:db8:0:1::/64', '2001:0:0:8000::/49', '2001:db8::1-2001:db8:ffff:ffff:ffff:ffff:ffff:fffe'], ['fc00::/7'], ['255.255.255.255']]);
srand($seed);
push(@rounds, [[random_ranges(1 + int(rand(40)))], [random_ranges(int(rand(3)))], [random_ranges(int(rand(3)))]]) for 1 .. 6;
for my $round (@rounds) {
	my ($relays, $exempt, $trusted) = @$round;
	my $ini = configure($relays, $exempt);
	my @all = (@$relays, @$exempt, @$trusted);
	my $public = sub { join(' ', grep { !/:/ } split(/ /, ranges_text(grep { !/^10\./ } @_))) };
	my %want = (
		all   => ranges_text(@all, '127.0.0.0/8', '::1'),
		all4  => $public->(@all),
		outer => ranges_text(@all),
	);
	my $what = "@$relays[0 .. ($#$relays < 2 ? $#$relays : 2)] ..., seed $seed";
	my @arguments = map { ('--trusted', $_) } @$trusted;
	for my $target (mailers()) {
		my ($status, $out, $err) = mxonly('', 'export', '-c', $ini, $target, @arguments);
		if (kind($target) eq 'all4' && $public->(@$relays) eq '') {
			is("$status$out", '2', "$target: refused where no relay has IPv4");
			next;
		}
		if (kind($target) eq 'all4' && $err =~ /a rule of Exchange Online's holds 8192 characters/) {
			cmp_ok(scalar(split_24($want{all4})), '>', 150, "$target: refused, too many for a rule");
			next;
		}
		is($status, 0, "$target: written ($what)") or diag($err);
		my $got = eval { ranges_text(lets_in($target, $out)) } // "cannot be read: $@";
		is(difference($got, $want{ kind($target) }), '', "$target: lets in whom it must");
	}
	my ($status, $out, $err) = mxonly('', 'export', '-c', $ini, 'sieve', @arguments);
	is($status, 0, "sieve: written ($what)") or diag($err);
	my $pattern = sieve_pattern($out);
	my @in = ranges_of(@all, '127.0.0.0/8', '::1');
	my @wrong = grep { (address_text($_) =~ $pattern) != (ranges_hold($_, @in) > 0) } edges(@in);
	is(join(' ', map { address_text($_) } @wrong), '', 'sieve: every edge on its side');
}

done_testing();
