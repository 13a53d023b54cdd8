# SPDX-License-Identifier: BSD-2-Clause
package Manual;

# A manual page in mdoc: its sections, the items of their lists, its examples. As much of mdoc as our pages use.

use strict;
use warnings;
use Tool;

# new(PATH)
sub new {
	my ($class, $path) = @_;
	return bless { path => $path, text => read_file($path) }, $class;
}

sub text { return $_[0]{text} }

# What stands between a heading (.Sh or .Ss) and the next one of either kind.
sub section {
	my ($self, $title) = @_;
	my ($text) = $self->{text} =~ /^\.S[hs] \Q$title\E\n(.*?)(?=^\.S[hs] |\z)/ms or die "$self->{path}: no section $title\n";
	return $text;
}

# items(SECTION, MACRO): of each ".It MACRO WORD ..." the word and what else stands in its line and below, as [WORD, LINE, TEXT].
sub items {
	my ($self, $title, $macro) = @_;
	my @items;
	for my $item (split(/^(?=\.It )/m, $self->section($title))) {
		push(@items, [$1, $2, $item]) if $item =~ /^\.It $macro (\S+)(.*)/;
	}
	return @items;
}

sub names {
	my ($self, $title, $macro) = @_;
	return map { $_->[0] } $self->items($title, $macro);
}

# Literal blocks, as they are shown.
sub blocks {
	my ($self) = @_;
	my @blocks = $self->{text} =~ /^\.Bd -literal[^\n]*\n(.*?)^\.Ed$/msg;
	for (@blocks) {
		s/\\&//g;
		s/\\\(dq/"/g;
		s/\\-/-/g;
		s/\\e/\\/g;
	}
	return @blocks;
}

# What is typed behind a "$ " prompt, continued behind "> ", and what is shown: a list of blocks, each a list of [COMMAND, SHOWN].
sub sessions {
	my ($self) = @_;
	my @sessions;
	for my $block (grep { /^\$ /m } $self->blocks) {
		push(@sessions, [map { [session($_)] } split(/^(?=\$ )/m, $block)]);
	}
	return @sessions;
}

sub session {
	my ($text) = @_;
	my ($command, $shown) = $text =~ /^\$ ([^\n]*\n(?:> [^\n]*\n)*)(.*)\z/s;
	$command =~ s/^> //mg;
	return ($command, $shown);
}

1;
