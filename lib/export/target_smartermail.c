/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/relay_names.h"
#include "export/screens.h"
#include "export/targets.h"

/* Only where relays have names to look for; the lock (1) needs none. */
static void add_filters(struct buf *b, struct export_job *x)
{
	struct relay_names names;
	struct err e;

	if (relay_names_make(&names, x, &e) < 0) {
		export_warn(x, "step 3 is left out: %s", e.text);
		return;
	}
	buf_str(b, "\n3. Log in as administrator of each of these domains that is in mode enforce:\n");
	screens_domains(b, x);
	buf_str(b, "   Domain Settings > Content Filtering > New. FORGEABLE: it looks for names in the header, which a "
		   "sender can\n"
		   "   write himself. The first filter that fits ends the list, so the order counts.\n"
		   "   Filter 1, Name: mxonly: through the relay\n"
		   "     Match Type: one condition (any); Condition: Contains specific words or phrases > in the "
		   "header:\n");
	for (size_t i = 0; i < names.count; i++)
		buf_format(b, "       .%.*s\n", (int)names.at[i].len, names.at[i].at);
	buf_str(b, "     Action: Add header: X-Mxonly: relay\n"
		   "   Filter 2, Name: mxonly: direct delivery\n"
		   "     Match Type: wildcards; Condition: From address: *\n"
		   "     Action: Move message to folder: Junk E-Mail\n");
	relay_names_free(&names);
}

static int write_smartermail(struct export_job *x, struct err *e)
{
	struct buf *b = export_file(x, x->target->file, &comment_text);
	int result;

	buf_str(b,
		"\n1. The lock: on the Windows host, the target windows-firewall (mxonly export windows-firewall). It "
		"alone keeps\n"
		"   strangers out; it holds for all domains of the server. With it you need step 2, and not step 3.\n"
		"\n2. Log in as system administrator. Settings > Antispam > IP Bypasses > New, once for each line "
		"below:\n"
		"     IP Address:  the line (SmarterMail takes an address, a range or CIDR)\n"
		"     Description: mxonly: relay\n"
		"     Bypass greylisting: on.  Bypass spam checks: as you like; SmarterMail then looks at the host "
		"before it.\n");
	result = screens_ranges(b, x, 0, 0, e);
	add_filters(b, x);
	buf_str(b, "\nLeave alone:\n"
		   "   Antispam > Inbound Gateways: is for making THIS server a gateway for others.\n"
		   "   Security > Whitelist: whoever is on it may relay through your server to anybody.\n"
		   "   Security > Blacklist for everybody (0.0.0.0-255.255.255.255): would refuse the relays as well.\n"
		   "   Ports 465 and 587 stay as they are.\n");
	return result;
}

const struct target target_smartermail = {
	.name = "smartermail",
	.help = "the values for SmarterMail, screen by screen",
	.flags = TARGET_RANGES,
	.file = "mxonly-smartermail.txt",
	.what = "SmarterMail has no switch \"only these hosts may deliver\", and reads no file: a firewall on its host "
		"does it "
		"(1).\n"
		"Where that cannot be had, a content filter of each domain can sort by names in the header (3), which "
		"is "
		"FORGEABLE.\n"
		"After SmarterMail's documentation; not tried in the program. Versions name the screens differently.",
	.load = "wait 48 hours after a change of the MX records, then type in what stands below, in this order",
	.undo = "delete the entries called mxonly",
	.check = "from ${relay4} and ${relay6}, relays: a test message must arrive in the inbox\n"
		 "from a foreign host such as ${foreign4} or ${foreign6}, straight to port 25: refused (1), or in Junk "
		 "E-Mail (3)",
	.write = write_smartermail,
};
