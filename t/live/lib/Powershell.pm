# SPDX-License-Identifier: BSD-2-Clause
package Powershell;

# PowerShell scripts without a PowerShell: their grammar by tree-sitter (npm packages, which bring it as WebAssembly: nothing is
# compiled), and an allow-list of cmdlets and parameters, from Microsoft's reference.
#
#   Powershell::grammar({ NAME => SCRIPT, ... })      a test each; fails where the packages are not to be had
#   Powershell::unknown(SCRIPT)                       cmdlets and parameters that are not in the list

use strict;
use warnings;
use Npm;
use Test::More;
use Tool;

my %known = (
	'Disable-NetFirewallRule' => 'Name',
	'Export-Clixml'           => 'Path',
	'Get-Date'                => 'Format',
	'Get-InboundConnector'    => 'Identity ErrorAction',
	'Get-NetFirewallPortFilter' => '',
	'Get-NetFirewallProfile'  => '',
	'Get-NetFirewallRule'     => 'Name ErrorAction Direction Action Enabled',
	'Get-ReceiveConnector'    => 'Identity',
	'Get-TransportRule'       => 'Identity ErrorAction',
	'New-InboundConnector'    => 'Name ConnectorType Enabled WhatIf SenderDomains SenderIPAddresses RestrictDomainsToIPAddresses RequireTls EFSkipLastIP EFSkipIPs Comment',
	'New-InboxRule'           => 'WhatIf Mailbox Name ExceptIfHeaderContainsWords MoveToFolder StopProcessingRules',
	'New-NetFirewallRule'     => 'Name DisplayName Direction Action Protocol LocalPort RemoteAddress Profile Enabled',
	'New-TransportRule'       => 'Name WhatIf SentToScope ExceptIfFromScope ExceptIfSenderIpRanges RejectMessageReasonText RejectMessageEnhancedStatusCode Mode StopRuleProcessing '
		. 'RecipientAddressMatchesPatterns ExceptIfRecipientAddressMatchesPatterns',
	'Out-Null'                => '',
	'Remove-NetFirewallRule'  => '',
	'Set-InboundConnector'    => 'Identity WhatIf SenderDomains SenderIPAddresses RestrictDomainsToIPAddresses RequireTls EFSkipLastIP EFSkipIPs Comment',
	'Set-ReceiveConnector'    => 'Identity RemoteIPRanges WhatIf',
	'Set-TransportRule'       => 'Identity WhatIf SentToScope ExceptIfFromScope ExceptIfSenderIpRanges RejectMessageReasonText RejectMessageEnhancedStatusCode Mode StopRuleProcessing '
		. 'RecipientAddressMatchesPatterns ExceptIfRecipientAddressMatchesPatterns',
	'Where-Object'            => '',
	'Write-Output'            => '',
	'Write-Warning'           => '',
);
my %operator = map { $_ => 1 } qw(and or not eq ne ge gt le lt in notin match notmatch contains join);

# Without comments and the words within strings.
sub bare {
	my ($script) = @_;
	return $script =~ s/^\s*#.*$//mgr =~ s/\s#\s.*$//mgr =~ s/'[^'\n]*'/''/gr =~ s/"((?:[^"\n`]|`.)*)"/'"' . join(' ', $1 =~ m{(\$\([^()]*\))}g) . '"'/ger;
}

# Tables @{ A = ...; B = ... } that are handed over with @Name: what they hold.
sub tables {
	my ($script) = @_;
	my %table;
	while ($script =~ /^\s*\$(\w+) = \@\{(.*?)\}$/msg) {
		my ($name, $body) = ($1, $2);
		$table{$name} = [$body =~ /(?:^|[;{\n])\s*(\w+) = /g];
	}
	push(@{ $table{$1} }, $2) while $script =~ /\$(\w+)\.(\w+) = /g;
	return %table;
}

sub unknown {
	my ($script) = @_;
	my $text = bare($script) =~ s/`\n//gr;
	my %table = tables($text);
	my @unknown;
	for my $command ($text =~ /(?<![\$\w'-])((?:[A-Z][a-z]+)-[A-Z]\w+(?:(?!\||\$\(|[;{}\n]).)*)/g) {
		my ($cmdlet) = $command =~ /^(\S+?)(?=[\s)]|\z)/;
		my %parameter = map { $_ => 1 } split(/ /, $known{$cmdlet} // '');
		push(@unknown, "cmdlet $cmdlet") if !exists $known{$cmdlet};
		my @given = grep { !$operator{$_} } $command =~ /(?<=\s)-(\w+)/g;
		push(@given, map { @{ $table{$_} // ["\@$_"] } } $command =~ /(?<=\s)\@(\w+)/g);
		push(@unknown, map { "$cmdlet -$_" } grep { !$parameter{$_} } @given);
	}
	return @unknown;
}

my $reader = <<'END';
const { Parser, Language } = require('web-tree-sitter');
(async () => {
	await Parser.init();
	const parser = new Parser();
	parser.setLanguage(await Language.load(require.resolve('tree-sitter-powershell/tree-sitter-powershell.wasm')));
	const broken = (node) => node.type === 'ERROR' || node.isMissing ? node.startPosition.row + 1
		: node.children.map(broken).find((line) => line) || 0;
	for (const file of process.argv.slice(2))
		console.log(broken(parser.parse(require('fs').readFileSync(file, 'utf8')).rootNode));
})();
END

sub grammar {
	my ($scripts) = @_;
	my ($home, $fault) = Npm::fetched('powershell');
	ok($home, "PowerShell's grammar is there") or return diag($fault);
	write_file("$home/reader.js", $reader);
	my @names = sort keys %$scripts;
	my @files = map { write_file("script$_.ps1", $scripts->{ $names[$_] }) } 0 .. $#names;
	my $faulty = write_file('faulty.ps1', "\$A = \@((\n");
	# The grammar is compiled anew each time: quickly, or well, which takes half a minute.
	my ($status, $out, $err) = run('', 'node', '--liftoff-only', "$home/reader.js", @files, $faulty);
	my @lines = split(/\n/, $out);
	is($lines[$_], 0, "$names[$_]: PowerShell's grammar") for 0 .. $#names;
	isnt($lines[-1], 0, 'and it sees a fault') or diag($err);
}

1;
