#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# mxonly query and check, as an administrator and a script meet them.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::UNIX;
use JSON::PP;
use Mxonly;
use Test::More;
use Tool;

my $ini = write_file('mxonly.ini', <<'INI');
[relay alpha]
ranges  = 192.0.2.0/25, 192.0.2.128/25
	2001:db8:25::/48
domains = relay.example

[relay beta]
ranges  = 192.0.2.128/25 198.51.100.0/24

[default]
relays  = alpha

[domain example.org]
mode    = monitor

[domain .example.net]
mode    = off
relays  = beta alpha

[domains customers]
names   = customer.example, xn--bcher-kva.example
relays  = beta
INI
my $ignore = write_file('ignore.ini', "[policyd]\nrouted_recipients = ignore\n" . read_file($ini));
my $strictest = write_file('strictest.ini', read_file($ini) =~ s/^\[default\]\K/\nmode = off/mr);
my $broken = write_file('broken.ini', "[relay alpha]\nranges = 192.0.2.0/33\nrages = 1\n\n[default]\nmode = of\n");

my $permit = 'DUNNO';
my $refuse = 'REJECT 5.7.1 Direct delivery refused: mail for example.com must come through its MX hosts';
my @relay  = qw(client_address=192.0.2.7 helo_name=mx1.relay.example recipient=u@example.com);
my @direct = qw(client_address=203.0.113.9 helo_name=mx1.relay.example recipient=u@example.com);

# answers(NAME, [ARGUMENTS], STATUS, OUT, [STDIN]): and nothing on standard error.
sub answers {
	my ($arguments, $status, $out, $input) = @_;
	my $name = join(' ', @$arguments);
	$name =~ s/[^ -~]/./g;
	my ($got, $text, $err) = mxonly($input // '', 'query', '-c', $ini, @$arguments);
	is($text, $out, "$name: output");
	is($got, $status, "$name: status");
	is($err, '', "$name: no complaint");
}

# fails(NAME, [ARGUMENTS], PATTERN, [STDIN]): status 2, nothing on standard output, a line that says what is wrong.
sub fails {
	my ($arguments, $pattern, $input) = @_;
	my $name = join(' ', @$arguments);
	$name =~ s/[^ -~]/./g;
	my ($got, $out, $err) = mxonly($input // '', @$arguments);
	is($got, 2, "$name: status");
	is($out, '', "$name: no answer");
	like($err, $pattern, "$name: says why");
}

subtest 'keys' => sub {
	answers(['-q', '192.0.2.7'],             0, "alpha\n");
	answers(['-q', '192.0.2.200'],           0, "alpha beta\n");
	answers(['-q', '198.51.100.255'],        0, "beta\n");
	answers(['-q', '203.0.113.9'],           1, '');
	answers(['-q', '2001:db8:25::1'],        0, "alpha\n");
	answers(['-q', '2001:DB8:25::1%eth0'],   0, "alpha\n");
	answers(['-q', '::ffff:192.0.2.7'],      0, "alpha\n");
	answers(['-q', '2001:db8:26::1'],        1, '');
	answers(['-q', 'example.com'],           0, "enforce alpha\n");
	answers(['-q', 'EXAMPLE.org.'],          0, "monitor alpha\n");
	answers(['-q', 'u@example.org'],         0, "monitor alpha\n");
	answers(['-q', 'mail.example.net'],      0, "off beta alpha\n");
	answers(['-q', 'example.net'],           0, "enforce alpha\n");
	answers(['-q', 'customer.example'],      0, "enforce beta\n");
	answers(['-q', "b\xc3\xbccher.example"], 0, "enforce beta\n");
	answers(['-q', 'u%example.org@x.example.net'],   0, "off beta alpha\n");
	answers(['-q', 'u@x.example.net@'],      0, "off beta alpha\n");
	answers(['-q', 'u@[192.0.2.7]'],         0, "enforce alpha\n");
	answers(['-q', '192.0.2.7.example.org'], 0, "enforce alpha\n");
	fails(['query', '-c', $ini, '-q', ''], qr/-q needs an address/);
	fails(['query', '-c', $ini, '-q', '192.0.2.0/24'], qr/is a range/);
	fails(['query', '-c', $ini, '-q', '[192.0.2.7]'], qr/`\[192\.0\.2\.7\]` is an address literal: ask for the address without brackets/);
	my ($status, $out) = mxonly('', 'query', '-c', $ignore, '-q', 'u%example.org@x.example.net');
	is("$status $out", "0 off beta alpha\n", 'routed_recipients = ignore: the last one');
	($status, $out) = mxonly('', 'query', '-c', $ignore, '-q', 'u%example.org');
	is("$status $out", "0 enforce alpha\n", 'routed_recipients = ignore: no route without an @');
	($status, $out) = mxonly("u\@[192.0.2.7]\nother.example\n", 'query', '-c', $strictest, '-q', '-');
	is($out, "u\@[192.0.2.7]\tmonitor alpha\nother.example\toff alpha\n", 'no domain: the strictest mode');
};

subtest 'keys from standard input' => sub {
	answers(['-q', '-'], 0, "192.0.2.200\talpha beta\nu\@example.org\tmonitor alpha\n",
		"192.0.2.200\n203.0.113.9\r\n\n[192.0.2.7]\n192.0.2.0/24\n u\@example.org \r\n");
	answers(['-q', '-'], 0, "example.org\tmonitor alpha\n", 'example.org');
	answers(['-q', '-'], 1, '', "203.0.113.9\n");
	answers(['-q', '-'], 1, '', '');
};

subtest 'keys: objects and explanations' => sub {
	my ($status, $out) = mxonly('', 'query', '-c', $ini, '--json', '-q', 'u@Mail.Example.net');
	is_deeply(decode_json($out), { key => 'u@Mail.Example.net', mode => 'off', policy => 'domain .example.net',
		domain => 'mail.example.net', relays => ['beta', 'alpha'] }, 'object of a domain');
	($status, $out) = mxonly("203.0.113.9\n192.0.2.200\n", 'query', '-c', $ini, '--json', '-q', '-');
	is($out, qq({"key":"192.0.2.200","relays":["alpha","beta"]}\n), 'object of an address');
	($status, $out) = mxonly('', 'query', '-c', $ini, '--json', '-q', "a\"\x07\\b");
	ok(eval { decode_json($out) }, 'an object whatever the key') or diag($out);
	($status, $out) = mxonly('', 'query', '-c', $ini, '--explain', '-q', '192.0.2.200');
	like($out, qr{^alpha beta\n  relay alpha at \Q$ini\E:1: the address is in 192\.0\.2\.0/24\n  relay beta at }, 'an address, explained');
	($status, $out) = mxonly('', 'query', '-c', $ini, '--explain', '-q', 'example.org');
	like($out, qr{^monitor alpha\n  candidate example\.org: policy \[domain example\.org\] at \Q$ini\E:12, mode monitor\n  relay alpha at },
		'a domain, explained');
};

subtest 'one request' => sub {
	answers([@relay],  0, "$permit\n");
	answers([@direct], 1, "$refuse\n");
	answers([qw(client_address=203.0.113.9 recipient=u@example.org)], 1, "$permit\n");    # monitored
	answers([qw(client_address=203.0.113.9 recipient=u@x.example.net)], 0, "$permit\n");  # off
	answers([qw(client_address=203.0.113.9 client_name=mx.relay.example recipient=u@example.com)], 1,
		"DEFER_IF_PERMIT 4.7.1 Not a known relay for example.com at this time, try again later\n");
	answers(['client_address=203.0.113.9', 'recipient=a=b@example.com'], 1, "$refuse\n");
	answers([@direct, 'sasl_username=joe'], 0, "$permit\n");
	answers([@direct, 'sasl_username=joe', 'sasl_username='], 1, "$refuse\n");            # the last one counts
	answers([@direct, 'protocol_state=DATA', 'recipient='], 0, "$permit\n");
	answers([@direct, 'recipient_count=1', 'policy_context='], 1, "$refuse\n");
	answers(["recipient=u\@example.com\r", @direct[0, 1]], 1, "$refuse\n");               # as on the wire
	fails(['query', '-c', $ini, "helo_name=a\nb"], qr/`helo_name` holds a newline/);
	fails(['query', '-c', $ini, "a\nb=c"],         qr/newline/);
	fails(['query', '-c', $ini, 'request=junk_policy', @direct], qr/smtpd_access_policy/);
	my $long = 'sender=' . 'x' x 9000;
	my ($status, $out) = mxonly('', 'query', '-c', $ini, $long, @relay);
	is("$status $out", "1 DEFER_IF_PERMIT 4.7.1 Not a known relay for this server at this time, try again later\n", 'over the limits');
	($status, $out) = mxonly('', 'query', '-c', $ini, '--json', $long, @relay);
	is(decode_json($out)->{reason}, 'bad-request', 'over the limits, as an object');
	($status, $out) = mxonly('', 'query', '-c', $ini, '--explain', $long, @relay);
	like($out, qr/^DEFER_IF_PERMIT .*\n  .*bad-request/, 'over the limits, explained');
};

subtest 'names that Postfix does not send' => sub {
	my ($status, $out, $err) = mxonly('', 'query', '-c', $ini, @relay, 'helo=x', 'client_adress=203.0.113.9');
	is("$status $out", "0 $permit\n", 'answered');
	like($err, qr/warning: .*`client_adress`: did you mean `client_address`\?\n/, 'the nearest');
	($status, $out, $err) = mxonly('', 'query', '-c', $ini, @relay, 'zzzzzzzzzz=x');
	like($err, qr/warning: .*`zzzzzzzzzz`; it is ignored\n/, 'none is near');
};

subtest 'as an object' => sub {
	my ($status, $out) = mxonly('', 'query', '-c', $ini, '--json', @direct);
	is($status, 1, 'status');
	is($out, qq({"outcome":"refuse","reason":"unknown-address","action":"$refuse","mode":"enforce","policy":"default",)
		. qq("domain":"example.com","relay":null}\n), 'keys in their order');
	($status, $out) = mxonly('', 'query', '-c', $ini, '--json', 'client_address=192.0.2.7', 'helo_name=mx1.relay.example',
		'recipient=U@EXAMPLE.ORG');
	is_deeply(decode_json($out), { outcome => 'permit', reason => 'relay', action => 'DUNNO', mode => 'monitor',
		policy => 'domain example.org', domain => 'example.org', relay => 'alpha' }, 'a relay');
	($status, $out) = mxonly('', 'query', '-c', $ini, '--json', 'client_address=192.0.2.7');
	is_deeply(decode_json($out), { outcome => 'permit', reason => 'no-recipient', action => 'DUNNO', mode => undef,
		policy => undef, domain => undef, relay => undef }, 'no recipient');
	($status, $out) = mxonly('', 'query', '-c', $ini, '--json', 'client_address=198.51.100.1', 'recipient=u@customer.example');
	is(decode_json($out)->{policy}, 'domains customers', 'a labelled policy');
	($status, $out) = mxonly('', 'query', '-c', $ini, '--json', 'client_address=192.0.2.7', 'helo_name=other.example',
		'recipient=u%example.com@x.example.net');
	is_deeply(decode_json($out), { outcome => 'refuse', reason => 'helo-mismatch', action => $refuse, mode => 'enforce',
		policy => 'default', domain => 'example.com', relay => 'alpha' }, 'the candidate that decided');
};

subtest 'explained' => sub {
	my ($status, $out) = mxonly('', 'query', '-c', $ini, '--explain', 'client_address=192.0.2.200', 'helo_name=other.example',
		'recipient=u%example.com@x.example.net');
	is($status, 1, 'status');
	like($out, qr/^\Q$refuse\E\n(  .*\n)+$/, 'the action, the rest indented');
	like($out, qr/$_/, "tells $_") for qr/candidate example\.com/, qr/candidate x\.example\.net/, qr/\Q$ini\E:9\b/, qr/\Q$ini\E:15\b/,
		qr/relay alpha at \Q$ini\E:1\b/, qr{192\.0\.2\.0/24}, qr/helo: no/, qr/helo-mismatch/;
};

my $wire = "request=smtpd_access_policy\nclient_address=%s\nhelo_name=mx1.relay.example\nrecipient=%s\n";
my ($yes, $no) = (sprintf($wire, '192.0.2.7', 'u@example.com'), sprintf($wire, '203.0.113.9', 'u@example.com'));

subtest 'requests of a file' => sub {
	my $file = write_file('requests', "\n$yes\n$no\r\n\n\n$no");
	answers(['-r', $file], 0, "$permit\n$refuse\n$refuse\n");
	answers(['-r', '-'], 0, "$permit\n$refuse\n", "$yes\n" . $no =~ s/\n/\r\n/gr . "\r\n\r\n");
	answers(['-r', '-'], 0, "$permit\n$refuse\n", "$yes\n$no" =~ s/\n/\r\n/gr);
	answers(['-r', '-'], 0, "$refuse\n", substr($no, 0, -1));
	answers(['-r', '-'], 0, '', $_) for '', "\n\n";
	my ($status, $out) = mxonly("$yes\n$no", 'query', '-c', $ini, '--json', '-r', '-');
	is_deeply([map { decode_json($_)->{outcome} } split(/\n/, $out)], ['permit', 'refuse'], 'objects');
	is($status, 0, 'all answered: status 0 whatever the answers');
	($status, $out) = mxonly("$yes\n$no", 'query', '-c', $ini, '--explain', '-r', '-');
	like($out, qr/^DUNNO\n(  .*\n)+\nREJECT .*\n(  .*\n)+$/, 'explanations, an empty line between');
	fails(['query', '-c', $ini, '-r', folder() . '/none'], qr{/none: No such file});
	fails(['query', '-c', $ini, '-r', folder()], qr{Is a directory});
};

subtest 'malformed requests of a file' => sub {
	my $all = "$yes\nrequest=smtpd_access_policy\nnonsense\nrecipient=u\@example.com\n\n$no\n"
		. "recipient=u\@example.com\nhelo_name=x\n\nrequest=other\n\nrequest=smtpd_access_policy\nsender=\0\n\n$yes";
	my $file = write_file('malformed', $all);
	my ($status, $out, $err) = mxonly('', 'query', '-c', $ini, '-r', $file);
	is($out, "$permit\n$refuse\n$permit\n", 'the others are answered');
	is($status, 2, 'status');
	my @lines = split(/\n/, $err);
	like($lines[0], qr/^\Q$file\E:7: a line without `=`/, 'the very line');
	like($lines[1], qr/^\Q$file\E:15: no request=/, 'no request=');
	like($lines[2], qr/^\Q$file\E:18: request= is not/, 'another request');
	like($lines[3], qr/^\Q$file\E:21: a NUL/, 'a NUL');
	is(@lines, 4, 'a line each');
	($status, $out) = mxonly("sender=@{['x' x 200_000]}\n$no\n$yes", 'query', '-c', $ini, '--json', '-r', '-');
	is_deeply([map { decode_json($_)->{reason} } split(/\n/, $out)], ['bad-request', 'relay'], 'a line over the limits');
	($status, $out) = mxonly("sender=x\n" x 20_000 . "$no\n$yes", 'query', '-c', $ini, '--json', '-r', '-');
	is_deeply([map { decode_json($_)->{reason} } split(/\n/, $out)], ['bad-request', 'relay'], 'a request over the limits');
	is($status, 0, 'both are answered');
};

subtest 'wrong usage' => sub {
	fails([], qr/a subcommand is missing/);
	fails(['qeury'], qr/unknown subcommand `qeury`: did you mean `query`\?/);
	fails(['xxxxxxxxx'], qr/unknown subcommand `xxxxxxxxx`/);
	fails(['--nonsense'], qr/unknown option --nonsense/);
	fails(['query'], qr/nothing is asked/);
	fails(['query', '-c', $ini], qr/nothing is asked/);
	fails(['query', '-c', $ini, '-q', 'x', 'a=b'], qr/do not go together/);
	fails(['query', '-c', $ini, '-q', 'x', '-r', 'y'], qr/do not go together/);
	fails(['query', '-c', $ini, '-q', 'x', '-q', 'y'], qr/-q was given twice/);
	fails(['query', '-c', $ini, '--json', '--explain', '-q', 'x'], qr/do not go together/);
	fails(['query', '-c', $ini, '-s', 'unix:/x', 'a=b'], qr/-c and -s do not go together/);
	fails(['query', '-s', 'unix:/x', '-q', 'x'], qr/-q does not go with -s/);
	fails(['query', '-s', 'unix:/x', '--json', 'a=b'], qr/--json does not go with -s/);
	fails(['query', '-s', 'unix:/x', '--explain', 'a=b'], qr/--explain does not go with -s/);
	fails(['query', '-c', $ini, 'example.org'], qr/`example\.org` is not NAME=VALUE: did you mean -q example\.org\?/);
	fails(['query', '-c', $ini, '=x'], qr/no name/);
	fails(['query', '--exlpain'], qr/unrecognized option/);
	fails(['query', '-c'], qr/requires an argument/);
	fails(['check', $ini], qr/did you mean -c/);
	fails(['check', '-x'], qr/invalid option/);
	my ($status) = run('', '/bin/sh', '-c', "$ENV{MXONLY_BUILD}/mxonly query -c $ini -q 192.0.2.7 >/dev/full");
	is($status, 2, 'an answer that cannot be written');
};

subtest 'help and version' => sub {
	my (undef, $whole) = mxonly('', '--help');
	my @subcommands = $whole =~ /^  (\w+) {2,}/mg;
	cmp_ok(scalar(@subcommands), '>=', 8, 'subcommands');
	for my $command (['mxonly'], ['mxonlyd'], map { ['mxonly', $_] } @subcommands) {
		my ($status, $out, $err) = run('', "$ENV{MXONLY_BUILD}/$command->[0]", @$command[1 .. $#$command], '--help');
		is("$status$err", '0', "@$command --help: status");
		is_deeply([run('', "$ENV{MXONLY_BUILD}/$command->[0]", @$command[1 .. $#$command], '-h')], [0, $out, ''], "@$command -h: the same");
		like($out, qr/\A(?:usage: )?@$command .*\n(?:.+\n)*\n  .*@$command/, "@$command: first of all, the command that one came for") if @$command > 1 || $command->[0] eq 'mxonlyd';
		cmp_ok(($out =~ tr/\n//), '<=', 24, "@$command: one screen high");
		is(join("\n", grep { length > 80 } split(/\n/, $out)), '', "@$command: one screen wide");
	}
	my ($status, $out) = mxonly('', '--version');
	like("$status $out", qr/^0 mxonly \d+\.\d+/, 'version');
};

subtest 'a faulty configuration' => sub {
	fails(['query', '-c', $broken, @$_], qr/^\Q$broken\E:2: .*\n.*:3: .*\n.*:6: /) for ['-q', '192.0.2.7'], ['-r', '-'], [@relay];
	fails(['query', '-c', folder() . '/none.ini', '-q', 'x'], qr{/none\.ini: });
};

subtest 'colours' => sub {
	my $check = "$ENV{MXONLY_BUILD}/mxonly check -c $broken";
	local $ENV{NO_COLOR} = '';
	like((run('', 'script', '-qc', $check, '/dev/null'))[1], qr/^\e\[1m\Q$broken\E:2: \e\[m/, 'on a terminal');
	unlike((mxonly('', 'check', '-c', $broken))[2], qr/\e/, 'nowhere else');
	$ENV{NO_COLOR} = '1';
	unlike((run('', 'script', '-qc', $check, '/dev/null'))[1], qr/\e/, 'nor for who wants none');
};

subtest 'check' => sub {
	my ($status, $out, $err) = mxonly('', 'check', '-c', $broken);
	is($status, 2, 'not fit');
	like($err, qr/^\Q$broken\E:2: .*\n\Q$broken\E:3: .*`ranges`.*\n\Q$broken\E:6: .*off/, 'every fault');
	isnt($out, '', 'a last line');
	($status, $out, $err) = mxonly('', 'check', '-c', $ini);
	is($status, 0, 'fit, with a warning');
	like($err, qr/^\Q$ini\E:\d+: warning: .*ranges.*/m, 'ranges shared by relays');
	isnt($out, '', 'a last line');
};

# A server of our own: the replies that mxonlyd never gives.
sub served {
	my ($replies, @arguments) = @_;
	my $path = folder() . '/served';
	unlink($path);
	my $listener = IO::Socket::UNIX->new(Local => $path, Listen => 5) or die "$path: $!";
	my $pid = fork() // die "fork: $!";
	if ($pid == 0) {
		for my $reply (@$replies) {
			my $client = $listener->accept or last;
			local $/ = "\n\n";
			my $request = <$client>;
			print $client $reply;
			close($client);
		}
		require POSIX;
		POSIX::_exit(0);
	}
	close($listener);
	my @result = mxonly('', 'query', '-s', "unix:$path", @arguments);
	kill('TERM', $pid);
	waitpid($pid, 0);
	return @result;
}

subtest 'answers of another server' => sub {
	is_deeply([served(["action=DUNNO\n\n"], @relay)], [0, "DUNNO\n", ''], 'a permit');
	is_deeply([served(["action=warn x\n\n"], @relay)], [0, "warn x\n", ''], 'warn');
	is_deeply([served(["action=REJECT x\n\n"], @relay)], [1, "REJECT x\n", ''], 'REJECT');
	is_deeply([served(["action=450 4.7.1 x\n\n"], @relay)], [1, "450 4.7.1 x\n", ''], 'a code');
	is_deeply([served(["other=1\naction=DUNNO\naction=REJECT\n\n"], @relay)], [0, "DUNNO\n", ''], 'other attributes');
	is_deeply([served(["action=REJECT \x1b[2J\n\n"], @relay)], [1, "REJECT \\x1b[2J\n", ''], 'nothing foreign reaches the terminal');
	for my $case (['', qr/closed the connection without an answer/], ["action=DUNNO\n", qr/without ending its answer/],
		["x=y\n\n", qr/no action/], ['x' x 10_000, qr/does not end/]) {
		my ($status, $out, $err) = served([$case->[0]], @relay);
		is("$status$out", '2', "$case->[1]: status");
		like($err, qr/^mxonly query: unix:.*$case->[1]/, 'says why');
	}
	my $file = write_file('requests', "$yes\nnonsense\n\n$no\n$yes");
	my ($status, $out, $err) = served(["action=DUNNO\n\n", '', "action=REJECT\n\n"], '-r', $file);
	is("$status $out", "2 DUNNO\nREJECT\n", 'the others are answered');
	like($err, qr/^\Q$file\E:6: .*`=`.*\n\Q$file\E:8: unix:.*closed.*\n$/, 'those without an answer are named');
	($status, $out, $err) = mxonly('', 'query', '-s', 'unix:' . folder() . '/nobody', @relay);
	is("$status$out", '2', 'no server: status');
	like($err, qr{/nobody: no server is there}, 'no server: says so');
	($status, $out, $err) = mxonly('', 'query', '-s', '/run/x', @relay);
	like("$status$err", qr{^2mxonly query: .*unix:/run/x}, 'no endpoint');
};

subtest 'answers of mxonlyd' => sub {
	my $server   = Mxonly->new(ini => read_file($ini));
	my $endpoint = 'unix:' . $server->path;
	my @cases = ([@relay], [@direct], [qw(client_address=203.0.113.9 recipient=u@example.org)], [qw(client_address=203.0.113.9 recipient=u@a.example.net)],
		['sender=' . 'x' x 9000, @relay], ["recipient=u\@example.com\r", @direct[0, 1]]);
	for my $case (@cases) {
		my ($status, $out, $err) = mxonly('', 'query', '-s', $endpoint, @$case);
		my (undef, $here) = mxonly('', 'query', '-c', $ini, @$case);
		is($out, $here, "the same as from the configuration: " . substr("@$case", 0, 60));
		is($status, $out =~ /^DUNNO/ ? 0 : 1, 'status');
		is($err, '', 'no complaint');
	}
	my $many = "$yes\n$no\n" x 200 . "sender=@{['x' x 200_000]}\n$no\n$yes";
	my ($status, $out, $err) = mxonly($many, 'query', '-s', $endpoint, '-r', '-');
	my (undef, $here) = mxonly($many, 'query', '-c', $ini, '-r', '-');
	is($out, $here, 'many, and one over the limits');
	is("$status$err", '0', 'all were answered');
	fails(['query', '-s', $endpoint, 'request=other', @relay], qr/request= is not/);
	is($server->stop, 0, 'a clean stop');
};

done_testing();
