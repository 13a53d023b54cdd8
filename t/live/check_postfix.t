#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# mxonly check --postfix: Postfix configurations that are wrong in one way give the one finding that tells it, right ones none.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::UNIX;
use Test::More;
use Tool;

plan(skip_all => 'root acts as the user of smtpd: run me as root') if $> != 0;
die "no postconf here: apt-get install postfix\n" if system('command -v postconf >/dev/null') != 0;

my $top = folder();
chmod(0755, $top);
my $queue = "$top/queue";
my $postfix = (getpwnam('postfix'))[3];
mkdir("$queue$_") for '', '/mxonly', '/private';
chown(-1, $postfix, "$queue/mxonly");
chmod(02750, "$queue/mxonly");
my $socket = IO::Socket::UNIX->new(Local => "$queue/mxonly/policy", Listen => 128) or die "$!";
chmod(0660, "$queue/mxonly/policy");

# What Postfix's master(8) does for a service of master.cf.
my $spawned;

sub spawned {
	my ($path) = @_;
	$spawned = IO::Socket::UNIX->new(Local => $path, Listen => 8) or die "$path: $!";
	chmod(0666, $path);
}

my $default = '{ default_action = DEFER_IF_PERMIT 4.3.5 Policy server is not there: try again later }';
my $ask     = "check_policy_service { unix:mxonly/policy, timeout=10s, $default }";
my $before  = 'permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination';

my %main = (
	compatibility_level          => '3.6',
	queue_directory              => $queue,
	data_directory               => $top,
	myhostname                   => 'mx.example.net',
	mydomain                     => 'example.net',
	mynetworks                   => '127.0.0.0/8 [::1]/128',
	mydestination                => 'localhost',
	relay_domains                => 'example.org',
	smtpd_helo_required          => 'yes',
	smtpd_recipient_restrictions => "$before, $ask",
);

my $master = <<'END';
smtp       inet  n - y - - smtpd
submission inet  n - y - - smtpd
  -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject
127.0.0.1:10025 inet n - n - - smtpd
  -o smtpd_recipient_restrictions=permit_mynetworks,reject
pickup     unix  n - y 60 1 pickup
END

my $ini = <<"END";
[policyd]
listen  = unix:$queue/mxonly/policy

[relay filter]
ranges  = 198.51.100.0/24, 2001:db8:25::/48
domains = relay.example

[default]
mode    = enforce

[domain example.org]
END

# The configuration with its changes; parameters that are undef are left out.
sub set_up {
	my (%change) = @_;
	my %all = (%main, %{ $change{main} // {} });
	mkdir("$top/etc");
	write_file('etc/main.cf', join('', map { defined $all{$_} ? "$_ = $all{$_}\n" : () } sort keys %all));
	write_file('etc/master.cf', $change{master} // $master . ($change{service} // ''));
	utime(1, 1, "$top/etc/main.cf", "$top/etc/master.cf");    # Postfix waits two seconds until a file is surely whole
	while (my ($name, $text) = each %{ $change{files} // {} }) {
		write_file("etc/$name", $text);
		system('postmap', '-c', "$top/etc", "hash:$top/etc/$name") == 0 or die if $change{postmap};
	}
	local $_ = $ini;
	$change{ini}->() if $change{ini};
	write_file('mxonly.ini', $_);
	$change{before}->() if $change{before};
	my @result = mxonly('', 'check', '-c', "$top/mxonly.ini", '--postfix', '--config-directory', "$top/etc");
	$change{after}->() if $change{after};
	return @result;
}

# A table: what is wrong, fault or warning, what the finding says, what to write instead.
sub wrong {
	my ($name, $severity, $says, $write, %change) = @_;
	my ($status, $out, $err) = set_up(%change);
	my @lines = split(/\n/, $err);
	my $want = $severity eq 'fault' ? 2 : 0;
	is(scalar(@lines), $change{lines} // 1, "$name: as many findings as faults") or diag($err);
	my ($finding) = grep { /$says/ } @lines;
	ok(defined $finding, "$name: found") or return diag("wanted $says in\n$err");
	is($status, $want, "$name: exit $want");
	is(($finding =~ /^\S+: warning: / ? 'warning' : 'fault'), $severity, "$name: a $severity");
	my ($line) = $finding =~ /; write: (.*)$/;
	like($line // '', $write, "$name: the line to write");
	diag("$name | $finding") if $ENV{MXONLY_SHOW};
}

sub right {
	my ($name, %change) = @_;
	my ($status, $out, $err) = set_up(%change);
	is($err, '', "right: $name: no finding");
	is($status, 0, "right: $name: exit 0");
	like($out, qr/fit to serve/, "right: $name: said");
}

sub recipient { return (main => { smtpd_recipient_restrictions => $_[0] }) }
sub call { return recipient("$before, check_policy_service { unix:mxonly/policy, $_[0] }") }
sub main { return (main => {@_}) }
sub ini (&) { return (ini => $_[0]) }

my $whole = qr/^smtpd_recipient_restrictions = \Q$before\E, check_policy_service \{ unix:mxonly\/policy, timeout=10s, \{ default_action = DEFER_IF_PERMIT /;

# Who is asked, where.
wrong('no policy service', 'fault', qr/main\.cf: smtpd_recipient_restrictions: no check_policy_service asks mxonlyd/, $whole, recipient($before));
wrong('nothing set at all', 'fault', qr/no check_policy_service asks mxonlyd/, $whole, main(smtpd_recipient_restrictions => undef));
wrong('a service of its own asks nobody', 'fault', qr/master\.cf: 2525\/inet: smtpd_recipient_restrictions: no check_policy_service/, qr/^-o \{ smtpd_recipient_restrictions = reject_unauth_destination, check_policy_service/,
	service => "2525 inet n - y - - smtpd -o smtpd_recipient_restrictions=reject_unauth_destination\n");
wrong('in the list of DATA', 'fault', qr/in smtpd_data_restrictions, where there is no recipient when a mail has several/, $whole,
	main(smtpd_data_restrictions => $ask, smtpd_recipient_restrictions => $before));
wrong('in the list of ETRN', 'fault', qr/in smtpd_etrn_restrictions, where there is never a recipient/, $whole,
	main(smtpd_etrn_restrictions => $ask, smtpd_recipient_restrictions => $before));
wrong('at CONNECT', 'fault', qr/in smtpd_client_restrictions, .* smtpd_delay_reject = no/, $whole,
	main(smtpd_client_restrictions => $ask, smtpd_recipient_restrictions => $before, smtpd_delay_reject => 'no'));
wrong('at HELO, delayed', 'warning', qr/in smtpd_helo_restrictions, .* as long as smtpd_delay_reject = yes/, $whole,
	main(smtpd_helo_restrictions => $ask, smtpd_recipient_restrictions => $before));
wrong('before permit_mynetworks, all exempt', 'warning', qr/check_policy_service stands before permit_mynetworks/, $whole, recipient("$ask, $before"));
wrong('before permit_mynetworks', 'fault', qr/stands before permit_mynetworks/, $whole,
	main(smtpd_recipient_restrictions => "$ask, $before", mynetworks => '127.0.0.0/8 10.1.0.0/16'));
wrong('no permit_mynetworks', 'fault', qr/no permit_mynetworks before check_policy_service/, qr/^smtpd_recipient_restrictions = reject_unauth_destination, check_policy_service/,
	main(smtpd_recipient_restrictions => "reject_unauth_destination, $ask", mynetworks => '127.0.0.0/8 10.1.0.0/16'));
wrong('before the login', 'fault', qr/stands before permit_sasl_authenticated, and exempt_authenticated = no/, $whole,
	recipient("permit_mynetworks, $ask, permit_sasl_authenticated, reject_unauth_destination"), ini { s/^mode .*\n/$&exempt_authenticated = no\n/m });
wrong('behind permit', 'fault', qr/behind `permit`, which lets everybody pass first/, $whole, recipient("$before, permit, $ask"));
wrong('behind permit_auth_destination', 'fault', qr/behind `permit_auth_destination`/, qr/permit_mynetworks, check_policy_service .*, permit_auth_destination, reject$/,
	recipient("permit_mynetworks, permit_auth_destination, $ask, reject"));
wrong('behind a table that says OK', 'fault', qr/behind `check_client_access`, which lets everybody pass/, $whole, recipient("$before, check_client_access static:OK, $ask"));
wrong('behind permit_dnswl_client', 'warning', qr/`permit_dnswl_client` before mxonlyd lets hosts pass/, qr/reject_unauth_destination, check_policy_service .*, permit_dnswl_client list\.example/,
	recipient("$before, permit_dnswl_client list.example, $ask"));

# What lets pass before: tables, and permit_...
sub before { return recipient("$before, $_[0], $ask") }
wrong('a table of recipients that says OK to a protected domain', 'fault', qr/`check_recipient_access inline:\{example\.org=OK\}` before mxonlyd lets mail for example\.org pass: whoever connects delivers it directly/, $whole,
	before('check_recipient_access inline:{example.org=OK}'));
wrong('... to what is above it', 'fault', qr/lets mail for example\.org pass/, $whole, before('check_recipient_access inline:{org=OK}'));
wrong('... by a pattern', 'fault', qr/lets mail for example\.org pass/, $whole, before("check_recipient_access regexp:$top/etc/patterns"), files => { patterns => "/\@example\\.org\$/ permit\n" });
wrong('... to one address', 'warning', qr/`check_recipient_access hash:\S+` before mxonlyd lets u\@example\.org pass: /, $whole, before("check_recipient_access hash:$top/etc/rcpt"), files => { rcpt => "u\@example.org OK\nv\@example.org REJECT\n" }, postmap => 1);
wrong('... through a class', 'fault', qr/lets mail for example\.org pass/, $whole,
	main(smtpd_restriction_classes => 'white', white => 'permit', smtpd_recipient_restrictions => "$before, check_recipient_access inline:{example.org=white}, $ask"));
wrong('a table of clients that holds everybody', 'fault', qr/`check_client_access cidr:\{ \{0\.0\.0\.0\/0 OK\} \}` before mxonlyd lets everybody pass: it is never asked/, $whole, before('check_client_access cidr:{ {0.0.0.0/0 OK} }'));
wrong('... in a file', 'fault', qr/lets everybody pass/, $whole, before("check_client_access cidr:$top/etc/clients"), files => { clients => "# all\n203.0.0.0/8 DUNNO\n::/0 OK\n" });
wrong('a table of clients', 'warning', qr/`check_client_access inline:\{203\.0\.113\.7=OK\}` before mxonlyd lets 203\.0\.113\.7 pass: /, $whole, before('check_client_access inline:{203.0.113.7=OK}'));
wrong('... in a file of ranges', 'warning', qr/lets 203\.0\.113\.0\/24 pass: /, $whole, before("check_client_access cidr:$top/etc/clients"), files => { clients => "10.0.0.0/8 REJECT\n203.0.113.0/24 OK\n" });
wrong('... before the others', 'warning', qr/lets 203\.0\.113\.7 pass: .* belong in mynetworks/, qr/\Q$before\E, check_policy_service .*, check_client_access inline:\{203\.0\.113\.7=OK\}$/,
	recipient("check_client_access inline:{203.0.113.7=OK}, $before, $ask"));
wrong('a time stamp, which is an OK', 'warning', qr/lets mail\.example pass: /, $whole, before('check_client_access inline:{mail.example=1234567890}'));
wrong('a table of senders', 'warning', qr/`check_sender_access inline:\{friend\.example=OK\}` before mxonlyd lets friend\.example pass: .*any client can say so/, $whole, before('check_sender_access inline:{friend.example=OK}'));
wrong('a table that nobody can look into', 'warning', qr/`check_client_access hash:\S+` before mxonlyd cannot be read here: whatever it says OK to is delivered directly/, $whole, before("check_client_access hash:$top/etc/nothing"));
wrong('permit_naked_ip_address', 'fault', qr/`permit_naked_ip_address` before mxonlyd lets everybody pass/, $whole, before('permit_naked_ip_address'));
wrong('another permit_', 'warning', qr/`permit_rhswl_client` before mxonlyd lets hosts pass/, $whole, before('permit_rhswl_client list.example'));

wrong('warn_if_reject', 'fault', qr/warn_if_reject before check_policy_service/, $whole, recipient("$before, warn_if_reject $ask"));

# Closed to everybody.
wrong('reject in front', 'fault', qr/smtpd_recipient_restrictions: `reject` refuses everybody before mxonlyd is asked: no mail is received but from your own clients/, $whole, recipient("reject, $ask"));
wrong('defer in front', 'fault', qr/`defer` refuses everybody before mxonlyd is asked/, $whole, recipient("$before, defer, $ask"));
wrong('reject in an earlier list', 'fault', qr/smtpd_client_restrictions: `reject` refuses everybody before mxonlyd is asked/, qr/^smtpd_client_restrictions = permit_mynetworks$/,
	main(smtpd_client_restrictions => 'permit_mynetworks, reject'));
wrong('reject behind', 'warning', qr/`reject` refuses everybody, whatever mxonlyd answers: no mail is received/, $whole, recipient("$before, $ask, reject"));

# Submission.
wrong('submission asks', 'warning', qr/master\.cf: warning: submission\/inet is a submission service, whose clients have logged in/, qr/^-o \{ smtpd_recipient_restrictions = permit_sasl_authenticated, reject \}$/,
	master => $master =~ s/smtpd_recipient_restrictions=permit_sasl_authenticated,reject/{ smtpd_recipient_restrictions = permit_sasl_authenticated, $ask, reject }/r);
wrong('submission takes strangers', 'warning', qr/submission\/inet is a submission service that takes mail from clients that have not logged in/, qr/^-o \{ smtpd_recipient_restrictions = permit_sasl_authenticated, reject \}$/,
	master => $master =~ s/^  -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject\n//mr);
wrong('smtps takes strangers and asks nobody', 'fault', qr/465\/inet is a submission service .*: directly, for mxonlyd is not asked/, qr/^-o \{ smtpd_recipient_restrictions = permit_sasl_authenticated, reject \}$/,
	service => "465 inet n - y - - smtpd -o smtpd_recipient_restrictions=reject_unauth_destination\n");

# The socket.
wrong('a path from the root under chroot', 'fault', qr/unix:\Q$queue\E\/mxonly\/policy leads to \Q$queue$queue\E\/mxonly\/policy \(smtpd is chrooted\), but mxonlyd listens at unix:\Q$queue\E\/mxonly\/policy/, $whole,
	recipient("$before, check_policy_service { unix:$queue/mxonly/policy, timeout=10s, $default }"));
wrong('another path', 'fault', qr/unix:private\/policy leads to \Q$queue\E\/private\/policy/, $whole, recipient("$before, check_policy_service { unix:private/policy, timeout=10s, $default }"));
wrong('another port', 'fault', qr/inet:127\.0\.0\.1:10040 leads to another port, but mxonlyd listens at inet:\[::1\]:10040/, qr/check_policy_service \{ inet:\[::1\]:10040, timeout=10s/,
	recipient("$before, check_policy_service { inet:127.0.0.1:10040, timeout=10s, $default }"), ini { s/^listen .*/listen = inet:[::1]:10040/m });
wrong('listens outside the chroot', 'fault', qr/mxonly\.ini: mxonlyd listens at unix:\/run\/mxonly\/policy, but the smtpd of smtp\/inet is chrooted/, qr/^\[policyd\] listen = unix:\Q$queue\E\/mxonly\/policy$/,
	ini { s/^listen .*/listen = unix:\/run\/mxonly\/policy/m });
wrong('a folder that is closed', 'fault', qr/smtpd's user, postfix, cannot pass \Q$queue\E\/mxonly \(mode 0700, of root:/, qr/^install -d -o mxonly -g postfix -m 2750 \Q$queue\E\/mxonly$/,
	before => sub { chmod(0700, "$queue/mxonly") }, after => sub { chmod(02750, "$queue/mxonly") });
wrong('a socket that is closed', 'fault', qr/smtpd's user, postfix, cannot write to \Q$queue\E\/mxonly\/policy \(mode 0600, of root:/, qr/^socket_mode = 0660 and socket_group = postfix/,
	before => sub { chmod(0600, "$queue/mxonly/policy") }, after => sub { chmod(0660, "$queue/mxonly/policy") });
wrong('nobody listens', 'warning', qr/mxonly\/policy: warning: nobody listens there/, qr/^systemctl enable --now mxonlyd\.socket mxonlyd$/,
	before => sub { rename("$queue/mxonly/policy", "$queue/kept") }, after => sub { rename("$queue/kept", "$queue/mxonly/policy") });
wrong('a host by its name', 'warning', qr/`localhost` is a name: where smtpd cannot resolve it/, qr/^check_policy_service \{ inet:127\.0\.0\.1:10040, timeout=10s/,
	recipient("$before, check_policy_service { inet:localhost:10040, timeout=10s, $default }"), ini { s/^listen .*/listen = inet:127.0.0.1:10040/m });

# How it is asked.
wrong('the default default_action', 'warning', qr/default_action is Postfix's own, `451 4\.3\.5 Server configuration problem`/, qr/^check_policy_service \{ unix:mxonly\/policy, timeout=10s, \Q$default\E \}$/, call('timeout=10s'));
wrong('default_action = DUNNO', 'fault', qr/default_action = DUNNO: whenever mxonlyd does not answer, everybody delivers directly/, qr/\Q$default\E/, call('timeout=10s, default_action=DUNNO'));
wrong('default_action = DUNNO for all', 'fault', qr/default_action = DUNNO: whenever/, qr/\Q$default\E/, main(%{ { call('timeout=10s') }->{main} }, smtpd_policy_service_default_action => 'DUNNO'));
wrong('default_action = REJECT', 'fault', qr/default_action = REJECT down: whenever mxonlyd does not answer, mail is refused for good/, qr/\Q$default\E/, call('timeout=10s, { default_action = REJECT down }'));
wrong('the default timeout', 'warning', qr/timeout = 100s: with mxonlyd held up/, qr/^check_policy_service \{ unix:mxonly\/policy, \Q$default\E, timeout=10s \}$/, call($default));
wrong('one try', 'warning', qr/try_limit = 1: the first connection that ends/, qr/^check_policy_service \{ unix:mxonly\/policy, timeout=10s, \Q$default\E \}$/, call("timeout=10s, try_limit=1, $default"));
wrong('connections kept longer than mxonlyd keeps them', 'warning', qr/max_idle = 2h: mxonlyd closes connections that are silent for idle_timeout = 3600 s/, qr/max_idle=300s/, call("timeout=10s, max_idle=2h, $default"));
wrong('a misspelt attribute', 'fault', qr/`time_out` is no attribute that Postfix knows: .*\(`timeout` meant\?\)/, qr/^check_policy_service \{ unix:mxonly\/policy, timeout=10s, \Q$default\E \}$/, call("time_out=9s, timeout=10s, $default"));
wrong('a value with spaces without braces', 'fault', qr/`later` is no attribute=value: every smtpd ends over it/, qr/timeout=10s/, call('timeout=10s, default_action=DEFER_IF_PERMIT later'));
wrong('policy_context without a section', 'warning', qr/policy_context = customers: no section \[domains \.\.\.\]/, qr/timeout=10s, \Q$default\E \}$/, call("timeout=10s, policy_context=customers, $default"));
wrong('more smtpd than connections', 'warning', qr/mxonly\.ini: warning: Postfix may run 200 smtpd, .* takes 150/, qr/^\[policyd\] max_connections = 200$/,
	ini { s/^listen .*\n/$&max_connections = 150\n/m });

# Names that become others.
wrong('append_dot_mydomain', 'warning', qr/append_dot_mydomain: u\@name becomes u\@name\.example\.net/, qr/^append_dot_mydomain = no$/, main(append_dot_mydomain => 'yes'));
my $ignore = sub { s/^listen .*\n/$&routed_recipients = ignore\n/m };
my %no = map { $_ => 'no' } qw(allow_percent_hack swap_bangpath resolve_dequoted_address);
wrong("$_ with routed_recipients = ignore", 'warning', qr/main\.cf: warning: $_: routed_recipients = ignore looks only behind the last \@/, qr/^$_ = no$/, ini => $ignore, main(%no, $_ => 'yes')) for sort keys %no;
wrong('another recipient_delimiter', 'warning', qr/main\.cf: warning: recipient_delimiter: `\+` ends a local part for mxonlyd, but not for this Postfix/,
	qr/^recipient_delimiter = - in \[policyd\] of mxonly\.ini$/, main(recipient_delimiter => '-'), ini { s/^mode .*\n/$&exempt_recipients = postmaster\n/m });
wrong('allow_untrusted_routing', 'warning', qr/allow_untrusted_routing: an address such as/, qr/^allow_untrusted_routing = no$/, main(allow_untrusted_routing => 'yes'));
wrong('names of one mailbox under different policies', 'warning', qr/mydestination: localhost and example\.com share their mailboxes, but have different policies \(mode\)/, qr/^\[domains local\] with names = localhost, example\.com/,
	main(mydestination => 'localhost, example.com'), ini { s/^mode .*/mode = monitor/m; $_ .= "mode = enforce\n[domain .example.org]\nmode = enforce\n[domain example.com]\nmode = enforce\n" });
wrong('an address without a domain', 'warning', qr/myorigin: an address without a domain is decided by \[default\] and delivered to example\.com .*stricter \(relays\)/, qr/in \[default\] of mxonly\.ini$/,
	main(myorigin => 'example.com', virtual_alias_domains => 'example.com'),
	ini { $_ .= "[domain example.com]\nrelays = filter\n[relay other]\nranges = 203.0.113.0/24\n"; s/^mode .*\n/$&relays = filter other\n/m; s/(\[domain example\.com\]\n)/$1/ });
wrong('names below a relay domain', 'warning', qr/relay_domains receives every name below example\.org too .* weaker \(mode\)/, qr/^\[domain \.example\.org\] beside it/,
	ini { s/^mode .*/mode = monitor/m; $_ .= "mode = enforce\n" });
wrong('an alias into a protected domain', 'warning', qr/virtual_alias_maps: hash:\S+ turns \@alias\.example into \@example\.org after mxonlyd was asked about alias\.example, whose policy is weaker \(mode\)/, qr/^\[domain alias\.example\] in mxonly\.ini/,
	main(virtual_alias_domains => 'alias.example', virtual_alias_maps => "hash:$top/etc/virtual"), files => { virtual => "\@alias.example \@example.org\n" }, postmap => 1,
	ini { $_ .= "[domain alias.example]\nmode = off\n" });
wrong('canonical_maps into a protected domain', 'warning', qr/recipient_canonical_maps: texthash:\S+ turns u\@alias\.example into v\@example\.org/, qr/^\[domain alias\.example\] in mxonly\.ini/,
	main(virtual_mailbox_domains => 'alias.example', recipient_canonical_maps => "texthash:$top/etc/canonical"), files => { canonical => "u\@alias.example v\@example.org\n" },
	ini { $_ .= "[domain alias.example]\nmode = off\n" });

# What relays are told by.
my $certificate = sub { s/^domains .*\n/fingerprints = aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99\n/m };
my %tls = (smtpd_tls_security_level => 'may', smtpd_tls_chain_files => '/etc/ssl/x.pem', smtpd_tls_ask_ccert => 'yes', smtpd_helo_required => 'no');
wrong('HELO not required', 'warning', qr/smtpd_helo_required: a client need not say HELO/, qr/^smtpd_helo_required = yes$/, main(smtpd_helo_required => 'no'));
wrong('no look-up of names', 'fault', qr/smtpd_peername_lookup: the names of clients are not looked up/, qr/^smtpd_peername_lookup = yes$/, main(smtpd_peername_lookup => 'no'), ini { s/^domains .*\n/$&match = address name\n/m });
wrong('no certificate asked for', 'fault', qr/smtpd_tls_ask_ccert: clients are asked for no certificate/, qr/^smtpd_tls_ask_ccert = yes$/, main(%tls, smtpd_tls_ask_ccert => 'no'), ini { $certificate->(); s/^ranges .*\n//m });
wrong('no TLS', 'fault', qr/smtpd_tls_security_level: no TLS is offered, but a relay has `tls` in its match/, qr/^smtpd_tls_security_level = may$/, ini { s/^domains .*\n/$&match = address helo tls\n/m });
wrong('TLS without a key', 'fault', qr/smtpd_tls_chain_files: without a key and a certificate/, qr/^smtpd_tls_chain_files = /, main(%tls, smtpd_tls_chain_files => undef), ini { $certificate->(); s/^ranges .*\n//m });
wrong('another digest', 'fault', qr/smtpd_tls_fingerprint_digest: sha1 has 20 bytes, the fingerprints of \[relay filter\] have 32/, qr/^smtpd_tls_fingerprint_digest = sha256$/, main(%tls, smtpd_tls_fingerprint_digest => 'sha1'), ini { $certificate->(); s/^ranges .*\n//m });

# What stands in front.
my $screen = $master =~ s/^smtp .*/smtp inet n - y - 1 postscreen\nsmtpd pass - - y - - smtpd/mr;
wrong('postscreen without smtpd', 'fault', qr/smtp\/inet is postscreen, but there is no smtpd behind it/, qr/^smtpd pass - - y - - smtpd$/, master => $screen =~ s/^smtpd pass.*\n//mr);
wrong('postscreen tests the relay', 'warning', qr/postscreen_access_list: postscreen tests the hosts of \[relay filter\]/, qr/^postscreen_access_list = permit_mynetworks, cidr:/, master => $screen, main(postscreen_pipelining_enable => 'yes'));
wrong('no smtpd', 'fault', qr/master\.cf: there is no smtpd: this Postfix receives no mail/, qr/^smtp inet n - y - - smtpd$/, master => "pickup unix n - y 60 1 pickup\n");
wrong('behind a proxy', 'warning', qr/smtpd_upstream_proxy_protocol: smtpd listens on loopback only/, qr/^smtpd_upstream_proxy_protocol = haproxy$/, main(inet_interfaces => 'loopback-only'),
	master => "smtp inet n - y - - smtpd\n");
wrong('proxy_interfaces', 'warning', qr/proxy_interfaces = 203\.0\.113\.1: if that is a proxy/, qr/^smtpd_upstream_proxy_protocol = haproxy$/, main(proxy_interfaces => '203.0.113.1'));
wrong('mynetworks holds the world', 'fault', qr/mynetworks: 0\.0\.0\.0\/0 is no network of yours alone/, qr/^mynetworks = 127/, main(mynetworks => '0.0.0.0/0'));
wrong('mynetworks holds the relay', 'warning', qr/mynetworks: 198\.51\.100\.0\/24 belongs to \[relay filter\]/, qr/^mynetworks = 127/, main(mynetworks => '127.0.0.0/8 198.51.100.0/24'));

# What is received.
wrong('a protected domain that is not received', 'warning', qr/example\.org: protected, but this Postfix does not receive mail for it/, qr/^relay_domains = other\.example, example\.org/, main(relay_domains => 'other.example'));
wrong('a misspelt domain', 'warning', qr/exmaple\.org: protected, but/, qr/^example\.org in mxonly\.ini, if that is meant by exmaple\.org$/, ini { s/domain example/domain exmaple/ });
wrong('a received domain that no section protects', 'warning', qr/example\.com: received by this Postfix, but no section protects it/, qr/^\[domain example\.com\] with mode = monitor/, lines => 2,
	main(virtual_mailbox_domains => 'example.com'), ini { s/^mode .*/mode = off/m; $_ .= "mode = enforce\n[domain .example.org]\nmode = enforce\n" });

# The watertight way.
my %class = (smtpd_restriction_classes => 'guarded', guarded => $ask =~ s/policy,/policy, policy_context=customers,/r,
	smtpd_recipient_restrictions => "$before, check_recipient_access hash:$top/etc/guarded");
my $customers = sub { s/\[domain example\.org\]/[domains customers]\nnames = example.org, example.com/ };
wrong('a domain that no table leads to mxonlyd', 'fault', qr/etc\/guarded: no entry leads example\.com \(of 1 such domain\) to a class that asks/, qr/^example\.com guarded$/,
	main(%class, relay_domains => 'example.org example.com'), files => { guarded => "example.org guarded\n" }, postmap => 1, ini => $customers);
wrong('a label that is not the domain\'s', 'warning', qr/example\.org is decided by \[domains customers\], .* its own section, \[domain example\.org\], is not looked at/, qr/^example\.org in \[domains customers\], and not in \[domain example\.org\]$/,
	main(%class, relay_domains => 'example.org example.com'), files => { guarded => "example.org guarded\nexample.com guarded\n" }, postmap => 1, ini { $_ .= "\n[domains customers]\nnames = example.com\n" });
# The table stands where mxonlyd would: what lets pass before it is told as well.
my @led = (files => { guarded => "example.org guarded\n" }, postmap => 1, ini { s/\[domain example\.org\]/[domains customers]\nnames = example.org/ });
my $table = "check_recipient_access hash:$top/etc/guarded";
my $led = qr/^smtpd_recipient_restrictions = \Q$before, $table\E/;

sub leading {
	my ($list, %more) = @_;
	return (@led, main(%class, smtpd_recipient_restrictions => $list, %more));
}

wrong('permit before a table that leads to mxonlyd', 'fault', qr/mxonlyd is asked behind `permit`, which lets everybody pass first/, qr/$led, permit$/, leading("$before, permit, $table"));
wrong('permit_auth_destination before it', 'fault', qr/mxonlyd is asked behind `permit_auth_destination`/, qr/permit_mynetworks, \Q$table\E, permit_auth_destination, reject$/, leading("permit_mynetworks, permit_auth_destination, $table, reject"));
wrong('a table of clients before it', 'warning', qr/`check_client_access inline:\{203\.0\.113\.7=OK\}` before mxonlyd lets 203\.0\.113\.7 pass/, qr/$led, check_client_access inline/, leading("$before, check_client_access inline:{203.0.113.7=OK}, $table"));
wrong('a table of recipients before it', 'fault', qr/lets mail for example\.org pass: whoever connects delivers it directly/, qr/$led, check_recipient_access inline/, leading("$before, check_recipient_access inline:{example.org=OK}, $table"));
wrong('warn_if_reject before it', 'fault', qr/warn_if_reject before check_recipient_access/, qr/$led$/, leading("$before, warn_if_reject $table"));
wrong('it stands before permit_mynetworks', 'fault', qr/check_recipient_access stands before permit_mynetworks: what your own clients send is judged/, qr/$led$/, leading("$table, $before", mynetworks => '127.0.0.0/8 10.1.0.0/16'));
wrong('it stands where there is no recipient', 'fault', qr/in smtpd_client_restrictions, .* smtpd_delay_reject = no/, qr/$led$/, leading($before, smtpd_client_restrictions => $table, smtpd_delay_reject => 'no'));
wrong('reject before it', 'fault', qr/`reject` refuses everybody before mxonlyd is asked/, qr/^smtpd_recipient_restrictions = \Q$before, $table\E$/, leading("$before, reject, $table"));
right('it stands before reject', leading("$before, $table, reject", guarded => "$ask, permit"));
wrong('a parameter that is misspelt', 'warning', qr/main\.cf: warning: postconf says: unused parameter: smtpd_recipient_restrictons=foo/, qr/^smtpd_recipient_restrictions$/, main(smtpd_recipient_restrictons => 'foo'));

# Right ones.
right('the simple way');
right('the same recipient_delimiter', main(recipient_delimiter => '+'), ini { s/^mode .*\n/$&exempt_recipients = postmaster\n/m });
right('the watertight way', main(%class, relay_domains => 'example.org example.com'), files => { guarded => "example.org guarded\nexample.com guarded\n" }, postmap => 1, ini => $customers);
right('in smtpd_relay_restrictions', main(smtpd_relay_restrictions => "$before, $ask", smtpd_recipient_restrictions => undef));
right('postscreen that lets the relay pass', master => $screen, main(postscreen_pipelining_enable => 'yes', postscreen_access_list => "permit_mynetworks, cidr:$top/etc/relays"),
	files => { relays => "198.51.100.0/24 permit\n2001:db8:25::/48 permit\n" });
right('over TCP, not chrooted', recipient("$before, check_policy_service { inet:127.0.0.1:10040, timeout=10s, $default }"), ini { s/^listen .*/listen = inet:127.0.0.1:10040/m }, master => "smtp inet n - n - - smtpd\n");
right('by its own class', main(smtpd_restriction_classes => 'guarded', guarded => $ask, smtpd_recipient_restrictions => "$before, guarded, reject_rbl_client list.example"));
wrong('under spawn, for too short', 'warning', qr/mxonly_time_limit: 1000s: spawn\(8\) ends mxonlyd/, qr/^mxonly_time_limit = 3600$/, recipient("$before, check_policy_service { unix:private/mxonly, timeout=10s, $default }"),
	before => sub { spawned("$queue/private/mxonly") }, after => sub { unlink("$queue/private/mxonly") }, service => "mxonly unix - n n - 0 spawn user=nobody argv=/usr/sbin/mxonlyd -i\n");
right('tables that let nobody pass', main(smtpd_recipient_restrictions => join(', ', $before, 'check_client_access inline:{203.0.113.7=REJECT}', "check_client_access cidr:$top/etc/clients", "check_recipient_access regexp:$top/etc/patterns",
		'check_sender_access inline:{ {evil.example=REJECT not OK} }', 'check_recipient_access inline:{off.example=OK}', $ask)),
	ini { $_ .= "[domain off.example]\nmode = off\n" }, files => { clients => "10.0.0.0/8 REJECT\n", patterns => "# no\n/^root@/ REJECT this is not ok\n" });
right('a table of what there is behind mxonlyd, then reject', recipient("$before, $ask, check_recipient_access inline:{example.org=OK}, reject"));
right('a table of those who have logged in', before('check_sasl_access inline:{u=OK}'));
right('a table that leads to mxonlyd too', main(smtpd_restriction_classes => 'guarded', guarded => "$ask, permit", smtpd_recipient_restrictions => "$before, check_recipient_access inline:{example.org=guarded}, $ask"));
right('under spawn', main(mxonly_time_limit => 3600, smtpd_recipient_restrictions => "$before, check_policy_service { unix:private/mxonly, timeout=10s, $default }"), before => sub { spawned("$queue/private/mxonly") },
	service => "mxonly unix - n n - 0 spawn user=nobody argv=/usr/sbin/mxonlyd -i\n");
right('certificates', main(%tls), ini { $certificate->(); s/^ranges .*\n//m });
right('mailboxes, aliases and names below, all alike', main(mydestination => 'localhost, example.net, mx.example.net', virtual_alias_domains => 'alias.example', virtual_alias_maps => "hash:$top/etc/virtual"),
	files => { virtual => "\@alias.example \@example.org\n" }, postmap => 1);
right('a domain below a relay domain', ini { s/\[domain example\.org\]/[domain x.y.example.org]/ });
right('a table of domains', main(relay_domains => "hash:$top/etc/relayed"), files => { relayed => "example.org x\n" }, postmap => 1);

# What cannot be read.
{
	my ($status, $out, $err) = mxonly('', 'check', '-c', "$top/mxonly.ini", '--postfix', '--config-directory', "$top/none");
	is($status, 2, 'no such Postfix: exit 2');
	like($err, qr/^--postfix: .*none/, 'said');
	($status, $out, $err) = mxonly('', 'check', '-c', "$top/mxonly.ini", '--config-directory', "$top/etc");
	is($status, 2, '--config-directory without --postfix: exit 2');
	set_up();
	($status, $out, $err) = run('', '/bin/sh', '-c', "PATH=/nowhere; exec $ENV{MXONLY_BUILD}/mxonly check -c $top/mxonly.ini --postfix --config-directory $top/etc");
	is("$status$err", '0', 'postconf is found in /usr/sbin too');
	chmod(0644, "$top/mxonly.ini");
	($status, $out, $err) = run('', 'setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups', "$ENV{MXONLY_BUILD}/mxonly", 'check', '-c', "$top/mxonly.ini", '--postfix', '--config-directory', "$top/etc");
	is($status, 0, 'as nobody: exit 0');
	like($err, qr/could not be tried: only root can act as smtpd's user/, 'but it says what could not be tried');
}

done_testing();
