/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/exim_acl.h"
#include "export/targets.h"

static int write_exim(struct export_job *x, struct err *e)
{
	static const struct exim_place place = { .folder = "/etc/exim4/mxonly/", .more_hosts = "" };

	return exim_acl_write(x, &place, e);
}

const struct target target_exim = {
	.name = "exim",
	.help = "statements for Exim's ACL of RCPT, with lists of domains and hosts",
	.flags = TARGET_RANGES | TARGET_FOLDER,
	.file = "mxonly",
	.what = "For each domain, by its own mode: mail that comes to port 25 neither from its relays nor from trusted "
		"hosts "
		"is\n"
		"refused (enforce), or logged as \"mxonly: direct delivery would be refused\" and let in (monitor).\n"
		"Clients that log in are let in where exempt_authenticated says so; ports 465 and 587 are left alone.\n"
		"$received_port must be 25 for clients from outside: a container or NAT that maps another port to it "
		"needs "
		"that\n"
		"number in acl. The files must be there and readable to Exim: without them mail is deferred.",
	.load = "mkdir -p /etc/exim4/mxonly && cp ${output}/* /etc/exim4/mxonly/     (elsewhere: change the paths in "
		"acl)\n"
		"the ACL that acl_smtp_rcpt names, as its first statement:  .include /etc/exim4/mxonly/acl\n"
		"Debian: CHECK_RCPT_LOCAL_ACL_FILE = /etc/exim4/mxonly/acl in /etc/exim4/conf.d/main/000_local (and "
		"update-exim4.conf);\n"
		"  there mail to postmaster is accepted before it\n"
		"exim -bV, then reload Exim; new lists of domains and hosts are read without that",
	.undo = "take the .include out of the ACL, and reload Exim",
	.check = "printf 'EHLO x\\r\\nMAIL FROM:<a@sender.test>\\r\\nRCPT TO:<u@YOUR.DOMAIN>\\r\\nQUIT\\r\\n' >ask\n"
		 "exim -bh ${relay4} -oMi 203.0.113.1.25 <ask     250 Accepted\n"
		 "exim -bh ${relay6} -oMi 203.0.113.1.25 <ask     250 Accepted\n"
		 "exim -bh ${foreign4} -oMi 203.0.113.1.25 <ask     550\n"
		 "exim -bh ${foreign6} -oMi 203.0.113.1.25 <ask     550\n"
		 "without -oMi there is no $received_port, and everything is accepted; exim -bV does not see a missing "
		 "file",
	.write = write_exim,
	.programs = exim_acl_programs,
	.trial = exim_acl_trial,
};
