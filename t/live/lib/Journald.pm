# SPDX-License-Identifier: BSD-2-Clause
package Journald;

# A real systemd-journald, alone in a mount namespace of this test's, and servers whose standard error leads there as under systemd.

use strict;
use warnings;
use JSON::PP ();
use Mxonly qw(wait_until as_root);
our @ISA = ('Mxonly');

use constant { CLONE_NEWNS => 0x20000, SYS_unshare => 272, JOURNALD => '/lib/systemd/systemd-journald' };
use constant ENTRIES => '/run/log/journal';
use constant NATIVE => '/run/systemd/journal/socket';

# A line that is a comment leaves `log` unset.
use constant UNSET => "; log =\n";

my $journald;
my $test = $$;
END { my $status = $?; kill('KILL', $journald) if $journald && $$ == $test; $? = $status }

# From here on what is mounted is this process's alone. undef, or why not.
sub prepare {
	return 'it takes root' unless as_root();
	die JOURNALD . " is missing: apt-get install systemd\n" unless -x JOURNALD;
	return 'no mount namespaces here' if syscall(SYS_unshare, CLONE_NEWNS) != 0 || system('mount --make-rprivate / 2>/dev/null') != 0;
	system('mount -t tmpfs -o size=600m run /run && mkdir -p /run/systemd/journald.conf.d /run/log') == 0 or die 'no /run of its own';
	open(my $to, '>', '/run/systemd/journald.conf.d/mxonly.conf') or die;
	print $to "[Journal]\nStorage=volatile\nRuntimeMaxUse=500M\nRuntimeKeepFree=1M\nRateLimitIntervalSec=0\n";
	close($to);
	return undef;
}

sub begin {
	unlink(NATIVE, '/run/systemd/journal/stdout');    # of one that was killed
	$journald = fork() // die "fork: $!";
	if ($journald == 0) {
		open($_, '>', '/dev/null') for *STDOUT, *STDERR;
		exec(JOURNALD) or exit(127);
	}
	wait_until { -S NATIVE && -S '/run/systemd/journal/stdout' && entries('-n', 1) } or die 'systemd-journald does not start';
}

sub signal { return kill($_[0], $journald) }

sub end {
	signal('KILL');
	waitpid($journald, 0);
	undef $journald;
}

# What journalctl finds by these words, an entry a hash.
sub entries {
	my (@matches) = @_;
	open(my $from, '-|', 'journalctl', '--no-pager', '-q', '-D', ENTRIES, '-o', 'json', @matches) or die;
	return map { JSON::PP->new->decode($_) } <$from>;
}

# systemd-cat of Debian 12 does not say where standard error leads; systemd does.
my $as_systemd = 'JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec "$@"';

sub new {
	my ($class, %o) = @_;
	return $class->SUPER::new(%o, before => [ 'systemd-cat', '-t', 'mxonlyd', 'sh', '-c', $as_systemd, 'sh' ]);
}

sub start {
	my ($self, @wait) = @_;
	my ($last) = entries('-n', 1);
	$self->{after} = $last->{__CURSOR};
	return $self->SUPER::start(@wait);
}

# Messages since its start.
sub log {
	my ($self) = @_;
	return scalar(`journalctl --no-pager -q -o cat -D @{[ENTRIES]} --after-cursor='$self->{after}' -t mxonlyd 2>/dev/null`);
}

1;
