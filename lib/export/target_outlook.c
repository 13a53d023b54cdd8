/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/relay_names.h"
#include "export/targets.h"

enum { WORDS_MOST = 255 }; /* characters of a list of words in a rule */

static int write_outlook(struct export_job *x, struct err *e)
{
	struct buf *b;
	struct relay_names names;
	size_t length = 0;

	if (relay_names_make(&names, x, e) < 0)
		return -1;
	relay_names_leave_out(x);
	b = export_file(x, x->target->file, &comment_hash);
	buf_str(b, "\nparam([Parameter(Mandatory = $true)][string]$Mailbox, [switch]$Apply)\n"
		   "$ErrorActionPreference = 'Stop'\n$Relays = @(\n");
	for (size_t i = 0; i < names.count; i++) {
		buf_str(b, "    ");
		buf_quote(b, QUOTE_POWERSHELL, names.at[i]);
		buf_str(b, "\n");
		length += names.at[i].len + 1;
	}
	buf_str(b, ")\n"
		   "$Rule = @{ Mailbox = $Mailbox; Name = 'mxonly: direct delivery'; ExceptIfHeaderContainsWords = "
		   "$Relays\n"
		   "    MoveToFolder = \"$($Mailbox):\\Junk Email\"; StopProcessingRules = $true }\n"
		   "New-InboxRule @Rule -WhatIf:(-not $Apply)\n");
	relay_names_free(&names);
	if (length > WORDS_MOST)
		return err_set(e,
			"the relays' domains have %zu characters, and a rule of Outlook's takes %d: use exchange, "
			"exchange-online or sieve",
			length, WORDS_MOST);
	return 0;
}

const struct target target_outlook = {
	.name = "outlook",
	.help = "an inbox rule for Outlook, as a PowerShell script and as steps: FORGEABLE, a last resort",
	.flags = 0,
	.file = "mxonly-outlook.ps1",
	.what = "Moves mail to Junk Email in whose header no relay's domain is named.\n"
		"FORGEABLE: a sender who writes such a header himself, or such a name into his HELO, passes: the rule\n"
		"looks for words in the whole header. Outlook has no text format for rules; this makes the rule at "
		"the\n"
		"server (Exchange, Microsoft 365), for one mailbox.\n" RELAY_NAMES_OWN_MAIL
		"\nBetter: exchange, exchange-online, which refuse such mail for everybody.",
	.load = "Exchange Management Shell or Connect-ExchangeOnline; then\n"
		".\\${output} -Mailbox USER@DOMAIN             says what it would do\n"
		".\\${output} -Mailbox USER@DOMAIN -Apply      does it\n"
		"without PowerShell: Outlook > Rules > New Rule > Apply rule on messages I receive > no condition, Yes "
		">\n"
		"  move it to the specified folder: Junk Email > except with specific words in the message header: "
		"each of "
		"$Relays",
	.undo = "Remove-InboxRule -Mailbox USER@DOMAIN -Identity 'mxonly: direct delivery'",
	.check =
		"send a message through the relay (${relay4}): it must stay in the inbox\n"
		"and through the relay over IPv6 (${relay6}): the same\n"
		"and from a foreign host (${foreign4} or ${foreign6}) straight to the server: it must go to Junk Email",
	.write = write_outlook,
};
