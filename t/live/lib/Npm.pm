# SPDX-License-Identifier: BSD-2-Clause
package Npm;

# Programs of others that tests ask, and that Debian does not have: npm packages, of exactly the versions and checksums that
# t/live/npm/NAME/package-lock.json tells. They are fetched once into a build folder, and nothing of theirs is run while they are.
#
#   my ($folder, $fault) = Npm::fetched('grafana');     the folder that holds node_modules, or why there is none

use strict;
use warnings;
use File::Copy qw(copy);
use File::Path qw(make_path);
use Tool;

sub fetched {
	my ($name) = @_;
	my $list   = source_folder() . "/t/live/npm/$name";
	my $home   = ($ENV{MXONLY_BUILD} // die "MXONLY_BUILD names no build folder\n") . "/npm";
	my $folder = "$home/$name";
	for my $program (qw(node npm)) {
		return (undef, "no $program: apt-get install npm (t/run does)") if system("command -v $program >/dev/null") != 0;
	}
	# npm leaves its own list behind when all is there; ours, beside it, tells of which versions.
	my $lock = read_file("$list/package-lock.json");
	return ($folder) if -e "$folder/node_modules/.package-lock.json" && -e "$folder/fetched" && read_file("$folder/fetched") eq $lock;
	make_path($folder);
	copy("$list/$_", "$folder/$_") or die "$folder/$_: $!\n" for qw(package.json package-lock.json);
	my ($status, $out, $err) = run('', qw(timeout 120 npm ci --fetch-retries=1 --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error),
		'--cache', "$home/cache", '--prefix', $folder);
	return (undef, "npm cannot fetch the packages of t/live/npm/$name (is the registry, npm config get registry, reached from here?):\n$out$err") if $status != 0;
	write_file("$folder/fetched", $lock);
	return ($folder);
}

1;
