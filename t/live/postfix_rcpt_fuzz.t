#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# rcpt_fuzz for RCPT_FUZZ_SECONDS (60): no recipient gets past its policy; and the fuzz itself sees it when one does
use strict;
use warnings;
use FindBin;
use Test::More tests => 4;

my $seconds = $ENV{RCPT_FUZZ_SECONDS} // 60;

sub run {
	my $out = `$^X $FindBin::Bin/rcpt_fuzz @_ 2>&1`;
	return ($? >> 8, $out);
}

my ($code, $out) = run("--count 1 --policyd 'routed_recipients = ignore'");
is($code, 1, 'with routed_recipients = ignore it finds violations') or diag $out;
like($out, qr/^VIOLATION /m, 'and shows them');

($code, $out) = run("--seconds $seconds");
is($code, 0, "none under default settings in $seconds seconds") or diag $out;
my ($protected) = $out =~ /, (\d+) to protected domains/;
cmp_ok($protected // 0, '>', 1000, 'more than 1,000 deliveries to protected domains were judged');
diag grep { /sent, / } split /^/, $out;
