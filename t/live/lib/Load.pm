# SPDX-License-Identifier: BSD-2-Clause
package Load;

# Clients that ask as Postfix's smtpd does: one request outstanding on each connection; a request whose connection ends before
# its answer is asked once more, a second later, on a new connection; when that ends too, the mail is deferred: it is lost.
# Each request is counted, and so is every answer that is none of those expected.

use strict;
use warnings;
use Clock qw(time);
use Mxonly qw(request RELAY DIRECT);

use constant RETRY => 1;    # seconds; smtpd_policy_service_retry_delay

# new(SERVER, connections => 32, expect => qr/.../ of an action, connect => sub that makes a connection, attributes => [...] of a request)
sub new {
	my ($class, $server, %o) = @_;
	my $self = bless {
		server  => $server,
		connect => $o{connect} // sub { $server->connect },
		expect  => $o{expect} // qr/\AREJECT 5\.7\.1 /,
		request => request(DIRECT, @{ $o{attributes} // [] }),
		clients => {},    # by descriptor
		waiting => [],    # to ask again: [when, how often they have asked]
		wrong   => [],
		slowest => 0,
		(map { $_ => 0 } qw(sent answered retried lost)),
	}, $class;
	$self->{began} = time();
	$self->_ask(undef, 0) for 1 .. $o{connections} // 32;
	return $self;
}

# A request, new or asked again, on this connection or on a new one.
sub _ask {
	my ($self, $socket, $tries, $began) = @_;
	$self->{ $tries ? 'retried' : 'sent' }++;
	my $client = { socket => $socket // $self->{connect}->(), tries => $tries + 1, got => '', began => $began // time() };
	return $self->_broken($client) unless $client->{socket} && defined syswrite($client->{socket}, $self->{request});
	$self->{clients}{ fileno($client->{socket}) } = $client;
}

# No answer came.
sub _broken {
	my ($self, $client) = @_;
	if ($client->{socket}) {
		delete $self->{clients}{ fileno($client->{socket}) };
		close($client->{socket});
	}
	$self->{lost}++ if $client->{tries} >= 2;
	push(@{ $self->{waiting} }, [ time() + RETRY, $client->{tries} >= 2 ? 0 : $client->{tries}, $client->{began} ]);
}

sub _take {
	my ($self, $client, $more) = @_;
	return $self->_broken($client) unless sysread($client->{socket}, $client->{got}, 4096, length($client->{got}));
	return unless $client->{got} =~ /\n\n\z/;
	$self->{answered}++;
	my $took = time() - $client->{began};
	$self->{slowest} = $took if $took > $self->{slowest} && $client->{tries} == 1;
	push(@{ $self->{wrong} }, $client->{got}) if $client->{got} !~ /\Aaction=([^\n]*)\n\n\z/ || $1 !~ $self->{expect};
	delete $self->{clients}{ fileno($client->{socket}) };
	return $self->_ask($client->{socket}, 0) if $more;
	close($client->{socket});
}

# Once round: whoever got an answer asks the next thing, if there is to be more.
sub _round {
	my ($self, $more) = @_;
	my $set = '';
	vec($set, $_, 1) = 1 for keys %{ $self->{clients} };
	my $now = time();
	my @due = grep { $_->[0] <= $now } @{ $self->{waiting} };
	@{ $self->{waiting} } = grep { $_->[0] > $now } @{ $self->{waiting} };
	for my $again (@due) {
		$self->_ask(undef, $again->[1], $again->[1] ? $again->[2] : undef) if $again->[1] || $more;
	}
	return if select($set, undef, undef, 0.02) <= 0;
	for my $fd (keys %{ $self->{clients} }) {
		$self->_take($self->{clients}{$fd}, $more) if vec($set, $fd, 1) && $self->{clients}{$fd};
	}
}

# until(CONDITION, SECONDS): goes on until the condition is true, which is looked at after each round. Dies when it never is.
sub until {
	my ($self, $condition, $seconds) = @_;
	my $end = time() + ($seconds // Mxonly::DEADLINE());
	until ($condition->()) {
		die 'the load goes nowhere: ' . $self->words . "\n" if time() > $end;
		$self->_round(1);
	}
	return $self;
}

# So many more answers.
sub more {
	my ($self, $count, $seconds) = @_;
	my $enough = $self->{answered} + $count;
	return $self->until(sub { $self->{answered} >= $enough }, $seconds);
}

# Answers a second, of so many.
sub speed {
	my ($self, $count) = @_;
	my $begin = time();
	$self->more($count);
	return $count / (time() - $begin);
}

# The best of up to ten, or the first that is enough: a wait for a log costs orders of magnitude, each time, while the other
# work of a machine may cost a good part, now and then.
sub best_speed {
	my ($self, $count, $enough) = @_;
	my $best = 0;
	for (1 .. 10) {
		my $speed = $self->speed($count);
		$best = $speed if $speed > $best;
		last if $best > $enough;
	}
	return $best;
}

# Goes on until the server's log has said that so often.
sub logged {
	my ($self, $what, $times) = @_;
	return $self->until(sub { my $n = () = $self->{server}->log =~ /$what/g; $n >= ($times // 1) });
}

# Nobody waits to ask again. Whose connection has ended is known after a round.
sub calm {
	my ($self) = @_;
	$self->_round(1);
	return $self->until(sub { !@{ $self->{waiting} } && !grep { $_->{tries} > 1 } values %{ $self->{clients} } });
}

# What is outstanding is answered, nothing more is asked.
sub end {
	my ($self) = @_;
	my $end = time() + Mxonly::DEADLINE();
	$self->_round(0) while (%{ $self->{clients} } || grep { $_->[1] } @{ $self->{waiting} }) && time() < $end;
	$self->{seconds} = time() - $self->{began};
	return $self;
}

# All that were sent were answered; how often one was asked again is for the test to judge.
sub whole { my ($self) = @_; return $self->{lost} == 0 && $self->{answered} == $self->{sent} && !@{ $self->{wrong} } }

sub words {
	my ($self) = @_;
	my $seconds = $self->{seconds} // time() - $self->{began};
	return sprintf('sent %d, answered %d, retried %d, lost %d, wrong %d; %.0f a second, slowest %.0f ms', @$self{qw(sent answered retried lost)},
		scalar(@{ $self->{wrong} }), $self->{answered} / ($seconds || 1), 1000 * $self->{slowest});
}

# Resident memory of processes, in KiB.
sub memory {
	my $kib = 0;
	$kib += (Mxonly::slurp("/proc/$_/status") =~ /^VmRSS:\s*(\d+)/m)[0] // 0 for @_;
	return $kib;
}

# Processor time that processes have used, in seconds.
sub cpu {
	my $ticks = 0;
	for my $pid (@_) {
		my @stat = split(' ', Mxonly::slurp("/proc/$pid/stat") =~ s/.*\) //sr);
		$ticks += $stat[11] + $stat[12];
	}
	return $ticks / 100;
}

1;
