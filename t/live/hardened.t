#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# An ordinary build, as packages are made of: what the compiler and the linker can do against an attacker is in mxonlyd. The builds
# with sanitizers, which the other tests use, do without it.

use strict;
use warnings;
use File::Temp qw(tempdir);
use FindBin;
use Test::More;

my $build = tempdir('mxonly-hardened-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $words = `cmake -S $FindBin::Bin/../.. -B $build -DMXONLY_TESTS=OFF 2>&1 && cmake --build $build -j2 --target mxonlyd 2>&1`;
is($?, 0, 'it is built') or BAIL_OUT($words);

sub readelf { return scalar(`LC_ALL=C readelf -W @_ $build/mxonlyd`) }

sub slurp {
	my ($path) = @_;
	open(my $from, '<', $path) or die "$path: $!";
	local $/;
	return scalar(<$from>);
}

my ($segments, $dynamic, $symbols) = (readelf('-l'), readelf('-d'), readelf('--dyn-syms'));
like(readelf('-h'), qr/Type: +DYN/, 'its addresses change with each start (PIE)');
like($segments, qr/GNU_RELRO/, 'its tables of functions are read-only');
like($dynamic, qr/\(FLAGS_1\).* NOW/, 'from the start on (BIND_NOW)');
like($segments, qr/GNU_STACK.* RW +0x/, 'its stack cannot be executed');
unlike($segments, qr/LOAD.* RWE/, 'nor can what is written elsewhere');
like($symbols, qr/__stack_chk_fail/, 'a stack that was written over is noticed');
like($symbols, qr/__\w+_chk\b(?<!__stack_chk_fail)/, 'so is a buffer, where the compiler knows its size');

my $flags = slurp("$build/CMakeFiles/server.dir/flags.make");
like($flags, qr/-fstack-clash-protection/, 'the stack does not leap over its guard');
SKIP: {
	skip('of x86 alone', 1) unless `uname -m` =~ /^x86_64/;
	my $places = () = `objdump -d $build/mxonlyd` =~ /\bendbr64\b/g;
	cmp_ok($places, '>', 100, 'jumps lead where they were meant to, where the processor looks at that');
}

done_testing();
