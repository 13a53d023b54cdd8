/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/firewall.h"
#include "export/targets.h"

static int write_pf(struct export_job *x, struct err *e)
{
	struct buf *b = export_file(x, x->target->file, &comment_hash);
	struct range_list prefixes = { 0 };
	int result = ranges_split(&prefixes, &x->plan->allowed, 0, 0, e);

	buf_str(b, "\ntable <mxonly> persist {\n\t");
	ranges_print(b, &prefixes, "\n\t"); /* commas may be left out, and no line may end with one */
	buf_str(b, "\n}\n\n"
		   "pass in quick proto tcp from <mxonly> to (self) port 25\n"
		   "block return in log quick proto tcp from any to (self) port 25\n");
	range_list_free(&prefixes);
	return result;
}

static const char *const programs[] = { "pfctl", NULL };

const struct target target_pf = {
	.name = "pf",
	.help = "a table and two rules for pf.conf (OpenBSD, FreeBSD): port 25 for the relays alone",
	.flags = TARGET_WHOLE_SERVER | TARGET_RANGES,
	.file = "mxonly.pf",
	.what = FIREWALL_REFUSES
	"The rules are `quick`: what stands behind them does not count for port 25, so put them\n"
	"before other rules about it. More than 200,000 ranges need `set limit table-entries`.\n"
	"On a firewall in front of the mail server: write its addresses in place of (self).",
	.load = "put it at /etc/mxonly.pf, and this into /etc/pf.conf, before the first `pass` or `block`:\n"
		"    include \"/etc/mxonly.pf\"\n"
		"pfctl -nf /etc/pf.conf     says whether all of it is well-formed\n"
		"pfctl -f /etc/pf.conf      replaces all rules, or none when one is faulty",
	.undo = "take the line out of /etc/pf.conf; pfctl -f /etc/pf.conf; pfctl -t mxonly -T kill",
	.check = "pfctl -t mxonly -T test ${relay4}     must say 1/1 addresses match\n"
		 "pfctl -t mxonly -T test ${relay6}     must say 1/1 addresses match\n"
		 "pfctl -t mxonly -T test ${foreign4}     must say 0/1 addresses match\n"
		 "pfctl -t mxonly -T test ${foreign6}     must say 0/1 addresses match\n" FIREWALL_CHECK,
	.write = write_pf,
	.programs = programs,
	.trial = "yes 'pfctl finds it well-formed' pfctl -nf mxonly.pf\n"
		 "cannot 'whom it lets in: pfctl tells only of rules in use'\n",
};
