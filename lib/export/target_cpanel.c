/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/exim_acl.h"
#include "export/targets.h"

static int write_cpanel(struct export_job *x, struct err *e)
{
	static const struct exim_place place = { .folder = "/etc/mxonly/",
		.more_hosts = " ; +loopback ; +relay_hosts" };
	struct range_list prefixes = { 0 };

	if (exim_acl_write(x, &place, e) < 0)
		return -1;
	struct buf *b = export_file(x, "skipsmtpcheckhosts", &comment_hash_brief);
	int result = ranges_split(&prefixes, &x->plan->judged_relays, 0, 0, e);
	ranges_print(b, &prefixes, "\n");
	buf_str(b, "\n");
	range_list_free(&prefixes);
	return result;
}

const struct target target_cpanel = {
	.name = "cpanel",
	.help = "the same for cPanel/WHM, to be pasted in its Exim Configuration Manager",
	.flags = TARGET_RANGES | TARGET_FOLDER,
	.file = "mxonly",
	.what = "For each domain, by its own mode: mail that comes to port 25 neither from its relays nor from trusted "
		"hosts "
		"is\n"
		"refused (enforce), or logged as \"mxonly: direct delivery would be refused\" and let in (monitor).\n"
		"Ports 465 and 587, clients that log in and relay_hosts are left alone.\n"
		"Tried with Exim 4.96; not on a cPanel server, whose own Exim configuration is not public.",
	.load = "as root: mkdir -p /etc/mxonly && cp ${output}/domains ${output}/hosts-* /etc/mxonly/\n"
		"WHM > Service Configuration > Exim Configuration Manager > Advanced Editor: paste acl, from BEGIN to "
		"END, into\n"
		"  custom_begin_recp_verify (the end of the RCPT checks), and save: WHM rebuilds and restarts Exim\n"
		"WHM > Exim Configuration Manager > Basic Editor > Access Lists > \"Trusted SMTP IP addresses\": add "
		"the lines of\n"
		"  skipsmtpcheckhosts, or SPF and blocklist checks will refuse what the relays hand on",
	.undo = "take the lines from BEGIN to END out of custom_begin_recp_verify again, and save",
	.check = "printf 'EHLO x\\r\\nMAIL FROM:<a@sender.test>\\r\\nRCPT TO:<u@YOUR.DOMAIN>\\r\\nQUIT\\r\\n' >ask\n"
		 "exim -bh ${relay4} -oMi 203.0.113.1.25 <ask     250 Accepted\n"
		 "exim -bh ${relay6} -oMi 203.0.113.1.25 <ask     250 Accepted\n"
		 "exim -bh ${foreign4} -oMi 203.0.113.1.25 <ask     550\n"
		 "exim -bh ${foreign6} -oMi 203.0.113.1.25 <ask     550\n"
		 "without -oMi there is no $received_port, and everything is accepted",
	.write = write_cpanel,
	.programs = exim_acl_programs,
	.trial = exim_acl_trial,
};
