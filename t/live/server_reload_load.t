#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# Under load: a hundred reloads between two policies, workers that are killed, a supervisor that is killed. Each request is
# counted, what it was answered is compared with what it had to be, and no counter of `stats` ever goes down.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Clock qw(time);
use Mxonly qw(wait_until request gone DIRECT);
use Test::More;

local $SIG{PIPE} = 'IGNORE';

use constant { CONNECTIONS => 32, RELOADS => 100, KILLS => 15 };

my $request  = request(DIRECT);
my @policies = ("$Mxonly::relay\n[default]\nmode = enforce\n", "$Mxonly::relay\n[default]\nmode = off\n");
my @actions  = qw(REJECT DUNNO);

# The load: connections with one request outstanding each, as smtpd has them. begun, ended: reloads, of which the last may run.
my %load = (clients => {}, begun => 0, ended => 0);

sub begin_request {
	my ($client) = @_;
	$client->{ended} = $load{ended};
	$client->{got}   = '';
	$load{sent}++;
	return lost($client) unless defined syswrite($client->{socket}, $request);
}

# Closed without an answer: what Postfix does is to ask again, on a new connection.
sub lost {
	my ($client) = @_;
	delete $load{clients}{ fileno($client->{socket}) };
	close($client->{socket});
	$load{lost}++;
	add_client(1);
}

sub add_client {
	my ($again) = @_;
	my $socket;
	wait_until { $socket = $load{server}->connect } or die 'nobody serves';
	my $client = { socket => $socket };
	$load{clients}{ fileno($socket) } = $client;
	$load{again}++ if $again;
	begin_request($client);
}

# A request may be answered by any policy from the one served when it was sent to the one that is being loaded now.
sub take_answer {
	my ($client) = @_;
	my $n = sysread($client->{socket}, $client->{got}, 4096, length($client->{got}));
	return lost($client) unless $n;
	return unless $client->{got} =~ /\n\n\z/;
	my ($action) = $client->{got} =~ /\Aaction=(\w+)[^\n]*\n\n\z/;
	$load{answered}++;
	my %may = map { $actions[ $_ % 2 ] => 1 } $client->{ended} .. $load{begun};
	push(@{ $load{wrong} }, "sent after $client->{ended}, answered in $load{begun}: " . ($action // $client->{got})) if !$action || !$may{$action};
	if (keys %may == 1) {
		$load{exact}++;
		$client->{exact} = $client->{ended};
	}
	begin_request($client);
}

# Goes on until the condition is true; it is looked at between two rounds.
sub load_until {
	my ($done, $also) = @_;
	my $end = time() + Mxonly::DEADLINE();
	until ($done->()) {
		die "the load goes nowhere\n" if time() > $end;
		my $set = '';
		vec($set, $_, 1) = 1 for keys %{ $load{clients} }, defined $also ? fileno($also) : ();
		next if select($set, undef, undef, 0.1) <= 0;
		for my $fd (keys %{ $load{clients} }) {
			take_answer($load{clients}{$fd}) if vec($set, $fd, 1) && $load{clients}{$fd};
		}
	}
}

sub start_load {
	my ($server) = @_;
	%load = (server => $server, clients => {}, begun => 0, ended => 0, wrong => [], map { $_ => 0 } qw(sent answered exact lost again));
	add_client(0) for 1 .. CONNECTIONS;
}

# What is outstanding is answered, nothing more is asked.
sub end_load {
	for my $client (values %{ $load{clients} }) {
		my ($action) = Mxonly::answers($client->{socket}, 1);
		$load{answered}++ if defined $action;
		close($client->{socket});
	}
	$load{clients} = {};
}

my %highest;    # of each counter

# Asks for `stats`; notes every counter that has gone down or away.
sub check_stats {
	my ($server, $fallen) = @_;
	my (undef, $stats) = $server->ctl('stats');
	my %type = $stats =~ /^# TYPE (\S+) (\S+)$/mg;
	my %now;
	while ($stats =~ /^((\w+?)(?:_bucket|_sum|_count)?(?:\{.*\})?) (\S+)$/mg) {
		my ($series, $name, $value) = ($1, $2, $3);
		$now{$series} = $value if ($type{$name} // $type{ $series =~ s/\{.*//r } // '') ne 'gauge';
	}
	for my $series (keys %highest) {
		push(@$fallen, "$series: " . ($now{$series} // 'none') . " after $highest{$series}") if ($now{$series} // -1) < $highest{$series};
	}
	%highest = %now;
	return $stats;
}

sub requests_counted {
	my ($stats) = @_;
	my $n = 0;
	$n += $1 while $stats =~ /^mxonly_requests_total\{.*\} (\d+)$/mg;
	return $n;
}

# One reload, while the load goes on: its status and text. Ends when each connection has asked once more.
sub reload_under_load {
	my ($server, $which) = @_;
	$server->configure($policies[ $which % 2 ]);
	$load{begun} = $which;
	my $control = $server->connect($server->control_path) or die "control: $!";
	syswrite($control, "reload\n");
	my ($got, $over) = ('', 0);
	load_until(sub {
		vec(my $set = '', fileno($control), 1) = 1;
		while (!$over && select(my $ready = $set, undef, undef, 0) > 0) {
			$over = !sysread($control, $got, 4096, length($got));
		}
		return $over;
	}, $control);
	$load{ended} = $which;
	load_until(sub { !grep { ($_->{exact} // 0) != $which } values %{ $load{clients} } });
	return $got;
}

subtest 'reloads' => sub {
	my $server = Mxonly->new(policyd => Mxonly::CONTROL . "workers = 3\nlog_decisions = none\n", ini => $policies[0]);
	my (@bad, @fallen);
	start_load($server);
	my $begin = time();
	for my $i (1 .. RELOADS) {
		my $got = reload_under_load($server, $i);
		push(@bad, $got) if $got !~ /\A0\n(?:.*warning.*\n)*generation @{[$i + 1]} of .* served by 3 workers\n\z/;
		check_stats($server, \@fallen) unless $i % 10;
	}
	my $seconds = time() - $begin;
	end_load();
	is(join('', @bad), '', RELOADS . ' reloads, each served by all workers');
	is(join("\n", @{ $load{wrong} }), '', 'every connection has the new policy at its next request');
	is($load{lost}, 0, 'no connection was closed');
	is($load{answered}, $load{sent}, "all of $load{sent} requests were answered");
	cmp_ok($load{exact}, '>=', RELOADS * CONNECTIONS, "$load{exact} of them while only one policy could be");
	is(join("\n", @fallen), '', 'no counter has gone down');
	my $stats = check_stats($server, []);
	is(requests_counted($stats), $load{sent}, 'stats has counted each of them');
	is(Mxonly::metric($stats, 'mxonly_connections_total'), CONNECTIONS, 'on so many connections');
	note(sprintf('%d requests, %.0f a second; a reload took %.1f ms with what was asked around it', $load{sent}, $load{sent} / $seconds, 1000 * $seconds / RELOADS));
	is($server->stop, 0, 'a clean end');
	unlike($server->log, qr/ERROR: \w+Sanitizer|runtime error/, 'no sanitizer had a word to say');
};

subtest 'workers are killed' => sub {
	my $server = Mxonly->new(policyd => Mxonly::CONTROL . "workers = 3\nlog_decisions = none\n", ini => $policies[0]);
	my @fallen;
	%highest = ();
	start_load($server);
	for my $i (1 .. KILLS) {
		my $enough = $load{answered} + 10 * CONNECTIONS;
		load_until(sub { $load{answered} >= $enough });
		check_stats($server, \@fallen);
		my @workers = $server->workers;
		kill('KILL', $workers[ $i % @workers ]);
		check_stats($server, \@fallen);
		reload_under_load($server, $i) if $i % 5 == 0;
		load_until(sub { Mxonly::metric(check_stats($server, \@fallen), 'mxonly_worker_restarts_total') == $i });
	}
	my $enough = $load{answered} + 10 * CONNECTIONS;
	load_until(sub { $load{answered} >= $enough });
	end_load();
	is(join("\n", @{ $load{wrong} }), '', 'no answer was wrong');
	is($load{answered} + $load{lost}, $load{sent}, "$load{sent} requests: answered ($load{answered}), or closed without an answer ($load{lost})");
	is($load{again}, $load{lost}, 'and each of these asked again, and answered');
	is(join("\n", @fallen), '', 'no counter has gone down');
	my $stats = check_stats($server, []);
	my $counted = requests_counted($stats);
	ok($counted >= $load{answered} && $counted <= $load{sent}, "stats has counted all that were answered ($counted)");
	is(Mxonly::metric($stats, 'mxonly_worker_restarts_total'), KILLS, KILLS . ' workers were replaced');
	is($server->stop, 0, 'a clean end');
	unlike($server->log, qr/ERROR: \w+Sanitizer|runtime error/, 'no sanitizer had a word to say');
};

subtest 'the supervisor is killed, and started again at once' => sub {
	my $server = Mxonly->new(policyd => Mxonly::CONTROL . "workers = 3\nlog_decisions = none\n", ini => $policies[0]);
	start_load($server);
	for my $i (1 .. 3) {
		my $enough = $load{answered} + 10 * CONNECTIONS;
		load_until(sub { $load{answered} >= $enough });
		my @old = $server->children;
		my @slow = $i == 3 ? $server->workers : ();
		kill('STOP', @slow);    # which still serve the socket when the next server comes
		kill('KILL', $server->pid);
		$server->wait_end;
		delete $server->{status};
		$server->start(0);
		select(undef, undef, undef, 0.5) if @slow;    # that it goes on trying is what is tested
		kill('CONT', @slow);
		my $lost = $load{lost};
		load_until(sub { $load{lost} >= $lost + CONNECTIONS });
		$enough = $load{answered} + 10 * CONNECTIONS;
		load_until(sub { $load{answered} >= $enough });
		ok($server->logs(qr/all workers serve generation 1 /, $i + 1), "start $i: it takes the stale sockets over");
		ok(wait_until { !grep { !gone($_) } @old } , 'the old workers have left');
		is(($server->ctl('status'))[0], 0, 'the control socket too');
	}
	end_load();
	is(join("\n", @{ $load{wrong} }), '', 'no answer was wrong');
	is($load{answered} + $load{lost}, $load{sent}, "$load{sent} requests: answered ($load{answered}), or closed without an answer ($load{lost})");
	is($load{again}, $load{lost}, 'and each of these asked again, and answered');
	is($server->stop, 0, 'a clean end');
	unlike($server->log, qr/ERROR: \w+Sanitizer|runtime error/, 'no sanitizer had a word to say');
};

done_testing();
