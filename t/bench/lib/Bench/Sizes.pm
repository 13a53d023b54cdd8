# SPDX-License-Identifier: BSD-2-Clause
# Sizes - the rows that need no load: look-ups, compiling, starting, what a snapshot takes
package Bench::Sizes;
use strict;
use warnings;
use Exporter 'import';
use Time::HiRes 'time';
use Bench::Machine qw(busy disturbance children_s median);
use Bench::Pairs qw(pairs ratio_of);
use Bench::Serving 'start_ours';
use Bench::Table;
our @EXPORT_OK = qw(measure_sizes timed look_ups);

# Runs a command; its seconds, and what disturbed it.
sub timed {
	my (@command) = @_;
	my ($before, $begun, $cpu) = (busy(), time, children_s());
	system("@command") == 0 or die "@command: failed\n";
	my $seconds = time - $begun;
	my ($steal, $others) = disturbance($before, busy(), children_s() - $cpu);
	return { seconds => $seconds, steal => $steal, others => $others };
}

# The lines of address or domain, several runs of them: by their keys, the medians of their figures; and what disturbed them.
sub look_ups {
	my ($program, $runs, $keys, @sizes) = @_;
	my (%seen, @order);
	my ($before, $cpu) = (busy(), children_s());
	for (1 .. $runs) {
		for my $line (split /\n/, qx($program @sizes)) {
			my %f = $line =~ /(\w+)=(\S+)/g;
			my $key = join ' ', map { "$_=$f{$_}" } @$keys;
			push @order, $key if !$seen{$key};
			push @{ $seen{$key}{$_} }, $f{$_} for grep { $f{$_} =~ /^[0-9.]+$/ } keys %f;
		}
		$? == 0 or die "$program: failed\n";
	}
	my ($steal, $others) = disturbance($before, busy(), children_s() - $cpu);
	my $words = Bench::Pairs::disturbed($steal, $others) > 1 ? sprintf('DISTURBED: steal %.0f %%, others %.0f %%', $steal, $others) : '';
	return map { my $s = $seen{$_}; { key => $_, disturbed => $words, map { $_ => median(@{ $s->{$_} }) } keys %$s } } @order;
}

sub address_rows {
	my ($in, $table, $quick) = @_;
	for my $r (look_ups($in->program('address'), $quick ? 1 : 3, [ 'family', 'ranges' ])) {
		my ($best) = sort { $a->[0] <=> $b->[0] } map { [ $r->{$_}, $_ ] } qw(index16 branchless bsearch);
		$table->add(what => sprintf('IPv%d look-up, ns, %s ranges', $r->{family}, Bench::Table::commas($r->{ranges})),
			ours => sprintf('%.1f', $r->{range_set}), reference => sprintf('%.1f', $best->[0]),
			value => $r->{range_set} / $best->[0], goal => 2, note => join '; ', grep { $_ } "the best is $best->[1]", $r->{disturbed});
	}
}

# A key and many through postmap: what one look-up in a cidr: table takes.
sub cidr_row {
	my ($in, $table) = @_;
	return if !-x '/usr/sbin/postmap';
	my @ranges = grep { /\./ } split /\n/, Bench::Machine::text_of($in->sample('ranges', 125000));
	$in->write_file('table.cidr', join '', map { "$_ x\n" } @ranges[0 .. 99999]);
	my @keys = map { join '.', map { int rand 256 } 1 .. 4 } 1 .. 2000;
	my ($one, $all) = ($in->write_file('one', "$keys[0]\n"), $in->write_file('all', join "\n", @keys, ''));
	my $postmap = 'postmap -q - cidr:' . $in->path('table.cidr') . ' >/dev/null; true';
	my $take = sub { median(map { timed("cat $_[0] | $postmap")->{seconds} } 1 .. 3) };
	my $ns = ($take->($all) - $take->($one)) / 1999 * 1e9;
	my ($ours) = look_ups($in->program('address'), 3, ['family'], 100000);
	$table->add(what => 'cidr: of Postfix / ours, 100,000 ranges', ours => sprintf('%.1f ns', $ours->{range_set}),
		reference => Bench::Table::commas(sprintf '%.0f', $ns) . ' ns', value => $ns / $ours->{range_set}, goal => 1000, least => 1);
}

sub domain_rows {
	my ($in, $table, $quick) = @_;
	for my $r (look_ups($in->program('domain'), $quick ? 1 : 3, [ 'domains', 'parents' ], $quick ? 100000 : 1000000)) {
		$table->add(what => "domain look-up, ns, $r->{key}", ours => sprintf('%.1f', $r->{look_up}),
			reference => sprintf('%.1f', $r->{probe}), value => $r->{look_up} / $r->{probe}, goal => 4,
			note => join '; ', grep { $_ } sprintf('a slot alone, its hash known: %.1f ns', $r->{slot}), $r->{disturbed});
	}
}

sub compile_rows {
	my ($in, $table, $quick) = @_;
	my $count = $quick ? 100000 : 1000000;
	my ($ini, $out) = ($in->big($count), $in->path('out.mxs'));
	my @text = ($in->sample('ranges', $count), $in->sample('domains', $count));
	my $compile = sub { timed($in->tool, 'compile', '-c', $_[0], '-o', $out) };
	my $p = pairs($quick ? 2 : 9, sub { $compile->($ini) },
		sub { timed('LC_ALL=C', 'sort', '--parallel=1', '-u', '-o', $in->path('sorted'), @text) });
	$table->add_pairs('compile, s, ' . Bench::Table::commas($count) . ' of each', $p, 'seconds', goal => 1.5,
		note => 'beside sort -u');
	my $tenth = $in->big($count / 10);
	my $q = pairs($quick ? 2 : 5, sub { $compile->($ini) }, sub { $compile->($tenth) });
	$table->add_pairs('  ten times the data', $q, 'seconds', goal => 12);
	my $bytes = 0;
	$bytes += -s $_ for @text;
	my $size = -s $in->compiled($ini);
	$table->add(what => 'snapshot, MiB', ours => sprintf('%.1f', $size / 2**20), reference => sprintf('%.1f', $bytes / 2**20),
		value => $size / $bytes, goal => 2, note => 'beside the text');
}

# From exec to the first answer.
sub start_rows {
	my ($in, $table, $quick) = @_;
	my $count = $quick ? 100000 : 1000000;
	my $mxs = $in->compiled($in->big($count));
	my $sum = sub { timed("sha256sum $mxs >/dev/null") };
	my $ask = $in->tool . " query -c $mxs client_address=203.0.113.9 recipient=u\@nobody.example >/dev/null; true";
	$table->add_pairs('tool: s to the first answer', pairs($quick ? 2 : 9, sub { timed($ask) }, $sum), 'seconds',
		goal => 1, note => 'beside sha256sum');
	my $serve = sub {
		my ($before, $s) = (busy(), start_ours($in, $mxs));
		my ($steal) = disturbance($before, busy(), 0);
		return { seconds => $s->{first_answer}, steal => $steal };
	};
	$table->add_pairs('server: s to the first answer', pairs($quick ? 2 : 9, $serve, $sum), 'seconds', goal => 1,
		note => 'beside sha256sum');
}

sub measure_sizes {
	my @all = @_;
	address_rows(@all);
	cidr_row(@all);
	domain_rows(@all);
	compile_rows(@all);
	start_rows(@all);
}

1;
