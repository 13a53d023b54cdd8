#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# The units of systemd in etc/: systemd takes them, finds them hard to attack, and makes the user and the folders that they
# need; and they say the same as the defaults of mxonly.ini.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Copy qw(copy);
use File::Path qw(make_path);
use Test::More;
use Tool;

plan(skip_all => 'no systemd-analyze here (Debian package systemd)') if system('command -v systemd-analyze >/dev/null') != 0;

use constant SCORE => 1.0;    # at most; a service that is not confined at all has 9.6

my $etc = source_folder() . '/etc';

# What a unit says, as { "Section" => { Key => [values] } }.
sub unit {
	my ($text) = @_;
	my (%unit, $section);
	for (split(/\n/, $text)) {
		$section = $1 if /^\[(\w+)\]/;
		push(@{ $unit{$section}{$1} }, $2) if /^(\w+)=(.*)/;
	}
	return \%unit;
}

my $service = unit(read_file("$etc/mxonlyd.service"));
my $socket = unit(read_file("$etc/mxonlyd.socket"));

# A root with the units of this host, ours, and our programs where they are to be installed.
my $root = folder() . '/root';
make_path("$root/etc/systemd/system", "$root/usr/lib/systemd", "$root/usr/bin", "$root/usr/sbin", map { "$root/$_" } qw(run var/spool/postfix));
system('cp', '-a', (grep { -d } qw(/usr/lib/systemd/system /lib/systemd/system))[0], "$root/usr/lib/systemd/system") == 0 or die 'cp';
copy("$etc/$_", "$root/etc/systemd/system/$_") or die for qw(mxonlyd.service mxonlyd.socket);
for my $program (map { (split(/ /))[0] } map { @{ $service->{Service}{$_} } } qw(ExecStart ExecReload)) {
	my ($name) = $program =~ m{([^/]+)$};
	ok(-x "$ENV{MXONLY_BUILD}/$name", "$program is a program of ours");
	copy('/bin/true', "$root$program") or die "$root$program: $!";
	chmod(0755, "$root$program");
}

sub verify {
	my @units = @_;
	my ($status, $out, $err) = run('', 'systemd-analyze', 'verify', '--man=no', "--root=$root", @units);
	# Other units of this host are not ours to mend.
	return ($status, join('', grep { /mxonly/ } split(/^/m, $out . $err)));
}

subtest 'systemd takes them' => sub {
	is_deeply([verify($_)], [0, ''], $_) for qw(mxonlyd.service mxonlyd.socket);
	write_file("$root/etc/systemd/system/mxonly-wrong.service", read_file("$etc/mxonlyd.service") =~ s/^ProtectHome=/ProtectHomes=/mr);
	my ($status, $words) = verify('mxonly-wrong.service');
	like($words, qr/ProtectHomes/, 'and would tell of a wrong key');
	write_file("$root/etc/systemd/system/mxonly-wrong.service", read_file("$etc/mxonlyd.service") =~ s/^(ExecStart=\S+)/$1x/mr);
	like((verify('mxonly-wrong.service'))[1], qr/not executable/, 'and of a program that is not there');
};

subtest 'hard to attack' => sub {
	my ($status, $out, $err) = run('', 'systemd-analyze', 'security', '--offline=true', '--no-pager', "$etc/mxonlyd.service");
	is("$status$err", '0', 'can be told') or diag($err);
	my ($score) = $out =~ /Overall exposure level for mxonlyd\.service: ([\d.]+)/;
	cmp_ok($score, '<=', SCORE, "exposure $score");
	diag(join("\n", grep { /^\S*\x{2717}|\xe2\x9c\x97/ } split(/\n/, $out))) if $score > SCORE;
};

# The names that SystemCallFilter= lets pass: groups are taken apart, "~" takes away.
sub system_calls {
	my (%group, $name, %allowed);
	for (split(/\n/, (run('', 'systemd-analyze', 'syscall-filter', '--no-pager'))[1])) {
		$name = $1 if /^(@\S+)/;
		push(@{ $group{$name} }, $1) if defined $name && /^ +(@?\w[\w-]*|@[\w-]+)/;
	}
	my $expand;
	$expand = sub { map { /^@/ ? $expand->(@{ $group{$_} }) : $_ } @_ };
	for my $line (@{ $service->{Service}{SystemCallFilter} }) {
		my ($not, @names) = $line =~ /^(~?)(.*)/ ? ($1, split(/ /, $2)) : ();
		my @calls = $expand->(@names);
		@allowed{@calls} = (1) x @calls;
		delete @allowed{@calls} if $not;
	}
	return \%allowed;
}

subtest 'what the processes need' => sub {
	my $allowed = system_calls();
	cmp_ok(scalar(keys %$allowed), '>', 100, 'the filter was read');
	ok(!$allowed->{$_}, "not $_") for qw(mount chroot setuid chown init_module reboot ptrace);
	my $sandbox = read_file(source_folder() . '/policyd/server/sandbox.c') =~ s/for_leak_search\[\].*?;//sr;
	my @needed = $sandbox =~ /SCMP_SYS\((\w+)\)/g;
	cmp_ok(scalar(@needed), '>', 50, 'the sandbox was read');
	is(join(' ', grep { !$allowed->{$_} } @needed), '', 'what the sandbox of the processes lets pass');
	is(join(' ', grep { !$allowed->{$_} } qw(execve fork bind listen chmod connect flock setsockopt getsockname unlink umask prctl seccomp
		memfd_create prlimit64)), '', 'what they use before');
};

subtest 'they agree with the defaults' => sub {
	my $table = read_file(source_folder() . '/lib/policy/settings.c');
	my %default = $table =~ /SERVER\("(\w+)",[^"\n]*"([^"]+)",/g;
	is("unix:$socket->{Socket}{ListenStream}[0]", $default{listen}, 'the policy socket');
	is($socket->{Socket}{SocketMode}[0], $default{socket_mode}, 'its mode');
	is($socket->{Socket}{FileDescriptorName}[0], 'policy', 'its name, which is not `control`');
	is($_, $default{user}, 'the user') for $service->{Service}{User}[0], $service->{Service}{Group}[0], $socket->{Socket}{SocketUser}[0];
	is("unix:/run/$service->{Service}{RuntimeDirectory}[0]/control", $default{control}, 'the folder of the control socket');
	like($service->{Service}{ExecStart}[0], qr{^/usr/sbin/mxonlyd -c /etc/mxonly/mxonly\.ini$}, 'the configuration');
	is($service->{Service}{ExecReload}[0], '/usr/bin/mxonly ctl reload', 'a reload that waits');
	is($service->{Service}{RestartPreventExitStatus}[0], 2, 'a faulty configuration is not tried again');
	my ($folder) = $default{listen} =~ m{^unix:(.*)/};
	like($service->{Service}{ReadWritePaths}[0], qr/^-?\Q$folder\E$/, 'the folder of the policy socket can be written');
	cmp_ok($service->{Service}{LimitNOFILE}[0], '>', 2 * $default{max_connections}, 'descriptors for all connections');
};

SKIP: {
	skip('systemd-sysusers and systemd-tmpfiles are for root', 1) if $> != 0;
	skip('no systemd-sysusers, systemd-tmpfiles here', 1) if system('command -v systemd-sysusers systemd-tmpfiles >/dev/null') != 0;
	subtest 'the user and the folders' => sub {
		write_file("$root/etc/passwd", "root:x:0:0:root:/root:/bin/sh\npostfix:x:1234:1235:Postfix:/var/spool/postfix:/usr/sbin/nologin\n");
		write_file("$root/etc/group",  "root:x:0:\npostfix:x:1235:\n");
		my ($status, $out, $err) = run('', 'systemd-sysusers', "--root=$root", "$etc/mxonly.sysusers");
		is($status, 0, 'systemd-sysusers') or diag($err);
		my ($uid) = read_file("$root/etc/passwd") =~ /^mxonly:[^:]*:(\d+):\d+:[^:]*:[^:]*:.*nologin$/m;
		my ($gid) = read_file("$root/etc/group") =~ /^mxonly:[^:]*:(\d+):$/m;
		ok(defined $uid && defined $gid && $uid > 0 && $uid < 1000, 'a user of the system that cannot log in, and its group') or return;
		($status, $out, $err) = run('', 'systemd-tmpfiles', "--root=$root", '--create', "$etc/mxonly.tmpfiles");
		is($status, 0, 'systemd-tmpfiles') or diag($err);
		my %folder = ('/var/spool/postfix/mxonly' => [02750, $uid, 1235], '/run/mxonly' => [0750, $uid, $gid]);
		is_deeply([(stat("$root$_"))[2, 4, 5]], [040000 | $folder{$_}[0], @{ $folder{$_} }[1, 2]], "$_: mode, owner, group") for sort keys %folder;
		# What a chrooted smtpd needs: into the folder, and to write to a socket that mxonly makes in it.
		chmod(0755, folder(), $root);
		my $pid = fork() // die;
		if ($pid == 0) {
			$) = "$gid $gid";
			$( = $gid;
			($<, $>) = ($uid, $uid);
			require IO::Socket::UNIX;
			chdir("$root/var/spool/postfix/mxonly") or exit 1;
			umask(0077);
			exit(IO::Socket::UNIX->new(Local => 'policy', Listen => 1) && chmod(0660, 'policy') ? 0 : 2);
		}
		waitpid($pid, 0);
		is($?, 0, 'mxonly can make its socket there');
		is((stat("$root/var/spool/postfix/mxonly/policy"))[5], 1235, 'which belongs to the group of Postfix');
		is((stat(_))[2] & 07777, 0660, 'who may write to it, and nobody else');
	};
}

# What README and the manual tell to do names these units.
for my $text (read_file(source_folder() . '/README'), read_file(source_folder() . '/policyd/mxonlyd.8')) {
	like($text, qr/mxonlyd\.socket/, 'is told of');
}

done_testing();
