/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/targets.h"

static int write_exchange(struct export_job *x, struct err *e)
{
	struct buf *b = export_file(x, x->target->file, &comment_hash);
	char text[RANGE_TEXT];

	(void)e;
	buf_str(b, "\nparam(\n"
		   "    [string]$Server = $env:COMPUTERNAME,\n"
		   "    [string]$Connector = \"$Server\\Default Frontend $Server\",\n"
		   "    [switch]$Apply\n"
		   ")\n"
		   "$ErrorActionPreference = 'Stop'\n"
		   "$Ranges = @(\n");
	for (size_t i = 0; i < x->plan->allowed.count; i++)
		buf_format(b, "    '%s'\n", range_print(&x->plan->allowed.at[i], text));
	buf_str(b, ")\n"
		   "$Backup = \".\\mxonly-backup-$(Get-Date -Format yyyyMMddHHmmss).xml\"\n"
		   "Get-ReceiveConnector -Identity $Connector | Export-Clixml -Path $Backup\n"
		   "Set-ReceiveConnector -Identity $Connector -RemoteIPRanges $Ranges -WhatIf:(-not $Apply)\n"
		   "(Get-ReceiveConnector -Identity $Connector).RemoteIPRanges\n");
	return 0;
}

const struct target target_exchange = {
	.name = "exchange",
	.help = "a PowerShell script for Exchange Server: a receive connector for the relays alone",
	.flags = TARGET_WHOLE_SERVER | TARGET_RANGES,
	.file = "mxonly-exchange.ps1",
	.what = "Lets a receive connector (\"Default Frontend SERVER\", port 25) take connections from the relays, "
		"trusted hosts "
		"and\n"
		"this host alone, over IPv4 and IPv6; a client that no connector fits is refused before it can name a "
		"recipient.\n"
		"Submission (\"Client Frontend\", 587) is left alone. The list is REPLACED: other Exchange servers, "
		"printers, "
		"hybrid\n"
		"mail flow (Exchange Online) and whatever else uses this connector must be in it: give them as "
		"--trusted, or\n"
		"make a second connector for them. Other connectors that listen to port 25 stay as open as they are.\n"
		"Its cmdlets and parameters are from Microsoft's documentation; it was parsed, not run on an Exchange "
		"Server.",
	.load = "in the Exchange Management Shell, on each server:\n"
		".\\${output}             says what it would do (-WhatIf), and keeps a copy of the connector\n"
		".\\${output} -Apply      does it\n"
		"-Server NAME -Connector 'NAME\\CONNECTOR' for another one: Get-ReceiveConnector lists them with their "
		"Bindings",
	.undo = "Set-ReceiveConnector -Identity CONNECTOR -RemoteIPRanges '0.0.0.0-255.255.255.255', "
		"'::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'\n"
		"(what the copy mxonly-backup-*.xml has as RemoteIPRanges)",
	.check = "from ${relay4}, a relay: telnet to port 25, EHLO, MAIL FROM, RCPT TO: 250\n"
		 "from ${relay6}, a relay: the same\n"
		 "from a foreign host such as ${foreign4} or ${foreign6}: refused at once; 587 must still answer",
	.write = write_exchange,
};
