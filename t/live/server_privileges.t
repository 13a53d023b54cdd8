#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# Started as root: nobody is root afterwards, and nothing was read or bound as root.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Mxonly qw(wait_until slurp as_root RELAY);
use Test::More;

plan(skip_all => 'only root can drop root') unless as_root();

sub ids {
	my ($pid, $what) = @_;
	my ($line) = slurp("/proc/$pid/status") =~ /^$what:\s*(.*?)\s*$/m;
	return $line;
}

sub fails {
	my ($prepare, %o) = @_;
	my $folder = Mxonly::free_folder();
	my $server = bless({ folder => $folder, path => "$folder/policy", options => [], policyd => $o{policyd} // '' }, 'Mxonly');
	$server->configure($o{ini} // $Mxonly::relay);
	$prepare->($server->config) if $prepare;
	$server->start(0);
	return ($server->wait_end, $server->log, $folder);
}

subtest 'nobody is root' => sub {
	my $server = Mxonly->new(policyd => "workers = 2\n", groups => '0 0 1 4');
	my @all    = ($server->pid, $server->children);
	is(scalar(@all), 4, 'supervisor, logger, two workers');
	for my $pid (@all) {
		is(ids($pid, 'Uid'), join("\t", (65534) x 4), "$pid: user");
		is(ids($pid, 'Gid'), join("\t", ((getpwnam('nobody'))[3]) x 4), "$pid: group");
		unlike(ids($pid, 'Groups') // '', qr/\b[014]\b/, "$pid: no group of root's");
		is(ids($pid, 'CapEff'), '0' x 16, "$pid: no capability");
		is(ids($pid, 'CapPrm'), '0' x 16, "$pid: none to be had");
		is((stat("/proc/$pid/environ"))[4], 0, "$pid: not dumpable");
	}
	is((stat($server->path))[4], 65534, 'the socket was bound by the user');
	is($server->ask($server->connect, RELAY), 'DUNNO', 'it serves');
	kill('KILL', ($server->workers)[0]);
	$server->logs(qr/is replaced/);
	wait_until { $server->workers == 2 };
	is(scalar(grep { ids($_, 'Uid') =~ /^0|\t0/ } $server->children), 0, 'nor is a worker that came later');
	$server->configure($Mxonly::relay);
	ok($server->reload(2), 'a reload works without root');
	is($server->stop, 0, 'so does removing the socket');
};

subtest 'a group of its own' => sub {
	my $server = Mxonly->new(policyd => "group = daemon\nworkers = 1\n");
	my $daemon = getgrnam('daemon');
	is(ids($_, 'Gid'), join("\t", ($daemon) x 4), "$_: group") for $server->pid, $server->children;
	is($server->stop, 0, 'stopped');
};

# mxonly check and mxonlyd -t, as root: what the server would not start with.
subtest 'what root alone can read is told before' => sub {
	my $folder = Mxonly::free_folder();
	my $ranges = "$folder/ranges";
	my $ini = "$folder/mxonly.ini";
	my $write = sub { my ($path, $text) = @_; open(my $to, '>', $path) or die; print $to $text; close($to) };
	$write->($ranges, "192.0.2.0/24\n2001:db8:25::/48\n");
	$write->($ini, "[policyd]\nuser = nobody\n[relay filter]\nranges_file = ranges\n");
	chmod(0755, $folder);
	for my $row (['', 0644, 0644], [$ini, 0640, 0644], [$ranges, 0644, 0600]) {
		my ($told, @modes) = @$row;
		chmod($modes[0], $ini);
		chmod($modes[1], $ranges);
		my $said = `@{[Mxonly::program("mxonlyd")]} -t -c $ini 2>&1`;
		is($?, 0, 'fit to serve elsewhere');
		my @warnings = $said =~ /^(\S+): warning: the server would not start: it runs as nobody/mg;
		is("@warnings", $told, $told eq '' ? 'nothing to warn of' : "warned of $told");
	}
};

subtest 'what root alone can read' => sub {
	my ($status, $log, $folder) = fails(sub { chmod(0600, $_[0]); chown(0, 0, $_[0]) });
	is($status, 2, 'is refused');
	like($log, qr/mxonly\.ini: Permission denied: the server runs as nobody and must be able to read it/, 'with the reason');
	like($log, qr/chgrp nogroup .*chmod 0640/, 'and what to do');
	ok(!-e "$folder/policy", 'nothing was bound');
};

my @refused = (
	[ 'a user that does not exist', "user = no-such-user\n",             qr/user = no-such-user: there is no such user; create one \(adduser --system --group/ ],
	[ 'root',                       "user = root\n",                     qr/user = root is root/ ],
	[ 'the group of root',          "user = nobody\ngroup = root\n",     qr/root's group/ ],
	[ 'an unknown group',           "user = nobody\ngroup = no-such\n",  qr/group = no-such: there is no such group/ ],
);
for my $row (@refused) {
	my ($status, $log) = fails(undef, policyd => $row->[1]);
	is($status, 2, "$row->[0]: exit 2");
	like($log, $row->[2], "$row->[0]: told");
}

subtest 'the default user' => sub {
	plan(skip_all => 'there is a user mxonly here') if getpwnam('mxonly');
	my ($status, $log) = fails(sub {
		my $text = slurp($_[0]) =~ s/^user = .*\n//mr;
		open(my $to, '>', $_[0]) or die;
		print $to $text;
	});
	is($status, 2, 'is mxonly, who must exist');
	like($log, qr/user = mxonly: there is no such user/, 'as is told');
};

subtest 'a user hidden in an included file' => sub {
	my ($status, $log) = fails(sub {
		my $text = slurp($_[0]) =~ s/^user = .*$/user = daemon/mr;
		open(my $part, '>', "$_[0].part") or die;
		print $part $text;
		open(my $to, '>', $_[0]) or die;
		print $to "[policyd]\ninclude = mxonly.ini.part\n";
	});
	is($status, 2, 'is refused');
	my $told = getpwnam('mxonly') ? qr/mxonly\.ini: user = daemon stands in an included file: it belongs into the first one, which says mxonly$/m
		: qr/user = mxonly: there is no such user; create one/;
	like($log, $told, 'as is told');
};

subtest 'no file at all' => sub {
	my ($status, $log) = fails(sub { unlink($_[0]) });
	is($status, 2, 'exit 2');
	like($log, qr/mxonly\.ini: No such file/, 'told');
};

done_testing();
