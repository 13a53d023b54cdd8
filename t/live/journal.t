#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# A real systemd-journald gets each line as an entry, a decision's keys as fields of their own, and journalctl finds them;
# where its socket is not there, the line goes to standard error.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Journald;
use Mxonly qw(wait_until slurp RELAY DIRECT);
use Test::More;

my $why = Journald::prepare();
plan(skip_all => $why) if defined $why;
Journald::begin();
my $day = (localtime)[7];

# The fields of ours that an entry has, by the keys of a line.
sub fields {
	my ($entry) = @_;
	return { map { /^MXONLY_(\w+)/ ? (lc($1) => $entry->{$_}) : () } keys %$entry };
}

# Entries come a moment later.
sub wait_for {
	my ($count, @matches) = @_;
	my @found;
	wait_until { @found = Journald::entries(@matches); @found >= $count };
	return @found;
}

my %said = (outcome => 'refuse', reason => 'unknown-address', mode => 'enforce', policy => 'domains customers', domain => 'customer.test',
	client_address => '203.0.113.9', client_name => 'unknown', helo_name => 'evil.test', sender => 'a b@evil.test', recipient => 'u@customer.test', instance => '1.2');
my @hostile = (
	["a\\\" recipient=\"x", 'a\\" recipient="x'],
	["a\",\"reason\":\"relay", 'a","reason":"relay'],
	["e\xffvil\e[1m =", 'e\xffvil\x1b[1m ='],
	['MXONLY_REASON=relay', 'MXONLY_REASON=relay'],
);

for my $format (qw(text json)) {
	subtest $format => sub {
		my $server = Journald->new(ini => "$Mxonly::relay\n[domains customers]\nnames = customer.test\n",
			policyd => Mxonly::CONTROL . Journald::UNSET . "workers = 1\nlog_format = $format\nlog_decisions = all\n");
		my $socket = $server->connect;
		$server->ask($socket, DIRECT, sender => 'a b@evil.test', recipient => 'u@customer.test', instance => '1.2');
		$server->ask($socket, RELAY, instance => "$format.permit");
		$server->ask($socket, RELAY, helo_name => 'evil.test', instance => "$format.helo");
		$server->ask($socket, DIRECT, client_name => 'mx9.relay.example');
		my ($worker) = $server->workers;

		my ($entry) = wait_for(1, 'MXONLY_REASON=unknown-address', "SYSLOG_PID=$worker");
		is_deeply(fields($entry), \%said, 'a refusal: each key is a field');
		my $line = $format eq 'json' ? qr/^\{"outcome":"refuse","reason":"unknown-address".*\}$/ : qr/^outcome=refuse reason=unknown-address .* sender="a b\@evil\.test" /;
		like($entry->{MESSAGE}, $line, 'the message is the line that is always logged');
		is($entry->{$_->[0]}, $_->[1], "$_->[0]: $_->[1]") for [_TRANSPORT => 'journal'], [SYSLOG_IDENTIFIER => 'mxonlyd'], [PRIORITY => 6], [SYSLOG_FACILITY => 2];
		is((wait_for(1, "MESSAGE_ID=$entry->{MESSAGE_ID}", "MXONLY_INSTANCE=$format.permit"))[0]{MXONLY_RELAY}, 'filter', 'a permit has the same MESSAGE_ID, and a relay');
		my ($warning) = grep { $_->{MESSAGE} =~ /helo-mismatch: 192\.0\.2\.7/ } wait_for(1, 'PRIORITY=4', "SYSLOG_PID=$worker");
		is_deeply(fields($warning), {}, 'a warning is none, and has priority 4');

		for my $i (0 .. $#hostile) {
			$server->ask($socket, DIRECT, helo_name => $hostile[$i][0], instance => "$format.$i");
			my @found = wait_for(1, "MXONLY_INSTANCE=$format.$i");
			is($found[0]{MXONLY_HELO_NAME}, $hostile[$i][1], "HELO $hostile[$i][1]: stays in its field");
			is_deeply([@{ $found[0] }{qw(MXONLY_REASON MXONLY_RECIPIENT PRIORITY)}], ['unknown-address', 'u@example.org', 6], 'and touches no other');
		}

		ok($server->reload(2), 'a reload');
		$server->ask($socket, DIRECT, instance => "$format.reloaded");
		is(scalar(wait_for(1, "MXONLY_INSTANCE=$format.reloaded")), 1, 'the journal it is still');
		like(($server->ctl('status'))[1], qr/^log: the journal, $format, 0 lines dropped$/m, 'so says status');
		is($server->stop, 0, 'a clean end');
	};
}

# Explanations from the catalog of this tree alone.
my $source = "$FindBin::Bin/../..";
my $folder = '/usr/lib/systemd/catalog';
my $why_no_catalog = system("mount -t tmpfs catalog $folder && cp $source/etc/mxonly.catalog $folder && mount -t tmpfs catalog /var/lib/systemd/catalog && journalctl --update-catalog");
is($why_no_catalog, 0, 'a catalog');

subtest 'journalctl, as mxonlyd(8) has it' => sub {
	my %finds = (
		'-F MXONLY_REASON' => qr/\A(?=.*^helo-mismatch$)(?=.*^near-miss$)(?=.*^relay$)(?=.*^unknown-address$)(?:.+\n){4}\z/ms,
		'MXONLY_REASON=near-miss' => qr/\A(?:.*outcome\W+defer\W+reason\W+near-miss.*\n){2}\z/,
		'MXONLY_OUTCOME=refuse MXONLY_DOMAIN=example.org -S today' => qr/\A(?:.*outcome\W+refuse\W.*\Wdomain\W+example\.org\W.*\n){12}\z/,
		'MXONLY_OUTCOME=refuse -n 5 -o json' => qr/\A(?:\{.*"MXONLY_OUTCOME":"refuse".*\}\n){5}\z/,
		'-p warning' => qr/\A(?:.*(?:near-miss|helo-mismatch): .*\n){4}\z/,
		'-x MESSAGE_ID=*' => qr/^.* Subject: Mail for u\@customer\.test: refuse, unknown-address\n.* The client 203\.0\.113\.9 \[unknown\], HELO evil\.test,$/ms,
	);
	my $id = (Journald::entries('-n', 1, 'MXONLY_REASON=relay'))[0]{MESSAGE_ID};
	for my $command (slurp("$source/policyd/mxonlyd.8") =~ /^# (journalctl .*)$/mg) {
		my ($arguments) = $command =~ /-u mxonlyd (.*)/;
		my $finds = delete $finds{ $arguments =~ s/=$id$/=*/r };
		my $got = `journalctl -q --no-pager --no-hostname -D @{[Journald::ENTRIES]} -t mxonlyd $arguments`;
		next if $arguments =~ /-S today/ && (localtime)[7] != $day;    # it began yesterday
		like(Mxonly::but_for_landlock($got), $finds // qr/\A\z/, $command);
	}
	is_deeply([keys %finds], [], 'each is in the manual');
};

subtest 'log = stderr' => sub {
	my $server = Journald->new(policyd => "workers = 1\nlog = stderr\n");
	$server->ask($server->connect, DIRECT, instance => 'plain');
	ok($server->logs(qr/ instance=plain$/m), 'a decision');
	my ($entry) = grep { $_->{MESSAGE} =~ / instance=plain$/ } wait_for(1, '_TRANSPORT=stdout', 'SYSLOG_IDENTIFIER=mxonlyd');
	like($entry->{MESSAGE}, qr/^mxonlyd\[\d+\]: outcome=refuse /, 'is standard error');
	is_deeply(fields($entry), {}, 'without fields');
	is($server->stop, 0, 'a clean end');
};

subtest 'no socket of the journal' => sub {
	rename(Journald::NATIVE, Journald::NATIVE . '.away') or die;
	my $server = Journald->new(policyd => Journald::UNSET . "workers = 1\n");
	my $socket = $server->connect;
	$server->ask($socket, DIRECT, instance => 'away');
	ok($server->logs(qr/^mxonlyd\[\d+\]: outcome=refuse .* instance=away$/m), 'standard error gets the line');
	rename(Journald::NATIVE . '.away', Journald::NATIVE) or die;
	$server->ask($socket, DIRECT, instance => 'back');
	is(scalar(wait_for(1, 'MXONLY_INSTANCE=back')), 1, 'when it is there again, it is used');
	is($server->stop, 0, 'a clean end');
	unlike($server->log, qr/log lines were dropped/, 'nothing is lost');
};

Journald::end();
done_testing();
