# SPDX-License-Identifier: BSD-2-Clause
package Mxonly;

# One running mxonlyd: started with a configuration in a folder of its own, asked, watched, stopped.
# Waiting is always for a condition, with a deadline.

use strict;
use warnings;
use Clock qw(time);
use Exporter qw(import);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use IO::Socket::UNIX;
use Socket qw(SOCK_STREAM);
use Time::HiRes qw(sleep);

our @EXPORT_OK = qw(wait_until request slurp run free_port answers closed gone as_root free_folder RELAY DIRECT);

use constant DEADLINE => 60;    # seconds; sanitizers and busy machines are slow

# Attributes of a client that is the relay, and of one that is not, under the configuration `relay`.
use constant RELAY  => (client_address => '192.0.2.7', client_name => 'mx1.relay.example', helo_name => 'mx1.relay.example');
use constant DIRECT => (client_address => '203.0.113.9', client_name => 'unknown', helo_name => 'evil.test');

# Of both families: else there is a warning where something listens to port 25 over IPv6.
our $relay = <<'INI';
[relay filter]
ranges  = 192.0.2.0/24, 2001:db8:25::/48
domains = relay.example
INI

my @running;
my $test = $$;

$SIG{PIPE} = 'IGNORE';    # a server that closes must not end the test

sub as_root { return $> == 0 }

# The words that run a program as an ordinary user.
sub as_nobody { return as_root() ? qw(setpriv --reuid=nobody --regid=nogroup --clear-groups) : () }

# Whether this kernel has Landlock (landlock_create_ruleset tells its version). Where it has none the server says so, in a line that is
# no fault of its own.
my $landlock = syscall(444, 0, 0, 1) >= 0;

sub landlock { return $landlock }

sub but_for_landlock {
	my ($log) = @_;
	return $landlock ? $log : $log =~ s/^.*confined as far as this kernel lets it; without: Landlock \([^)]*\)\W*\n//mgr;
}

sub program { return ($ENV{MXONLY_BUILD} // die "MXONLY_BUILD names no build folder\n") . "/$_[0]" }

sub slurp {
	my ($path) = @_;
	open(my $from, '<', $path) or return '';
	local $/;
	return scalar(<$from>) // '';
}

sub wait_until(&;$) {
	my ($condition, $seconds) = @_;
	my $end = time() + ($seconds // DEADLINE);
	my $result;
	until ($result = $condition->()) {
		return $result if time() > $end;
		sleep(0.01);
	}
	return $result;
}

# A folder that whom the server runs as may write to.
sub free_folder {
	my $folder = tempdir('mxonly-server-XXXXXX', TMPDIR => 1, CLEANUP => 1);
	chmod(0755, $folder);
	chown((getpwnam('nobody'))[2, 3], $folder) if as_root();
	return $folder;
}

sub free_port {
	my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1) or die "no port: $!";
	return $socket->sockport;
}

# new(ini => TEXT behind [policyd], policyd => LINES of it, options => [...], wait => 0, descriptors => LIMIT,
# groups => "GID GID ..." that root has when it starts, program => in the build folder, before => [COMMAND that runs it])
sub new {
	my ($class, %o) = @_;
	my $self = bless { folder => $o{folder} // free_folder(), options => $o{options} // [], descriptors => $o{descriptors}, groups => $o{groups},
		program => $o{program}, before => $o{before} }, $class;
	$self->{path} = "$self->{folder}/policy";
	$self->{policyd} = $o{policyd} // '';
	$self->configure($o{ini} // $relay);
	$self->start($o{wait} // 1);
	push(@running, $self);
	return $self;
}

sub configure {
	my ($self, $ini, $policyd) = @_;
	$policyd //= $self->{policyd};
	my $listen = $policyd =~ /^listen/m ? '' : "listen = unix:$self->{path}\n";
	my $log    = $policyd =~ /^(?:; )?log\s*=/m ? '' : "log = stderr\n";    # "; log =": it is not set
	my $user   = $policyd =~ /^user/m ? '' : "user = nobody\n";
	my $control = $policyd =~ /^control/m ? '' : "control =\n";
	my $temporary = "$self->{folder}/new.ini";
	open(my $to, '>', $temporary) or die "$temporary: $!";
	print $to "[policyd]\n$listen$log$user$control$policyd\n$ini";
	close($to) or die "$temporary: $!";
	rename($temporary, $self->config) or die "rename: $!";
}

sub config { return "$_[0]{folder}/mxonly.ini" }
sub log    { return slurp("$_[0]{folder}/log") }
sub pid    { return $_[0]{pid} }
sub path   { return $_[0]{path} }

sub start {
	my ($self, $wait) = @_;
	my $pid = fork() // die "fork: $!";
	if ($pid == 0) {
		$SIG{PIPE} = 'DEFAULT';
		open(STDIN, '<', '/dev/null') or die;
		open(STDERR, '>>', $self->{stderr} // "$self->{folder}/log") or die;
		$) = $self->{groups} if $self->{groups};
		my @command = (@{ $self->{before} // [] }, program($self->{program} // 'mxonlyd'), '-c', $self->config, @{ $self->{options} });
		unshift(@command, 'sh', '-c', "ulimit -n $self->{descriptors}; exec \"\$@\"", 'sh') if $self->{descriptors};
		exec(@command) or exit 127;
	}
	$self->{pid} = $pid;
	return $self unless $wait;
	wait_until { $self->log =~ /all workers serve generation 1 / || $self->ended };
	die 'mxonlyd does not serve: ' . $self->log if $self->log !~ /all workers serve generation 1 /;
	return $self;
}

# The exit status once it has ended (a signal: 128 + its number), else undef.
sub ended {
	my ($self) = @_;
	if (!defined $self->{status} && defined $self->{pid} && waitpid($self->{pid}, 1) == $self->{pid}) {
		$self->{status} = $? & 127 ? 128 + ($? & 127) : $? >> 8;
	}
	return defined $self->{status} ? "status $self->{status}" : undef;
}

sub wait_end {
	my ($self) = @_;
	wait_until { $self->ended };
	return $self->{status};
}

sub stop {
	my ($self) = @_;
	kill('TERM', $self->{pid}) unless $self->ended;
	return $self->wait_end;
}

# What the log must come to say.
sub logs {
	my ($self, $what, $times) = @_;
	return wait_until { my $n = () = $self->log =~ /$what/g; $n >= ($times // 1) };
}

sub reload {
	my ($self, $generation) = @_;
	kill('HUP', $self->{pid});
	return $self->logs($generation ? qr/all workers serve generation $generation / : qr/still serving/);
}

sub children {
	my ($self) = @_;
	my @all;
	for my $stat (glob('/proc/[0-9]*/stat')) {
		my ($pid, $ppid) = slurp($stat) =~ /^(\d+) \(.*\) \S (\d+)/s or next;
		push(@all, $pid) if $ppid == $self->{pid};
	}
	return sort { $a <=> $b } @all;
}

# No process has this number any more, or none that runs: PID 1 of a container may not care for what it inherits.
sub gone { my ($pid) = @_; return !kill(0, $pid) || slurp("/proc/$pid/stat") =~ /\) Z / }

# The one that ignores SIGTERM writes the log; the others are workers.
sub logger  { return grep { ignores_term($_) } $_[0]->children }
sub workers { return grep { !ignores_term($_) } $_[0]->children }

sub ignores_term {
	my ($ignored) = slurp("/proc/$_[0]/status") =~ /^SigIgn:\s*(\S+)/m;
	return defined $ignored && hex(substr($ignored, -8)) & (1 << 14);
}

sub connect {
	my ($self, $path) = @_;
	return IO::Socket::UNIX->new(Type => SOCK_STREAM, Peer => $path // $self->{path});
}

# The control socket of a server that was started with `policyd => Mxonly::CONTROL`, beside the other one.
use constant CONTROL => "control = unix:control\n";

sub control_path { return "$_[0]{folder}/control" }

# What `mxonly ctl` gets: the status and the text; undef when there is none.
sub ctl {
	my ($self, $word) = @_;
	my $socket = $self->connect($self->control_path) or return;
	syswrite($socket, "$word\n");
	my $got = closed($socket) // return;
	return $got =~ /\A([012])\n(.*)\z/s;
}

# The value of a metric, labels and all, of what `stats` has said.
sub metric {
	my ($stats, $name) = @_;
	return $stats =~ /^\Q$name\E (\S+)$/m ? $1 : undef;
}

sub request {
	my (%attribute) = (request => 'smtpd_access_policy', protocol_state => 'RCPT', recipient => 'u@example.org', @_);
	my $first = delete $attribute{request};
	return "request=$first\n" . join('', map { "$_=$attribute{$_}\n" } sort keys %attribute) . "\n";
}

# So many replies from a socket: the actions, fewer when the server closed or was silent for too long.
sub answers {
	my ($socket, $count, $seconds) = @_;
	my ($got, $end) = ('', time() + ($seconds // DEADLINE));
	my $select = '';
	vec($select, fileno($socket), 1) = 1;
	while ((() = $got =~ /\n\n/g) < $count && time() < $end) {
		next unless select(my $ready = $select, undef, undef, 0.1);
		sysread($socket, $got, 65536, length($got)) or last;
	}
	return map { s/^action=//r } split(/\n\n/, $got);
}

sub ask {
	my ($self, $socket, @attributes) = @_;
	syswrite($socket, request(@attributes)) // return "not sent: $!";
	my ($action) = answers($socket, 1);
	return $action // 'no answer';
}

# The server has closed: what came before that, or undef when it did not.
sub closed {
	my ($socket, $seconds) = @_;
	my ($got, $end) = ('', time() + ($seconds // DEADLINE));
	my $select = '';
	vec($select, fileno($socket), 1) = 1;
	while (time() < $end) {
		next unless select(my $ready = $select, undef, undef, 0.1);
		return $got unless sysread($socket, $got, 65536, length($got));
	}
	return undef;
}

# run(PROGRAM, ARGUMENTS...): exit status, standard output, standard error.
sub run {
	my ($program, @arguments) = @_;
	my $folder = tempdir('mxonly-run-XXXXXX', TMPDIR => 1, CLEANUP => 1);
	my $pid = fork() // die "fork: $!";
	if ($pid == 0) {
		$SIG{PIPE} = 'DEFAULT';
		open(STDIN,  '<', '/dev/null')   or die;
		open(STDOUT, '>', "$folder/out") or die;
		open(STDERR, '>', "$folder/err") or die;
		exec(program($program), @arguments) or exit 127;
	}
	waitpid($pid, 0);
	return ($? & 127 ? 128 + ($? & 127) : $? >> 8, slurp("$folder/out"), slurp("$folder/err"));
}

END {
	my $status = $?;
	@running = () if $$ != $test;    # a child of the test's
	for my $server (@running) {
		next if !defined $server->{pid} || $server->ended;
		kill('CONT', $server->children);
		$server->stop // kill('KILL', $server->{pid});
	}
	# A confined process can open no file for its sanitizer's report: that is in the log.
	for my $server (@running) {
		my ($report) = $server->log =~ /^(.*(?:ERROR: \w+Sanitizer|runtime error)(?!.*(?:out of memory|failed to allocate)).*)/m or next;
		print STDERR "$report\n";
		$status ||= 1;
	}
	$? = $status;
}

1;
