#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# etc/mxonly.ini loads as it is, and so does every default that it shows; it shows every key of the table.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Tool;

my $source = source_folder();
my $text = read_file("$source/etc/mxonly.ini");

my ($status, $out, $err) = mxonly('', 'check', '-c', "$source/etc/mxonly.ini");
is($status, 0, 'loads') or diag($err);
is($err, '', 'without a warning');

# Every key shown, uncommented where it has a value and nothing beside it sets it already.
my (%shown, %live, $section);
my $shown = '';
for my $line (split(/^/m, $text)) {
	$section = $1 if $line =~ /^\[(\w+)/;
	$live{"$section $1"} = 1 if $line =~ /^(\w+)\s*=/;
}
for my $line (split(/^/m, $text)) {
	$section = $1 if $line =~ /^(?:; )?\[(\w+)/;
	$shown{"$section $1"} = 1 if $line =~ /^(?:; )?(\w+)\s*=/;
	$line =~ s/^; (?=(\w+) = \S)/$live{"$section $1"} ? '; ' : ''/e;
	$shown .= $line;
}
isnt($shown, $text, 'some defaults are shown');
my $all = write_file('all.ini', $shown);
($status, $out, $err) = mxonly('', 'check', '-c', $all);
is($status, 0, 'the defaults shown are ones that may be written') or diag($err);

my $table = read_file("$source/lib/policy/settings.c");
my %keys;
$keys{"policyd $_"} = 1 for $table =~ /SERVER\("(\w+)"/g, $table =~ /IN\(POLICYD\), "(\w+)"/g;
$keys{"relay $_"}   = 1 for $table =~ /RELAY\("(\w+)"/g;
$keys{"default $_"} = 1 for $table =~ /POLICY\("(\w+)"/g;
$keys{"domains $_"} = 1 for $table =~ /COVER\("(\w+)"/g;
$keys{"audit $_"}   = 1 for $table =~ /AUDIT\("(\w+)"/g;
cmp_ok(scalar(keys %keys), '>', 30, 'the table was read');
ok($shown{$_}, "shows $_") for sort keys %keys;
delete $shown{'domain mode'};
delete @shown{keys %keys};
is(join(' ', sort keys %shown), '', 'shows no key that the table does not have');

# A default that the table knows is the one that is shown, unless a live line stands in its place.
while ($table =~ /(?:SERVER|RELAY|POLICY)\("(\w+)",[^"\n]*"([^"]+)",/g) {
	my ($key, $preset) = ($1, $2);
	ok($text =~ /^; \Q$key\E = \Q$preset\E$/m || $text =~ /^\Q$key\E\s*=/m, "shows the default of $key: $preset");
}

done_testing();
