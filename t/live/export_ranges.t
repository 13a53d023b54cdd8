#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# Whom an export for a firewall lets in, read back by other code, is whom the configuration lets in: for random sets of ranges.
#
# MXONLY_SEED=N plays one seed again.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Firewall;
use Ranges;
use Test::More;
use Tool;

my $seed = $ENV{MXONLY_SEED} // time() ^ $$;

sub configure {
	my ($relays, $exempt) = @_;
	my $half = int(@$relays / 2);
	return write_file('mxonly.ini', <<~END);
		[relay a]
		ranges = ${\ join(",\n  ", @$relays[0 .. $half])}
		allow_wide_ranges = yes
		[relay b]
		ranges = ${\ join(' ', @$relays[$half .. $#$relays])}
		allow_wide_ranges = yes
		[default]
		relays = a b
		exempt_networks = 127.0.0.0/8 ::1 @$exempt
		END
}

# What differs, in words; the texts are long.
sub difference {
	my ($got, $want) = map { { map { $_ => 1 } split(/ /) } } @_;
	return join("\n", (map { "too much: $_" } grep { !$want->{$_} } sort keys %$got), (map { "missing: $_" } grep { !$got->{$_} } sort keys %$want));
}

my @rounds = ([['192.0.2.1'], [], []], [['2001:db8::/32'], [], []], [['192.0.2.0/25', '192.0.2.128/25', '2001:db8::-2001:db8::ffff'], [], ['10.0.0.0/8']],
	[['0.0.0.1-127.255.255.254', '2001:db8::1-2001:db8:ffff:ffff:ffff:ffff:ffff:fffe'], ['fc00::/7'], ['255.255.255.255']]);
srand($seed);
push(@rounds, [[random_ranges(1 + int(rand(40)))], [random_ranges(int(rand(3)))], [random_ranges(int(rand(3)))]]) for 1 .. 6;
for my $round (@rounds) {
	my ($relays, $exempt, $trusted) = @$round;
	my $ini = configure($relays, $exempt);
	my $want = ranges_text(@$relays, @$exempt, @$trusted, '127.0.0.0/8', '::1');
	my $what = "@$relays[0 .. ($#$relays < 2 ? $#$relays : 2)] ..., seed $seed";
	for my $target (readers()) {
		my ($status, $out, $err) = mxonly('', 'export', '-c', $ini, $target, map { ('--trusted', $_) } @$trusted);
		is($status, 0, "$target: written ($what)") or diag($err);
		my $got = eval { ranges_text(let_in($target, $out)) } // "cannot be read: $@";
		is(difference($got, $want), '', "$target: lets in whom it must");
	}
}

done_testing();
