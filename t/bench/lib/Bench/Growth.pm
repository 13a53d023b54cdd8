# SPDX-License-Identifier: BSD-2-Clause
# Growth - from 10 to 1,000,000 ranges and as many domains: look-ups, compiling, starting, memory
package Bench::Growth;
use strict;
use warnings;
use Exporter 'import';
use Bench::Machine qw(median pss);
use Bench::Plot 'plot';
use Bench::Serving 'start_ours';
use Bench::Sizes qw(look_ups timed);
use Bench::Table;
our @EXPORT_OK = qw(measure_growth);

my @COLUMNS = (
	[ v4 => 'IPv4 ns' ], [ v6 => 'IPv6 ns' ], [ domain => 'domain ns' ], [ compile => 'compile s' ], [ sort => 'sort -u s' ],
	[ tool => 'tool s' ], [ server => 'server s' ], [ sum => 'sha256sum s' ],
	[ snapshot => 'snapshot MiB' ], [ text => 'text MiB' ], [ pss => 'server MiB' ]);

# The least of some runs: whatever else the machine does only adds.
sub least {
	my ($runs, $what) = @_;
	my @s = sort { $a <=> $b } map { $what->() } 1 .. $runs;
	return $s[0];
}

sub seconds { my @command = @_; return sub { timed(@command)->{seconds} } }

sub measure {
	my ($in, $count, $quick) = @_;
	my $runs = $quick ? 1 : 5;
	my ($ini, $out) = ($in->big($count), $in->path('out.mxs'));
	my @text = ($in->sample('ranges', $count), $in->sample('domains', $count));
	my $mxs = $in->compiled($ini);
	my $ask = $in->tool . " query -c $mxs client_address=203.0.113.9 recipient=u\@nobody.example >/dev/null; true";
	my %r = (count => $count, snapshot => (-s $mxs) / 2**20);
	$r{text} += (-s $_) / 2**20 for @text;
	$r{compile} = least($runs, seconds($in->tool, 'compile', '-c', $ini, '-o', $out));
	$r{sort} = least($runs, seconds("LC_ALL=C sort --parallel=1 -u @text >/dev/null"));
	$r{tool} = least($runs, seconds($ask));
	$r{sum} = least($runs, seconds("sha256sum $mxs >/dev/null"));
	$r{server} = least($runs, sub {
		my $s = start_ours($in, $mxs);
		$r{pss} = pss($s->{pid}) / 1024;
		return $s->{first_answer};
	});
	for my $l (look_ups($in->program('address'), $quick ? 1 : 3, ['family'], $count)) { $r{"v$l->{family}"} = $l->{range_set} }
	my ($d) = look_ups($in->program('domain'), $quick ? 1 : 3, ['parents'], $count);
	$r{domain} = $d->{look_up};
	return \%r;
}

sub as_text {
	my ($rows) = @_;
	my $form = join(' | ', '| %15s', map { '%' . length($_->[1]) . 's' } @COLUMNS) . " |\n";
	my $s = sprintf($form, 'ranges, domains', map { $_->[1] } @COLUMNS) . sprintf $form, '-' x 15, map { '-' x length $_->[1] } @COLUMNS;
	$s .= sprintf $form, Bench::Table::commas($_->{count}), figures($_) for @$rows;
	return $s;
}

sub figures {
	my ($r) = @_;
	return map { sprintf $r->{ $_->[0] } < 10 ? '%.3f' : '%.1f', $r->{ $_->[0] } } @COLUMNS;
}

sub lines {
	my ($rows, @wanted) = @_;
	return [ map { my $w = $_; { name => $w->[1], reference => $w->[2], points => [ map { [ $_->{count}, $_->{ $w->[0] } ] } @$rows ] } } @wanted ];
}

# Writes growth.svg into the folder; returns the figures as a table.
sub measure_growth {
	my ($in, $folder, $quick) = @_;
	my @rows = map { measure($in, 10**$_, $quick) } 1 .. ($quick ? 4 : 6);
	my $table = as_text(\@rows);
	open my $f, '>', "$folder/growth.svg" or die "$folder/growth.svg: $!\n";
	print $f plot(
		{ title => 'A look-up, nanoseconds', lines => lines(\@rows, [ v4 => 'IPv4' ], [ v6 => 'IPv6' ], [ domain => 'domain' ]) },
		{ title => 'Compiling, seconds', lines => lines(\@rows, [ compile => 'mxonly compile' ], [ sort => 'sort -u of the same', 1 ]) },
		{ title => 'From exec to the first answer, seconds',
			lines => lines(\@rows, [ tool => 'mxonly' ], [ server => 'mxonlyd' ], [ sum => 'sha256sum', 1 ]) },
		{ title => 'Memory, MiB', lines => lines(\@rows, [ snapshot => 'snapshot' ], [ pss => 'mxonlyd' ], [ text => 'text', 1 ]) });
	close $f or die "$folder/growth.svg: $!\n";
	print "\n$table";
	return $table;
}

1;
