# SPDX-License-Identifier: BSD-2-Clause
# Table - one row a goal: what was measured, beside what, and whether it is enough
package Bench::Table;
use strict;
use warnings;
use Bench::Pairs qw(ratio_of span_of);

sub new { return bless { rows => [] }, $_[0] }

sub figure {
	my ($median, $least, $most) = @_;
	my $digits = abs($median) >= 100 ? 0 : abs($median) >= 10 ? 1 : 2;
	my @words = map { commas(sprintf "%.${digits}f", $_) } $median, $least, $most;
	return "$words[0] ($words[1]-$words[2])";
}

sub commas {
	my ($n) = @_;
	1 while $n =~ s/^(\d+)(\d{3})/$1,$2/;
	return $n;
}

# A row whose value must be at most (or, with least, at least) the goal.
sub add {
	my ($self, %r) = @_;
	$r{met} = !defined $r{goal} ? '' : ($r{least} ? $r{value} >= $r{goal} : $r{value} <= $r{goal}) ? 'yes' : 'NO';
	push @{ $self->{rows} }, \%r;
	$self->print_row(\%r);
	return $r{met} ne 'NO';
}

# The same from pairs: the ratio of one figure.
sub add_pairs {
	my ($self, $what, $pairs, $figure, %r) = @_;
	return $self->add(%r, what => $what, value => ratio_of($pairs, $figure),
		ours => figure(span_of($pairs, 'ours', $figure)), reference => figure(span_of($pairs, 'reference', $figure)),
		note => join '; ', grep { $_ } note_of($pairs), $r{note});
}

sub note_of {
	my ($p) = @_;
	my $words = @{ $p->{used} } . " of $p->{made} pairs";
	$words .= sprintf ', steal to %.0f %%', $p->{steal} if $p->{steal} >= 0.5;
	$words .= ', all DISTURBED' if $p->{disturbed};
	return $words;
}

sub header {
	return sprintf "%-46s %-30s %-30s %8s %8s %-4s %s\n%s\n", 'what', 'ours: median (min-max)',
		'reference: median (min-max)', 'value', 'goal', 'met', 'note', '-' x 150;
}

sub line {
	my ($r) = @_;
	my $goal = defined $r->{goal} ? ($r->{least} ? '>= ' : '<= ') . $r->{goal} : '';
	return sprintf "%-46s %-30s %-30s %8s %8s %-4s %s\n", $r->{what}, $r->{ours} // '', $r->{reference} // '',
		sprintf($r->{value} >= 100 ? '%.0f' : '%.2f', $r->{value}), $goal, $r->{met}, $r->{note} // '';
}

sub print_row {
	my ($self, $r) = @_;
	print header() if !$self->{begun}++;
	print line($r);
}

sub missed { return grep { $_->{met} eq 'NO' } @{ $_[0]{rows} } }

1;
