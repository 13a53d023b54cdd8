# SPDX-License-Identifier: BSD-2-Clause
# Server - a policy server that is measured: started, asked, loaded, ended
package Bench::Server;
use strict;
use warnings;
use IO::Select;
use IO::Socket::UNIX;
use Time::HiRes qw(sleep time);
use Bench::Machine qw(busy disturbance children_s ended_s cpu_ns pss text_of tree);

# command: a list; socket: where it will listen; log: a file for its standard error; pid_file: where it writes who it is, when
# what was started ends and leaves it behind; spawning: it has a process for every connection; client: the address that is asked
# about first.
sub start {
	my ($class, %o) = @_;
	my $self = bless { client => '203.0.113.9', log => '/dev/null', %o, target => "unix:$o{socket}", begun => time }, $class;
	unlink $o{socket}, $o{pid_file} // ();
	# The sink is our child, not the server's: its CPU is not the server's either.
	$self->{sink_pid} = open $self->{sink_end}, '|-', $o{sink} or die "$o{sink}: $!\n" if $o{sink};
	$self->{pid} = fork // die "fork: $!\n";
	if ($self->{pid} == 0) {
		open STDIN, '<', '/dev/null';
		open STDOUT, '>', '/dev/null';
		if ($o{sink}) { open STDERR, '>&', $self->{sink_end} }
		else { open STDERR, '>', $self->{log} }
		exec @{ $o{command} } or exit 127;
	}
	$self->{first_answer} = $self->wait_for_answer;
	return $self;
}

sub connect { return IO::Socket::UNIX->new(Peer => $_[0]{socket}, Type => SOCK_STREAM) }

my $REQUEST = "request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address=%s\n"
	. "client_name=unknown\nhelo_name=a.example\nsender=\nrecipient=user\@nobody.example\n\n";

# Seconds from the start to the first answer.
sub wait_for_answer {
	my ($self) = @_;
	my ($s, $answer);
	while (!($s = $self->connect)) {
		$self->has_not_ended or die "@{ $self->{command} }: ended; $self->{log}\n";
		time - $self->{begun} < 120 or die "@{ $self->{command} }: does not listen on $self->{socket}\n";
		sleep 0.0005;
	}
	printf $s $REQUEST, $self->{client};
	$s->flush;
	IO::Select->new($s)->can_read(60) && sysread($s, $answer, 4096) or die "@{ $self->{command} }: does not answer\n";
	my $seconds = time - $self->{begun};
	$self->follow_daemon if $self->{pid_file};
	return $seconds;
}

# What leaves a daemon behind may have ended, well.
sub has_not_ended {
	my ($self) = @_;
	return waitpid($self->{pid}, 1) <= 0 || $? == 0 && $self->{pid_file};
}

# From here on it is the daemon that is measured and ended.
sub follow_daemon {
	my ($self) = @_;
	waitpid $self->{pid}, 0;
	($self->{pid}) = text_of($self->{pid_file}) =~ /^(\d+)/ or die "$self->{pid_file}: no process is named\n";
}

# What a run of policyload says; CPU us a request and PSS behind its warm-up; steal and others' work in percent.
sub load {
	my ($self, $policyload, @options) = @_;
	my ($warm_up, $seconds) = map { ("@options" =~ /-$_ ([0-9.]+)/)[0] } qw(w d);
	my ($before, $rest, $cpu) = (busy(), $self->rest_s, cpu_ns($self->{pid}));
	open my $run, '-|', "$policyload @options $self->{target} 2>&1" or die "$policyload: $!\n";
	sleep $warm_up if $warm_up;
	my ($pss, $begun, $warm) = (pss($self->{pid}), time, cpu_ns($self->{pid}));
	# Processes that end with their connections are looked at before they do.
	sleep 0.8 * $seconds if $self->{spawning};
	my ($part, $late) = (time - $begun, cpu_ns($self->{pid}));
	my $words = join '', <$run>;
	close $run;
	$? == 0 && $words =~ /^requests=/m or die "policyload @options: $words\n";
	my %r = ($words =~ /(\w+)=([0-9.]+)/g, pss => $pss);
	my $used = $self->{spawning} ? ($late - $warm) * $r{seconds} / $part : cpu_ns($self->{pid}) - $warm;
	$r{cpu_us} = $used / 1000 / $r{requests};
	($r{steal}, $r{others}) = disturbance($before, busy(), ($warm - $cpu + $used) / 1e9 + $self->rest_s - $rest);
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
	my @all = reverse tree($self->{pid});
	kill 'TERM', $self->{pid};
	waitpid $self->{pid}, 0;
	wait_until_gone($_) for @all;
	$self->{pid} = 0;
	close delete $self->{sink_end} if $self->{sink_end};
}

# What is no child of ours, too.
sub wait_until_gone {
	my ($pid) = @_;
	for (1 .. 1000) {
		return if !kill 0, $pid;
		sleep 0.01;
	}
	kill 'KILL', $pid;
}

sub DESTROY { local $?; $_[0]->stop }

1;
