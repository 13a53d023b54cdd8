# SPDX-License-Identifier: BSD-2-Clause
# Pairs - two things measured in turns, so that what the machine does meanwhile meets both
package Bench::Pairs;
use strict;
use warnings;
use Exporter 'import';
use Bench::Machine qw(median);
our @EXPORT_OK = qw(pairs ratio_of span_of disturbed);

# Percent of the machine that the host may take, and that other processes may work, before a pair counts as disturbed.
our ($STEAL, $OTHERS) = (3, 5);

# How much of what is allowed was reached; over 1: disturbed.
sub disturbed {
	my ($steal, $others) = @_;
	my @d = sort { $b <=> $a } ($steal // 0) / $STEAL, ($others // 0) / $OTHERS;
	return $d[0];
}

# Measures $ours and $reference $count times each, in turns, the first changing; each returns a hash of figures.
# Of disturbed pairs the least disturbed are used only when fewer than three are left.
sub pairs {
	my ($count, $ours, $reference) = @_;
	my @all;
	for my $i (1 .. $count) {
		my %p;
		for my $who ($i % 2 ? qw(ours reference) : qw(reference ours)) {
			$p{$who} = $who eq 'ours' ? $ours->() : $reference->();
		}
		($p{disturbed}) = sort { $b <=> $a } map { disturbed($_->{steal}, $_->{others}) } @p{qw(ours reference)};
		push @all, \%p;
	}
	my @sorted = sort { $a->{disturbed} <=> $b->{disturbed} } @all;
	my @good = grep { $_->{disturbed} <= 1 } @sorted;
	my $enough = $count < 3 ? $count : 3;
	@good = @sorted[0 .. $enough - 1] if @good < $enough;
	return { used => \@good, made => scalar @all, disturbed => $good[-1]{disturbed} > 1,
		steal => max_of(\@all, 'steal'), others => max_of(\@all, 'others') };
}

sub max_of {
	my ($all, $what) = @_;
	my $max = 0;
	for my $r (map { @{$_}{qw(ours reference)} } @$all) {
		$max = $r->{$what} if ($r->{$what} // 0) > $max;
	}
	return $max;
}

# The median of the pairs' ratios of a figure; of ours to the reference's.
sub ratio_of {
	my ($p, $what) = @_;
	return median(map { $_->{ours}{$what} / ($_->{reference}{$what} || 1e-9) } @{ $p->{used} });
}

# (median, least, most) of a figure of 'ours' or 'reference'.
sub span_of {
	my ($p, $who, $what) = @_;
	my @v = sort { $a <=> $b } map { $_->{$who}{$what} } @{ $p->{used} };
	return (median(@v), $v[0], $v[-1]);
}

1;
