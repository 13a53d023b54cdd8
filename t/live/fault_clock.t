#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# The time of day jumps by a day, forth and back, under load: what is timed is not.

use strict;
use warnings;
use Fcntl qw(O_CREAT O_WRONLY);
use FindBin;
use lib "$FindBin::Bin/lib";
use Clock qw(time);
use Load;
use Mxonly qw(free_folder closed);
use Test::More;

use constant { BATCH => 2000, DAY => 86400 };

my $folder = free_folder();
$ENV{JUMP_FILE} = "$folder/jump";

# Of all processes of the server, at once.
sub jump {
	my ($seconds) = @_;
	sysopen(my $to, $ENV{JUMP_FILE}, O_WRONLY | O_CREAT) or die "$ENV{JUMP_FILE}: $!";
	syswrite($to, pack('q', $seconds));
	close($to);
}

jump(0);
my $server = Mxonly->new(folder => $folder, program => 't/jumping',
	policyd => Mxonly::CONTROL . "workers = 2\nlog_decisions = none\nrequest_timeout = 3\n");
my $load = Load->new($server);
$load->more(BATCH);

# A connection on which a request has begun, before the clock jumps.
sub begun {
	my ($socket, $began) = ($server->connect, time());
	syswrite($socket, "request=smtpd_access_policy\n");
	return ($socket, $began);
}

# Says once an hour that it is asked without a recipient.
sub without_recipient { $server->ask($server->connect, protocol_state => 'CONNECT', recipient => '') }
without_recipient();
ok($server->logs(qr/asked without a recipient/), 'a warning of each hour');

my $generation = 1;
for my $seconds (DAY, -DAY, 0) {
	my ($slow, $began) = begun();
	$load->more(BATCH / 10);
	jump($seconds);
	my $day = ($server->ctl('status'))[1] =~ /^served: (\d+) s, since /m ? $1 : -1;
	if ($seconds >= 0) {
		cmp_ok($day, '>=', DAY, "a jump by $seconds s since the start: it is seen");
	} else {
		cmp_ok($day, '<', 60, 'no age is less than nothing');
	}
	$load->until(sub { vec(my $set = '', fileno($slow), 1) = 1; select($set, undef, undef, 0) > 0 });
	is(closed($slow), '', 'a request that does not end is closed');
	cmp_ok(time() - $began, '>=', 2.9, 'not sooner than ever');
	cmp_ok(time() - $began, '<', 20, 'nor later');
	without_recipient();
	$server->configure($Mxonly::relay);
	ok($server->reload(++$generation), 'it reloads');
	kill('KILL', ($server->workers)[0]);
	$load->until(sub { $server->workers == 2 })->calm;
	$load->more(BATCH);
}
$load->end;
ok($load->whole, 'nothing is lost') or diag($load->words);
note($load->words);
is($server->stop, 0, 'a clean end');
is(scalar(() = $server->log =~ /asked without a recipient/g), 1, 'the hour did not pass');
unlike($server->log, qr/Sanitizer|giving up/, 'nothing else');

done_testing();
