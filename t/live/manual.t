#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# The manual pages are clean, their examples are true, and what there is in the code is in them, and the other way round: keys,
# options, commands, reasons, factors, variables, log keys, signals, metrics.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::UNIX;
use Manual;
use Mxonly ();
use POSIX ();
use Test::More;
use Tool;

my $source = source_folder();
my %page = map { $_ => Manual->new("$source/policyd/$_") } qw(mxonly.1 mxonly.ini.5 mxonlyd.8);
my ($tool, $ini, $server) = @page{qw(mxonly.1 mxonly.ini.5 mxonlyd.8)};

sub source { return read_file("$source/$_[0]") }

# The strings of an array or a table in C.
sub strings {
	my ($code, $begin) = @_;
	my ($body) = $code =~ /\Q$begin\E[^=]*=\s*\{(.*?)\};/s or die "no $begin\n";
	return $body =~ /"([^"]*)"/g;
}

sub same {
	my ($in_manual, $in_code, $what) = @_;
	cmp_ok(scalar(@$in_code), '>', 0, "$what: found in the code");
	is_deeply([sort @$in_manual], [sort @$in_code], "$what: in the manual as in the code");
}

SKIP: {
	skip('no mandoc here', 3) if system('command -v mandoc >/dev/null') != 0;
	for my $name (sort keys %page) {
		my ($status, $out, $err) = run('', 'mandoc', '-T', 'lint', '-W', 'style', "$source/policyd/$name");
		# Which other pages are installed here says nothing about ours.
		is(join('', grep { !/referenced manual not found|outdated mandoc\.db/ } split(/^/m, $out . $err)), '', "$name: clean");
	}
}
for my $name (sort keys %page) {
	my %other = $page{$name}->text =~ /^\.Xr (mxonly\S*) (\d)/mg;
	ok($page{"$_.$other{$_}"}, "$name: $_($other{$_}) is there") for sort keys %other;
}

subtest 'keys' => sub {
	my $table = source('lib/policy/settings.c');
	my %rows = (
		'The section policyd' => [$table =~ /SERVER\("(\w+)"/g, $table =~ /IN\(POLICYD\), "(\w+)"/g],
		'The section relay'   => [$table =~ /RELAY\("(\w+)"/g],
		'The sections default, domain and domains' => [$table =~ /(?:POLICY|COVER)\("(\w+)"/g],
		'The section audit'   => [$table =~ /AUDIT\("(\w+)"/g],
	);
	my %item;
	for my $section (sort keys %rows) {
		same([$ini->names($section, 'Ic')], $rows{$section}, $section);
		$item{ $_->[0] } = $_->[2] for $ini->items($section, 'Ic');
	}
	while ($table =~ /(?:SERVER|RELAY|POLICY)\("(\w+)",[^"\n]*"([^"]+)",/g) {
		like($item{$1}, qr/\Q$2\E/, "$1: its default, $2");
	}
	while ($table =~ /\("(\w+)",\s*WORD,[^"]*?(?:"\w+"|NULL),[^"]*?(\w+),\s*"/g) {
		my ($key, $list) = ($1, $2);
		my $code = $table =~ /\*const $list\[/ ? $table : source('lib/policy/terms.c');
		like($item{$key}, qr/^\.Ql \Q$_\E\b/m, "$key: may be $_") for strings($code, $list);
	}
	my ($control) = $table =~ /SERVER\("control",[^"]*"([^"]+)"/;
	my ($asked) = source('policyd/tool/ctl.c') =~ /^#define CONTROL "(.*)"/m;
	is($asked, $control, 'mxonly ctl asks where control is by default');
	like($tool->section('mxonly ctl'), qr/^\.Ql \Q$control\E /m, 'and the manual says so');
};

subtest 'words of the policy' => sub {
	my $terms = source('lib/policy/terms.c');
	same([$ini->names('REASONS', 'Cm')], [strings($terms, 'reason_name[REASONS]')], 'reasons');
	same([$ini->names('The section relay', 'Cm')], [strings($terms, 'factor_name[FACTORS]')], 'factors');
	my ($names) = source('lib/policy/action.c') =~ /variable_name\[VAR_COUNT\] = \{(.*?)\};/s;
	same([$ini->section('WHAT AN ANSWER MAY BE') =~ /^\.Ql \$\{(\w+)\}/mg], [$names =~ /NAME\("(\w+)"\)/g], 'variables');
	is_deeply([$server->names('THE LOG', 'Cm')], [strings(source('lib/policy/report.c'), 'decision_key[]')], 'keys of the log, in their order');
};

# An option string of getopt(3) and long options, against the items ".It Fl c Ar file", ".It Fl h , -help" of a section.
sub options {
	my ($code, @items) = @_;
	my %code = $code =~ /getopt_long\([^"]*"([^"]*)"/ ? map { ("-$1" => $2 ? 1 : 0) if /(\w)(:?)/ } $1 =~ /\w:?/g : ();
	$code{"--$1"} = $2 eq 'required' ? 1 : 0 while $code =~ /\{ "([\w-]+)", (no|required)_argument/g;
	my %manual;
	for my $item (@items) {
		my ($first, $rest) = @$item;
		$manual{"-$first"} = $rest =~ /^ Ar / ? 1 : 0;
		$manual{"-$1"} = 0 while $rest =~ /, (-\w+)/g;
	}
	return (\%manual, \%code);
}

subtest 'options of mxonlyd' => sub {
	my $code = source('policyd/mxonlyd.c');
	my ($manual, $there) = options($code, $server->items('DESCRIPTION', 'Fl'));
	is_deeply($manual, $there, 'in the manual as in the code');
	my (undef, $help) = run('', "$ENV{MXONLY_BUILD}/mxonlyd", '-h');
	my $synopsis = $server->section('SYNOPSIS');
	for my $option (grep { !/^--/ } sort keys %$there) {
		like($help, qr/^ *(?:-\w, )?$option\b/m, "$option: -h tells of it");
		like($synopsis, qr/\bFl (?:\w \| )?\Q@{[substr($option, 1)]}\E\b/, "$option: so does the synopsis");
	}
};

subtest 'subcommands of mxonly' => sub {
	my %code = source('policyd/mxonly.c') =~ /^\t\{ "(\w+)", (\w+)_main,/mg;
	my @sections = $tool->text =~ /^\.Ss mxonly (\w+)/mg;
	same(\@sections, [keys %code], 'subcommands');
	for my $option (map { ("-$_->[0]", map { "-$_" } $_->[1] =~ /, (\S+)/) } $tool->items('Other options', 'Fl')) {
		my ($status, $out) = mxonly('', $option);
		is($status, 0, "mxonly $option");
		isnt($out, '', 'says something');
	}
	for my $name (sort keys %code) {
		my ($manual, $there) = options(source("policyd/tool/$code{$name}.c"), $tool->items("mxonly $name", 'Fl'));
		is(delete $there->{$_}, 0, "$name takes $_") for qw(-h --help);
		is_deeply($manual, $there, "$name: options in the manual as in the code");
		my (undef, $help) = mxonly('', $name, '--help');
		like($help, qr/^ +(?:-\w, )?$_\b/m, "$name: --help tells of $_") for grep { $_ ne '-q' && $_ ne '-r' } sort keys %$there;
		my ($synopsis) = $tool->section('SYNOPSIS') =~ /^\.Cm $name\n(.*?)(?=^\.Nm|\z)/ms;
		like($synopsis, qr/\bFl \Q@{[substr($_, 1)]}\E\b/, "$name: so does the synopsis, of $_") for sort keys %$there;
	}
	my ($words) = source('policyd/tool/ctl.c') =~ /\} words\[\] = \{(.*)\};/;
	same([$tool->names('mxonly ctl', 'Cm')], [$words =~ /"(\w+)"/g], 'commands of ctl');
};

subtest 'signals and what a reload leaves' => sub {
	my ($numbers) = source('policyd/server/supervisor.c') =~ /numbers\[\w+\] = \{ (.*?) \}/;
	my $section = $server->section('Signals');
	same([map { split(/ , /) } $section =~ /^\.It Dv (.*)$/mg],
		[grep { $_ ne 'SIGCHLD' } split(/, /, $numbers)], 'signals');
	my ($left) = $section =~ /^A changed\n(.*?)^is warned of/ms;
	same([$left =~ /^\.Ql (\w+)/mg], [strings(source('policyd/server/fixed.c'), 'names[FIXED_COUNT]')], 'what the next start takes');
};

# A comment above each row names who shows it: FILE: what is tested.
subtest 'what happens when' => sub {
	my $section = $server->section('WHAT HAPPENS WHEN');
	my @rows = $section =~ /((?:^\.\\" [^\n]*\n)*)^\.It ([^\n]*)$/mg;
	cmp_ok(scalar(@rows), '>=', 2 * 15, 'rows');
	while (my ($comments, $fault) = splice(@rows, 0, 2)) {
		my @tests = $comments =~ /^\.\\" (t\/\S+\.[tc]: .*)$/mg;
		cmp_ok(scalar(@tests), '>', 0, "$fault: is tested");
		for my $test (@tests) {
			my ($file, $title) = $test =~ /^(\S+): (.*)$/;
			cmp_ok(index(source($file), $title), '>', 0, $test);
		}
	}
};

subtest 'metrics' => sub {
	my $folder = Mxonly::free_folder();
	my $running = bless({ folder => $folder, path => "$folder/policy", policyd => '', options => [] }, 'Mxonly');
	write_file("$folder/list", "198.51.100.0/24\n");
	$running->configure($Mxonly::relay =~ s/^ranges .*\n/$&ranges_file = list\n/mr);
	write_file($running->config, read_file($running->config) =~ s/^control =.*$/control = unix:$folder\/control/mr);
	$running->start(1);
	my ($status, $out, $err) = mxonly('', 'ctl', '-s', "unix:$folder/control", 'stats');
	is($status, 0, 'stats') or diag($err);
	$running->stop;
	my %there = map { $_ => {} } $out =~ /^# TYPE (\w+)/mg;
	while ($out =~ /^(\w+?)(?:_bucket|_sum|_count)?(?:\{(.*)\})? /mg) {
		my ($name, $labels) = ($1, $2 // '');
		$there{$name}{$_} = 1 for $labels =~ /(\w+)="/g;
	}
	my %manual = map { $_->[0] => { map { $_ => 1 } $_->[1] =~ /Brq (\S+)/ ? split(/,/, $1) : () } } $server->items('METRICS', 'Cm');
	cmp_ok(scalar(keys %there), '>', 10, 'the server has some');
	is_deeply(\%manual, \%there, 'metrics and their labels: in the manual as in the server');
};

# Pieces of configuration are ones that load, pieces of main.cf ones that Postfix takes.
subtest 'examples of configuration' => sub {
	my @pieces = grep { /^\[(policyd|relay|default|domains?)\b/ } map { $_->blocks } values %page;
	cmp_ok(scalar(@pieces), '>=', 2, 'found');
	for my $piece (@pieces) {
		my ($status, $out, $err) = mxonly('', 'check', '-c', write_file('piece.ini', $piece));
		is("$status$err", '0', ($piece =~ /^(.*)/)[0]);
	}
	for my $range (map { split(/\n/) } grep { /^192\.0\.2\.1\n/ } $ini->blocks) {
		my ($status, $out, $err) = mxonly('', 'check', '-c', write_file('piece.ini', "[relay a]\nranges = $range\n"));
		is("$status$err", '0', $range);
	}
	SKIP: {
		skip('no Postfix here', 1) if system('command -v postconf >/dev/null') != 0;
		mkdir(folder() . '/postfix');
		write_file('postfix/master.cf', '');
		my @main = map { /^check_policy/ ? "smtpd_recipient_restrictions =\n" . s/^/    /mgr : $_ } grep { /^(smtpd_|check_policy)/ } map { $_->blocks } values %page;
		cmp_ok(scalar(@main), '>=', 2, 'pieces of main.cf');
		for my $main (@main) {
			write_file('postfix/main.cf', "compatibility_level = 3.6\n$main");
			my ($status, $out, $err) = run('', 'postconf', '-c', folder() . '/postfix', '-n');
			is("$status$err", '0', ($main =~ /^(.*)/)[0]);
			is(scalar(() = $main =~ /default_action/g), scalar(() = $main =~ /\{ default_action = DEFER_IF_PERMIT [^{}]* \}/g), 'the default action in braces, and safe');
		}
		write_file('postfix/main.cf', "compatibility_level = 3.6\n");
		for my $service (grep { /^mxonly +unix/ } map { $_->blocks } values %page) {
			write_file('postfix/master.cf', $service);
			my ($status, $out, $err) = run('', 'postconf', '-c', folder() . '/postfix', '-M');
			is("$status$err", '0', 'a service of master.cf');
			like($out, qr/^mxonly +unix .* spawn/, 'is one');
		}
	}
};

# Started beside the test, until the block of examples ends; ready when its socket is there.
sub in_background {
	my ($command) = @_;
	my $pid = fork() // die "fork: $!";
	return $pid if $pid;
	open(STDIN,  '<', '/dev/null') or die;
	open(STDERR, '>', 'log') or die;
	exec('/bin/sh', '-c', "exec $command") or POSIX::_exit(127);
}

my $folder = Mxonly::free_folder();
$ENV{PATH} = "$ENV{MXONLY_BUILD}:$ENV{PATH}";
chdir($folder) or die;
my ($head) = $ini->blocks;
like($head, qr/^\[relay filter\]/, 'the configuration of the examples');
# Below it, so that no line's number changes: who runs the server when it is root who tests.
write_file("$folder/mxonly.ini", "$head\n[policyd]\nuser = nobody\ncontrol =\n");

my $commands = 0;
for my $name (sort keys %page) {
	for my $session ($page{$name}->sessions) {
		my $running;
		for my $example (@$session) {
			my ($command, $shown) = @$example;
			my ($title) = "$name: $command" =~ /^(.*)/;
			$commands++;
			if ($command =~ s/ &\n\z//) {
				$running = in_background($command);
				my $there = Mxonly::wait_until(sub { IO::Socket::UNIX->new(Peer => 'policy') || waitpid($running, POSIX::WNOHANG()) });
				ok(ref($there), $title) or diag(read_file('log'));
				next;
			}
			my ($status, $out, $err) = run('', '/bin/sh', '-c', $command);
			is("$err$out" =~ s/\n+\z/\n/r, $shown, $title);
		}
		next unless $running;
		kill('TERM', $running);
		waitpid($running, 0);
	}
}
cmp_ok($commands, '>=', 10, 'examples were found');
chdir('/');

done_testing();
