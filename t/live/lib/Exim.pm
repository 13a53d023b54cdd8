# SPDX-License-Identifier: BSD-2-Clause
package Exim;

# A real Exim beside Postfix: Debian's package, which cannot be installed together with postfix, unpacked into a folder of the build,
# with the user that it was made for in a passwd file of its own (a mount namespace each time).
#
#   Exim::fetch();                          dies with the words to fetch it by hand
#   Exim::exim(STDIN, ARGUMENTS...)         exit status, standard output, standard error
#   Exim::beside(COMMAND...)                the same of a command that finds it as /usr/local/sbin/exim
#   Exim::replies(CONFIGURATION, CLIENT, PORT, AUTHENTICATED, RECIPIENTS...)
#                                           what exim -bh answers to each RCPT TO

use strict;
use warnings;
use Fcntl qw(LOCK_EX);
use Tool;

my @packages = qw(exim4-daemon-light libidn12 libgnutls-dane0);

sub home { return ($ENV{MXONLY_BUILD} // die "MXONLY_BUILD names no build folder\n") . '/exim' }

# Tests that run at once wait for the one that fetches it, and none writes what another has mounted. chmod comes last: all is there.
sub fetch {
	my $home = home();
	open(my $lock, '>', "$home.lock") or die "$home.lock: $!\n";
	flock($lock, LOCK_EX) or die "$home.lock: $!\n";
	return if -x "$home/bin/exim";
	unpack_packages($home) if !-x "$home/usr/sbin/exim4";
	mkdir("$home/bin");
	write_file("$home/passwd", read_file('/etc/passwd') . "Debian-exim:x:64999:64999::/nonexistent:/bin/false\n");
	write_file("$home/group", read_file('/etc/group') . "Debian-exim:x:64999:\n");
	write_file("$home/bin/exim", <<~END);
		#!/bin/sh
		exec unshare --mount /bin/sh -c 'mount --bind $home/passwd /etc/passwd && mount --bind $home/group /etc/group &&
			LD_LIBRARY_PATH=$home/usr/lib/\$(uname -m)-linux-gnu exec $home/usr/sbin/exim4 "\$@"' exim "\$@"
		END
	chmod(0755, "$home/bin/exim");
}

sub unpack_packages {
	my ($home) = @_;
	my $new = "$home.new";
	my $get = "apt-get -q -o APT::Sandbox::User=root download @packages";
	my ($status, $out, $err) = run('', 'sh', '-c', "rm -rf $new && mkdir -p $new && cd $new && { $get || { apt-get -q update && $get; }; } && "
		. 'for package in *.deb; do dpkg -x "$package" . || exit; done');
	die "Exim is missing, and cannot be fetched: $get, then dpkg -x each of them into $home\n$out$err" if $status != 0;
	system('rm', '-rf', $home);
	rename($new, $home) or die "$home: $!\n";
}

sub exim {
	my ($input, @arguments) = @_;
	return run($input, home() . '/bin/exim', @arguments);
}

sub beside {
	my (@command) = @_;
	return run('', 'unshare', '--mount', '/bin/sh', '-c', 'mount --bind "$0" /usr/local/sbin && exec "$@"', home() . '/bin', @command);
}

# A configuration of Exim's with these main options and statements of its RCPT ACL, which takes everything else; anybody may log in.
sub configuration {
	my ($name, $main, $acl) = @_;
	my $folder = folder();
	chmod(0755, $folder);
	mkdir("$folder/spool");
	chmod(0777, "$folder/spool");
	return write_file($name, <<~END);
		primary_hostname = host.test
		qualify_domain = host.test
		spool_directory = $folder/spool
		log_file_path = $folder/spool/%slog
		keep_environment =
		host_lookup =
		auth_advertise_hosts = *
		$main
		acl_smtp_rcpt = check_rcpt
		begin acl
		check_rcpt:
		$acl
		accept
		begin authenticators
		anybody:
		  driver = plaintext
		  public_name = PLAIN
		  server_prompts = :
		  server_condition = true
		begin routers
		END
}

sub replies {
	my ($configuration, $client, $port, $authenticated, @recipients) = @_;
	my $here = $client =~ /:/ ? '2001:db8:ffff::1' : '203.0.113.1';
	my @lines = ('EHLO client.test', $authenticated ? 'AUTH PLAIN AGpvZQBzZWNyZXQ=' : (), 'MAIL FROM:<a@sender.test>', (map { "RCPT TO:<$_>" } @recipients), 'QUIT');
	my ($status, $out, $err) = exim(join('', map { "$_\r\n" } @lines), '-C', $configuration, '-bh', $client, '-oMi', "$here.$port");
	my ($behind) = $out =~ /^250 OK\r?\n(.*)/ms;
	my @replies = ($behind // '') =~ s/\r//gr =~ s/^(\d{3})-(.*)\n\1(?=[ -])/$1 $2/mgr =~ /^(?!221)(\d{3} .*)$/mg;
	return (\@replies, $err);
}

1;
