/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * An Exim filter, of a user: Exim itself knows the address that it got the mail from. Only where it does not (mail that another
 * program handed in) the topmost Received line is read.
 */

#include "export/lanes.h"
#include "export/targets.h"

static const struct comment comment_filter = {
	.first = "# Exim filter   <<== do not edit or remove this line!\n", .open = "", .line = "# ", .close = ""
};

/* HELO cannot hold a space or a parenthesis in a line that Postfix, Exim or sendmail wrote. */
static const char peer[] = "\\N(?i)^from (?|\\S+ \\((?:[^][ ()=]+ )?\\[(?:IPv6:)?([0-9a-f.:]+)\\]|"
			   "\\[([0-9a-f.:]+)\\](?::\\d+)? (?:\\(helo=|by ))\\N";
static const char authenticated[] = "\\N(?i)^from [^ \"]+ (?:[^\"\\n]|\\n[ \\t])*?\\swith (?:utf8)?e?smtps?a\\s\\N";

static void add_domain(struct buf *b, const struct plan_domain *d, bool in)
{
	buf_format(b, "%s%s%.*s ; ", in ? "" : "!", d->name.at[0] == '.' ? "*" : "", (int)d->name.len, d->name.at);
}

/* "EXPANSION" is "value", a string of the filter's: backslashes and quotes in it are escaped. */
static void add_condition(struct buf *b, const struct buf *expansion, const char *value)
{
	buf_str(b, "  ");
	buf_quote(b, QUOTE_BACKSLASH, text_cut(expansion->at, expansion->len));
	buf_format(b, " is \"%s\"", value);
}

/* The domains of a lane as a list of Exim's, of which the first item that fits counts. */
static void add_domains(struct buf *b, const struct lanes *l, int lane)
{
	struct buf list = { 0 };

	if (l->domain_count == 0)
		return;
	buf_str(&list, "${if match_domain {$domain}{<; ");
	for (size_t i = 0; i < l->exact_count; i++)
		add_domain(&list, &l->exact[i], lane_of(l, &l->exact[i]) == lane);
	for (size_t i = 0; i < l->parent_count; i++)
		add_domain(&list, &l->parents[i], lane_of(l, &l->parents[i]) == lane);
	buf_format(&list, "%s}{yes}{no}}", lane_default(l) == lane ? "*" : "!*");
	add_condition(b, &list, "yes");
	buf_str(b, " and\n");
	buf_free(&list);
}

/* Nobody logged in: by what Exim itself knows, else by its Received line. */
static void add_authenticated(struct buf *b)
{
	struct buf who = { 0 };

	buf_format(&who,
		"${if def:sender_host_address {$sender_host_authenticated}{${if match {$h_received:}{%s}{yes}{}}}}",
		authenticated);
	add_condition(b, &who, "");
	buf_str(b, " and\n");
	buf_free(&who);
}

static void add_addresses(struct buf *b, const struct range_list *prefixes)
{
	struct buf where = { 0 };

	buf_format(&where,
		"${if match_ip {${if def:sender_host_address {$sender_host_address}{${if match "
		"{$h_received:}{%s}{$1}{127.0.0.1}}}}}{<; ",
		peer);
	ranges_print(&where, prefixes, " ; ");
	buf_str(&where, "}{in}{out}}");
	add_condition(b, &where, "out");
	buf_free(&where);
}

static void add_exempt(struct buf *b, const struct lanes *l, const struct lane *lane)
{
	struct span list = lane->policy->exempt_recipients;

	for (uint32_t i = 0; i < list.count; i++) {
		struct text r = snap_item(l->plan->s, list, i);
		if (lane_plain_recipient(r))
			buf_format(b, "  \"%s\" is not \"%.*s\" and\n",
				memchr(r.at, '@', r.len) ? "$local_part@$domain" : "$local_part", (int)r.len, r.at);
	}
}

static int add_lane(struct buf *b, const struct lanes *l, size_t i, struct err *e)
{
	const struct lane *lane = &l->at[i];
	struct range_list prefixes = { 0 };
	int result = ranges_split(&prefixes, &lane->allowed, 0, 0, e);

	buf_format(b, "\n# %s\nif\n", lane->titles.at);
	add_domains(b, l, (int)i);
	add_exempt(b, l, lane);
	if (lane->policy->exempt_authenticated)
		add_authenticated(b);
	add_addresses(b, &prefixes);
	buf_str(b, "\nthen\n  save \"$home/mail/junk\"\n  finish\nendif\n");
	range_list_free(&prefixes);
	return result;
}

static int write_exim_filter(struct export_job *x, struct err *e)
{
	struct buf *b = export_file(x, x->target->file, &comment_filter);
	struct lanes l;
	int result;

	if (lanes_make(&l, x, false, e) < 0)
		return -1;
	buf_str(b, "\nif not first_delivery and error_message then finish endif\n");
	result = lanes_enforced(&l, x, b, add_lane, e);
	lanes_free(&l);
	return result;
}

static const char *const programs[] = { "exim", NULL };

static const char trial[] =
	"mkdir -p spool && chmod 777 . spool\n"
	"printf 'primary_hostname = no-section.invalid\\nspool_directory = %s\\nlog_file_path = "
	"%s/%%slog\\nkeep_environment "
	"=\\nqualify_domain = no-section.invalid\\n' \"$PWD/spool\" \"$PWD/spool\" >exim.conf\n"
	"mail() { printf 'From a@sender.invalid Sun Nov 22 00:00:00 2026\\nReceived: from h.invalid (unknown "
	"[%s])\\n\\tby "
	"own.invalid (Postfix) with ESMTP id 1;\\n\\tSun, 22 Nov 2026 00:00:00 +0000\\nSubject: trial\\n\\nText.\\n' "
	"\"$1\" "
	">mail; }\n"
	"test_mail() { case $1 in *:*) mail \"IPv6:$1\" ;; *) mail \"$1\" ;; esac; exim -C \"$PWD/exim.conf\" -bf "
	"mxonly.filter "
	"<mail >said 2>&1; }\n"
	"stays() { test_mail \"$1\" && ! grep -q 'Save message' said || { cat said; return 1; }; }\n"
	"goes() { test_mail \"$1\" && grep -q 'Save message' said || { cat said; return 1; }; }\n"
	"for address in $relay4 $relay6 127.0.0.1 ::1; do yes \"mail from $address, a relay's or this host's, stays\" "
	"stays "
	"$address; done\n"
	"if grep -q match_domain mxonly.filter && ! grep -qF '; *}' mxonly.filter; then\n"
	"	cannot 'foreign mail: [default] is off or only monitors'\n"
	"else\n"
	"	for address in $foreign4 $foreign6; do\n"
	"		yes \"mail from $address, a stranger's, is saved apart\" goes $address\n"
	"	done\n"
	"fi\n";

const struct target target_exim_filter = {
	.name = "exim-filter",
	.help = "an Exim filter for one user, as on shared hosting: sorts by the address that handed mail in",
	.flags = TARGET_RANGES,
	.file = "mxonly.filter",
	.what = "Saves mail apart that was handed to your server neither by a relay nor by a trusted host; for whoever "
		"cannot\n"
		"change Exim's ACL, which is better. It judges by the address that Exim itself saw, or, of mail that "
		"another\n"
		"program handed in, by that in the topmost Received line, and nothing below: a sender cannot forge "
		"it.\n"
		"If mail comes to this server through further hosts of yours, they must be in exempt_networks or "
		"--trusted.",
	.load = "put it into ~/.forward (cPanel: the account's filter file), the line \"# Exim filter\" first; "
		"\"junk\" is a mailbox\n"
		"below ~/mail: change it as your folders are called, with a slash at its end for a Maildir",
	.undo = "take it out of the file again",
	.check = "exim -bf ${output} -oMa ${relay4} <MESSAGE     no \"Save message\" (as root, or one that Exim "
		 "trusts)\n"
		 "exim -bf ${output} -oMa ${relay6} <MESSAGE     the same\n"
		 "exim -bf ${output} -oMa ${foreign4} <MESSAGE     Save message to: .../junk\n"
		 "exim -bf ${output} -oMa ${foreign6} <MESSAGE     the same",
	.write = write_exim_filter,
	.programs = programs,
	.trial = trial,
};
