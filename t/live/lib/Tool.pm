# SPDX-License-Identifier: BSD-2-Clause
package Tool;

# What the tests of mxonly(1) share: the program, run once, and files in a folder of their own.

use strict;
use warnings;
use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);

our @EXPORT = qw(folder source_folder write_file read_file run mxonly);

my $folder;

sub folder { return $folder //= tempdir('mxonly-tool-XXXXXX', TMPDIR => 1, CLEANUP => 1) }

sub source_folder { return abs_path(dirname(__FILE__) . '/../../..') }

sub write_file {
	my ($name, $text) = @_;
	my $path = $name =~ m{^/} ? $name : folder() . "/$name";
	open(my $to, '>', $path) or die "$path: $!";
	print $to $text;
	close($to) or die "$path: $!";
	return $path;
}

sub read_file {
	my ($path) = @_;
	open(my $from, '<', $path) or die "$path: $!";
	local $/;
	return scalar(<$from>) // '';
}

# run(STDIN, COMMAND...): exit status, standard output, standard error. A signal is status 128 + its number.
sub run {
	my ($input, @command) = @_;
	my ($in, $out, $err) = (write_file('stdin', $input), map { folder() . "/$_" } qw(stdout stderr));
	my $pid = fork() // die "fork: $!";
	if ($pid == 0) {
		open(STDIN,  '<', $in)  or die;
		open(STDOUT, '>', $out) or die;
		open(STDERR, '>', $err) or die;
		exec { $command[0] } @command or exit 127;
	}
	waitpid($pid, 0);
	my $status = $? & 127 ? 128 + ($? & 127) : $? >> 8;
	return ($status, read_file($out), read_file($err));
}

sub mxonly {
	my ($input, @arguments) = @_;
	my $build = $ENV{MXONLY_BUILD} // die "MXONLY_BUILD names no build folder\n";
	return run($input, "$build/mxonly", @arguments);
}

1;
