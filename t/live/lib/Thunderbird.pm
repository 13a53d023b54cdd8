# SPDX-License-Identifier: BSD-2-Clause
package Thunderbird;

# The real Thunderbird, headless, with a profile made for a test, asked over its own Marionette protocol (a TCP socket on loopback; a
# length, a colon, JSON) what it made of its filters. Beside it a Dovecot, whose mailboxes it reads. Both must run in a network
# namespace that has nothing but loopback: Apart::begin, Apart::here(qw(ip link set lo up)).
#
#   my $thunderbird = Thunderbird->new(
#       old => { filters => $text, mail => [$message, ...] },                   local folders: mail lies in the folder "mail"
#       new => { type => 'imap', filters => $text, mail => [$message, ...] });     or pop3: mail waits in the mailbox
#   $thunderbird->filters('old')          what its filters are, a hash each
#   $thunderbird->run_filters('old')      Tools > Run Filters on Folder: of each subject its marks, "label1 junk"
#   $thunderbird->fetch('new', $subject)  Get Messages: the same of the inbox, once that message, the last, has marks
#   $thunderbird->ask(SCRIPT, ACCOUNT)    the value of a script's `return`; what it may use: $prelude

use strict;
use warnings;
use Clock qw(time);
use IO::Select;
use IO::Socket::IP;
use JSON::PP;
use POSIX ();
use Time::HiRes qw(sleep);
use Tool;

my $program = '/usr/lib/thunderbird/thunderbird';    # /usr/bin/thunderbird is a script around it
my %port = (imap => 143, pop3 => 110);
my $seconds = 60;    # for any answer: the machine may be busy

# No page, no question and no news at the start; the network namespace keeps in what else it may try to send.
my $preferences = <<'END';
user_pref("app.update.enabled", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("mail.biff.play_sound", false);
user_pref("mail.biff.show_alert", false);
user_pref("mail.provider.suppress_dialog_on_startup", true);
user_pref("mail.spotlight.firstRunDone", true);
user_pref("mailnews.start_page.enabled", false);
user_pref("marionette.port", 2828);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("toolkit.telemetry.enabled", false);
END

sub new {
	my ($class, %accounts) = @_;
	my $home = folder() . '/thunderbird';
	my $self = bless({ home => $home, accounts => \%accounts, id => 0, read => '' }, $class);
	mkdir($_) or die "$_: $!" for $home, "$home/Mail", map { "$home/Mail/$_" } keys %accounts;
	$self->write_profile;
	$self->start_dovecot(grep { $accounts{$_}{type} } keys %accounts);
	$self->connect_to;
	return $self;
}

sub write_profile {
	my ($self) = @_;
	my %accounts = %{ $self->{accounts} };
	my @local = grep { !$accounts{$_}{type} } sort keys %accounts;
	my %all = ('mail.accountmanager.accounts' => join(',', sort keys %accounts), 'mail.accountmanager.localfoldersserver' => $local[0], 'mail.identity.me.useremail' => 'u@example.org');
	for my $name (keys %accounts) {
		my $type = $accounts{$name}{type} // 'none';
		my %of = (type => $type, name => $name, 'directory-rel' => "[ProfD]Mail/$name", hostname => $name, userName => 'nobody');
		%of = (%of, hostname => '127.0.0.1', userName => $name, port => $port{$type}, socketType => 0, authMethod => 3, login_at_startup => \0, check_new_mail => \0, use_idle => \0) if $type ne 'none';
		$all{"mail.account.$name.identities"} = 'me' if $type ne 'none';
		$all{"mail.account.$name.server"} = $name;
		$all{"mail.server.$name.$_"} = $of{$_} for keys %of;
		write_file("$self->{home}/Mail/$name/msgFilterRules.dat", $accounts{$name}{filters});
	}
	# mbox, as Thunderbird itself has local folders
	write_file("$self->{home}/Mail/$_/mail", join('', map { "From - Sun Nov 22 05:00:00 2026\n$_\n" } @{ $accounts{$_}{mail} // [] })) for @local;
	my $json = JSON::PP->new->allow_nonref;
	write_file("$self->{home}/user.js", $preferences . join('', map { 'user_pref("' . $_ . '", ' . $json->encode($all{$_}) . ");\n" } sort keys %all));
}

sub start_dovecot {
	my ($self, @names) = @_;
	my $home = folder() . '/dovecot';
	mkdir($_) or die "$_: $!" for $home, "$home/mail";
	chmod(0755, folder());
	for my $name (@names) {
		mkdir($_) or die "$_: $!" for map { "$home/mail/$name$_" } '', '/new', '/cur', '/tmp';
		my @mail = @{ $self->{accounts}{$name}{mail} };
		write_file(sprintf('%s/mail/%s/new/%d.%04d.own', $home, $name, 1763800000 + $_, $_), $mail[$_]) for 0 .. $#mail;
	}
	system('chown', '-R', 'mail:mail', "$home/mail") == 0 or die "chown: $?\n";
	write_file("$home/dovecot.conf", <<~"END");
		base_dir = $home/run
		state_dir = $home/state
		log_path = $home/log
		protocols = imap pop3
		listen = 127.0.0.1
		ssl = no
		disable_plaintext_auth = no
		mail_location = maildir:$home/mail/%u
		first_valid_uid = 1
		passdb {
		  driver = static
		  args = password=secret
		}
		userdb {
		  driver = static
		  args = uid=mail gid=mail home=$home/mail/%u
		}
		END
	$self->{dovecot} = start("$home/said", 'dovecot', '-F', '-c', "$home/dovecot.conf");
	wait_for('Dovecot does not answer', sub { !grep { !IO::Socket::IP->new(PeerHost => '127.0.0.1', PeerPort => $_) } values %port });
}

# A process whose words go into a file; its pid.
sub start {
	my ($said, @command) = @_;
	my $pid = fork() // die "fork: $!";
	return $pid if $pid;
	open(STDIN,  '<', '/dev/null');
	open(STDOUT, '>', $said);
	open(STDERR, '>&', \*STDOUT);
	exec { $command[0] } @command or POSIX::_exit(127);
}

sub wait_for {
	my ($late, $there) = @_;
	for (my $until = time() + $seconds; time() < $until; sleep(0.05)) {
		my $answer = $there->();
		return $answer if $answer;
	}
	die "$late after $seconds seconds\n";
}

sub connect_to {
	my ($self) = @_;
	local $ENV{HOME} = $self->{home};
	delete local @ENV{qw(ASAN_OPTIONS UBSAN_OPTIONS DISPLAY WAYLAND_DISPLAY DBUS_SESSION_BUS_ADDRESS)};
	$self->{pid} = start("$self->{home}/said", $program, qw(--headless --marionette --remote-allow-system-access --no-remote --profile), $self->{home});
	$self->{socket} = wait_for('Thunderbird does not listen', sub {
		die "Thunderbird ended\n" . read_file("$self->{home}/said") if waitpid($self->{pid}, POSIX::WNOHANG) != 0;
		IO::Socket::IP->new(PeerHost => '127.0.0.1', PeerPort => 2828);
	});
	$self->message;    # its greeting
	$self->call('WebDriver:NewSession', capabilities => {});
	$self->call('Marionette:SetContext', value => 'chrome');
	wait_for('no window', sub { eval { $self->ask('return !!win()') } });
}

sub message {
	my ($self) = @_;
	my $until = time() + $seconds;
	while ($self->{read} !~ /\A(\d+):/ || length($self->{read}) < length($1) + 1 + $1) {
		my $left = $until - time();
		$left > 0 && IO::Select->new($self->{socket})->can_read($left) or die "Thunderbird does not answer\n";
		sysread($self->{socket}, $self->{read}, 65536, length($self->{read})) or die "Thunderbird is gone\n";
	}
	$self->{read} =~ s/\A(\d+)://;
	return decode_json(substr($self->{read}, 0, $1, ''));
}

sub call {
	my ($self, $method, %parameters) = @_;
	my $words = encode_json([0, ++$self->{id}, $method, \%parameters]);
	print { $self->{socket} } length($words) . ":$words";
	$self->{socket}->flush;
	my (undef, undef, $error, $result) = @{ $self->message };
	die "$method: $error->{message}\n" if $error;
	return $result;
}

# In every script: what Thunderbird's own windows use, and the server of the account that it is about.
my $prelude = <<'END';
const done = arguments[arguments.length - 1];
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const server = MailServices.accounts.allServers.find(s => s.key == arguments[0]);
const win = () => Services.wm.getMostRecentWindow("mail:3pane")?.msgWindow;
const inbox = () => server.rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox);
const marks = folder => Object.fromEntries([...folder.messages].map(m =>
	[m.subject, [...m.getStringProperty("keywords").split(" ").filter(k => k.startsWith("$")).map(k => k.slice(1)), m.getStringProperty("junkscore") == "100" ? "junk" : ""].join(" ").trim()]));
// What an operation that wants a listener ends with.
const end = (name, method, operation) => new Promise((ok, failed) => operation({ QueryInterface: ChromeUtils.generateQI([name]), OnStartRunningUrl() {},
	[method](...said) { said[said.length - 1] ? failed(new Error(method + " " + said[said.length - 1])) : ok(); } }));
END

# The script may wait for promises.
sub ask {
	my ($self, $script, $account) = @_;
	my $answer = $self->call('WebDriver:ExecuteAsyncScript', args => [$account], sandbox => 'system', newSandbox => JSON::PP::true,
		script => "$prelude(async () => {$script})().then(v => done([v]), e => done(String(e) + e.stack));");
	return ref($answer->{value}) ? $answer->{value}[0] : die "Thunderbird: $answer->{value}\n";
}

sub filters {
	my ($self, $account) = @_;
	return $self->ask(<<~'END', $account);
		const list = server.getFilterList(null);
		const action = a => a.type == Ci.nsMsgFilterAction.JunkScore ? "junk " + a.junkScore : a.type == Ci.nsMsgFilterAction.AddTag ? "tag " + a.strValue : "action " + a.type;
		const term = t => [t.booleanAnd ? "and" : "or", t.arbitraryHeader || "attribute " + t.attrib, t.op == Ci.nsMsgSearchOp.DoesntContain ? "doesn't contain" : "op " + t.op, t.value.str];
		return Array.from({ length: list.filterCount }, (_, i) => list.getFilterAt(i)).map(f => ({
			name: f.filterName, enabled: f.enabled, unparseable: f.unparseable, description: f.filterDesc, type: f.filterType,
			terms: f.searchTerms.map(term), actions: f.sortedActionList.map(action) }));
		END
}

sub run_filters {
	my ($self, $account) = @_;
	return $self->ask(<<~'END', $account);
		const folder = server.rootFolder.getChildNamed("mail").QueryInterface(Ci.nsIMsgLocalMailFolder);
		// Its index is not there yet: then it throws, and tells the listener when it is.
		await end("nsIUrlListener", "OnStopRunningUrl", l => { try { folder.getDatabaseWithReparse(l, null); l.OnStopRunningUrl(null, 0); } catch {} });
		await end("nsIMsgOperationListener", "onStopOperation", l => MailServices.filters.applyFiltersToFolders(server.getFilterList(null), [folder], null, l));
		return marks(folder);
		END
}

sub fetch {
	my ($self, $account, $last) = @_;
	my $imap = $self->{accounts}{$account}{type} eq 'imap';
	$self->ask('server.password = "secret"; return server.type == "imap" ? server.performExpand(win()) : inbox().getNewMessages(win(), null)', $account);
	# While it looks which folders there are, an inbox comes and goes: it is asked for its messages once a second until they come.
	my ($asked, $marks) = (time(), undef);
	wait_for("$last has no marks", sub {
		if ($imap && time() > $asked + 1) {
			$self->ask('if (inbox() && !inbox().getTotalMessages(false)) try { inbox().updateFolder(win()); } catch {}', $account);
			$asked = time();
		}
		$marks = $self->ask('return inbox() ? marks(inbox()) : {}', $account);
		return ($marks->{$last} // '') =~ /junk/;
	});
	return $marks;
}

sub DESTROY {
	my ($self) = @_;
	local ($?, $@);
	for my $pid (grep { defined } @$self{qw(pid dovecot)}) {
		kill('TERM', $pid);
		waitpid($pid, 0);
	}
	return;
}

1;
