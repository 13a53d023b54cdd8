# SPDX-License-Identifier: BSD-2-Clause
package Firewall;

# Reads back what the exports for firewalls let in on port 25, each in its own words, without a line of mxonly's. A reader takes
# the text (of a folder: all files, one after another), sees that the rules around the ranges are as they must be, and returns the
# ranges that are let in. It dies when it meets what it does not know.

use strict;
use warnings;
use Exporter qw(import);
use JSON::PP ();

our @EXPORT = qw(let_in readers);

my @loopback = qw(127.0.0.0/8 ::1);

# Lines without comments and white space around them.
sub lines {
	my ($text) = @_;
	return grep { length } map { s/(?:^|\s)#.*//r =~ s/^\s+|\s+\z//gr } split(/\n/, $text);
}

sub nftables {
	my $text = join("\n", lines($_[0]));
	my %set;
	while ($text =~ s/^set (\w+) \{\ntype ipv[46]_addr\nflags interval\nauto-merge\n(?:elements = \{\n(.*?)\n\}\n)?\}\n//ms) {
		$set{$1} = [split(/[,\s]+/, $2 // '')];
	}
	my @rules = $text =~ /^chain input \{\n(.*?)\n\}/ms ? split(/\n/, $1) : die "no chain\n";
	my @ranges;
	die "hook: $rules[0]\n" if shift(@rules) ne 'type filter hook input priority -5; policy accept;';
	die "port: $rules[0]\n" if shift(@rules) ne 'tcp dport != 25 return';
	die "end: $rules[-1]\n" if pop(@rules) ne 'counter reject with tcp reset';
	for my $rule (@rules) {
		next if $rule =~ /^(?:ct state established,related accept|limit rate \S+ burst \d+ packets log prefix "mxonly-reject: ")\z/;
		my @new = $rule eq 'iif "lo" accept' ? @loopback : $rule =~ /^ip(6?) saddr \@(\w+([46])) accept\z/ && ($1 || 4) == $3 ? @{ $set{$2} // die "no set $2\n" } : die "rule: $rule\n";
		push(@ranges, @new);
	}
	return @ranges;
}

sub ipset {
	my ($text) = @_;
	my @lines = lines($text);
	for my $n (4, 6) {
		my $family = $n == 4 ? 'inet' : 'inet6';
		for my $want ("create mxonly$n-new hash:net family $family hashsize 1024 maxelem 65536 -exist", "flush mxonly$n-new", "swap mxonly$n-new mxonly$n") {
			die "no line $want\n" if !grep { $_ eq $want } @lines;
		}
	}
	my ($rules) = $text =~ /\*filter\n(.*?)COMMIT/s;
	is_in_order($rules, '-A MXONLY -i lo -j RETURN', '-A MXONLY -m set --match-set $1 src -j RETURN', '-A MXONLY -p tcp -j REJECT --reject-with tcp-reset');
	return map { /^add mxonly([46])-new (\S+)\z/ ? checked($1, $2) : () } @lines;
}

sub checked {
	my ($family, $range) = @_;
	die "$range is not of IPv$family\n" if ($range =~ /:/ ? 6 : 4) != $family;
	return $range;
}

sub is_in_order {
	my ($text, @words) = @_;
	my $at = -1;
	for my $word (@words) {
		my $next = index($text, $word);
		die "not there, or not in its place: $word\n" if $next <= $at;
		$at = $next;
	}
}

sub ufw {
	my ($text) = @_;
	is_in_order($text, 'ranges=', 'ufw prepend reject proto tcp from any to any port 25 ', 'ufw prepend allow proto tcp from $range to any port 25 ');
	return split(/\n/, ($text =~ /^ranges='([^']*)'$/m)[0]);
}

sub firewalld {
	my ($text) = @_;
	for my $n (4, 6) {
		is_in_order($text, qq(<rule priority="-100" family="ipv$n"><source ipset="mxonly$n"/><port port="25" protocol="tcp"/><accept/></rule>),
			qq(<rule priority="-50" family="ipv$n"><port port="25" protocol="tcp"/>));
	}
	my @ranges;
	while ($text =~ /<ipset type="hash:net">(.*?)<\/ipset>/gs) {
		my $body = $1;
		my ($family) = $body =~ /<option name="family" value="(inet6?)"\/>/;
		push(@ranges, map { checked($family eq 'inet' ? 4 : 6, $_) } $body =~ /<entry>(.*?)<\/entry>/g);
	}
	return @ranges;
}

# As the grammar of pfctl(8) has it: a range a line, for no line of a list may end with a comma.
sub pf {
	my @lines = lines($_[0]);
	die "table: $lines[0]\n" if shift(@lines) ne 'table <mxonly> persist {';
	die "rules: @lines[-2, -1]\n" if join("\n", splice(@lines, -2)) ne "pass in quick proto tcp from <mxonly> to (self) port 25\nblock return in log quick proto tcp from any to (self) port 25";
	die "end: $lines[-1]\n" if pop(@lines) ne '}';
	return @lines;
}

sub windows {
	my ($text) = @_;
	my ($list) = $text =~ /^\$Ranges = \@\((.*?)^\)/ms;
	is_in_order($text, '-Direction Inbound -Action Allow `', '-Protocol TCP -LocalPort 25 -RemoteAddress $Ranges ');
	return (@loopback, map { /^'([^']*)'\z/ ? $1 : die "line: $_\n" } lines($list));
}

sub plain { return (@loopback, lines($_[0])) }

sub json { return @{ JSON::PP::decode_json($_[0])->{allowed} } }

my %reader = (nftables => \&nftables, ipset => \&ipset, ufw => \&ufw, firewalld => \&firewalld, pf => \&pf,
	'windows-firewall' => \&windows, plain => \&plain, json => \&json);

sub readers { return sort keys %reader }

sub let_in {
	my ($target, $text) = @_;
	return $reader{$target}->($text);
}

1;
