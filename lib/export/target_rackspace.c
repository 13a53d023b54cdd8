/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/screens.h"
#include "export/targets.h"

static bool enforces(const struct plan *p)
{
	for (uint32_t i = 0; i < p->s->policies.count; i++)
		if (i != SNAP_POLICY_NO_DOMAIN && snap_policy(p->s, i)->mode == MODE_ENFORCE)
			return true;
	return false;
}

static int write_rackspace(struct export_job *x, struct err *e)
{
	struct buf *b = export_file(x, x->target->file, &comment_text);
	int result;

	if (!enforces(x->plan))
		return err_set(e,
			"no domain is in mode enforce: there is nothing to ask Rackspace for, which cannot only watch");
	buf_str(b, "\n1. These are the addresses of the service that your MX records point to, and of "
		   "trusted hosts:\n");
	result = screens_ranges(b, x, e);
	buf_str(b, "\n2. These are your domains, and what is to hold for them:\n");
	screens_domains(b, x);
	buf_str(b, "\n3. Write to Rackspace support (Control Panel > Tickets > New), with both lists:\n"
		   "     \"Our domains' MX records point to a filtering service. Please accept mail for the domains in "
		   "list 2 that are\n"
		   "     marked `enforce' on your inbound servers from the addresses in list 1 only (email firewall), "
		   "and keep\n"
		   "     authenticated submission on 465 and 587 as it is. We know that the list must be kept up to "
		   "date.\"\n"
		   "\n4. Control Panel > Email > Spam Settings > Domain Safelist > IP addresses: each line of list 1, "
		   "so that Rackspace's\n"
		   "   own filter does not hold the service responsible for what it hands on. A safelist lets in; it "
		   "keeps nobody out.\n"
		   "\nLeave alone:\n"
		   "   Spam Settings > Exclusive (\"receive email only from safelist\"): it looks at sender addresses, "
		   "which can be forged,\n"
		   "   and would lose all mail from people who are not on the list.\n");
	return result;
}

const struct target target_rackspace = {
	.name = "rackspace",
	.help = "the values for Rackspace Email, screen by screen",
	.flags = TARGET_RANGES,
	.file = "mxonly-rackspace.txt",
	.what = "Rackspace Email reads no file, and its public documentation has no page on the \"email firewall\" "
		"that it is "
		"said to\n"
		"have: support sets it up. What the control panel itself offers (a safelist) keeps nobody out. Not "
		"tried with an "
		"account.",
	.load = "wait 48 hours after a change of the MX records, then do what stands below, in this order",
	.undo = "ask support to take the restriction away again",
	.check = "through the service (${relay4}, ${relay6}): a test message must arrive\n"
		 "from a foreign host such as ${foreign4} or ${foreign6} straight to mx1.emailsrvr.com: it must be "
		 "refused",
	.write = write_rackspace,
};
