#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# What mxonly exports for nftables, ipset, ufw and firewalld, loaded into the real ones between two hosts (lib/Apart.pm): who gets in
# at port 25 and who does not, to the last address; ports 465 and 587; loading twice; a faulty file; undoing as the header says. MXONLY_SEED=N
# plays one seed again.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Apart;
use JSON::PP;
use Ranges;
use Test::More;
use Tool;

BEGIN { Apart::begin(qw(unshare nsenter ip ss nft ipset iptables ip6tables ufw firewalld firewall-cmd firewall-offline-cmd dbus-daemon)) }

my @ranges  = ('192.0.2.0/24', '198.51.100.10-198.51.100.20', '198.51.100.64', '2001:db8:25::/48', '2001:db8:30::5-2001:db8:30::1:2');
my @trusted = ('203.0.113.2', '2001:db8:40::/64');
my @foreign = qw(203.0.113.9 2001:db8:99::7);
my @allowed = ranges_of(@ranges, @trusted);

my $seed = $ENV{MXONLY_SEED} // time() ^ $$;
srand($seed);
note("MXONLY_SEED=$seed");
my @random  = random_ranges(40);

# The first and the last address of each range, and those beside them.
my %edges = map { address_text($_) => 1 } grep { defined } map { ($_->[0], $_->[1], previous_address($_->[0]), next_address($_->[1])) } @allowed;
my @clients = sort(@foreign, '192.0.2.10', '2001:db8:25::10', keys %edges);
my $server = Apart->new(\@clients);

sub configure { return write_file('mxonly.ini', "[relay filter]\nranges = @_\ndomains = relay.example\n[default]\nmode = enforce\n") }

# Writes an export of these ranges; returns its path.
sub export {
	my ($target, @these) = @_;
	my $path = folder() . "/$target";
	my ($status, $out, $err) = mxonly('', 'export', '-c', configure(@these), $target, '-o', $path, map { ('--trusted', $_) } @trusted);
	is($status, 0, "$target: written") or diag($err);
	return $path;
}

# Who gets in at which port, as it must be: NAME, and the ranges that are let in.
sub lets_in {
	my ($name, @in) = @_;
	my (@wrong, @shut);
	for my $client (@clients) {
		my $want = ranges_hold(address_of($client), @in) ? 'open' : 'refused';
		my $got = $server->probe($client, 25);
		push(@wrong, "$client: $got, not $want") if $got ne $want;
	}
	is(join("\n", @wrong), '', "$name: port 25, " . @clients . ' addresses');
	for my $port (465, 587) {
		push(@shut, map { $server->probe($_, $port) eq 'open' ? () : "$_ at $port" } @foreign, '192.0.2.10');
	}
	is(join("\n", @shut), '', "$name: submission is open to all");
	is_deeply([map { $server->probe_here($_) } qw(127.0.0.1 ::1)], [qw(open open)], "$name: the server reaches itself");
}

sub succeeds {
	my ($name, @command) = @_;
	my ($status, $out, $err) = $server->command(@command);
	is($status, 0, $name) or diag($out, $err);
	return $out;
}

sub fails {
	my ($name, @command) = @_;
	my ($status) = $server->command(@command);
	isnt($status, 0, $name);
}

# The commands below a title of the header, with what follows five spaces cut off.
sub commands {
	my ($path, $title) = @_;
	my ($lines) = read_file($path) =~ /^(?:# )?\Q$title\E:\n(.*?)^#?$/ms;
	return map { s/^#?\s+//r =~ s/ {5}.*//r } split(/\n/, $lines);
}

sub undone {
	my ($name, $path) = @_;
	succeeds("$name: undone as the header says", '/bin/sh', '-ec', join("\n", commands($path, 'Undo it')));
}

sub replaced {
	my ($path, $from, $to) = @_;
	my $text = read_file($path);
	die "no $from\n" if $text !~ s/\Q$from\E/$to/g;
	return write_file("$path.changed", $text);
}

# What the program itself says that it lets in, less loopback, which nobody tries here.
sub told {
	my ($name, $these, @texts) = @_;
	is(ranges_text(grep { !/^127\.|^::1(?:\/128)?\z/ } @texts), ranges_text(@$these, @trusted), "$name: what the program tells");
}

# The elements of sets that nft(8) lists as JSON.
sub elements {
	my @sets = @_;
	my @elements;
	for my $name (@sets) {
		my $list = decode_json(succeeds("list $name", qw(nft -j list set), split(/ /, $name)));
		push(@elements, map { element($_) } map { @{ $_->{set}{elem} // [] } } @{ $list->{nftables} });
	}
	return @elements;
}

sub element {
	my ($e) = @_;
	return $e if !ref($e);
	return "$e->{prefix}{addr}/$e->{prefix}{len}" if $e->{prefix};
	return join('-', @{ $e->{range} });
}

subtest 'before' => sub { lets_in('without rules', ranges_of('0.0.0.0/0', '::/0')) };

subtest 'nftables' => sub {
	my $path = export('nftables', @ranges);
	succeeds('well-formed', 'nft', '-c', '-f', $path);
	succeeds('loaded', 'nft', '-f', $path);
	lets_in('nftables', @allowed);
	told('nftables', \@ranges, elements(map { "inet mxonly $_" } qw(relay4 relay6 trusted4 trusted6)));
	my $rules = succeeds('listed', qw(nft -s list ruleset));
	succeeds('loaded again', 'nft', '-f', $path);
	is(succeeds('listed', qw(nft -s list ruleset)), $rules, 'as before');
	fails('a faulty one is not loaded', 'nft', '-f', replaced($path, '192.0.2.0/24', '192.0.2.0/33'));
	is(succeeds('listed', qw(nft -s list ruleset)), $rules, 'the old rules stay');
	succeeds('fewer ranges', 'nft', '-f', export('nftables', '2001:db8:25::/48'));
	lets_in('fewer ranges', ranges_of('2001:db8:25::/48', @trusted));
	succeeds('random ranges', 'nft', '-f', export('nftables', @random));
	told('nftables', \@random, elements(map { "inet mxonly $_" } qw(relay4 relay6 trusted4 trusted6)));
	undone('nftables', $path);
	is($server->probe($foreign[0], 25), 'open', 'port 25 is open again');
};

subtest 'ipset' => sub {
	my $path = export('ipset', @ranges);
	my $list = sub { join('', map { succeeds("$_[0]: $_", $_) } qw(iptables-save ip6tables-save)) =~ s/^#.*\n|\[\d+:\d+\]//gmr };
	succeeds('loaded', 'sh', $path);
	lets_in('ipset', @allowed);
	told('ipset', \@ranges, map { succeeds("ipset save $_", 'ipset', 'save', $_) =~ /^add \S+ (\S+)$/mg } qw(mxonly4 mxonly6));
	my $rules = $list->('once');
	succeeds('loaded again', 'sh', $path);
	is($list->('twice'), $rules, 'the rules are as before');
	fails('a faulty one is not loaded', 'sh', replaced($path, '2001:db8:25::/48', '2001:db8:25::/129'));
	is($list->('faulty'), $rules, 'the old rules stay');
	told('ipset', \@ranges, map { succeeds("ipset save $_", 'ipset', 'save', $_) =~ /^add \S+ (\S+)$/mg } qw(mxonly4 mxonly6));
	succeeds('fewer ranges', 'sh', export('ipset', '2001:db8:25::/48'));
	lets_in('fewer ranges', ranges_of('2001:db8:25::/48', @trusted));
	succeeds('random ranges', 'sh', export('ipset', @random));
	told('ipset', \@random, map { succeeds("ipset save $_", 'ipset', 'save', $_) =~ /^add \S+ (\S+)$/mg } qw(mxonly4 mxonly6));
	undone('ipset', $path);
	is($server->probe($foreign[0], 25), 'open', 'port 25 is open again');
};

# A copy of a folder of this machine, in its place, for the server alone.
sub own_copy {
	my ($folder) = @_;
	my $copy = folder() . $folder =~ s{/}{-}gr;
	succeeds("a copy of $folder", 'sh', '-ec', "cp -a $folder $copy; mount --bind $copy $folder");
}

subtest 'ufw' => sub {
	own_copy('/etc/ufw');
	succeeds('a /run of its own', qw(mount -t tmpfs none /run));
	succeeds("ufw @$_", 'ufw', @$_) for ['allow', '25/tcp'], [qw(allow from 192.0.2.0/24 to any port 25 proto tcp)], ['allow', 'Postfix'], ['allow', '465/tcp'], ['allow', '587/tcp'];
	# A command a range takes its time.
	my @few = ('192.0.2.0/24', '198.51.100.10-198.51.100.11', '2001:db8:25::/48');
	my $path = export('ufw', @few);
	succeeds('taken', 'sh', $path);
	succeeds('loaded', qw(ufw --force enable));
	lets_in('ufw', ranges_of(@few, @trusted));
	told('ufw', \@few, map { succeeds("$_->[0] -S", $_->[0], '-S', $_->[1]) =~ /^-A \S+ -s (\S+) .*--dport 25 -j ACCEPT$/mg } ['iptables', 'ufw-user-input'], ['ip6tables', 'ufw6-user-input']);
	my $rules = succeeds('listed', qw(ufw show added));
	succeeds('loaded again', 'sh', $path);
	is(succeeds('listed', qw(ufw show added)), $rules, 'the rules are as before');
	fails('a faulty one is not loaded', 'sh', replaced($path, '192.0.2.0/24', '192.0.2.0/33'));
	lets_in('after a faulty one', ranges_of(@few, @trusted));
	succeeds('fewer ranges', 'sh', export('ufw', '2001:db8:25::/48'));
	lets_in('fewer ranges', ranges_of('2001:db8:25::/48', @trusted));
	undone('ufw', $path);
	unlike(succeeds('listed', qw(ufw show added)), qr/mxonly/, 'no rule is left');
	is($server->probe($foreign[0], 25), 'open', 'what an administrator had allowed is open again');
	succeeds('switched off', qw(ufw --force disable));
};

subtest 'firewalld' => sub {
	own_copy('/etc/firewalld');
	succeeds('a /run and a log of its own', 'sh', '-ec', 'mount -t tmpfs none /run; mkdir /run/dbus; mount -t tmpfs none /var/log');
	my @daemons = $server->start(qw(dbus-daemon --system --nofork --nopidfile));
	succeeds('the zone lets SMTP in', 'firewall-offline-cmd', "--add-service=$_") for qw(smtp smtps smtp-submission);
	my $path = export('firewalld', @ranges);
	my $install = sub { succeeds('in its place', 'sh', '-c', "cp -r $path/ipsets $path/policies /etc/firewalld/") };
	$install->();
	my ($status, $out, $err) = $server->command(qw(firewall-offline-cmd --check-config));
	is("$status$err", '0', 'well-formed, and without a word');
	push(@daemons, $server->start(qw(firewalld --nofork --nopid)));
	Apart::wait_until(sub { ($server->command(qw(firewall-cmd --state)))[0] == 0 });
	lets_in('firewalld', @allowed);
	told('firewalld', \@ranges, elements(map { "inet firewalld $_" } qw(mxonly4 mxonly6)));
	succeeds('reloaded', qw(firewall-cmd --reload));
	told('firewalld, twice', \@ranges, elements(map { "inet firewalld $_" } qw(mxonly4 mxonly6)));
	my $faulty = replaced("$path/ipsets/mxonly4.xml", '192.0.2.0/24', '192.0.2.0/33');
	succeeds('a faulty one in its place', 'cp', $faulty, '/etc/firewalld/ipsets/mxonly4.xml');
	($status, $out, $err) = $server->command(qw(firewall-offline-cmd --check-config));
	like($err . $out, qr{192\.0\.2\.0/33}, 'is told of, as the header says');
	lets_in('not reloaded', @allowed);
	unlink($faulty);
	export('firewalld', '2001:db8:25::/48');
	$install->();
	succeeds('reloaded', qw(firewall-cmd --reload));
	lets_in('fewer ranges', ranges_of('2001:db8:25::/48', @trusted));
	export('firewalld', @random);
	$install->();
	succeeds('random ranges', qw(firewall-cmd --reload));
	told('firewalld', \@random, elements(map { "inet firewalld $_" } qw(mxonly4 mxonly6)));
	undone('firewalld', "$path/README.mxonly");
	is($server->probe($foreign[0], 25), 'open', 'what the zone lets in is open again');
	kill('TERM', reverse(@daemons));
};

done_testing();
