#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# The Debian packages, in a bare Debian of their own with a real systemd and a real Postfix: lintian has nothing to say of
# them; README's ten minutes to a protected domain go as it says; mail past the relay is refused then, and mail of the relay
# taken; an upgrade loses no answer; purging leaves nothing.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Path qw(make_path);
use Test::More;
use Tool;

my $source = source_folder();
my $build = $ENV{MXONLY_BUILD} // die "MXONLY_BUILD names no build folder\n";
my $base = "$build/debian";       # a bare Debian, kept from run to run
my $packages = "$build/packages";
plan(skip_all => 'only root can start a Debian of its own') if $> != 0;
for my $program (qw(debootstrap systemd-nspawn lintian)) {
	BAIL_OUT("no $program: apt-get install debootstrap systemd-container lintian") if system("command -v $program >/dev/null") != 0;
}

sub works {
	my ($what, @command) = @_;
	my ($status, $out, $err) = run('', @command);
	is($status, 0, $what) or diag(substr($out . $err, -4000));
	return $status == 0;
}

# Debian's mirror, as this host has it.
sub mirror {
	my ($text) = map { -e ? read_file($_) : () } '/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list';
	return ($text // '') =~ m{^(?:URIs:|deb)\s+(?:\[.*?\]\s*)?(https?://\S+)}m ? $1 : 'http://deb.debian.org/debian';
}

sub make_base {
	return 1 if -e "$base/ready";
	system('rm', '-rf', $base);
	my $wanted = 'systemd-sysv,dbus,postfix,netcat-openbsd,iproute2,libcidr0,libinih1,libev4,libidn2-0,libseccomp2,libgmime-3.0-0,libunbound8,zlib1g';
	local $ENV{DEBIAN_FRONTEND} = 'noninteractive';
	works('a bare Debian', 'debootstrap', '--variant=minbase', "--include=$wanted", 'bookworm', $base, mirror()) or return 0;
	write_file("$base/ready", '');
	return 1;
}

works('contrib/package builds them, and lintian finds no error and no warning', "$source/contrib/package", $packages) or BAIL_OUT('no packages');
make_base() or BAIL_OUT('no Debian');

# The commands of a section of README, in order.
sub commands {
	my ($title) = @_;
	my ($section) = read_file("$source/README") =~ /^\Q$title\E\n-+\n(.*?)(?=^\S[^\n]*\n-+\n|\z)/ms or die "README has no section $title";
	return $section =~ /^    [#] (.*)\n/mg;
}

# A version that is newer, but the same.
sub newer {
	my ($deb) = @_;
	my $folder = folder() . '/newer';
	system('rm', '-rf', $folder);
	works("taken apart", 'dpkg-deb', '-R', $deb, $folder);
	my $control = read_file("$folder/DEBIAN/control") =~ s/^(Version: \S+)/$1+1/mr =~ s/\(= [^)]*\)/(>= 0)/gr;
	write_file("$folder/DEBIAN/control", $control);
	return $folder;
}

my $root = "$build/debian-run";
my @mounts;
END { my $status = $?; system('umount', $_) for reverse @mounts; $? = $status }
system('rm', '-rf', $root);
make_path(map { "$root/$_" } qw(upper work merged));
works('a copy of it to write to', 'mount', '-t', 'overlay', 'overlay', '-o', "lowerdir=$base,upperdir=$root/upper,workdir=$root/work", "$root/merged") or BAIL_OUT('no overlay');
push(@mounts, "$root/merged");
my $inside = "$root/merged/root/mxonly";
make_path("$inside/build-package");
my ($tool, $daemon) = map { glob("$packages/${_}_*.deb") } qw(mxonly mxonlyd);
system('cp', $tool, $daemon, "$inside/build-package") == 0 or die;
works('a newer version', 'dpkg-deb', '-b', newer($daemon), "$inside/newer.deb");

# A client with an address of its own: what Postfix answers to RCPT TO.
write_file("$root/merged/root/rcpt", <<'END');
#!/bin/sh
# rcpt ADDRESS HELO RECIPIENT
{ sleep 0.2; printf 'EHLO %s\r\n' "$2"; sleep 0.1; printf 'MAIL FROM:<s@isp.example>\r\n'; sleep 0.1; printf 'RCPT TO:<%s>\r\n' "$3"; sleep 0.5; printf 'QUIT\r\n'; } |
	nc -w 10 -s "$1" 198.51.100.25 25 | tail -n 2 | head -n 1
END
chmod(0755, "$root/merged/root/rcpt");

# One question after another until told to stop; each must be answered as the policy says.
write_file("$root/merged/root/ask", <<'END');
#!/bin/sh
good=0 bad=0
while [ ! -e /root/stop ]; do
	case $(mxonly query -s unix:/var/spool/postfix/mxonly/policy client_address=203.0.113.9 recipient=u@example.org 2>&1) in
	REJECT*) good=$((good + 1)) ;;
	*) bad=$((bad + 1)) ;;
	esac
done
echo "asked $((good + bad)), wrong $bad" >/root/asked
END
chmod(0755, "$root/merged/root/ask");

my @steps = (
	[given => 'postconf -e "mydestination = example.org, localhost"'],
	(map { [readme => $_] } grep { !m{^\./contrib/package} } commands('Ten minutes to a protected domain')),
	[direct => '/root/rcpt 203.0.113.9 dsl.isp.example root@example.org'],
	[relay => '/root/rcpt 192.0.2.7 mx1.relay.example root@example.org'],
	[journal => 'journalctl -q --no-pager -u mxonlyd MXONLY_REASON=unknown-address MXONLY_CLIENT_ADDRESS=203.0.113.9 -o verbose'],
	[users => 'for p in $(pidof mxonlyd); do stat -c %U /proc/$p; done | sort -u'],
	[pid => 'systemctl show -p MainPID mxonlyd'],
	[upgrade => 'rm -f /root/stop; /root/ask & sleep 1; apt-get install -y ./newer.deb >/root/upgrade 2>&1; status=$?; sleep 1; touch /root/stop; wait; cat /root/asked /root/upgrade; exit $status'],
	[pid_after => 'systemctl show -p MainPID mxonlyd'],
	[failed => 'systemctl --failed --plain --no-legend'],
	[purge => 'dpkg -P mxonlyd mxonly'],
	[left => 'find / -xdev -name "*mxonly*" -not -path "/proc/*" -not -path "/root/*" -not -path "/sys/*" -not -path "/var/lib/dpkg/*" -not -path "/tmp/*" -not -path "/var/log/*" -print; getent passwd mxonly; getent group mxonly; true'],
);
my $n = 0;
write_file("$root/merged/root/steps/" . $n++, "$_->[1]\n") for map { make_path("$root/merged/root/steps"); $_ } @steps;
write_file("$root/merged/root/main", <<'END');
#!/bin/bash
ip address add 203.0.113.9/32 dev lo
ip address add 192.0.2.7/32 dev lo
ip address add 198.51.100.25/32 dev lo
cd /root/mxonly
for ((n = 0; ; n++)); do
	[ -e /root/steps/$n ] || break
	timeout 180 bash /root/steps/$n >/root/steps/$n.out 2>&1 </dev/null
	echo $? >/root/steps/$n.status
done
END
chmod(0755, "$root/merged/root/main");
write_file("$root/merged/etc/systemd/system/try.service", "[Unit]\nAfter=multi-user.target\n[Service]\nType=oneshot\nExecStart=/root/main\nExecStopPost=/bin/systemctl poweroff --no-block\n");
make_path("$root/merged/etc/systemd/system/default.target.wants");
symlink('../try.service', "$root/merged/etc/systemd/system/default.target.wants/try.service") or die;
my ($status, $out, $err) = run('', 'timeout', '900', 'systemd-nspawn', '-q', '-D', "$root/merged", '--register=no', '--keep-unit', '--private-network', '-b');
is($status, 0, 'it started, and ended by itself') or diag(substr($out . $err, -3000));

my %said;
for my $i (0 .. $#steps) {
	my ($name, $command) = @{ $steps[$i] };
	my ($code, $words) = map { -e ? read_file($_) : 'none' } "$root/merged/root/steps/$i.status", "$root/merged/root/steps/$i.out";
	$said{$name} = $words;
	is($code, "0\n", "$name: $command") or diag($words);
}
like($said{direct}, qr/^5\d\d 5\.7\.1 .*Direct delivery refused: mail for example\.org/, 'direct delivery is refused');
like($said{relay}, qr/^250 /, 'the relay is taken');
like($said{journal}, qr/^ +_TRANSPORT=journal$/m, 'in the journal, where the service is confined, it is an entry');
like($said{journal}, qr/^ +MXONLY_RECIPIENT=root\@example\.org$/m, 'with fields');
like($said{journal}, qr/^ +_SYSTEMD_UNIT=mxonlyd\.service$/m, 'of the service');
is($said{users}, "mxonly\n", 'nobody is root');
like($said{upgrade}, qr/^asked [1-9]\d+, wrong 0$/m, 'an upgrade loses no answer');
isnt($said{pid}, $said{pid_after}, 'and starts the server anew');
is($said{failed}, '', 'no unit has failed');
is($said{left}, '', 'purging leaves nothing');
done_testing();
