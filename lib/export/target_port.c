/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/targets.h"

static int write_port(struct export_job *x, struct err *e)
{
	struct buf *b = export_file(x, x->target->file, &comment_hash);
	char text[RANGE_TEXT];

	(void)e;
	for (size_t i = 0; i < x->plan->trusted.count; i++)
		export_note(x, "trusted: %s must deliver to the new port", range_print(&x->plan->trusted.at[i], text));
	buf_str(b, "\n"
		   "# In /etc/postfix/master.cf, in place of the line that begins with `smtp      inet`:\n"
		   "127.0.0.1:25   inet  n       -       n       -       -       smtpd\n"
		   "[::1]:25       inet  n       -       n       -       -       smtpd\n"
		   "2525           inet  n       -       n       -       -       smtpd\n");
	return 0;
}

static const char *const programs[] = { "postconf", NULL };

const struct target target_port = {
	.name = "port",
	.help = "lines for Postfix's master.cf: another port than 25, which only the relays are told of",
	.flags = TARGET_WHOLE_SERVER,
	.file = "mxonly-master.cf",
	.what = "Moves Postfix's SMTP server from port 25 to 2525; at port 25 only this host itself is\n"
		"answered, 465 and 587 are left alone. Take another number: 2525, 26 and 587 are tried too.\n"
		"A port is no lock: whoever scans this host finds it. Keep mxonlyd, which is asked whatever\n"
		"the port, or a firewall, whose rules must name the new one.\n"
		"Whoever else delivers to port 25 (trusted hosts, a backup MX) must be told the port too.",
	.load = "see that every relay service can deliver to another port (\"delivery port\", \"route\"), and\n"
		"    tell it the port: one that cannot would lose the mail\n"
		"open the new port in the firewall; SELinux: semanage port -a -t smtp_port_t -p tcp 2525\n"
		"put the lines in place (where the column chroot says y, keep it); postfix check; postfix reload\n"
		"Exim instead: daemon_smtp_ports = 2525 : 465 : 587; an ACL that asks for $received_port\n"
		"    must ask for the new one",
	.undo = "put the old line back; postfix reload; tell the services port 25",
	.check = "a test delivery by the service, from ${relay4}, must arrive\n"
		 "a test delivery by the service, from ${relay6}, must arrive\n"
		 "from a foreign host (as ${foreign4}, ${foreign6}): telnet to port 25 must say\n"
		 "    \"connection refused\", to 587 must connect",
	.write = write_port,
	.programs = programs,
	.trial = "cp mxonly-master.cf master.cf; : >main.cf\n"
		 "listens() { postconf -c . -M $1/inet | grep smtpd; }\n"
		 "for at in 2525 127.0.0.1:25 [::1]:25; do yes \"Postfix reads the line for $at\" listens $at; done\n"
		 "no 'Postfix listens on port 25 to nobody else' listens smtp\n"
		 "cannot 'whether the relay services can deliver to another port'\n",
};
