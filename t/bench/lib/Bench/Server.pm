# SPDX-License-Identifier: BSD-2-Clause
# Server - a policy server that is measured: started, asked, loaded, ended
package Bench::Server;
use strict;
use warnings;
use IO::Socket::UNIX;
use Time::HiRes qw(sleep time);
use Bench::Machine qw(busy disturbance children_s ended_s cpu_ns pss);

# command: a list; socket: where it will listen; log: a file for its standard error.
sub start {
	my ($class, %o) = @_;
	my $self = bless { %o, target => "unix:$o{socket}", begun => time }, $class;
	unlink $o{socket};
	# The sink is our child, not the server's: its CPU is not the server's either.
	$self->{sink_pid} = open $self->{sink_end}, '|-', $o{sink} or die "$o{sink}: $!\n" if $o{sink};
	$self->{pid} = fork // die "fork: $!\n";
	if ($self->{pid} == 0) {
		open STDIN, '<', '/dev/null';
		open STDOUT, '>', '/dev/null';
		if ($o{sink}) { open STDERR, '>&', $self->{sink_end} }
		else { open STDERR, '>', $o{log} // '/dev/null' }
		exec @{ $o{command} } or exit 127;
	}
	$self->{first_answer} = $self->wait_for_answer;
	return $self;
}

sub connect { return IO::Socket::UNIX->new(Peer => $_[0]{socket}, Type => SOCK_STREAM) }

my $REQUEST = "request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address=203.0.113.9\n"
	. "client_name=unknown\nhelo_name=a.example\nrecipient=user\@nobody.example\n\n";

# Seconds from the start to the first answer.
sub wait_for_answer {
	my ($self) = @_;
	my ($s, $answer);
	while (!($s = $self->connect)) {
		waitpid($self->{pid}, 1) == 0 or die "@{ $self->{command} }: ended; $self->{log}\n";
		time - $self->{begun} < 120 or die "@{ $self->{command} }: does not listen on $self->{socket}\n";
		sleep 0.0005;
	}
	print $s $REQUEST;
	$s->flush;
	sysread $s, $answer, 4096;
	return time - $self->{begun};
}

# What a run of policyload says, and what it cost: CPU us a request, PSS, steal and others' work in percent.
sub load {
	my ($self, $policyload, @options) = @_;
	my ($before, $cpu, $rest) = (busy(), cpu_ns($self->{pid}), $self->rest_s);
	my $words = qx($policyload @options $self->{target} 2>&1);
	$? == 0 && $words =~ /^requests=/m or die "policyload @options: $words\n";
	my %r = $words =~ /(\w+)=([0-9.]+)/g;
	my $used = cpu_ns($self->{pid}) - $cpu;
	$r{cpu_us} = $r{requests} ? $used / 1000 / $r{requests} : 0;
	$r{pss} = pss($self->{pid});
	($r{steal}, $r{others}) = disturbance($before, busy(), $used / 1e9 + $self->rest_s - $rest);
	return \%r;
}

# CPU seconds that we cause beside those of the server's processes: clients, what they have ended, the sink.
sub rest_s {
	my ($self) = @_;
	return children_s() + ended_s($self->{pid}) + ($self->{sink_pid} ? cpu_ns($self->{sink_pid}) / 1e9 : 0);
}

# Ends it, and waits until it has.
sub stop {
	my ($self) = @_;
	return if !$self->{pid};
	kill 'TERM', $self->{pid};
	waitpid $self->{pid}, 0;
	$self->{pid} = 0;
	close delete $self->{sink_end} if $self->{sink_end};
}

sub DESTROY { local $?; $_[0]->stop }

1;
