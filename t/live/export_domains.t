#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# Targets that decide by recipient: for random sections, the lane that a domain takes in what was exported (asked in postmap, Exim) has
# the mode and the relays that mxonly query tells of it.
#
# MXONLY_SEED=N plays one seed again.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Exim;
use Test::More;
use Tool;

Exim::fetch();
my $seed = $ENV{MXONLY_SEED} // time() ^ $$;
srand($seed);

my @labels = qw(a b mail xn--bcher-kva 7);

sub random_name { return join('.', (map { $labels[rand(@labels)] } 1 .. int(rand(4))), 'example') }

# Sections of random names, exact and below, with random modes and relays.
sub random_policies {
	my $ini = "[relay one]\nranges = 192.0.2.0/24\n[relay two]\nranges = 198.18.0.0/24\n[relay three]\nranges = 203.0.113.0/24 2001:db8::/32\n";
	my @modes = qw(enforce enforce monitor off);
	my $keys = sub {
		my @relays = grep { rand() < 0.5 } qw(one two three);
		return (rand() < 0.7 ? "mode = $modes[rand(@modes)]\n" : '') . 'relays = ' . join(' ', @relays ? @relays : 'one') . "\n";
	};
	my %names = map { ((rand() < 0.5 ? '.' : '') . random_name()) => 1 } 1 .. 5 + rand(15);
	my @names = sort keys %names;
	my @customers = splice(@names, 0, 3);
	return $ini . "[default]\n" . $keys->() . (rand() < 0.5 ? "[domains customers]\nnames = @customers\n" . $keys->() : '') . join('', map { "[domain $_]\n" . $keys->() } @names) . "[domain always.test]\nmode = enforce\n";
}

# Of each name its "mode relays", as the tool itself tells.
sub told {
	my ($ini, @names) = @_;
	my (undef, $out) = mxonly(join('', map { "$_\n" } @names), 'query', '-c', $ini, '-q', '-');
	return map { my ($mode, @relays) = split(/[\t ]/, $_->[1]); $_->[0] => $mode eq 'off' ? 'off' : join(' ', $mode, sort @relays) } map { [split(/\t/, $_, 2)] } split(/\n/, $out);
}

# %$lane: of each name the lane that the export gives it; domains of one lane must have one policy, "off" none.
sub agrees {
	my ($what, $lane, $told) = @_;
	my (%policy, @wrong);
	for my $name (sort keys %$told) {
		my $got = $lane->{$name} // 'nothing';
		my $want = $policy{$got} //= $told->{$name};
		push(@wrong, "$name is in lane $got like those that are `$want', but is `$told->{$name}'") if $want ne $told->{$name} || ($got eq 'off') != ($want eq 'off');
	}
	is(join("\n", @wrong), '', "$what, seed $seed");
}

sub exported {
	my ($target, $ini) = @_;
	my $to = folder() . "/$target";
	system('rm', '-rf', $to);
	my ($status, $out, $err) = mxonly('', 'export', '-c', $ini, $target, '-o', $to);
	is($status, 0, "$target: written") or diag($err);
	return $to;
}

sub postfix {
	my ($ini, @names) = @_;
	my $to = exported('postfix', $ini);
	my $etc = folder() . '/etc';
	mkdir($etc);
	system('rm', '-rf', "$etc/mxonly");
	rename($to, "$etc/mxonly") or die "$to: $!";
	write_file("$etc/master.cf", '');
	write_file("$etc/main.cf", "compatibility_level = 3.6\nmynetworks = 127.0.0.0/8\ninet_interfaces = 127.0.0.1\n" . read_file("$etc/mxonly/main.cf"));
	run('', 'postmap', '-c', $etc, "$etc/mxonly/domains");
	my (undef, $map) = run('', 'postconf', '-c', $etc, '-hx', 'smtpd_recipient_restrictions');
	$map =~ s/\n//g;
	$map =~ s/^check_recipient_access // or die "restrictions: $map\n";
	my (undef, $out) = run(join('', map { "u\@$_\n" } @names), 'postmap', '-c', $etc, '-q', '-', $map);
	return map { /^u\@(\S+)\t(\S+)$/ ? ($1 => $2 eq 'DUNNO' ? 'off' : $2) : die "postmap: $_\n" } split(/\n/, $out);
}

# What Exim makes of expressions, one for each name.
sub expanded {
	my ($expression, @names) = @_;
	my $configuration = Exim::configuration('domains.conf', '', '');
	my (undef, $out) = Exim::exim(join('', map { "<$_ " . $expression->($_) . ">\n" } @names), '-C', $configuration, '-be');
	return $out =~ /<(\S+) (\S+)>/g;
}

sub exim {
	my ($ini, @names) = @_;
	my $to = exported('exim', $ini);
	my ($lookup) = read_file("$to/acl") =~ /set acl_m_mxonly = (.*)/ or die "no lookup\n";
	$lookup =~ s{/etc/exim4/mxonly/}{$to/};
	return expanded(sub { my ($name) = @_; $lookup =~ s/\$domain/$name/r }, @names);
}

# Each condition is a lane of its own: a name must be in one of them at most. What is only monitored has none: it is left alone.
sub exim_filter {
	my ($ini, @names) = @_;
	my @lists = read_file(exported('exim-filter', $ini)) =~ /match_domain \{\$domain\}(\{[^{}]*\})/g;
	my %lane;
	for my $i (0 .. $#lists) {
		my %in = expanded(sub { '${if match_domain {' . $_[0] . '}' . $lists[$i] . '{yes}{no}}' }, @names);
		$lane{$_} = exists $lane{$_} ? 'several' : "list $i" for grep { $in{$_} eq 'yes' } keys %in;
	}
	return map { $_ => $lane{$_} // 'off' } @names;
}

# A rule is for all, or for what its patterns fit, but for exceptions; a name must have one rule at most.
sub exchange_online {
	my ($ini, @names) = @_;
	my (%lane, @rules);
	my (undef, $out) = mxonly('', 'export', '-c', $ini, 'exchange-online');
	while ($out =~ /^# ([^\n]+)\n\$Rules \+= \@\{\n    Name = '[^']*'\n    Mode = '(\w+)'\n    For = \@\(\n(.*?)    \)\n    NotFor = \@\(\n(.*?)    \)\n/msg) {
		my ($lane, $for, $not) = ("$1 $2", $3, $4);
		push(@rules, [$lane, [$for =~ /'(.*)'/g], [$not =~ /'(.*)'/g]]);
	}
	for my $name (@names) {
		for my $rule (@rules) {
			my ($lane, $for, $not) = @$rule;
			next if (@$for && !grep { "u\@$name" =~ $_ } @$for) || grep { "u\@$name" =~ $_ } @$not;
			$lane{$name} = exists $lane{$name} ? 'several' : $lane;
		}
	}
	return map { $_ => $lane{$_} // 'off' } @names;
}

for (1 .. 5) {
	my $ini = write_file('mxonly.ini', random_policies());
	my %names = map { $_ => 1 } 'example', 'always.test', 'below.always.test', 'other.test', map { random_name() } 1 .. 60;
	my %told = told($ini, keys %names);
	agrees('postfix', { postfix($ini, keys %names) }, \%told);
	agrees('exchange-online', { exchange_online($ini, keys %names) }, \%told);
	agrees('exim', { exim($ini, keys %names) }, \%told);
	agrees('exim-filter', { exim_filter($ini, keys %names) }, { map { $_ => $told{$_} =~ /^monitor/ ? 'off' : $told{$_} } keys %told });
}

done_testing();
