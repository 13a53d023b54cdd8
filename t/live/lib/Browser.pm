# SPDX-License-Identifier: BSD-2-Clause
package Browser;

# A headless Chromium that a test asks about a page, over the DevTools protocol on a pair of pipes: JSON, a NUL behind each.
#
#   my $browser = Browser->new;
#   $browser->open($path, width => 360, scheme => 'dark');
#   is($browser->ask('document.title'), '...');     the value of an expression, whatever the page itself allows
#   $browser->complaints                            what its console said since the last open
#   $browser->requests                              the addresses that it asked for

use strict;
use warnings;
use Clock qw(time);
use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use IO::Select;
use JSON::PP;
use MIME::Base64;
use POSIX ();

my $seconds = 60;    # for any answer: the machine may be busy

sub new {
	my ($class) = @_;
	system('command -v chromium >/dev/null') == 0 or die "chromium is missing: apt-get install chromium fonts-dejavu-core\n";
	my $folder = tempdir('mxonly-browser-XXXXXX', TMPDIR => 1, CLEANUP => 1);
	pipe(my $its_in, my $to)    or die "pipe: $!";
	pipe(my $from,   my $its_out) or die "pipe: $!";
	my $pid = fork() // die "fork: $!";
	if ($pid == 0) {
		# by way of two that are free, for the ends may lie where they belong, but the wrong way round
		POSIX::dup2(@$_) // POSIX::_exit(127) for [fileno($its_in), 60], [fileno($its_out), 61], [60, 3], [61, 4];
		open(STDIN,  '<', '/dev/null');
		open(STDOUT, '>', "$folder/said");
		open(STDERR, '>&', \*STDOUT);
		$ENV{HOME} = $folder;
		delete @ENV{qw(ASAN_OPTIONS UBSAN_OPTIONS)};
		exec { 'chromium' } 'chromium', qw(--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars
			--no-first-run --disable-background-networking --disable-component-update --remote-debugging-pipe),
			"--user-data-dir=$folder/profile", 'about:blank'
			or POSIX::_exit(127);
	}
	$to->autoflush(1);
	my $self = bless({ pid => $pid, to => $to, from => $from, folder => $folder, id => 0, read => '', events => [] }, $class);
	my ($page) = grep { $_->{type} eq 'page' } @{ $self->call('Target.getTargets')->{targetInfos} };
	my $target = $page ? $page->{targetId} : $self->call('Target.createTarget', url => 'about:blank')->{targetId};
	$self->{session} = $self->call('Target.attachToTarget', targetId => $target, flatten => JSON::PP::true)->{sessionId};
	$self->call("$_.enable") for qw(Page Runtime Log Network);
	return $self;
}

# One message of the browser, or death when none comes in time.
sub message {
	my ($self) = @_;
	my $until = time() + $seconds;
	my $end;
	while (($end = index($self->{read}, "\0")) < 0) {
		my $left = $until - time();
		$left > 0 && IO::Select->new($self->{from})->can_read($left) or die "Chromium does not answer\n" . $self->said;
		sysread($self->{from}, $self->{read}, 65536, length $self->{read}) or die "Chromium is gone\n" . $self->said;
	}
	return decode_json(substr($self->{read}, 0, $end + 1, '') =~ s/\0\z//r);
}

# What it wrote of itself, for whoever looks for a reason.
sub said {
	my ($self) = @_;
	open(my $in, '<', "$self->{folder}/said") or return '';
	local $/;
	return scalar(<$in>) // '';
}

# The result of a method; what happens meanwhile is kept.
sub call {
	my ($self, $method, %parameters) = @_;
	my $id = ++$self->{id};
	my $session = $self->{session};
	syswrite($self->{to}, encode_json({ id => $id, method => $method, params => \%parameters,
		$session ? (sessionId => $session) : () }) . "\0") or die "Chromium is gone\n" . $self->said;
	while (1) {
		my $message = $self->message;
		if (!defined $message->{id}) {
			push @{ $self->{events} }, $message;
		} elsif ($message->{id} == $id) {
			die "$method: $message->{error}{message}\n" if $message->{error};
			return $message->{result};
		}
	}
}

# The parameters of the events of that name since the last open.
sub events {
	my ($self, $name) = @_;
	return map { $_->{params} } grep { $_->{method} eq $name } @{ $self->{events} };
}

sub open {
	my ($self, $path, %as) = @_;
	$self->call('Emulation.setDeviceMetricsOverride', width => ($as{width} // 1280) + 0, height => 900,
		deviceScaleFactor => 1, mobile => ($as{width} // 1280) < 600 ? JSON::PP::true : JSON::PP::false);
	$self->call('Emulation.setEmulatedMedia', media => $as{media} // 'screen',
		features => [{ name => 'prefers-color-scheme', value => $as{scheme} // 'light' }]);
	$self->{events} = [];
	$self->call('Page.navigate', url => 'file://' . abs_path($path));
	push @{ $self->{events} }, $self->message until $self->events('Page.loadEventFired');
	return;
}

sub ask {
	my ($self, $expression) = @_;
	my $answer = $self->call('Runtime.evaluate', expression => $expression, returnByValue => JSON::PP::true);
	die "$expression: $answer->{exceptionDetails}{exception}{description}\n" if $answer->{exceptionDetails};
	return $answer->{result}{value};
}

sub complaints {
	my ($self) = @_;
	return (map { $_->{entry}{text} } $self->events('Log.entryAdded')), map { "said: $_->{type}" } $self->events('Runtime.consoleAPICalled');
}

sub requests {
	my ($self) = @_;
	return map { $_->{request}{url} } $self->events('Network.requestWillBeSent');
}

# A picture of the whole page, for people.
sub picture {
	my ($self, $path) = @_;
	my $png = $self->call('Page.captureScreenshot', captureBeyondViewport => JSON::PP::true);
	CORE::open(my $to, '>:raw', $path) or die "$path: $!";
	print $to decode_base64($png->{data});
	return close($to);
}

sub DESTROY {
	my ($self) = @_;
	local ($?, $@);
	eval { $self->call('Browser.close') };
	close($self->{to});
	waitpid($self->{pid}, 0);
	return;
}

1;
