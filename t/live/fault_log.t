#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# The log is full, not read, stopped, restarted, gone: decisions do not wait for it, and what was dropped is told afterwards.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Load;
use Mxonly qw(wait_until slurp as_root free_folder);
use POSIX qw(mkfifo);
use Test::More;

use constant { BATCH => 20_000, CLONE_NEWNS => 0x20000, SYS_unshare => 272 };

# How fast requests are answered, one a second: of so many.
sub dropped {
	my ($log) = @_;
	my $n = 0;
	$n += $1 while $log =~ /warning: (\d+) log lines were dropped/g;
	return $n;
}

sub refusals { my ($log) = @_; return scalar(() = $log =~ /outcome=refuse/g) }

sub as_fast {
	my ($load, $before, $what) = @_;
	my $while = $load->best_speed(BATCH, $before / 5);
	cmp_ok($while, '>', $before / 5, sprintf('%s: %.0f a second, before %.0f', $what, $while, $before));
}

my @started;
my $test = $$;

END {
	my $status = $?;
	kill('KILL', grep { $_ } map { ($_->children, $_->pid) } grep { !$_->ended } @started) if $$ == $test;
	$? = $status;
}

# A server whose standard error leads there.
sub logging_to {
	my ($folder, $path) = @_;
	my $server = bless({ folder => $folder, path => "$folder/policy", options => [], policyd => "workers = 2\n", stderr => $path }, 'Mxonly');
	$server->configure($Mxonly::relay);
	$server->start(0);
	push(@started, $server);
	wait_until { $server->connect };
	return $server;
}

subtest 'a reader of standard error stops reading' => sub {
	my $folder = free_folder();
	mkfifo("$folder/fifo", 0666) or die;
	chmod(0666, "$folder/fifo");
	my $reader = fork() // die;
	if ($reader == 0) {
		open(STDIN, '<', "$folder/fifo") or POSIX::_exit(1);
		open(STDOUT, '>', "$folder/log") or POSIX::_exit(1);
		exec('cat') or POSIX::_exit(1);
	}
	my $server = logging_to($folder, "$folder/fifo");
	my $load = Load->new($server);
	my $before = $load->speed(BATCH);
	kill('STOP', $reader);
	$load->more(BATCH) for 1 .. 3;    # queues are full now
	as_fast($load, $before, 'while nobody reads');
	my $cpu = Load::cpu($server->logger);
	$load->more(BATCH);
	cmp_ok(Load::cpu($server->logger) - $cpu, '<', 0.1, 'who writes the log does not spin');
	kill('CONT', $reader);
	ok($server->logs(qr/log lines were dropped/), 'when it reads again, what was dropped is told');
	$load->end;
	ok($load->whole, 'nothing is lost') or diag($load->words);
	is($load->{retried}, 0, 'nobody has to ask again');
	wait_until { refusals($server->log) + dropped($server->log) == $load->{answered} };
	is($server->stop, 0, 'a clean end');
	waitpid($reader, 0);
	is(refusals($server->log) + dropped($server->log), $load->{answered}, 'each line was written, or counted: ' . dropped($server->log) . ' dropped');
	note($load->words);
};

# What is mounted ends with this test, and nobody else sees it. undef, or why not.
sub private_mounts {
	return 'not root' unless as_root();
	return "no mount namespace: $!" if syscall(SYS_unshare, CLONE_NEWNS) != 0;
	return system('mount', '--make-rprivate', '/') == 0 ? undef : 'mounts cannot be private';
}

my $no_mounts = private_mounts();

subtest 'the disk is full' => sub {
	plan(skip_all => $no_mounts) if defined $no_mounts;
	my $folder = free_folder();
	mkdir("$folder/disk");
	plan(skip_all => 'no disk can be mounted here') if system("mount -t tmpfs -o size=16m,mode=777 small $folder/disk 2>$folder/mount") != 0;
	open(my $file, '>', "$folder/disk/log") or die;
	chmod(0666, "$folder/disk/log");
	my $server = logging_to($folder, "$folder/disk/log");
	symlink("$folder/disk/log", "$folder/log");
	my $load = Load->new($server);
	my $before = $load->speed(BATCH);
	system("dd if=/dev/zero of=$folder/disk/filler bs=64k 2>$folder/dd");
	$load->more(BATCH);
	as_fast($load, $before, 'while it is full');
	unlink("$folder/disk/filler");
	$load->until(sub { dropped($server->log) > 0 });
	ok(1, 'when there is room again, what was dropped is told');
	$load->end;
	ok($load->whole, 'nothing is lost') or diag($load->words);
	is($load->{retried}, 0, 'nobody has to ask again');
	# A line that was torn counts as dropped, and what is left of it may look like one that was written.
	my ($written, $dropped);
	my $whole = wait_until { ($written, $dropped) = (refusals($server->log), dropped($server->log)); abs($written + $dropped - $load->{answered}) <= 2 };
	ok($whole, "each line was written, or counted: $written and $dropped of $load->{answered}");
	is($server->stop, 0, 'a clean end');
	cmp_ok($dropped, '>', BATCH, "$dropped were dropped");
	note($load->words);
	unlike($server->log, qr/recipient=u\@example\.orgmxonlyd/, 'what is left of a torn line stands alone');
	system('umount', '-l', "$folder/disk");
};

# /dev/log of its own: nobody else's log is touched.
sub private_devices {
	my ($folder) = @_;
	return $no_mounts if defined $no_mounts;
	return 'no rsyslogd here' if !-x '/usr/sbin/rsyslogd';
	mkdir("$folder/dev");
	system('mount', '-t', 'tmpfs', 'devices', "$folder/dev") == 0 or return 'no tmpfs';
	for my $name (qw(null zero full random urandom)) {
		open(my $file, '>', "$folder/dev/$name");
		system('mount', '--bind', "/dev/$name", "$folder/dev/$name") == 0 or return "no /dev/$name";
	}
	system('mount', '--rbind', "$folder/dev", '/dev') == 0 or return 'no /dev of its own';
	return undef;
}

my $rsyslogd;

sub start_rsyslogd {
	my ($folder) = @_;
	open(my $to, '>', "$folder/rsyslog.conf") or die;
	print $to qq(module(load="imuxsock" SysSock.Use="off")\ninput(type="imuxsock" Socket="/dev/log")\n), qq(action(type="omfile" file="$folder/log")\n);
	close($to);
	$rsyslogd = fork() // die;
	if ($rsyslogd == 0) {
		open(STDOUT, '>>', "$folder/rsyslogd") or POSIX::_exit(1);
		open(STDERR, '>>', "$folder/rsyslogd") or POSIX::_exit(1);
		exec('/usr/sbin/rsyslogd', '-n', '-f', "$folder/rsyslog.conf", '-i', "$folder/rsyslogd.pid") or POSIX::_exit(1);
	}
	wait_until { IO::Socket::UNIX->new(Type => Socket::SOCK_DGRAM(), Peer => '/dev/log') };
}

sub stop_rsyslogd {
	my ($signal) = @_;
	kill($signal, $rsyslogd);
	waitpid($rsyslogd, 0);
}

END { my $status = $?; kill('KILL', $rsyslogd) if $rsyslogd && $$ == $test; $? = $status }

subtest 'a syslog daemon' => sub {
	my $folder = free_folder();
	my $why = private_devices($folder);
	plan(skip_all => $why) if defined $why;
	chown(0, 0, $folder);
	chmod(0777, $folder);
	start_rsyslogd($folder) or die slurp("$folder/rsyslogd");
	my $server = Mxonly->new(folder => $folder, policyd => "workers = 2\nlog = syslog\n");
	like($server->log, qr/ mxonlyd\[\d+\]: mxonlyd .* starts with /, 'it logs there');
	my $load = Load->new($server);
	my $before = $load->speed(BATCH);
	ok($server->logs(qr/outcome=refuse/), 'decisions too');

	kill('STOP', $rsyslogd);
	$load->more(BATCH) for 1 .. 3;
	as_fast($load, $before, 'while it is stopped');
	kill('CONT', $rsyslogd);
	$load->end;
	ok($server->logs(qr/warning: \d+ log lines were dropped/), 'when it goes on, what was dropped is told');
	ok(wait_until { refusals($server->log) + dropped($server->log) == $load->{answered} }, 'each line was written, or counted: ' . dropped($server->log) . ' dropped');

	my $second = Load->new($server);
	$second->more(BATCH);
	my $told = dropped($server->log);
	stop_rsyslogd('TERM');
	unlink('/dev/log');
	as_fast($second, $before, 'while there is none');
	$second->more(BATCH);
	start_rsyslogd($folder);
	my $written = refusals($server->log);
	$second->until(sub { refusals($server->log) > $written });
	ok(1, 'a new one is found');
	$second->until(sub { dropped($server->log) > $told });
	ok(1, 'what had nowhere to go is told');
	stop_rsyslogd('KILL');
	as_fast($second, $before, 'after it was killed, its socket left behind');
	start_rsyslogd($folder);
	$written = refusals($server->log);
	$second->until(sub { refusals($server->log) > $written });
	ok(1, 'a new one is found');
	$second->end;
	ok($_->whole && !$_->{retried}, 'nothing is lost, nobody has to ask again') or diag($_->words) for $load, $second;
	note($_->words) for $load, $second;
	is($server->stop, 0, 'a clean end');
	stop_rsyslogd('TERM');
	undef $rsyslogd;
	system('umount', '-R', '-l', $_) for '/dev', "$folder/dev";
};

done_testing();
