# SPDX-License-Identifier: BSD-2-Clause
# Plot - panels of lines over powers of ten, as one SVG
package Bench::Plot;
use strict;
use warnings;
use POSIX qw(floor ceil);
use Exporter 'import';
our @EXPORT_OK = qw(plot);

my ($WIDTH, $HEIGHT, $COLUMNS) = (460, 320, 2);
my %MARGIN = (left => 64, right => 16, top => 36, bottom => 64);
my @COLOURS = ("#0b6e99", "#c4552d", "#3d7d3d", "#7a5195");

sub log10 { return log($_[0]) / log(10) }

sub escaped {
	my ($s) = @_;
	$s =~ s/&/&amp;/g;
	$s =~ s/</&lt;/g;
	return $s;
}

sub text {
	my ($x, $y, $s, %o) = @_;
	return sprintf '<text x="%.1f" y="%.1f" text-anchor="%s" font-size="%d"%s>%s</text>' . "\n", $x, $y, $o{anchor} // 'middle',
		$o{size} // 11, $o{bold} ? ' font-weight="bold"' : '', escaped($s);
}

# 0.001, 1, 1,000
sub number {
	my ($power) = @_;
	my $s = $power < 0 ? sprintf('%.*f', -$power, 10**$power) : sprintf('%.0f', 10**$power);
	1 while $s =~ s/^(\d+)(\d{3})/$1,$2/;
	return $s;
}

# The frame with its lines at the powers of ten; returns how a point is placed.
sub frame {
	my ($svg, $panel, $x0, $y0) = @_;
	my @all = map { @{ $_->{points} } } @{ $panel->{lines} };
	my ($left, $top) = ($x0 + $MARGIN{left}, $y0 + $MARGIN{top});
	my ($w, $h) = ($WIDTH - $MARGIN{left} - $MARGIN{right}, $HEIGHT - $MARGIN{top} - $MARGIN{bottom});
	my @x = map { log10($_) } sort { $a <=> $b } map { $_->[0] } @all;
	my @y = map { log10($_) } sort { $a <=> $b } map { $_->[1] } @all;
	my ($xa, $xz, $ya, $yz) = (floor($x[0]), ceil($x[-1]), floor($y[0]), ceil($y[-1]));
	$yz++ if $yz == $ya;
	my $place = sub {
		return ($left + $w * (log10($_[0]) - $xa) / ($xz - $xa), $top + $h - $h * (log10($_[1]) - $ya) / ($yz - $ya));
	};
	for my $power ($xa .. $xz) {
		my ($px) = $place->(10**$power, 10**$ya);
		$$svg .= sprintf '<path d="M%.1f %.1fV%.1f" stroke="#ddd"/>' . "\n", $px, $top, $top + $h;
		$$svg .= text($px, $top + $h + 16, number($power), size => 10);
	}
	for my $power ($ya .. $yz) {
		my (undef, $py) = $place->(10**$xa, 10**$power);
		$$svg .= sprintf '<path d="M%.1f %.1fH%.1f" stroke="#ddd"/>' . "\n", $left, $py, $left + $w;
		$$svg .= text($left - 6, $py + 4, number($power), anchor => 'end', size => 10);
	}
	$$svg .= text($x0 + $WIDTH / 2, $y0 + 20, $panel->{title}, bold => 1, size => 13);
	return $place;
}

sub panel {
	my ($panel, $x0, $y0) = @_;
	my $svg = '';
	my $place = frame(\$svg, $panel, $x0, $y0);
	my $step = ($WIDTH - $MARGIN{left} - $MARGIN{right}) / @{ $panel->{lines} };
	for my $i (0 .. $#{ $panel->{lines} }) {
		my ($line, $colour) = ($panel->{lines}[$i], $COLOURS[$i]);
		my @at = map { [ $place->(@$_) ] } @{ $line->{points} };
		$svg .= sprintf '<polyline fill="none" stroke="%s" stroke-width="2"%s points="%s"/>' . "\n", $colour,
			$line->{reference} ? ' stroke-dasharray="5 4"' : '', join ' ', map { sprintf '%.1f,%.1f', @$_ } @at;
		$svg .= sprintf '<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>' . "\n", @$_, $colour for @at;
		my ($x, $y) = ($x0 + $MARGIN{left} + $i * $step, $y0 + $HEIGHT - 22);
		$svg .= sprintf '<path d="M%.1f %.1fh18" stroke="%s" stroke-width="2"%s/>' . "\n", $x, $y - 4, $colour,
			$line->{reference} ? ' stroke-dasharray="5 4"' : '';
		$svg .= text($x + 22, $y, $line->{name}, anchor => 'start', size => 10);
	}
	return $svg;
}

# The SVG of panels: { title, lines => [ { name, reference, points => [ [x, y] ... ] } ... ] }.
sub plot {
	my (@panels) = @_;
	my $rows = ceil(@panels / $COLUMNS);
	my $svg = sprintf qq(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" fill="#222">\n),
		$WIDTH * $COLUMNS, $HEIGHT * $rows;
	$svg .= qq(<rect width="100%" height="100%" fill="white"/>\n);
	$svg .= panel($panels[$_], $WIDTH * ($_ % $COLUMNS), $HEIGHT * floor($_ / $COLUMNS)) for 0 .. $#panels;
	return "$svg</svg>\n";
}

1;
