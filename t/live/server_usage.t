#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# The command line of mxonlyd: options, exit codes, -t.

use strict;
use warnings;
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/lib";
use Mxonly qw(run slurp);
use Test::More;

my $folder = tempdir('mxonly-usage-XXXXXX', TMPDIR => 1, CLEANUP => 1);

sub file {
	my ($name, $text) = @_;
	open(my $to, '>', "$folder/$name") or die;
	print $to $text;
	close($to);
	return "$folder/$name";
}

my $good   = file('good.ini',   "$Mxonly::relay\n[domains x]\nnames = a.test b.test c.test\n");
my $warned = file('warned.ini', "$Mxonly::relay\n[default]\nmode = off\n");
my $bad    = file('bad.ini',    "[relay filter]\nranges = 192.0.2.0/33\n\n[default]\nmode = of\n");

# name, arguments, status, standard output, standard error
my @rows = (
	[ 'fit',           [ '-t', '-c', $good ],   0, qr/^\Q$good\E: fit to serve: 1 relay, 3 domains\n\z/, qr/^\z/ ],
	[ 'warned',        [ '-t', '-c', $warned ], 0, qr/\Q$warned\E: fit to serve: 1 relay, 0 domains/,    qr/^\Q$warned\E:\d+: warning: / ],
	[ 'faulty',        [ '-t', '-c', $bad ],    2, qr/not fit to serve/,       qr/^\Q$bad\E:2: .*\n(.*\n)*\Q$bad\E:5: / ],
	[ 'missing',       [ '-t', '-c', "$folder/none.ini" ], 2, qr/not fit to serve/, qr/none\.ini/ ],
	[ 'faulty, serve', [ '-c', $bad ],          2, qr/^\z/,                    $> == 0 ? qr/user = mxonly|runs as mxonly and must be able to read it|\Q$bad\E:2: / : qr/\Q$bad\E:2: / ],
	[ 'version',       ['-V'],                  0, qr/^mxonlyd \d+\.\d+/,      qr/^\z/ ],
	[ 'help',          ['--help'],              0, qr/^usage: mxonlyd /,       qr/^\z/ ],
	[ 'short help',    ['-h'],                  0, qr/^usage: mxonlyd /,       qr/^\z/ ],
	[ 'no such option', ['-x'],                 2, qr/^\z/,                    qr/usage: mxonlyd / ],
	[ 'an argument',   ['mxonly.ini'],          2, qr/^\z/,                    qr/unexpected `mxonly\.ini`: did you mean -c mxonly\.ini\?\nusage: mxonlyd / ],
	[ 'no endpoint',   [ '-l', '/run/x' ],      2, qr/^\z/,                    qr/unix:\/run\/x/ ],
	[ 'one twice',     [ '-l', 'unix:/run/x', '-l', 'unix:/run/x' ], 2, qr/^\z/, qr/-l: `unix:\/run\/x` twice/ ],
	[ 'an option without its value', ['-c'],    2, qr/^\z/,                    qr/usage: mxonlyd / ],
);
for my $row (@rows) {
	my ($name, $arguments, $status, $out, $err) = @$row;
	my @got = run('mxonlyd', @$arguments);
	is($got[0], $status, "$name: status");
	like($got[1], $out, "$name: standard output");
	like($got[2], $err, "$name: standard error");
}

# What the server checks is what the tool checks.
SKIP: {
	skip('no mxonly here', 4) unless -x Mxonly::program('mxonly');
	for my $file ($good, $bad) {
		my @server = run('mxonlyd', '-t', '-c', $file);
		my @tool   = run('mxonly', 'check', '-c', $file);
		is($server[0], $tool[0], "$file: the same status as mxonly check");
		is($server[2], $tool[2], "$file: the same words");
	}
}

done_testing();
