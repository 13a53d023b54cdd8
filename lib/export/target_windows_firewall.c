/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/firewall.h"
#include "export/targets.h"

/* Windows lets loopback through whatever the rules say. */
static void add_ranges(struct buf *b, const struct range_list *prefixes, const char *comment)
{
	char text[RANGE_TEXT];

	for (size_t i = 0; i < prefixes->count; i++)
		buf_format(b, "    '%s'    # %s\n", range_print(&prefixes->at[i], text), comment);
}

static const char body[] =
	"$Open = @(Get-NetFirewallProfile | Where-Object { -not $_.Enabled -or $_.DefaultInboundAction -eq 'Allow' })\n"
	"if ($Open.Count -gt 0) {\n"
	"    throw \"These profiles let everything in, so an allow rule closes nothing: $($Open.Name -join ', ')\"\n"
	"}\n"
	"\n"
	"Get-NetFirewallRule -Name $Name -ErrorAction SilentlyContinue | Remove-NetFirewallRule\n"
	"New-NetFirewallRule -Name $Name -DisplayName 'mxonly: SMTP from the relays' -Direction Inbound -Action Allow "
	"`\n"
	"    -Protocol TCP -LocalPort 25 -RemoteAddress $Ranges -Profile Any -Enabled True | Out-Null\n"
	"\n"
	"# A rule that refuses would beat the one above: so those are disabled that open port 25 to others.\n"
	"foreach ($Rule in Get-NetFirewallRule -Direction Inbound -Action Allow -Enabled True) {\n"
	"    if ($Rule.Name -eq $Name) { continue }\n"
	"    $Filter = $Rule | Get-NetFirewallPortFilter\n"
	"    if ($Filter.Protocol -notin 'TCP', 'Any') { continue }\n"
	"    $Ports = @($Filter.LocalPort)\n"
	"    if ($Ports.Count -eq 1 -and $Ports[0] -eq '25') {\n"
	"        Disable-NetFirewallRule -Name $Rule.Name\n"
	"        Write-Output \"Disabled: $($Rule.DisplayName) ($($Rule.Name))\"\n"
	"    } elseif ($Ports | Where-Object { $_ -eq 'Any' -or $_ -eq '25' -or ($_ -match '^(\\d+)-(\\d+)$' -and\n"
	"            [int]$Matches[1] -le 25 -and [int]$Matches[2] -ge 25) }) {\n"
	"        Write-Warning \"Opens port 25 too, look at it yourself: $($Rule.DisplayName) ($($Rule.Name)), ports "
	"$Ports\"\n"
	"    }\n"
	"}\n";

static int write_windows_firewall(struct export_job *x, struct err *e)
{
	struct buf *b = export_file(x, x->target->file, &comment_hash);
	struct range_list relays = { 0 }, trusted = { 0 };
	int result = ranges_split(&relays, &x->plan->relays, 0, 0, e);

	if (result == 0)
		result = ranges_split(&trusted, &x->plan->trusted, 0, 0, e);
	buf_str(b, "\n$ErrorActionPreference = 'Stop'\n$Name = 'mxonly-smtp'\n$Ranges = @(\n");
	add_ranges(b, &relays, "relay");
	add_ranges(b, &trusted, "trusted");
	buf_format(b, ")\n\n%s", body);
	range_list_free(&relays);
	range_list_free(&trusted);
	return result;
}

const struct target target_windows_firewall = {
	.name = "windows-firewall",
	.help = "a PowerShell script for Windows Defender Firewall: port 25 for the relays alone",
	.flags = TARGET_WHOLE_SERVER | TARGET_RANGES,
	.file = "mxonly-firewall.ps1",
	.what = FIREWALL_REFUSES
	"It makes a rule that lets them in, and disables the rules that open that port alone to\n"
	"others: what no rule allows, Windows refuses. A rule that opens port 25 among others,\n"
	"or every port of a program, is named in a warning: take port 25 out of it.\n"
	"Loopback is never refused, so it is not in the list.",
	.load = "powershell -ExecutionPolicy Bypass -File ${output}     as administrator, as often as you like",
	.undo = "Remove-NetFirewallRule -Name mxonly-smtp\n"
		"Enable-NetFirewallRule -Name NAME     for each that the script said it disabled",
	.check = "Get-NetFirewallRule -Name mxonly-smtp | Get-NetFirewallAddressFilter     shows the ranges\n"
		 "${relay4} must be in one of them\n"
		 "${relay6} must be in one of them\n"
		 "${foreign4} and ${foreign6} must be in none\n"
		 "from a foreign host: Test-NetConnection HOST -Port 25 must fail, -Port 587 must connect",
	.write = write_windows_firewall,
};
