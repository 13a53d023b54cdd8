/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/postfix_trial.h"
#include "export/targets.h"

static int write_postscreen(struct export_job *x, struct err *e)
{
	struct buf *b = export_file(x, x->target->file, &comment_hash);
	struct range_list prefixes = { 0 };
	char text[RANGE_TEXT];
	int result = ranges_split(&prefixes, &x->plan->allowed, 0, 0, e);

	for (size_t i = 0; i < prefixes.count && result == 0; i++)
		buf_format(b, "%s\tpermit\n", range_print(&prefixes.at[i], text));
	buf_str(b, "0.0.0.0/0\treject\n::/0\treject\n");
	range_list_free(&prefixes);
	return result;
}

static const char *const programs[] = { "postmap", NULL };

static const char trial[] = POSTFIX_TRIAL
	"says() { found=$(postmap -c nothing -q \"$1\" cidr:mxonly-postscreen.cidr 2>&1); [ \"$found\" = \"$2\" ] || { "
	"echo \"$found\"; "
	"return 1; }; }\n"
	"for address in $relay4 $relay6; do yes \"$address, a relay's, is let in\" says $address permit; done\n"
	"for address in 127.0.0.1 ::1; do yes \"$address, this host, is let in\" says $address permit; done\n"
	"for address in $foreign4 $foreign6; do yes \"$address, a stranger's, is refused\" says $address reject; done\n"
	"cannot 'whether master.cf has postscreen in front of port 25'\n";

const struct target target_postscreen = {
	.name = "postscreen",
	.help = "a cidr table for Postfix's postscreen: port 25 for the relays alone",
	.flags = TARGET_WHOLE_SERVER | TARGET_RANGES,
	.file = "mxonly-postscreen.cidr",
	.what = "Refuses (550 at RCPT TO) whoever connects to port 25 but the relays, trusted hosts and this host "
		"itself, over\n"
		"IPv4 and IPv6, before an smtpd process is taken. postscreen sees port 25 alone: 465 and 587 are left "
		"alone.\n"
		"It knows no recipients, and no words of its own but postscreen_reject_footer.",
	.load = "cp ${output} /etc/postfix/mxonly-postscreen.cidr\n"
		"main.cf:\n"
		"  postscreen_access_list = permit_mynetworks, cidr:/etc/postfix/mxonly-postscreen.cidr\n"
		"  postscreen_denylist_action = enforce         (before Postfix 3.6: postscreen_blacklist_action)\n"
		"master.cf: smtp inet ... postscreen, smtpd pass ... smtpd (postscreen(8) has the lines)\n"
		"postfix check && postfix reload",
	.undo = "take the line out of postscreen_access_list, then: postfix reload",
	.check = "postmap -q ${relay4} cidr:/etc/postfix/mxonly-postscreen.cidr     permit, nothing on standard error\n"
		 "postmap -q ${relay6} cidr:/etc/postfix/mxonly-postscreen.cidr     permit\n"
		 "postmap -q ${foreign4} cidr:/etc/postfix/mxonly-postscreen.cidr     reject\n"
		 "postmap -q ${foreign6} cidr:/etc/postfix/mxonly-postscreen.cidr     reject\n"
		 "and in the log: ALLOWLISTED for the relays, DENYLISTED for all others",
	.write = write_postscreen,
	.programs = programs,
	.trial = trial,
};
