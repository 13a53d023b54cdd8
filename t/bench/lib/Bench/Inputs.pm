# SPDX-License-Identifier: BSD-2-Clause
# Inputs - the configurations that are measured, in a folder of their own
package Bench::Inputs;
use strict;
use warnings;
use File::Temp 'tempdir';

sub new {
	my ($class, $build) = @_;
	my $self = bless { build => $build, dir => tempdir('mxonly-bench-XXXXXX', TMPDIR => 1, CLEANUP => 1) }, $class;
	# The server leaves root behind: it must still read its configuration and make its sockets here.
	chmod 0777, $self->{dir};
	return $self;
}

sub tool { return "$_[0]{build}/mxonly" }
sub server { return "$_[0]{build}/mxonlyd" }
sub program { return "$_[0]{build}/t/bench/$_[1]" }
sub path { return "$_[0]{dir}/$_[1]" }

sub write_file {
	my ($self, $name, $text) = @_;
	open my $f, '>', $self->path($name) or die "$name: $!\n";
	print $f $text;
	close $f or die "$name: $!\n";
	return $self->path($name);
}

sub sample {
	my ($self, $what, $count) = @_;
	my $name = "$what-$count";
	my $program = $self->program('inputs');
	-e $self->path($name) or system("$program $what $count > " . $self->path($name)) == 0 or die "$program: failed\n";
	return $self->path($name);
}

sub policyd {
	my ($self, %key) = @_;
	my $user = $> == 0 ? "user = nobody\n" : '';
	my %all = (listen => "unix:" . $self->path('server.sock'), log => 'stderr', control => '', workers => 1,
		max_connections => 20000, log_decisions => 'none', %key);
	return "[policyd]\n$user" . join '', map { "$_ = $all{$_}\n" } sort keys %all;
}

# 1,000 ranges, 500 sections; half of the clients come from the relay.
sub usual {
	my ($self, $name, %key) = @_;
	my $ranges = $self->sample('ranges', 1000);
	open my $f, '<', $self->sample('domains', 500) or die;
	my $domains = join '', map { chomp; "[domain $_]\n" } <$f>;
	return $self->write_file($name, $self->policyd(%key)
		. "[relay filter]\nranges_file = $ranges\ndomains = relay.example\n[default]\nrelays = filter\n$domains");
}

# The same, and nobody comes from the relay.
sub refusing {
	my ($self, $name) = @_;
	open my $f, '<', $self->sample('domains', 500) or die;
	my $domains = join '', map { chomp; "[domain $_]\n" } <$f>;
	open my $r, '<', $self->sample('ranges', 3000) or die;
	my @ranges = (map { chomp; $_ } <$r>)[2000 .. 2999];
	return $self->write_file($name, $self->policyd(log_decisions => 'refused')
		. "[relay filter]\nranges = " . join("\n  ", @ranges) . "\n[default]\nrelays = filter\n$domains");
}

# So many ranges and so many domains, in files.
sub big {
	my ($self, $count, %key) = @_;
	my ($ranges, $domains) = ($self->sample('ranges', $count), $self->sample('domains', $count));
	return $self->write_file("big-$count.ini", $self->policyd(%key)
		. "[relay filter]\nranges_file = $ranges\ndomains = relay.example\n[default]\nrelays = filter\n"
		. "[domains customers]\nfile = $domains\n");
}

# The snapshot that `mxonly compile` makes of it.
sub compiled {
	my ($self, $ini) = @_;
	(my $mxs = $ini) =~ s/ini$/mxs/;
	-e $mxs or system($self->tool, 'compile', '-c', $ini, '-o', $mxs) == 0 or die "mxonly compile -c $ini: failed\n";
	return $mxs;
}

1;
