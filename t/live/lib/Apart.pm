# SPDX-License-Identifier: BSD-2-Clause
package Apart;

# Two hosts that are joined by a cable, for tests of firewalls: network, mount and process namespaces of their own, so that neither
# this machine's rules nor its network are touched, and nothing is left when the test ends.
#
#   Apart::begin(qw(nft ...));                    the test starts itself anew, as the first process of a namespace: the client
#   my $server = Apart->new(['192.0.2.1', ...]);  a server, and the addresses that the client has
#   $server->command('nft', '-f', $file)          exit status, standard output, standard error of a command there
#   $server->probe('192.0.2.1', 25)               "open", "refused", "timeout": a connection of the client to the server

use strict;
use warnings;
use IO::Socket::IP;
use POSIX ();
use Socket qw(SOCK_STREAM);
use Tool;

my %server_address = (4 => '203.0.113.200', 6 => '2001:db8:ffff::1');

sub begin {
	my (@programs) = @_;
	my @missing = grep { system("command -v $_ >/dev/null 2>&1") != 0 } @programs;
	die "these programs are missing: @missing; t/run installs them\n" if @missing;
	return if $ENV{MXONLY_APART};
	$ENV{MXONLY_APART} = 1;
	exec(qw(unshare --net --mount --pid --fork --kill-child --mount-proc --propagation private), $^X, $0, @ARGV) or die "unshare: $!";
}

sub here {
	my (@command) = @_;
	my ($status, $out, $err) = run('', @command);
	die "@command: $out$err\n" if $status != 0;
}

sub there {
	my ($self, @command) = @_;
	my ($status, $out, $err) = $self->command(@command);
	die "@command: $out$err\n" if $status != 0;
}

# A process in a network and mounts of its own, which waits; the namespaces are there once it has said so.
sub holder {
	pipe(my $from, my $to) or die;
	my $pid = fork() // die "fork: $!";
	if ($pid == 0) {
		open(STDOUT, '>&', $to) or die;
		exec(qw(unshare --net --mount --propagation private /bin/sh -c), 'echo there; exec sleep infinity') or POSIX::_exit(127);
	}
	close($to);
	<$from> or die "no namespace\n";
	return $pid;
}

# Usable at once: nobody else on the cable can have it.
sub address_on_cable {
	my ($address) = @_;
	return (qw(ip address add), $address =~ /:/ ? ("$address/128", qw(dev cable nodad)) : ("$address/32", qw(dev cable)));
}

sub new {
	my ($class, $clients) = @_;
	my $self = bless({ pid => holder() }, $class);
	here(qw(ip link set lo up));
	here(qw(ip link add cable type veth peer name cable netns), $self->{pid});
	here(qw(ip link set cable up));
	$self->there(qw(ip link set lo up));
	$self->there(qw(ip link set cable up));
	$self->there(address_on_cable($server_address{$_})) for 4, 6;
	$self->there('ip', "-$_", qw(route add default dev cable)) for 4, 6;
	here(address_on_cable($_)) for @$clients;
	here('ip', "-$_", 'route', 'add', $server_address{$_}, qw(dev cable)) for 4, 6;
	$self->listen;
	return $self;
}

sub command {
	my ($self, @command) = @_;
	return run('', 'nsenter', '--net', '--mount', '-t', $self->{pid}, '--', @command);
}

# A process there, until the test ends; returns its pid.
sub start {
	my ($self, @command) = @_;
	my $pid = fork() // die "fork: $!";
	return $pid if $pid;
	open(STDIN,  '<', '/dev/null') or die;
	open(STDOUT, '>', '/dev/null') or die;
	open(STDERR, '>', folder() . '/started') or die;
	exec('nsenter', '--net', '--mount', '-t', $self->{pid}, '--', @command) or POSIX::_exit(127);
}

# Something that says 220 on ports 25, 465 and 587, over both families.
sub listen {
	my ($self) = @_;
	$self->start($^X, '-MIO::Socket::IP', '-MIO::Select', '-e', <<~'END');
		$SIG{PIPE} = 'IGNORE';
		my $all = IO::Select->new(map { IO::Socket::IP->new(LocalHost => '::', LocalPort => $_, V6Only => 0, Listen => 100, ReuseAddr => 1) or die "$@" } 25, 465, 587);
		while (my @ready = $all->can_read) {
			for (@ready) {
				my $client = $_->accept or next;
				print $client "220\r\n";
			}
		}
		END
	wait_until(sub { ($self->command(qw(ss -Hltn)))[1] =~ /:587\b/ });
}

sub wait_until {
	my ($there) = @_;
	for (1 .. 200) {
		return 1 if $there->();
		select(undef, undef, undef, 0.05);
	}
	die "waited 10 seconds\n";
}

sub probe {
	my ($self, $from, $port) = @_;
	my $socket = IO::Socket::IP->new(LocalHost => $from, PeerHost => $server_address{$from =~ /:/ ? 6 : 4}, PeerPort => $port, Type => SOCK_STREAM, Timeout => 2);
	return $! == POSIX::ECONNREFUSED ? 'refused' : "no connection: $!" if !$socket;
	return (<$socket> // '') eq "220\r\n" ? 'open' : 'closed';
}

# From the server itself.
sub probe_here {
	my ($self, $address) = @_;
	my ($status) = $self->command($^X, '-MIO::Socket::IP', '-e', 'exit !IO::Socket::IP->new(PeerHost => $ARGV[0], PeerPort => 25, Timeout => 2)', $address);
	return $status == 0 ? 'open' : 'refused';
}

1;
