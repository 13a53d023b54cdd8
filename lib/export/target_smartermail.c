/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/relay_names.h"
#include "export/screens.h"
#include "export/targets.h"

/* The texts that addresses of an IPv4 prefix begin with behind "[": cut at octets, whose texts tell them from all others. */
static void add_beginnings(struct buf *b, const struct range *r)
{
	uint64_t size = r->last.low - r->first.low + 1, step = 1;
	int octets = 4;

	for (; octets > 1 && step << 8 <= size; octets--)
		step <<= 8;
	for (uint64_t at = r->first.low; at <= r->last.low; at += step) {
		buf_str(b, "       [");
		for (int i = 0; i < octets; i++)
			buf_format(b, "%u%s", (unsigned)(at >> (24 - 8 * i) & 255), i < 3 ? "." : "]");
		buf_str(b, "\n");
	}
}

/* Filters know texts alone: trusted hosts by their addresses in the line that the server writes. */
static int add_trusted(struct buf *b, struct export_job *x, struct err *e)
{
	struct range_list prefixes = { 0 };
	char text[RANGE_TEXT];
	int result = ranges_split(&prefixes, &x->plan->trusted, 0, 0, e);

	for (size_t i = 0; i < prefixes.count; i++) {
		const struct range *r = &prefixes.at[i];
		range_print(r, text);
		if (!r->first.v6)
			add_beginnings(b, r);
		else if (ip_compare(&r->first, &r->last) == 0)
			buf_format(b, "       [%s]\n", text);
		else
			export_warn(
				x, "step 3: trusted %s is left out: a content filter knows texts, not ranges", text);
	}
	range_list_free(&prefixes);
	return result;
}

/* Only where relays have names to look for; the lock (1) needs none. */
static int add_filters(struct buf *b, struct export_job *x, struct err *e)
{
	struct relay_names names;
	struct err why;
	int result;

	if (relay_names_make(&names, x, &why) < 0) {
		export_warn(x, "step 3 is left out: %s", why.text);
		return 0;
	}
	buf_str(b, "\n3. Log in as administrator of each of these domains that is in mode enforce:\n");
	screens_domains(b, x);
	buf_str(b, "   Domain Settings > Content Filtering > New. FORGEABLE: it looks for names in the header, which a "
		   "sender can\n"
		   "   write himself. The first filter that fits ends the list, so the order counts.\n"
		   "   Filter 1, Name: mxonly: through the relay, or trusted\n"
		   "     Match Type: one condition (any); Condition: Contains specific words or phrases > in the "
		   "header:\n");
	for (size_t i = 0; i < names.count; i++)
		buf_format(b, "       .%.*s\n", (int)names.at[i].len, names.at[i].at);
	result = add_trusted(b, x, e);
	buf_str(b, "     Action: Add header: X-Mxonly: relay\n"
		   "   Filter 2, Name: mxonly: direct delivery\n"
		   "     Match Type: wildcards; Condition: From address: *\n"
		   "     Action: Move message to folder: Junk E-Mail\n");
	relay_names_free(&names);
	return result;
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
		"     Description: mxonly: relay or trusted\n"
		"     Bypass greylisting: on.  Bypass spam checks: as you like; SmarterMail then looks at the host "
		"before it.\n");
	result = screens_ranges(b, x, e);
	if (result == 0)
		result = add_filters(b, x, e);
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
	.flags = TARGET_RANGES | TARGET_LIST,
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
