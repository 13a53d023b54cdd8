#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# Completion: the real bash completes subcommands, options, words and targets; zsh takes its file; no option is left out.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Tool;

my $build = $ENV{MXONLY_BUILD} // die "MXONLY_BUILD names no build folder\n";
$ENV{PATH} = "$build:$ENV{PATH}";

# What bash offers behind a command line.
sub offered {
	my ($line) = @_;
	my (undef, $out, $err) = run('', 'bash', '-c', <<'END', 'bash', "$build/mxonly.bash", split(/ /, $line, -1));
. /usr/share/bash-completion/bash_completion || exit
. "$1"
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*"
COMP_POINT=${#COMP_LINE}
_mxonly
printf '%s\n' "${COMPREPLY[@]}"
END
	return join(' ', split(/\n/, $out)) . $err;
}

is(offered('mxonly ch'), 'check', 'a subcommand');
is(offered('mxonly ctl re'), 'reload', 'a word of ctl');
is(offered('mxonly query --ex'), '--explain', 'an option');
is(offered('mxonly export nft'), 'nftables', 'a target');
write_file('here.ini', '');
is(offered('mxonly check -c ' . folder() . '/here'), folder() . '/here.ini', 'a file');
is(offered('mxonly query -q '), '', 'nothing where a key is to be given');

my $bash = read_file("$build/mxonly.bash");
my $zsh = read_file("$build/mxonly.zsh");
my (undef, $help) = mxonly('', '--help');
for my $name ($help =~ /^  (\w+) {2,}/mg) {
	my (undef, $of) = mxonly('', $name, '--help');
	my ($row) = $bash =~ /^\t\Q$name\E\) options='(.*)'/m;
	ok(defined($row), "$name: bash knows it") or next;
	for my $option ($of =~ /^  (--?[a-z][a-z-]*)/mg) {
		ok(" $row " =~ / \Q$option\E /, "$name $option: bash");
		like($zsh =~ s/.*^\t\Q$name\E\) _arguments//msr =~ s/;;.*//sr, qr/'\*\Q$option\E\[/, "$name $option: zsh");
	}
}
is_deeply([run('', 'zsh', '-n', "$build/mxonly.zsh")], [0, '', ''], 'zsh takes its file');
done_testing();
