#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# README is true: what follows a "$" prompt is run and prints what is shown; every piece of mxonly.ini in it loads; every
# piece of main.cf is one that Postfix takes; every file that it names is there.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Tool;

my $source = source_folder();
chdir($source) or die "$source: $!";
$ENV{PATH} = "$ENV{MXONLY_BUILD}:$ENV{PATH}";
$ENV{TZ} = 'UTC';

# Indented blocks: lines that begin with four spaces, empty lines between them included.
sub blocks {
	my @found = $_[0] =~ /^((?:(?:    .*)?\n)*    .*\n)/mg;
	s/^    //mg, s/^\n+// for @found;
	return @found;
}

my @blocks = blocks(read_file('README'));

my $commands = 0;
for my $block (grep { /^\$ /m } @blocks) {
	for my $session (split(/^(?=\$ )/m, $block)) {
		my ($command, $shown) = $session =~ /^\$ (.*)\n((?:.*\n)*)/ or next;
		my ($status, $said) = run('', '/bin/sh', '-c', "{ $command\n} 2>&1");    # in the order that a terminal shows
		$shown =~ s/\n+$/\n/;
		$command =~ /^mxonly check/ ? is($status, 0, $command) : is($said, $shown, $command);
		$commands++;
	}
}
cmp_ok($commands, '>=', 8, 'commands were found');

my $pieces = 0;
for my $block (grep { /^\[(policyd|relay|default|domains?)\b/ } @blocks) {
	my $ini = write_file('readme.ini', $block);
	my ($status, $out, $err) = mxonly('', 'check', '-c', $ini);
	is($status, 0, 'a piece of mxonly.ini loads') or diag($err);
	$pieces++;
}
cmp_ok($pieces, '>=', 2, 'pieces of mxonly.ini were found');

sub is_main_cf {
	my ($text, $name) = @_;
	mkdir(folder() . '/postfix');
	write_file('postfix/master.cf', '');
	write_file('postfix/main.cf', "compatibility_level = 3.6\n$text");
	my ($status, $out, $err) = run('', 'postconf', '-c', folder() . '/postfix', '-n');
	is("$status$err", '0', $name);
	unlike($out, qr/default_action\s*=\s*(DUNNO|OK)/i, "$name: fails safe");
}

SKIP: {
	skip('no Postfix here', 1) if system('command -v postconf >/dev/null') != 0;
	my @main = grep { /^smtpd_\w+ =/ } @blocks;
	cmp_ok(scalar(@main), '>=', 2, 'pieces of main.cf were found');
	is_main_cf($_, 'a piece of main.cf in README') for @main;
	is_main_cf(read_file('contrib/postfix/main.cf'), 'contrib/postfix/main.cf');
	is_main_cf(read_file('contrib/postfix/main.cf') =~ s/^# (?=smtpd_r|mxonly_c|    (?:check_p|    \{))//mgr, 'and its watertight way');
	my (undef, $folder) = run('', 'postconf', '-h', 'config_directory');
	write_file('postfix/master.cf', read_file('contrib/postfix/master.cf'));
	my ($status, $out, $err) = run('', 'postconf', '-c', folder() . '/postfix', '-M');
	is("$status$err", '0', 'contrib/postfix/master.cf');
	is(($out =~ tr/\n//) > 1, 1, 'its services');
}

ok(-e $_, "$_ is there") for read_file('README') =~ m{(?<![\w/])(?:\./)?((?:contrib|etc|lib|t)/[\w./]*\w)}g;
ok(-x $_, "$_ can be run") for qw(contrib/try t/run);
for my $file (read_file('lib/README') =~ m{(?<![*\w.])([a-z_]+\.[ch])\b}g) {
	ok(scalar(my @found = grep { -f } glob("{lib,policyd}/*/$file")), "lib/README: $file is there");
}
is_deeply([grep { length > 78 && !/^    / } split(/\n/, read_file('README'))], [], 'wrapped');

# The translation shows the same commands and pieces of configuration, in the same order, and has as many sections.
sub to_copy {
	return grep { /^(?:[\$#] |\.\/|\[(?:policyd|relay|default|domains?)\b|smtpd_\w+ =)/m } blocks($_[0]);
}
my ($english, $french) = (read_file('README'), read_file('contrib/README.fr'));
cmp_ok(scalar(to_copy($english)), '>=', 20, 'blocks to copy were found');
is_deeply([to_copy($french)], [to_copy($english)], 'contrib/README.fr: the same blocks');
is(scalar(() = $french =~ /^[=-]{4,}$/mg), scalar(() = $english =~ /^[=-]{4,}$/mg), 'contrib/README.fr: as many sections');

done_testing();
