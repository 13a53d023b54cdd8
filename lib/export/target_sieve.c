/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Sieve at delivery: finds the Received line by which mail came in from outside, always written by an own server, takes the
 * address out of it that this server saw, and looks whether it is a relay's.
 */

#include "export/address_pattern.h"
#include "export/lanes.h"
#include "export/targets.h"

enum { STEPS = 4 };

/* A comparator of its own: Dovecot's string test would heed case. */
#define REGEX "string :comparator \"i;ascii-casemap\" :regex "

static const char steps[] =
	"\n"
	"# The topmost Received line is our own server's. Those by which it hands mail on inside (LMTP, a content "
	"filter on\n"
	"# loopback) are stepped over; what a sender can have written stands below the line that is looked at.\n"
	"set \"line\" \"\";\n"
	"if header :index 1 :matches \"Received\" \"*\" { set \"line\" \"${1}\"; }\n";

/* HELO cannot hold a space or a parenthesis in a line that Postfix, Exim or sendmail wrote. */
#define PEER "^from [^ ]+ \\\\(([^][ ()=]+ )?\\\\[(IPv6:)?"

static const char client[] =
	"\n"
	"# The client: \"from HELO (NAME [ADDRESS])\" (Postfix, sendmail, Exim), \"from [ADDRESS] (helo=HELO)\" "
	"(Exim).\n"
	"# Without one (mail of this host, other servers' lines) nothing is judged.\n"
	"set \"client\" \"\";\n"
	"if " REGEX "\"${line}\" \"" PEER "([0-9a-f.:]+)\\\\]\" { set \"client\" \"${3}\"; }\n"
	"elsif " REGEX "\"${line}\" \"^from \\\\[([0-9a-f.:]+)\\\\](:[0-9]+)? (\\\\(helo=|by )\" { set \"client\" "
	"\"${1}\"; }\n";

#define AUTHENTICATED "\"^from [^ \\\"]+ [^\\\"]* with (utf8)?e?smtps?a( |$)\""

static void add_steps(struct buf *b)
{
	buf_str(b, steps);
	for (int i = 2; i <= STEPS; i++)
		buf_format(b,
			"if allof (" REGEX "\"${line}\" [\"" PEER
			"(127\\\\.[0-9.]+|::1)\\\\]\", \"^from [^ ]+[[:space:]]+(\\\\([^()]*\\\\)[[:space:]]+)?by [^ "
			"]+ "
			"with LMTP\"],\n"
			"    not " REGEX "\"${line}\" " AUTHENTICATED ") {\n"
			"  if header :index %d :matches \"Received\" \"*\" { set \"line\" \"${1}\"; }\n}\n",
			i);
	buf_str(b, client);
}

static void set_policy(struct buf *b, const char *before, const struct plan_domain *d, int lane)
{
	buf_format(b, "%sif envelope :domain :matches \"to\" \"%s%.*s\" { set \"policy\" \"%d\"; }\n", before,
		d->name.at[0] == '.' ? "*" : "", (int)d->name.len, d->name.at, lane + 1);
}

/* The recipient's policy by his domain: "0" for off. */
static void add_policies(struct buf *b, const struct lanes *l)
{
	const char *before = "";

	buf_format(b, "\nset \"policy\" \"%d\";\n", lane_default(l) + 1);
	for (size_t i = 0; i < l->exact_count; i++, before = "els")
		set_policy(b, before, &l->exact[i], lane_of(l, &l->exact[i]));
	for (size_t i = 0; i < l->parent_count; i++, before = "els")
		set_policy(b, before, &l->parents[i], lane_of(l, &l->parents[i]));
}

static void add_exempt(struct buf *b, const struct lanes *l, const struct lane *lane)
{
	struct text delimiters = snap_text(l->plan->s, l->plan->s->policyd.recipient_delimiter);
	struct span list = lane->policy->exempt_recipients;

	for (uint32_t i = 0; i < list.count; i++) {
		struct text r = snap_item(l->plan->s, list, i);
		bool whole = memchr(r.at, '@', r.len) != NULL;
		if (!lane_plain_recipient(r))
			continue;
		buf_format(b, ",\n    not envelope %s \"to\" [\"%.*s\"", whole ? ":matches" : ":localpart :matches",
			(int)r.len, r.at);
		for (size_t k = 0; !whole && k < delimiters.len; k++)
			if (delimiters.at[k] != '"' && delimiters.at[k] != '\\' && delimiters.at[k] != '*' &&
				delimiters.at[k] != '?')
				buf_format(b, ", \"%.*s%c*\"", (int)r.len, r.at, delimiters.at[k]);
		buf_str(b, "]");
	}
}

static int add_lane(struct buf *b, const struct lanes *l, size_t i, struct err *e)
{
	const struct lane *lane = &l->at[i];
	struct range_list prefixes = { 0 };
	int result = ranges_split(&prefixes, &lane->allowed, 0, 0, e);

	buf_format(b, "\n# %s\nif allof (string :is \"${policy}\" \"%zu\", not string :is \"${client}\" \"\"",
		lane->titles.at, i + 1);
	if (lane->policy->exempt_authenticated)
		buf_str(b, ",\n    not " REGEX "\"${line}\" " AUTHENTICATED);
	add_exempt(b, l, lane);
	buf_str(b, ",\n    not " REGEX "\"${client}\" [\n");
	for (size_t k = 0; k < prefixes.count; k++) {
		char text[RANGE_TEXT];
		buf_str(b, "      \"^");
		address_pattern(b, &prefixes.at[k]);
		buf_format(b, "$\"%s # %s\n", k + 1 < prefixes.count ? "," : "", range_print(&prefixes.at[k], text));
	}
	buf_str(b, "    ]) {\n  fileinto :create \"Junk\";\n  stop;\n}\n");
	range_list_free(&prefixes);
	return result;
}

static bool exempts(const struct lanes *l)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->at[i].policy->exempt_recipients.count > 0)
			return true;
	return false;
}

static int write_sieve(struct export_job *x, struct err *e)
{
	struct buf *b = export_file(x, x->target->file, &comment_hash);
	struct lanes l;
	int result;

	if (lanes_make(&l, x, false, e) < 0)
		return -1;
	buf_format(b, "\nrequire [\"fileinto\", \"mailbox\", \"index\", \"variables\", \"regex\"%s];\n",
		l.domain_count > 0 || exempts(&l) ? ", \"envelope\"" : "");
	add_steps(b);
	add_policies(b, &l);
	result = lanes_enforced(&l, x, b, add_lane, e);
	lanes_free(&l);
	return result;
}

static const char *const programs[] = { "sievec", "sieve-test", NULL };

/* sieve-test works for root alone, who becomes another user for it. */
static const char trial[] =
	"nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'\n"
	"export HOME=$PWD\n"
	"chmod 777 .\n"
	"mail() {\n"
	"	case $1 in *:*) set \"IPv6:$1\" ;; esac\n"
	"	printf 'Received: from h.invalid (unknown [%s])\\n\\tby own.invalid (Postfix) with ESMTP id 1\\n' "
	"\"$1\"\n"
	"	printf 'Subject: trial\\n\\nText.\\n'\n"
	"}\n"
	"test_mail() { mail \"$1\" >message; $nobody sieve-test -C -r u@no-section.invalid mxonly.sieve message 2>&1; "
	"}\n"
	"stays() { test_mail \"$1\" >said && ! grep -q Junk said || { cat said; return 1; }; }\n"
	"goes() { test_mail \"$1\" >said && grep -q Junk said || { cat said; return 1; }; }\n"
	"yes 'sievec takes it' sievec mxonly.sieve\n"
	"cannot 'what Received lines your own servers write'\n"
	"$nobody true 2>/dev/null || { cannot 'what it does with mail: that takes root'; exit $bad; }\n"
	"for address in $relay4 $relay6 127.0.0.1 ::1; do\n"
	"	yes \"mail from $address, a relay's or this host's, stays\" stays $address\n"
	"done\n"
	"! grep -q '^set \"policy\" \"0\"' mxonly.sieve || { cannot 'foreign mail: [default] is off'; exit $bad; }\n"
	"for address in $foreign4 $foreign6; do\n"
	"	yes \"mail from $address, a stranger's, goes to Junk\" goes $address\n"
	"done\n";

const struct target target_sieve = {
	.name = "sieve",
	.help = "a Sieve script that sorts mail at delivery by the address that handed it in",
	.flags = TARGET_RANGES,
	.file = "mxonly.sieve",
	.what = "Moves mail to Junk that was handed to your server neither by a relay nor by a trusted host; for "
		"whoever "
		"cannot\n"
		"refuse it at the server, which is better. It reads the address that your own server wrote into the "
		"topmost\n"
		"Received line, not names, and nothing below: a sender cannot forge it. It needs the extensions regex, "
		"index\n"
		"and variables (Dovecot has them; regex may have to be put into sieve_extensions). If mail comes to "
		"your "
		"server\n"
		"through further hosts of yours, they must be in exempt_networks or --trusted, and their mail is not "
		"judged.",
	.load = "one user: put it first in his active script (ManageSieve, or ~/.dovecot.sieve), require lines at the "
		"top\n"
		"everybody: sieve_before = /etc/dovecot/sieve/${output} in the plugin section, then: sievec "
		"/etc/dovecot/sieve/${output}",
	.undo = "take it out of the script again",
	.check = "send yourself a message through the relay: it must stay in the inbox; and one from a foreign host "
		 "straight "
		 "to\n"
		 "your server's port 25: it must go to Junk; or put into the first Received line of a saved message, "
		 "by turns,\n"
		 "[${relay4}]     sieve-test ${output} MESSAGE: store message in folder INBOX\n"
		 "[IPv6:${relay6}]     the same\n"
		 "[${foreign4}]     store message in folder Junk\n"
		 "[IPv6:${foreign6}]     the same",
	.write = write_sieve,
	.programs = programs,
	.trial = trial,
};
