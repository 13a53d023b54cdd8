# SPDX-License-Identifier: BSD-2-Clause
# Peers - other policy servers of Debian, as far as they are installed, under the same load
package Bench::Peers;
use strict;
use warnings;
use Exporter 'import';
use Bench::Machine 'median';
use Bench::Serving qw(start_ours start_floor);
use Bench::Server;
use Bench::Table;
our @EXPORT_OK = qw(measure_peers);

# By socat, as Postfix's spawn(8): a process of the program for every connection.
sub spawned {
	my ($program) = @_;
	return sub { 'socat', "UNIX-LISTEN:$_[0],fork,backlog=1024", 'EXEC:' . path_of($program) };
}

# package, program, its command line for a socket (and a folder); most connections that it stands.
my @PEERS = (
	[ 'postgrey', 'postgrey', sub {
		my ($socket, $dir) = @_;
		return ('postgrey', "--unix=$socket", "--dbdir=$dir", '--delay=0', '--whitelist-clients=/dev/null',
			'--whitelist-recipients=/dev/null', $> == 0 ? ('--user=nobody', '--group=nogroup') : ());
	}, 32 ],
	[ 'postfwd', 'postfwd1', sub {
		my ($socket) = @_;
		return ('postfwd1', '--nodaemon', '--proto', 'unix', '--port', $socket, '--nodns', '--rule', 'id=R1; action=DUNNO');
	}, 32 ],
	[ 'postfix-policyd-spf-python', 'policyd-spf', spawned('policyd-spf'), 2 ],
	[ 'postfix-policyd-spf-perl', 'postfix-policyd-spf-perl', spawned('postfix-policyd-spf-perl'), 2 ],
	[ 'policyd-rate-limit', 'policyd-rate-limit', sub {
		my ($socket, $dir) = @_;
		my $user = $> == 0 ? "user: nobody\ngroup: nogroup\n" : '';
		open my $f, '>', "$dir/prl.yaml" or die "prl.yaml: $!\n";
		print $f "debug: false\n${user}pidfile: $dir/prl.pid\nbackend: 0\nsqlite_config: {database: $dir/prl.db}\n"
			. "SOCKET: $socket\nsocket_permission: 0666\nlimits: [[1000000000, 60]]\n";
		close $f;
		return ('policyd-rate-limit', '--file', "$dir/prl.yaml");
	}, 32 ],
);

sub path_of {
	my ($program) = @_;
	my ($found) = grep { -x } map { "$_/$program" } split(/:/, $ENV{PATH}), '/usr/sbin';
	return $found;
}

# What a program has said last.
sub words_of {
	my ($in) = @_;
	my @lines = split /\n/, Bench::Machine::text_of($in->path('peer.log'));
	return @lines ? " ($lines[-1])" : '';
}

sub row {
	my ($in, $table, $name, $server, $connections, $quick) = @_;
	my @runs = map { $server->load($in->program('policyload'), '-c', $connections, '-d', $quick ? 1 : 3, '-w', 1) } 1 .. 3;
	my @rate = sort { $a <=> $b } map { $_->{req_per_s} } @runs;
	$table->add(what => "$name, $connections connections: requests/s", ours => Bench::Table::figure(@rate[ 1, 0, 2 ]),
		value => median(map { $_->{cpu_us} } @runs), note => sprintf 'value: CPU us a request; p99 %.0f us; %.1f MiB',
		median(map { $_->{p99_us} } @runs), $runs[0]{pss} / 1024);
}

sub measure_peers {
	my ($in, $table, $quick) = @_;
	my @servers = (
		[ 'floor', sub { start_floor($in) }, 32 ],
		[ 'mxonlyd', sub { start_ours($in, $in->usual('usual.ini')) }, 32 ],
	);
	for my $p (@PEERS) {
		my ($name, $program, $command, $most) = @$p;
		if (!path_of($program)) {
			print "$name: not installed: apt-get install $name\n";
			next;
		}
		push @servers, [ $name, sub {
			my $socket = $in->path('peer.sock');
			return Bench::Server->start(command => [ $command->($socket, $in->{dir}) ], socket => $socket,
				log => $in->path('peer.log'));
		}, $most ];
	}
	for my $s (@servers) {
		my ($name, $start, $most) = @$s;
		my $server = eval { $start->() };
		if (!$server) {
			print "$name: does not start: $@" . words_of($in) . "\n";
			next;
		}
		eval { row($in, $table, $name, $server, $_, $quick) for 1, $most; 1 } or print "$name: $@" . words_of($in) . "\n";
		$server->stop;
	}
}

1;
