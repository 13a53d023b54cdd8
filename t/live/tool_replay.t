#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# mxonly replay, as an administrator and a script meet it: logs of every shape, reports of every kind, and what cannot be read.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Compress::Gzip qw(gzip);
use JSON::PP;
use Mxonly qw(wait_until);
use Test::More;
use Tool;

$ENV{TZ} = 'UTC';

my $ini = write_file('mxonly.ini', <<'INI');
[relay filter]
ranges  = 192.0.2.0/24, 2001:db8:25::/48
domains = relay.example

[relay keyed]
fingerprints = 00112233445566778899aabbccddeeff00112233

[default]
relays = filter

[domain watched.example]
mode   = monitor

[domain keyed.example]
relays = keyed
INI

# A log, oldest first: seconds since 04:41 on the 22nd of November, program[pid], what it says.
my @log = (
	[0,  'smtpd[7]',   'connect from mx1.relay.example[192.0.2.7]'],
	[0,  'smtpd[7]',   '4FyZ1h1: client=mx1.relay.example[192.0.2.7]'],
	[0,  'cleanup[8]', '4FyZ1h1: message-id=<1@sender.example>'],
	[1,  'smtpd[9]',   'warning: hostname new.relay.example does not resolve to address 198.51.100.4: Name or service not known'],
	[1,  'smtpd[9]',   '4FyZ1h2: client=unknown[198.51.100.4]'],
	[1,  'cleanup[8]', '4FyZ1h2: message-id=<2@sender.example>'],
	[2,  'qmgr[3]',    '4FyZ1h1: from=<s@sender.example>, size=1, nrcpt=2 (queue active)'],
	[2,  'qmgr[3]',    '4FyZ1h2: from=<>, size=1, nrcpt=1 (queue active)'],
	[3,  'lmtp[4]',    '4FyZ1h1: to=<u@example.org>, relay=mx[private/lmtp], delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)'],
	[3,  'lmtp[4]',    '4FyZ1h1: to=<box@store.example>, orig_to=<u@watched.example>, relay=mx, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)'],
	[3,  'lmtp[4]',    '4FyZ1h2: to=<u@example.org>, relay=mx[private/lmtp], delay=1, delays=0/0/0/1, dsn=4.0.0, status=deferred (later)'],
	[4,  'qmgr[3]',    '4FyZ1h1: removed'],
	[5,  'smtpd[7]',   'NOQUEUE: reject: RCPT from mx1.relay.example[192.0.2.7]: 554 no; from=<s@sender.example> to=<v@example.org> proto=ESMTP helo=<other.example>'],
	[6,  'submission/smtpd[5]', '4FyZ1h3: client=unknown[203.0.113.9], sasl_method=PLAIN, sasl_username=joe'],
	[6,  'lmtp[4]',    '4FyZ1h3: to=<"a b"@example.org>, relay=mx, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)'],
	[7,  'smtpd[7]',   '4FyZ1h4: client=unknown[203.0.113.9]'],
	[7,  'lmtp[4]',    '4FyZ1h4: to=<u@watched.example>, relay=mx, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)'],
	[7,  'lmtp[4]',    '4FyZ1h4: to=<u@keyed.example>, relay=mx, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)'],
	[8,  'lmtp[4]',    '4FyZ1h2: to=<u@example.org>, relay=mx[private/lmtp], delay=9, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)'],
	[9,  'pickup[2]',  '4FyZ1h5: uid=0 from=<root>'],
	[9,  'lmtp[4]',    '4FyZ1h6: to=<u@example.org>, relay=mx, delay=99, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)'],
	[9,  'smtpd[7]',   '4FyZ1h7: client=unknown[203.0.113.10]'],
);

# Each line by this form.
sub lines { my ($form) = @_; return join('', map { $form->(@$_) . "\n" } @log) }

sub ident { my ($program) = @_; my ($name, $pid) = $program =~ /^(.*)\[(\d+)\]/; return ("postfix/$name", $pid) }

my $syslog = lines(sub { sprintf('Nov 22 04:41:%02d mx postfix/%s: %s', @_) });

sub objects { return map { decode_json($_) } split(/\n/, $_[0]) }

# Words of an object, those that are there.
sub short {
	my ($o) = @_;
	my @keys = qw(outcome reason mode policy relay client_address sender recipient queue_id message_id date);
	return join(' ', (map { $o->{$_} // '-' } @keys), $o->{rejected} ? 'rejected' : 'taken');
}

my @want = (
	'permit relay enforce default filter 192.0.2.7 s@sender.example u@example.org 4FyZ1h1 <1@sender.example> 2026-11-22T04:41:00Z taken',
	'permit relay monitor domain watched.example filter 192.0.2.7 s@sender.example u@watched.example 4FyZ1h1 <1@sender.example> 2026-11-22T04:41:00Z taken',
	'defer near-miss enforce default filter 198.51.100.4 - u@example.org 4FyZ1h2 <2@sender.example> 2026-11-22T04:41:01Z taken',
	'refuse helo-mismatch enforce default filter 192.0.2.7 s@sender.example v@example.org - - 2026-11-22T04:41:05Z rejected',
	'permit authenticated enforce default - 203.0.113.9 - a b@example.org 4FyZ1h3 - 2026-11-22T04:41:06Z taken',
	'refuse unknown-address monitor domain watched.example - 203.0.113.9 - u@watched.example 4FyZ1h4 - 2026-11-22T04:41:07Z taken',
	'refuse certificate-mismatch enforce domain keyed.example keyed 203.0.113.9 - u@keyed.example 4FyZ1h4 - 2026-11-22T04:41:07Z taken',
);

# replay(STDIN, ARGUMENTS...): status, standard output, standard error
sub replay { my ($input, @arguments) = @_; return mxonly($input, 'replay', '-c', $ini, @arguments) }

sub log_file {
	my ($name, $text) = @_;
	my $path = write_file($name, $text);
	utime(1795323600, 1795323600, $path);    # 05:00 of that day: of this year, then, are stamps without one
	return $path;
}

subtest 'shapes' => sub {
	my %shape = (
		'syslog'       => $syslog,
		'CRLF'         => $syslog =~ s/\n/\r\n/gr,
		'no last line end' => substr($syslog, 0, -1),
		'RFC 3339'     => lines(sub { sprintf('2026-11-22T04:41:%02d.123456+00:00 mx postfix/%s: %s', @_) }),
		'another zone' => lines(sub { sprintf('2026-11-21T23:11:%02d-05:30 mx postfix/%s: %s', @_) }),
		'RFC 5424'     => lines(sub { my ($name, $pid) = ident($_[1]); sprintf('<22>1 2026-11-22T04:41:%02dZ mx %s %s - - %s', $_[0], $name, $pid, $_[2]) }),
		'journal'      => "-- Journal begins at Sat 2026-11-21 --\n" . lines(sub { sprintf('Nov 22 04:41:%02d mx postfix/%s: %s', @_) }) . "                and more\n",
		'journal, short-iso'  => lines(sub { sprintf('2026-11-22T04:41:%02d+0000 mx postfix/%s: %s', @_) }),
		'journal, short-full' => lines(sub { sprintf('Sun 2026-11-22 04:41:%02d UTC mx postfix/%s: %s', @_) }),
		'journal, short-unix' => lines(sub { sprintf('%d.123456 mx postfix/%s: %s', 1795322460 + $_[0], @_[1, 2]) }),
		'journal, JSON' => lines(sub {
			my ($name, $pid) = ident($_[1]);
			encode_json({ MESSAGE => $_[2] =~ /joe/ ? [unpack('C*', $_[2])] : $_[2], SYSLOG_IDENTIFIER => $name, _PID => $pid, _HOSTNAME => 'mx',
				__REALTIME_TIMESTAMP => (1795322460 + $_[0]) . '123456', _UID => undef });
		}),
		'journal, JSON over lines' => lines(sub {
			my ($name, $pid) = ident($_[1]);
			join("\n\t", '{', map({ encode_json({ $_->[0] => $_->[1] }) =~ s/^\{|\}$//gr =~ s/":/" : /r . ',' } [__CURSOR => 's=1'], [MESSAGE => $_[2]], [SYSLOG_IDENTIFIER => $name],
				[_PID => $pid], [_HOSTNAME => 'mx'], [__REALTIME_TIMESTAMP => (1795322460 + $_[0]) . '123456']), '"_UID" : "0"') . "\n}";
		}),
		'journal, export' => lines(sub {
			my ($name, $pid) = ident($_[1]);
			"__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=@{[1795322460 + $_[0]]}123456\nNOTE\n" . pack('Q<', 10) . "{\n\n\n}\n\0=\n\n" . "\n"
				. "_HOSTNAME=mx\nSYSLOG_IDENTIFIER=$name\n_PID=$pid\n" . ($_[2] =~ /joe/ ? "MESSAGE\n" . pack('Q<', length $_[2]) . $_[2] : "MESSAGE=$_[2]") . "\n";
		}),
		'with other programs' => $syslog =~ s/\n/\nNov 22 04:41:09 mx dovecot[1]: postfix\/smtpd[7]: 4FyZ1h1: client=x[203.0.113.1]\nNov 22 04:41:09 mx kernel: [1.2] x\n/gr,
		'another instance' => $syslog =~ s{postfix/}{postfix-mx2/}gr,
		'repeated'     => $syslog . "Nov 22 04:41:59 mx last message repeated 2 times\n",
	);
	for my $name (sort keys %shape) {
		my ($status, $out, $err) = replay('', '--json', log_file('mail.log', $shape{$name}));
		is_deeply([map { short($_) } objects($out)], \@want, $name) or diag($err);
		is($status, 0, "$name: all was read");
	}
	gzip(\$syslog, \my $packed);
	log_file('mail.log.gz', $packed);
	my ($status, $out) = replay('', '--json', folder() . '/mail.log.gz');
	is_deeply([map { short($_) } objects($out)], \@want, 'gzip');
	($status, $out) = replay($packed, '--json', '-');
	is(scalar(objects($out)), scalar(@want), 'from standard input, compressed');
};

subtest 'several, in order' => sub {
	my @lines = split(/^/, $syslog);
	my $old = log_file('mail.log.1', join('', @lines[0 .. 7]));
	my $new = log_file('mail.log', join('', @lines[8 .. $#lines]));
	my ($status, $out) = replay('', '--json', $old, $new);
	is_deeply([map { short($_) } objects($out)], \@want, 'a message that goes from one to the next');
	is((objects($out))[0]{path}, "$new:1", 'the place of the recipient');
	($status, $out) = replay(read_file($new), '--json', $old, '-');
	is(scalar(objects($out)), scalar(@want), 'the second from standard input');
	my ($alone) = (replay('', $new))[1] =~ /^ +(\d+)  messages came before the log begins/m;
	is($alone, 3, 'without the first log, its messages came before');
};

subtest 'the report' => sub {
	my $path = log_file('mail.log', $syslog);
	my ($status, $out, $err) = replay('', $path);
	is($status, 0, 'status');
	is($err, '', 'nothing on standard error');
	like($out, qr/^7 deliveries judged, each a message to a recipient, from 2026-11-22 to 2026-11-22:$/m, 'how many, and when');
	like($out, qr/^ +2 +1  would have been refused\n +1 +0  would have been deferred\n +3 +0  would have been permitted$/m, 'taken and rejected');
	my @order = $out =~ /^(Near misses|By reason|By policy|By client network|The latest|What a log does not tell)/mg;
	is(join(', ', @order), 'Near misses, By reason, By policy, By client network, The latest, What a log does not tell', 'near misses first');
	like($out, qr/^Near misses.*\n +1  near-miss +filter +198\.51\.100\.4 +unknown$/m, 'the near miss, by a name that was not verified');
	like($out, qr/^ +1  $_$/m, $_) for qw(near-miss helo-mismatch unknown-address certificate-mismatch authenticated);
	like($out, qr/^ +1 +1 +2  default$/m, 'by policy');
	like($out, qr/^ +1 +0 +1  domain watched\.example$/m, 'a monitored domain as if enforced');
	like($out, qr/^ +1 +0 +2  192\.0\.2\.0\/24  mx1\.relay\.example$/m, 'by network');
	like($out, qr/^  2026-11-22  unknown-address +203\.0\.113\.9 +u\@watched\.example +\Q$path\E:17$/m, 'one of the latest');
	like($out, qr/^ +6  judged without HELO/m, 'how many without HELO');
	like($out, qr/^  keyed +is known by its certificate/m, 'a relay that no log tells of');
	my $tls = write_file('tls.ini', "[relay coded]\nranges = 192.0.2.0/24\nmatch = address tls\n");
	like((mxonly('', 'replay', '-c', $tls, $path))[1], qr/^  coded +asks for TLS, .*: it counts as matching$/m, 'one that asks for what is not told');
	like($out, qr/^ +1  message came another way/m, 'local ones');
	like($out, qr/^ +1  message came before/m, 'those from before');
	like($out, qr/^ +1  message without a recipient/m, 'those without a recipient');
	like($out, qr/^ +22  lines read$/m, 'lines');
};

subtest 'HTML' => sub {
	my $page = folder() . '/report.html';
	my $path = log_file('mail.log', $syslog);
	my ($status, $out, $err) = replay('', '--html', $page, $path);
	is("$status$out", '0', 'status, nothing on standard output') or diag($err);
	like($err, qr/^7 deliveries judged/, 'the counts on standard error');
	like(read_file($page), qr/<!DOCTYPE html>.*198\.51\.100\.4/si, 'a page that names the near miss');
	($status, $out, $err) = replay('', '--html', $ini, $path);
	is($status, 2, 'the configuration is not written over');
	like($err, qr/\Q$ini\E/, 'it is named');
	like(read_file($ini), qr/^\[relay filter\]/, 'it is as it was');
	($status, $out, $err) = replay('', '--html', folder() . '/none/report.html', $path);
	is($status, 2, 'a folder that is not there');
	like($err, qr{none/report\.html}, 'is named');
	($status, $out, $err) = replay('', '--html', '-', $path);
	is($status, 0, 'to standard output') or diag($err);
	is($out =~ s/<footer>.*//sr, read_file($page) =~ s/<footer>.*//sr, 'the same page');
	ok(!-e '-', 'no file is named so');
};

subtest 'what cannot be read' => sub {
	my $path = log_file('mail.log', "no log\n" . $syslog . "Nov 22 04:41:10 mx postfix/smtpd[7]: 4FyZ1h8: client=\e[31mx\n" . "x\n" x 20 . 'y' x 600000 . "\n$syslog");
	my ($status, $out, $err) = replay('', '--json', $path);
	is($status, 2, 'the status says that something was left out');
	is(scalar(objects($out)), 2 * @want, 'the rest is judged');
	like($err, qr/^mxonly replay: \Q$path\E:1: not read: no time stamp at its head: no log$/m, 'a line, its place, what is wrong');
	like($err, qr/:24: not read: no NAME\[ADDRESS\] behind client=: .*client=\\x1b\[31mx$/m, 'made harmless');
	is(scalar(() = $err =~ /: not read: /g), 10, 'ten are shown');
	like($err, qr/^ +23  lines could not be read$/m, 'all are counted');
	($status, $out, $err) = replay('', '--json', folder() . '/none.log', log_file('mail.log', $syslog));
	is($status, 2, 'a log that is not there');
	like($err, qr{none\.log: No such file}, 'is named');
	is(scalar(objects($out)), scalar(@want), 'the other is judged');
	($status, $out, $err) = replay('', folder());
	like("$status $err", qr/^2 mxonly replay: \S+: Is a directory/, 'a folder');
	gzip(\$syslog, \my $packed);
	($status, $out, $err) = replay('', '--json', log_file('mail.log.gz', substr($packed, 0, -20)));
	like("$status $err", qr/^2 mxonly replay: \S+mail\.log\.gz: the compressed file is cut off/, 'cut off');
	($status, $out, $err) = replay("\xfd7zXZ\0\0", '-');
	like("$status $err", qr/^2 mxonly replay: -: compressed by xz: pipe it through xzcat/, 'compressed otherwise');
	($status, $out, $err) = replay("Nov 22 04:41:00 mx sshd[1]: hello\n", '-');
	like("$status $err", qr/^2 mxonly replay: no line of Postfix/, 'another log');
	($status, $out, $err) = replay('', '-');
	is("$status$err", '0', 'an empty log is none');
	like($out, qr/^0 deliveries judged/, 'and says so');
};

subtest 'hostile words' => sub {
	my $evil = "\e]0;x\a<script>alert(1)</script>\xe2\x80\xae'\"&";
	my $text = "Nov 22 04:41:00 mx postfix/smtpd[7]: NOQUEUE: reject: RCPT from unknown[203.0.113.9]: 554 $evil; from=<s\@a.test> to=<\"$evil\"\@example.org> proto=ESMTP helo=<\e[31m'&\xff>\n";
	my $quoted = $evil =~ s/"/\\"/gr;
	$text =~ s/to=<"\Q$evil\E"/to=<"$quoted"/;
	my $page = folder() . '/evil.html';
	my $path = log_file('mail.log', $text . $text =~ s/example\.org> proto/exam\e[2Jple.org> proto/r);
	for my $arguments ([], ['--json'], ['--html', $page]) {
		my ($status, $out, $err) = replay('', @$arguments, $path);
		is($status, 0, "status (@$arguments)") or diag($err);
		unlike($out . $err, qr/[^\n -~]/, 'printable ASCII alone');
		is_deeply([map { $_->{outcome} } objects($out)], [('refuse') x 2], 'JSON that can be read') if "@$arguments" eq '--json';
	}
	my $html = read_file($page);
	unlike($html, qr/[^\n\t -~]/, 'the page: printable ASCII alone');
	unlike($html, qr/<script>alert/, 'no markup of theirs');
};

subtest 'wrong usage' => sub {
	for ([[], qr/no log is named/], [['--json', '--html', 'x', '-'], qr/do not go together/], [['-x', '-'], qr/which options there are/],
		[['--html', 'a', '--html', 'b', '-'], qr/--html was given twice/], [['-c', 'x', '-'], qr/-c was given twice/]) {
		my ($arguments, $words) = @$_;
		my ($status, $out, $err) = replay('', @$arguments);
		is($status, 2, "@$arguments: status");
		like($err, $words, 'says why');
	}
	my ($status, $out, $err) = mxonly('', 'replay', '-c', write_file('broken.ini', "[relay a]\nrages = 1\n"), '-');
	like("$status $err", qr/^2 .*broken\.ini:2: /, 'a faulty configuration');
};

subtest 'interrupted' => sub {
	my ($pipe, $out) = map { folder() . "/$_" } qw(pipe out);
	system('mkfifo', $pipe) == 0 or die;
	my $pid = fork() // die;
	if ($pid == 0) {
		open(STDIN, '<', $pipe) or die;
		open($_->[0], '>', $_->[1]) or die for [\*STDOUT, $out], [\*STDERR, "$out.err"];
		exec("$ENV{MXONLY_BUILD}/mxonly", 'replay', '-c', $ini, '--json', '-') or exit 127;
	}
	open(my $to, '>', $pipe) or die;
	$to->autoflush(1);
	# It reads in pieces: what it has seen shows when the next one comes.
	print $to $syslog x 200;
	wait_until { -s $out } or die 'nothing was judged';
	kill(INT => $pid);
	local $SIG{PIPE} = 'IGNORE';
	close($to);
	waitpid($pid, 0);
	is($? >> 8, 2, 'status');
	like(read_file("$out.err"), qr/deliveries judged.*^mxonly replay: interrupted/ms, 'the counts so far');
};

done_testing();
