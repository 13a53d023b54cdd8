# SPDX-License-Identifier: BSD-2-Clause
# Machine - what this machine does meanwhile: its CPUs, processes and their memory
package Bench::Machine;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = qw(busy disturbance children_s ended_s tree cpu_ns pss median text_of);

sub text_of {
	my ($path) = @_;
	open my $f, '<', $path or return '';
	local $/;
	return scalar(<$f>) // '';
}

# Ticks of all CPUs together: stolen by the host, worked, all.
sub busy {
	my @t = (text_of('/proc/stat') =~ /^cpu +(.*)/)[0] =~ /(\d+)/g;
	my $all = 0;
	$all += $_ for @t[0 .. 7];
	return { steal => $t[7], worked => $all - $t[3] - $t[4] - $t[7], all => $all };
}

# Percent of all CPUs between two looks that the host took, and that others worked than those whose CPU seconds are given.
sub disturbance {
	my ($before, $after, $ours) = @_;
	my $all = $after->{all} - $before->{all} || 1;
	my $steal = 100 * ($after->{steal} - $before->{steal}) / $all;
	my $others = 100 * ($after->{worked} - $before->{worked} - 100 * $ours) / $all;
	return ($steal, $others < 0 ? 0 : $others);
}

# CPU seconds of our own children that have ended.
sub children_s { my @t = times; return $t[2] + $t[3] }

# CPU seconds of a process' children that have ended.
sub ended_s {
	my ($pid) = @_;
	my @f = split ' ', text_of("/proc/$pid/stat") =~ s/.*\) //sr;
	return (($f[13] // 0) + ($f[14] // 0)) / 100;
}

# A process and all below it.
sub tree {
	my ($pid) = @_;
	my @all = ($pid);
	push @all, map { tree($_) } split ' ', text_of("/proc/$pid/task/$pid/children");
	return @all;
}

# Nanoseconds on a CPU of a process and all below it, those that have ended aside.
sub cpu_ns {
	my ($pid) = @_;
	my $sum = 0;
	$sum += (split ' ', text_of("/proc/$_/schedstat") || '0')[0] for tree($pid);
	return $sum;
}

# KiB of memory, what is shared counted once.
sub pss {
	my ($pid) = @_;
	my $sum = 0;
	$sum += (text_of("/proc/$_/smaps_rollup") =~ /^Pss: +(\d+)/m)[0] // 0 for tree($pid);
	return $sum;
}

sub median {
	my @s = sort { $a <=> $b } @_;
	return 0 if !@s;
	return @s % 2 ? $s[$#s / 2] : ($s[@s / 2 - 1] + $s[@s / 2]) / 2;
}

1;
