# SPDX-License-Identifier: BSD-2-Clause
package Ranges;

# Sets of addresses, worked out without a line of mxonly's: texts of ranges become pairs of packed addresses (4 or 16 bytes, which
# compare as strings do), merged.

use strict;
use warnings;
use Exporter qw(import);
use Socket qw(AF_INET AF_INET6 inet_ntop inet_pton);

our @EXPORT = qw(ranges_of ranges_text ranges_hold random_ranges next_address previous_address address_of address_text);

sub address_of {
	my ($text) = @_;
	return inet_pton($text =~ /:/ ? AF_INET6 : AF_INET, $text) // die "no address: $text\n";
}

sub address_text { return inet_ntop(length($_[0]) == 16 ? AF_INET6 : AF_INET, $_[0]) }

# The address one above; undef above the last.
sub next_address {
	my @bytes = unpack('C*', $_[0]);
	for my $i (reverse(0 .. $#bytes)) {
		return pack('C*', @bytes) if ++$bytes[$i] <= 255;
		$bytes[$i] = 0;
	}
	return undef;
}

sub previous_address {
	my @bytes = unpack('C*', $_[0]);
	for my $i (reverse(0 .. $#bytes)) {
		return pack('C*', @bytes) if --$bytes[$i] >= 0;
		$bytes[$i] = 255;
	}
	return undef;
}

sub pair_of {
	my ($text) = @_;
	my ($first, $last) = map { address_of($_) } $text =~ /^([0-9a-fA-F.:]+)-([0-9a-fA-F.:]+)\z/ ? ($1, $2) : ($text =~ /^([^\/]*)/) x 2;
	if ($text =~ /\/(\d+)\z/) {
		my $bits = 8 * length($first);
		die "prefix of $text\n" if $1 > $bits;
		my $mask = pack('B*', '1' x $1 . '0' x ($bits - $1));
		die "host bits of $text\n" if ($first & $mask) ne $first;
		$last = $first | ~$mask;
	}
	die "order of $text\n" if length($first) != length($last) || $first gt $last;
	return [$first, $last];
}

# Merged pairs, IPv4 first.
sub ranges_of {
	my @pairs = sort { length($a->[0]) <=> length($b->[0]) || $a->[0] cmp $b->[0] } map { pair_of($_) } @_;
	my @merged;
	for my $pair (@pairs) {
		my $before = $merged[-1];
		my $next = $before && length($before->[0]) == length($pair->[0]) ? next_address($before->[1]) : undef;
		if ($before && length($before->[0]) == length($pair->[0]) && (!defined($next) || $pair->[0] le $next)) {
			$before->[1] = $pair->[1] if $pair->[1] gt $before->[1];
		} else {
			push(@merged, [@$pair]);
		}
	}
	return @merged;
}

# A line that is the same for the same set, whatever it was written as.
sub ranges_text { return join(' ', map { address_text($_->[0]) . '-' . address_text($_->[1]) } ranges_of(@_)) }

sub ranges_hold {
	my ($address, @merged) = @_;
	return scalar(grep { length($_->[0]) == length($address) && $_->[0] le $address && $address le $_->[1] } @merged);
}

# So many texts of ranges as a configuration takes them, many of them near each other: prefixes, single addresses, pairs.
sub random_ranges {
	my ($count) = @_;
	my @texts;
	for (1 .. $count) {
		my $size = rand() < 0.5 ? 4 : 16;
		my $base = $size == 4 ? pack('C4', 20 + int(rand(3)), int(rand(3)), int(rand(256)), int(rand(256)))
			: pack('n8', 0x2001, 0xdb8, int(rand(3)), (map { rand() < 0.5 ? 0 : int(rand(65536)) } 1 .. 5));
		my $length = $size == 4 ? 12 + int(rand(21)) : 32 + int(rand(97));
		my $mask = pack('B*', '1' x $length . '0' x (8 * $size - $length));
		my $way = rand();
		if ($way < 0.6) {
			push(@texts, address_text($base & $mask) . "/$length");
		} elsif ($way < 0.7) {
			push(@texts, address_text($base));
		} else {
			push(@texts, address_text($base) . '-' . address_text($base | ~$mask));
		}
	}
	return @texts;
}

1;
