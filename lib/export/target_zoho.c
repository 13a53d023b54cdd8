/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/screens.h"
#include "export/targets.h"

static int write_zoho(struct export_job *x, struct err *e)
{
	struct buf *b = export_file(x, x->target->file, &comment_text);
	int result;

	buf_str(b, "\n1. Log in to the Zoho Mail Admin Console (Control Panel) as administrator of the organization.\n"
		   "\n2. Email Routing > Incoming Gateway (Inbound Gateway) > Add: the addresses of the service that "
		   "your MX records\n"
		   "   point to, and of trusted hosts, each of these lines:\n");
	result = screens_ranges(b, x, e);
	buf_str(b, "   Should the field refuse a prefix (/24), type its first and last address where it asks for a "
		   "range; its\n"
		   "   documentation does not say which forms it takes.\n"
		   "\n3. Save, and send yourself a message through the service: it must arrive.\n"
		   "\n4. Only then, on the same screen: switch on \"Reject mails from non-Inbound IPs\", and save.\n"
		   "\n5. The next days: Reports > Email logs: what was rejected there did not come through the "
		   "service.\n");
	return result;
}

const struct target target_zoho = {
	.name = "zoho",
	.help = "the values for Zoho Mail's incoming gateway, screen by screen",
	.flags = TARGET_WHOLE_SERVER | TARGET_RANGES,
	.file = "mxonly-zoho.txt",
	.what = "Zoho refuses mail from all addresses but these, for the whole organization: it knows no difference "
		"between "
		"domains.\n"
		"Submission (465, 587, webmail) is not touched. Zoho reads no file: the values are typed in.\n"
		"After Zoho's and MX Guarddog's instructions; not tried with an account. The screens change now and "
		"then.",
	.load = "wait 48 hours after a change of the MX records, then type in what stands below, in this order",
	.undo = "switch off \"Reject mails from non-Inbound IPs\"",
	.check = "through the service (${relay4}, ${relay6}): a test message must arrive\n"
		 "from a foreign host such as ${foreign4} or ${foreign6} straight to Zoho's own MX hosts (mx.zoho.com "
		 "...):\n"
		 "it must be refused",
	.write = write_zoho,
};
