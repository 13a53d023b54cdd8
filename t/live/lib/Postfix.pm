# SPDX-License-Identifier: BSD-2-Clause
#
# Postfix - a real Postfix in a private folder, and what belongs to a test with one: clients played through XCLIENT,
# an LMTP sink that records what was delivered, and mxonlyd behind the socket in the (chrooted) queue directory
#
# Life:      new -> mxonlyd, start -> smtp ... -> stop; an object that goes out of scope ends what it started
# Waiting:   for conditions, with deadlines; never for a time
# Needs:     root (master(8) does), postfix, perl's core modules
package Postfix;

use strict;
use warnings;
use Clock qw(time);
use Cwd ();
use File::Temp ();
use File::Path qw(make_path remove_tree);
use File::Copy qw(copy);
use IO::Socket::IP;
use IO::Socket::UNIX;
use POSIX ();
use Socket qw(SOCK_STREAM);
use Time::HiRes qw(sleep);

our $DEADLINE = 60;

# The program of a build: MXONLY_BUILD tells the folder, else the usual ones are tried.
sub program {
	my ($name) = @_;
	my ($here) = __FILE__ =~ m{^(.*)/t/live/lib/};
	for my $dir (grep { defined } $ENV{MXONLY_BUILD}, map { (defined $here ? $here : '.') . "/$_" } 'build-test', 'build') {
		return Cwd::abs_path("$dir/$name") if -x "$dir/$name";
	}
	die "$name: not built (set MXONLY_BUILD to the folder that holds it)\n";
}

# Calls the condition until it is true; dies when that takes too long.
sub wait_for {
	my ($what, $condition, $seconds) = @_;
	my $end = time + ($seconds // $DEADLINE);
	my $pause = 0.005;
	until (my $got = $condition->()) {
		die "waited too long: $what\n" if time > $end;
		sleep $pause;
		$pause *= 1.5 if $pause < 0.2;
	}
}

sub slurp {
	my ($path) = @_;
	open my $in, '<:raw', $path or return '';
	local $/;
	return scalar(<$in>) // '';
}

sub spew {
	my ($path, $text) = @_;
	open my $out, '>:raw', $path or die "$path: $!\n";
	print $out $text;
	close $out or die "$path: $!\n";
}

# A port that is free on 127.0.0.1 and on ::1 alike; another one each time.
my %given;
sub free_port {
	for (1 .. 50) {
		my $four = IO::Socket::IP->new(LocalHost => '127.0.0.1', LocalPort => 0, Listen => 1, Type => SOCK_STREAM) or die "bind: $@\n";
		my $port = $four->sockport;
		next if $given{$port}++;
		return $port if IO::Socket::IP->new(LocalHost => '::1', LocalPort => $port, Listen => 1, Type => SOCK_STREAM, V6Only => 1);
	}
	die "no port is free on both 127.0.0.1 and ::1\n";
}

# main, services: lines for main.cf and master.cf, put behind ours; processes: how many smtpd at most.
sub new {
	my ($class, %o) = @_;
	die "a real Postfix needs root\n" if $> != 0;
	$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);    # so that what was started is ended
	my $dir = File::Temp::tempdir('mxonly-postfix-XXXXXX', TMPDIR => 1);
	chmod 0755, $dir;
	my $self = bless { dir => $dir, queue => "$dir/queue", owner => $$, port => free_port(), children => [] }, $class;
	$self->_folders;
	$self->_sink;
	$self->_main_cf($o{main} // '');
	$self->_master_cf($o{processes} // 20, $o{services} // '');
	return $self;
}

sub _folders {
	my ($self) = @_;
	my (undef, undef, $uid, $gid) = getpwnam 'postfix' or die "no user postfix: is Postfix installed?\n";
	make_path(map { "$self->{dir}/$_" } qw(etc queue data queue/etc queue/mxonly));
	chown $uid, $gid, "$self->{dir}/data";
	# What a chrooted smtpd looks for; it asks no resolver, for names come by XCLIENT (smtpd_peername_lookup = no).
	copy("/etc/$_", "$self->{queue}/etc/$_") for grep { -f "/etc/$_" } qw(services hosts nsswitch.conf localtime host.conf resolv.conf);
	# As the manual says: the folder is the service's, setgid to Postfix's group.
	my (undef, undef, $nobody) = getpwnam 'nobody';
	chown $nobody, $gid, "$self->{queue}/mxonly";
	chmod 02750, "$self->{queue}/mxonly";
}

sub _main_cf {
	my ($self, $more) = @_;
	my $ours = <<"END";
compatibility_level = 3.6
queue_directory = $self->{queue}
data_directory = $self->{dir}/data
maillog_file = $self->{dir}/mail.log
maillog_file_prefixes = $self->{dir}
command_directory = /usr/sbin
daemon_directory = @{[daemon_directory()]}
mail_owner = postfix
setgid_group = postdrop
inet_protocols = all
inet_interfaces = loopback-only
myhostname = host.test
mydomain = test
mynetworks = 127.0.0.0/8 [::1]/128
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
append_dot_mydomain = no
biff = no
smtpd_peername_lookup = no
smtpd_authorized_xclient_hosts = 127.0.0.0/8 [::1]
smtpd_relay_restrictions = permit_auth_destination, reject
smtpd_reject_unlisted_recipient = no
local_transport = lmtp:inet:[127.0.0.1]:$self->{sink_port}
virtual_transport = lmtp:inet:[127.0.0.1]:$self->{sink_port}
relay_transport = lmtp:inet:[127.0.0.1]:$self->{sink_port}
default_transport = error:no mail leaves this machine
in_flow_delay = 0
END
	# Postfix warns of a parameter that is there twice.
	$ours =~ s/^\Q$_\E =.*\n//m for $more =~ /^(\w+) *=/mg;
	spew("$self->{dir}/etc/main.cf", $ours . $more);
}

sub daemon_directory {
	my $found = `postconf -dh daemon_directory 2>/dev/null`;
	chomp $found;
	return $found || '/usr/lib/postfix/sbin';
}

sub _master_cf {
	my ($self, $processes, $more) = @_;
	spew("$self->{dir}/etc/master.cf", <<"END");
127.0.0.1:$self->{port} inet n - y - $processes smtpd
[::1]:$self->{port} inet n - y - $processes smtpd
pickup    unix  n       -       n       60      1       pickup
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
verify    unix  -       -       n       -       1       verify
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
smtp      unix  -       -       n       -       -       smtp
relay     unix  -       -       n       -       -       smtp
lmtp      unix  -       -       n       -       $processes lmtp
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
showq     unix  n       -       n       -       -       showq
anvil     unix  -       -       n       -       1       anvil
scache    unix  -       -       n       -       1       scache
postlog   unix-dgram n  -       n       -       1       postlogd
$more
END
}

sub start {
	my ($self) = @_;
	my $out = "$self->{dir}/postfix.out";
	system("postfix -c $self->{dir}/etc start >$out 2>&1") == 0 or die "postfix start: " . slurp($out) . slurp("$self->{dir}/mail.log");
	$self->{running} = 1;
	wait_for('Postfix listens', sub { $self->connect('127.0.0.1') });
	return $self;
}

sub connect {
	my ($self, $host, $port) = @_;
	return IO::Socket::IP->new(PeerHost => $host, PeerPort => $port // $self->{port}, Type => SOCK_STREAM);
}

# The lines of Postfix's log that no test should cause.
sub complaints {
	my ($self) = @_;
	return grep { /(?:warning|fatal|panic|error):/ } split /\n/, slurp("$self->{dir}/mail.log");
}

sub log { return slurp("$_[0]{dir}/mail.log") }

# Forks; the child runs the code and never returns.
sub child {
	my ($self, $code) = @_;
	my $pid = fork // die "fork: $!\n";
	if ($pid == 0) {
		$SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);
		$self->{children} = [];
		$self->{running} = 0;
		eval { $code->() };
		print STDERR $@ if $@;
		POSIX::_exit($@ ? 1 : 0);
	}
	push @{ $self->{children} }, $pid;
	return $pid;
}

# mxonlyd with this configuration behind [policyd]; its log goes to a file. Started as root, it must drop root itself.
sub mxonlyd {
	my ($self, $ini, %o) = @_;
	my $socket = "$self->{queue}/mxonly/policy";
	my $policyd = $o{policyd} // '';
	$self->{ini} = "$self->{dir}/mxonly.ini";
	spew($self->{ini}, "[policyd]\nlisten = unix:$socket\nuser = nobody\ncontrol =\nlog = stderr\n$policyd\n$ini");
	my $program = program('mxonlyd');
	$self->{policyd_log} = "$self->{dir}/mxonlyd.log";
	$self->{policyd_pid} = $self->child(sub {
		open STDIN, '<', '/dev/null';
		open STDOUT, '>>', $self->{policyd_log} or die;
		open STDERR, '>>', $self->{policyd_log} or die;
		exec $program, '-c', $self->{ini} or die "$program: $!\n";
	});
	wait_for("mxonlyd serves:\n" . slurp($self->{policyd_log}), sub {
		die "mxonlyd ended at once:\n" . slurp($self->{policyd_log}) if waitpid($self->{policyd_pid}, POSIX::WNOHANG()) == $self->{policyd_pid};
		return IO::Socket::UNIX->new(Peer => $socket);
	});
	return $self;
}

# SIGTERM; returns the exit status as $? has it.
sub mxonlyd_stop {
	my ($self) = @_;
	my $pid = delete $self->{policyd_pid} // return;
	kill TERM => $pid;
	my $status;
	wait_for('mxonlyd ends', sub { my $got = waitpid $pid, POSIX::WNOHANG(); $status = $?; $got == $pid || $got == -1 }, 30);
	$self->{children} = [grep { $_ != $pid } @{ $self->{children} }];
	return $status;
}

sub policyd_log { return slurp($_[0]{policyd_log} // '/dev/null') }

# An LMTP server that takes everything and writes "ORCPT-tag TAB recipient" a line, once the message was taken.
sub _sink {
	my ($self) = @_;
	my $listen = IO::Socket::IP->new(LocalHost => '127.0.0.1', LocalPort => 0, Listen => 511, Type => SOCK_STREAM) or die "sink: $@\n";
	$self->{sink_port} = $listen->sockport;
	$self->{delivered} = "$self->{dir}/delivered";
	spew($self->{delivered}, '');
	$self->child(sub { sink_loop($listen, $self->{delivered}) });
}

# A process a connection: lmtp(8) keeps few, and each is a plain dialogue.
sub sink_loop {
	my ($listen, $path) = @_;
	local $SIG{CHLD} = 'IGNORE';
	for (;;) {
		my $client = $listen->accept or next;
		my $pid = fork // die "fork: $!\n";
		next if $pid;
		close $listen;
		eval { sink_client($client, $path) };
		POSIX::_exit(0);
	}
}

sub sink_client {
	my ($client, $path) = @_;
	open my $out, '>>:raw', $path or die;
	my %c = (in => '', reply => "220 sink.test LMTP\r\n", rcpt => [], data => 0, over => 0, out => $out);
	# Whatever was pipelined is answered in one piece, before more is waited for.
	for (;;) {
		syswrite $client, $c{reply} or return if length $c{reply};
		return if $c{over};
		$c{reply} = '';
		sysread $client, $c{in}, 65536, length $c{in} or return;
		sink_line(\%c, $1) while $c{in} =~ s/\A([^\n]*?)\r?\n//;
	}
}

sub sink_line {
	my ($c, $line) = @_;
	if ($c->{data}) {
		return if $line ne '.';
		$c->{data} = 0;
		syswrite $c->{out}, join '', @{ $c->{rcpt} };
		$c->{reply} .= "250 2.0.0 taken\r\n" x @{ $c->{rcpt} };
		$c->{rcpt} = [];
	}
	elsif ($line =~ /^RCPT TO:<(.*)>((?: [A-Z]+=\S*)*)\z/i) {
		my ($address, $parameters) = ($1, $2);
		push @{ $c->{rcpt} }, ($parameters =~ /ORCPT=[^;\s]+;(\S+)/i ? $1 : '-') . "\t$address\n";
		$c->{reply} .= "250 2.1.5 ok\r\n";
	}
	elsif ($line =~ /^DATA\z/i) {
		$c->{data} = 1;
		$c->{reply} .= "354 go on\r\n";
	}
	elsif ($line =~ /^LHLO/i) {
		$c->{reply} .= join '', map { "250-$_\r\n" } qw(sink.test PIPELINING 8BITMIME DSN SMTPUTF8);
		$c->{reply} .= "250 ENHANCEDSTATUSCODES\r\n";
	}
	else {
		$c->{rcpt} = [] if $line =~ /^(?:RSET|MAIL)/i;
		$c->{reply} .= "250 2.0.0 ok\r\n";
		$c->{over} = 1 if $line =~ /^QUIT/i;
	}
}

# What was delivered: a list of [tag, recipient].
sub deliveries {
	my ($self) = @_;
	return map { [split /\t/, $_, 2] } split /\n/, slurp($self->{delivered});
}

# One SMTP session. host, port: where to connect; xclient: what the client is to be; helo.
sub session {
	my ($self, %o) = @_;
	my $socket = $self->connect($o{host} // '127.0.0.1', $o{port}) or die "connect: $@\n";
	my $s = bless { socket => $socket }, 'Postfix::Session';
	$s->expect(220);
	if ($o{xclient}) {
		$s->say('EHLO test.invalid');
		$s->expect(250);
		$s->say("XCLIENT $o{xclient}");
		$s->expect(220);
	}
	if (defined $o{helo}) {
		$s->say("EHLO $o{helo}");
		$s->expect(250);
	}
	return $s;
}

# A whole mail; returns the reply to each RCPT. Data is sent when one was accepted.
sub mail {
	my ($self, $session, $from, @to) = @_;
	my @replies;
	$session->say("MAIL FROM:<$from>");
	$session->expect(250);
	for my $to (@to) {
		$session->say("RCPT TO:<$to>");
		push @replies, $session->reply;
	}
	if (grep { /^250/ } @replies) {
		$session->say('DATA');
		$session->expect(354);
		$session->say("Subject: test\r\n\r\nA test.\r\n.");
		$session->expect(250);
	}
	else {
		$session->say('RSET');
		$session->expect(250);
	}
	return @replies;
}

sub stop {
	my ($self) = @_;
	system("postfix -c $self->{dir}/etc stop >$self->{dir}/postfix.out 2>&1") if delete $self->{running};
	$self->mxonlyd_stop;
	kill TERM => @{ $self->{children} } if @{ $self->{children} };
	waitpid $_, 0 for @{ $self->{children} };
	$self->{children} = [];
}

# For whoever reads why a test failed.
sub _last_words {
	my ($self) = @_;
	my @mail = $self->complaints;
	my @policy = split /\n/, $self->policyd_log;
	print STDERR map { "# $_\n" } map { splice @$_, -10 < -@$_ ? 0 : -10 } \@mail, \@policy;
}

sub DESTROY {
	my ($self) = @_;
	return if $$ != $self->{owner};
	$self->_last_words if $?;
	local $?;
	$self->stop;
	remove_tree($self->{dir}) unless $ENV{MXONLY_KEEP};
}

package Postfix::Session;

sub say {
	my ($self, $line) = @_;
	my $bytes = "$line\r\n";
	local $SIG{PIPE} = 'IGNORE';
	while (length $bytes) {
		my $n = syswrite $self->{socket}, $bytes or die "send: $!\n";
		substr($bytes, 0, $n) = '';
	}
}

# The next reply, its lines joined; dies at the end of the stream or after a minute.
sub reply {
	my ($self) = @_;
	my @lines;
	local $SIG{ALRM} = sub { die "no reply within a minute\n" };
	alarm 60;
	for (;;) {
		my $line = readline $self->{socket};
		die "the server closed the connection (@lines)\n" unless defined $line;
		$line =~ s/\r?\n\z//;
		push @lines, $line;
		last if $line =~ /^\d{3} /;
	}
	alarm 0;
	return join "\n", @lines;
}

sub expect {
	my ($self, $code) = @_;
	my $reply = $self->reply;
	die "expected $code, got: $reply\n" unless $reply =~ /^$code/;
	return $reply;
}

1;
