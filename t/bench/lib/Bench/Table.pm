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
	$words .= sprintf ', all DISTURBED (others to %.0f %%)', $p->{others} if $p->{disturbed};
	return $words;
}

# Markdown that is a table for the eye as well.
my $FORM = "| %-47s | %-25s | %-25s | %7s | %7s | %-3s | %s |\n";

sub header {
	return sprintf($FORM, 'what', 'ours: median (min-max)', 'reference', 'value', 'goal', 'met', 'pairs used; remarks')
		. sprintf $FORM, map { '-' x $_ } 47, 25, 25, 7, 7, 3, 19;
}

sub line {
	my ($r) = @_;
	my $goal = defined $r->{goal} ? ($r->{least} ? '>= ' : '<= ') . $r->{goal} : '';
	return sprintf $FORM, $r->{what}, $r->{ours} // '', $r->{reference} // '',
		sprintf($r->{value} >= 100 ? '%.0f' : '%.2f', $r->{value}), $goal, $r->{met}, $r->{note} // '';
}

sub print_row {
	my ($self, $r) = @_;
	print header() if @{ $self->{rows} } == 1;
	print line($r);
}

sub as_text { return header() . join '', map { line($_) } @{ $_[0]{rows} } }

sub missed { return grep { $_->{met} eq 'NO' } @{ $_[0]{rows} } }

1;
