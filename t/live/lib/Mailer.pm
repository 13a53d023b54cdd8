# SPDX-License-Identifier: BSD-2-Clause
package Mailer;

# Reads back whom the exports for mail servers and hosted systems let in, each in its own words, without a line of mxonly's. A
# reader takes what mxonly export prints, sees that what stands around the ranges is as it must be, and returns the ranges. It dies
# when it meets what it does not know.
#
#   mailers()                   the targets
#   lets_in(TARGET, TEXT)       ranges
#   kind(TARGET)                which ranges are meant: "all", "all4" (of IPv4, without what is private), "outer" (without loopback)

use strict;
use warnings;
use Exporter qw(import);

our @EXPORT = qw(mailers lets_in kind file_of);

my %kind = ('exchange-online' => 'all4', smartermail => 'outer', zoho => 'outer', rackspace => 'outer');

my %reader = (
	postfix => \&postfix, postscreen => \&postscreen, exim => sub { exim($_[0], '') }, cpanel => sub { exim($_[0], ' \+loopback ; \+relay_hosts ;') },
	exchange => \&exchange, 'exchange-online' => \&exchange_online, (map { $_ => \&screens } qw(smartermail zoho rackspace)), 'exim-filter' => \&exim_filter,
);

sub mailers { return sort keys %reader }

sub kind { return $kind{ $_[0] } // 'all' }

sub lets_in {
	my ($target, $text) = @_;
	return $reader{$target}->($text);
}

# A file of a folder, out of the script that standard output is.
sub file_of {
	my ($text, $name) = @_;
	return $text =~ /^cat >'\Q$name\E' <<'(\S+)'\n(.*?)^\1\n/ms ? $2 : die "no file $name\n";
}

sub lines { return grep { length && !/^#/ } split(/\n/, $_[0]) }

# A table of Postfix's in which the first line that fits counts: those that let in stand before those that hold everything.
sub table {
	my ($text, $in, $out) = @_;
	my @lines = map { [split(/\t/)] } lines($text);
	my @last = splice(@lines, -2);
	die "the end of the table\n" if join(' ', map { $_->[0] } @last) ne '0.0.0.0/0 ::/0' || grep { $_->[1] !~ $out } @last;
	die "neither in nor out: @$_\n" for grep { $_->[1] ne $in } @lines;
	return map { $_->[0] } @lines;
}

sub postfix {
	my ($text) = @_;
	my $main = file_of($text, 'main.cf');
	die "class\n" if $main !~ /^mxonly_1 = permit_sasl_authenticated, check_client_access cidr:\$config_directory\/mxonly\/clients-1$/m;
	die "domains\n" if join(' ', lines(file_of($text, 'others'))) ne "/^/\tmxonly_1" || lines(file_of($text, 'domains'));
	return table(file_of($text, 'clients-1'), 'DUNNO', qr/^REJECT 5\.7\.1 /);
}

sub postscreen { return table($_[0], 'permit', qr/^reject$/) }

sub exim {
	my ($text, $more) = @_;
	my ($statement) = file_of($text, 'acl') =~ /^(deny\n.*?)^#/ms or die "no deny\n";
	die "statement: $statement" if $statement !~ /^  condition = \$\{if and \{\{eq \{\$received_port\}\{25\}\}\{eq \{\$acl_m_mxonly\}\{1\}\}\}\}\n  !hosts = <; ;$more \S*\/hosts-1\n/m;
	die "domains\n" if join(' ', lines(file_of($text, 'domains'))) ne '*: 1';
	return lines(file_of($text, 'hosts-1'));
}

sub quoted {
	my ($list) = @_;
	return map { /^\s*'([^']*)'\z/ ? $1 : die "item $_\n" } grep { /\S/ } split(/\n/, $list);
}

sub exchange { return $_[0] =~ /^\$Ranges = \@\(\n(.*?)^\)\n/ms ? quoted($1) : die "no ranges\n" }

sub exchange_online {
	my ($rule) = $_[0] =~ /^\$Rules \+= \@\{\n    Name = 'mxonly 1'\n    Mode = 'Enforce'\n    For = \@\(\n    \)\n    NotFor = \@\(\n    \)\n    Addresses = \@\(\n(.*?)^    \)\n\}\n/ms or die "no rule\n";
	my @ranges = quoted($rule);
	die "$_: IPv4 and /24 to /32 alone\n" for grep { /:/ || (/\/(\d+)/ ? $1 < 24 : 0) } @ranges;
	return @ranges;
}

sub screens { return $_[0] =~ /[:.]\n((?: {7}[0-9a-f.:]+(?:\/\d+)?\n)+)/ ? $1 =~ /(\S+)/g : die "no ranges\n" }

sub exim_filter {
	my ($condition) = $_[0] =~ /^  "\$\{if match_ip .*\{<; ([^{}]*)\}\{in\}\{out\}\}" is "out"\nthen\n  save "\$home\/mail\/junk"$/m or die "no condition\n";
	return split(/ ; /, $condition);
}

1;
