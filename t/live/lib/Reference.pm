# SPDX-License-Identifier: BSD-2-Clause
#
# Reference - the manual's rules once more: which domains a recipient stands for, how a request is decided, what is answered
#
# Life:      a configuration as a hash, made beside the text that mxonly reads -> decide, as often as wanted
# Known:     written from mxonly.ini(5) and mxonlyd(8) alone, as plainly as they say it, without a line of mxonly's; names that
#            are not ASCII only as far as %alabel has them
package Reference;

use strict;
use warnings;
use utf8;
use Encode ();
use Exporter qw(import);
use Socket qw(AF_INET AF_INET6 inet_pton);

our @EXPORT_OK = qw(decide normal packed);

my %alabel = map { utf8::is_utf8($_) ? Encode::encode('UTF-8', $_) : $_ } (
	'bücher2.test' => 'xn--bcher2-3ya.test', 'BÜCHER2.Test' => 'xn--bcher2-3ya.test', 'straße.test' => 'xn--strae-oqa.test',
	'victim.teﬆ' => 'victim.test', 'ſingle' => 'single', '☕.relayed.test' => '☕.relayed.test', '☕É.Test' => '☕é.test', '☕é.test' => '☕é.test', 'mx.bücher.example' => 'mx.xn--bcher-kva.example',
);
# What Postfix takes for a name of a section that it folds.
my %unfolded = ('strasse.test' => 'xn--strae-oqa.test');
my %fold = ('ß' => 'ss', 'ſ' => 's', 'ﬆ' => 'st');

sub ascii_lower { return $_[0] =~ tr/A-Z/a-z/r }

# undef: not ASCII, and not in the table.
sub normal {
	my ($name) = @_;
	$name =~ s/\.+\z//;
	return $name =~ /[\x80-\xff]/ ? $alabel{$name} : ascii_lower($name);
}

sub fold {
	my ($name) = @_;
	my $text = Encode::decode('UTF-8', $name);
	$text =~ s/([ßſﬆ])/$fold{$1}/g;
	return Encode::encode('UTF-8', $text);
}

# Four bytes or sixteen; an IPv4-mapped address is IPv4; undef: no address.
sub packed {
	my ($address) = @_;
	return inet_pton(AF_INET, $address) unless $address =~ /:/;
	my $bytes = inet_pton(AF_INET6, $address =~ s/%.*//sr) // return;
	return $bytes =~ /\A\0{10}\xff\xff(.{4})\z/s ? $1 : $bytes;
}

sub holds {
	my ($ranges, $ip) = @_;
	return defined $ip && scalar grep { length $_->[0] == length $ip && $_->[0] le $ip && $ip le $_->[1] } @$ranges;
}

# The domains a recipient stands for, in their order; undef: no domain.
sub candidates {
	my ($c, $recipient) = @_;
	my $clean = $recipient =~ s/[\x00-\x20\x7f"\\]//gr;
	my @parts = $c->{routed_recipients} eq 'strict' ? split(/([@%!:,])/, $clean, -1) : $clean =~ /\A(.*)(\@)([^@]*)\z/s ? ('', $2, $3) : ();
	my @found;
	for (my $i = $#parts; $i >= 0; $i -= 2) {
		my ($before, $after) = ($i > 0 ? $parts[$i - 1] : '', $parts[$i + 1] // '');
		next unless $before =~ /[@%]/ || $after eq '!';
		my $piece = $parts[$i] =~ s/\A\.+|\.+\z//gr;
		next unless $piece =~ /\A[A-Za-z0-9._\x80-\xff-]+\z/;
		my @forms = ($piece);
		push(@forms, fold($piece)) if fold($piece) ne $piece;
		next unless $piece =~ /\./ || grep({ $c->{exact}{ normal($_) } } @forms) || ($i == $#parts && $before eq '@');
		push(@found, map { normal($_) } @forms);
	}
	push(@found, undef) if !@found || ($c->{routed_recipients} eq 'strict' && $clean =~ /[@%].*:/s);
	return @found;
}

# The exact name, then the longest .parent.
sub policy_of {
	my ($c, $domain) = @_;
	return $c->{default} unless defined $domain;
	return $c->{exact}{$domain} if $c->{exact}{$domain};
	while ($domain =~ s/\A[^.]*(?=\.)//) {
		return $c->{parent}{$domain} if $c->{parent}{$domain};
		substr($domain, 0, 1) = '';
	}
	return $c->{default};
}

# And of the section that has a name which Postfix takes for this one, when this one has no section of its own.
sub policies_of {
	my ($c, $domain) = @_;
	my $other = defined $domain && !$c->{exact}{$domain} && $unfolded{$domain};
	return (policy_of($c, $domain), $other && $c->{exact}{$other} ? $c->{exact}{$other} : ());
}

sub at_or_below {
	my ($host, @domains) = @_;
	$host =~ s/\.\z//;
	return 0 if $host eq '' || $host =~ /\A[.\[]|\.\z|\.\./;
	my $name = normal($host) // return 0;
	return scalar grep { $name =~ /(?:\A|\.)\Q$_\E\z/ } @domains;
}

sub holds_factor {
	my ($relay, $factor, $r) = @_;
	return holds($relay->{ranges}, packed($r->{client_address})) if $factor eq 'address';
	return at_or_below($r->{helo_name}, @{ $relay->{domains} }) if $factor eq 'helo';
	return at_or_below($r->{client_name}, @{ $relay->{domains} }) if $factor eq 'name';
	return $r->{encryption_protocol} ne '' if $factor eq 'tls';
	my %known = map { (lc($_ =~ tr/://dr) => 1) } @{ $relay->{fingerprints} };
	return scalar grep { $known{ lc($_ =~ tr/://dr) } } @$r{qw(ccert_fingerprint ccert_pubkey_fingerprint)};
}

sub exempt_recipient {
	my ($c, $policy, $recipient) = @_;
	my ($local, $domain) = $recipient =~ /\A(.*)\@([^@]*)\z/s ? ($1, normal($2)) : ($recipient, undef);
	$local = ascii_lower($local);
	my ($cut) = $c->{recipient_delimiter} eq '' ? $local : $local =~ /\A(.[^\Q$c->{recipient_delimiter}\E]*)/s;
	my $whole = defined $domain ? "$local\@$domain" : '';
	return scalar grep { /@/ ? $_ eq $whole : $_ eq ($cut // '') || $_ eq $local } @{ $policy->{exempt_recipients} };
}

# Steps 2 to 7: outcome, reason, the relay's name.
sub decide_one {
	my ($c, $policy, $mode, $r) = @_;
	my $ip = packed($r->{client_address});
	return ('permit', 'mode-off') if $mode eq 'off';
	return ('permit', 'authenticated') if $policy->{exempt_authenticated} eq 'yes' && $r->{sasl_username} ne '';
	return ('permit', 'exempt-network') if holds($policy->{exempt_networks}, $ip);
	return ('permit', 'exempt-recipient') if exempt_recipient($c, $policy, $r->{recipient});
	my @looks;
	for my $name (@{ $policy->{relays} }) {
		my $relay = $c->{relays}{$name};
		my %asked = map { ($_ => 1) } @{ $relay->{match} };
		my @failed = grep { $asked{$_} && !holds_factor($relay, $_, $r) } qw(address helo name certificate tls);
		return ('permit', 'relay', $name) unless @failed;
		push(@looks, { name => $name, relay => $relay, address => $asked{address}, failed => \@failed });
	}
	return ('defer', 'bad-address') unless defined $ip;
	my $unknown = $r->{client_name} =~ /\A(?:unknown)?\z/i;
	my %words = (helo => 'helo-mismatch', name => 'name-mismatch', certificate => 'certificate-mismatch', tls => 'no-tls');
	my $doubt = sub {
		my ($outcome, @relays) = @_;
		my ($unverified) = grep { $unknown && "@{ $_->{failed} }" eq 'name' } @relays;
		return $unverified ? ('defer', 'name-unverified', $unverified->{name}) : ($outcome, $words{ $relays[0]{failed}[0] }, $relays[0]{name});
	};
	my @mismatch = grep { $_->{address} && $_->{failed}[0] ne 'address' } @looks;
	return $doubt->($policy->{on_mismatch}, @mismatch) if @mismatch;
	for (grep { $_->{address} } @looks) {
		my @domains = @{ $_->{relay}{domains} };
		return ($policy->{on_near_miss}, 'near-miss', $_->{name})
			if at_or_below($r->{client_name}, @domains) || ($unknown && at_or_below($r->{reverse_client_name}, @domains));
	}
	my @plain = grep { !$_->{address} } @looks;
	return $doubt->('refuse', @plain) if @plain;
	return ('refuse', 'unknown-address');
}

sub action {
	my ($template, %values) = @_;
	my ($verb, $text) = split(/ /, $template, 2);
	my %shown = ('$' => '$', map { ("{$_}" => $_ eq 'reason' || $_ eq 'policy' ? $values{$_} : substr($values{$_}, 0, 64)) } keys %values);
	$text = ($text // '') =~ s/\$(\$|\{\w+\})/$shown{$1}/gr;
	return substr("$verb $text" =~ tr/ -~/?/cr, 0, 200) =~ s/ +\z//r;
}

my %severity = (permit => 0, monitored => 1, defer => 2, refuse => 3);

# The object that mxonly query --json prints.
sub decide {
	my ($c, $request) = @_;
	my %r = ((map { ($_ => '') } qw(client_address client_name reverse_client_name helo_name sender recipient sasl_username
		ccert_fingerprint ccert_pubkey_fingerprint encryption_protocol policy_context)), %$request);
	my %object = (outcome => 'permit', reason => 'no-recipient', action => 'DUNNO', map { ($_ => undef) } qw(mode policy domain relay));
	return \%object if $r{recipient} eq '';
	my $labelled = $c->{labels}{ $r{policy_context} };
	my @candidates = candidates($c, $r{recipient});
	my $worst = -1;
	my @decided = map { my $domain = $_; map { [$domain, $_] } $labelled // policies_of($c, $domain) } $labelled ? $candidates[0] : @candidates;
	for (@decided) {
		my ($domain, $policy) = @$_;
		my $mode = !$labelled && !defined $domain ? $c->{strictest} : $policy->{mode};
		my ($outcome, $reason, $relay) = decide_one($c, $policy, $mode, \%r);
		my $severity = $severity{ $outcome ne 'permit' && $mode eq 'monitor' ? 'monitored' : $outcome };
		next if $severity <= $worst;
		$worst = $severity;
		my $use = $mode eq 'monitor' ? 'monitor_action' : $outcome . '_action';
		my $action = $outcome eq 'permit' ? 'DUNNO'
			: action($policy->{$use}, %r, recipient_domain => $domain // 'this server', reason => $reason, policy => $policy->{title});
		%object = (outcome => $outcome, reason => $reason, action => $action, mode => $mode, policy => $policy->{title}, domain => $domain, relay => $relay);
	}
	return \%object;
}

1;
