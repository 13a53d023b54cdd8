/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/relay_names.h"
#include "export/targets.h"

static void add_condition(struct buf *b, const char *sign, struct text name, bool *first)
{
	bool quoted = *sign != '.'; /* a value that begins with a space or holds a parenthesis */

	buf_format(b, "%s (\\\"received\\\",doesn't contain,%s%s%.*s%s)", *first ? "" : " AND", quoted ? "\\\"" : "",
		sign, (int)name.len, name.at, quoted ? "\\\"" : "");
	*first = false;
}

static int write_thunderbird(struct export_job *x, struct err *e)
{
	struct buf *b;
	struct relay_names names;
	bool first = true;

	if (relay_names_make(&names, x, e) < 0)
		return -1;
	relay_names_leave_out(x);
	b = export_file(x, "msgFilterRules.dat", NULL);
	buf_format(b,
		"version=\"9\"\nlogging=\"no\"\nname=\"mxonly: direct delivery\"\nenabled=\"yes\"\n"
		"description=\"mxonly export thunderbird, digest %s, %s: README.mxonly has the rest\"\n"
		"type=\"17\"\naction=\"AddTag\"\nactionValue=\"$label1\"\naction=\"JunkScore\"\nactionValue=\"100\"\n"
		"condition=\"AND",
		x->plan->digest, x->plan->date);
	for (size_t i = 0; i < names.count; i++)
		for (size_t k = 0; k < RELAY_NAME_SIGNS; k++)
			add_condition(b, relay_name_sign[k], names.at[i], &first);
	buf_str(b, "\"\n");
	relay_names_free(&names);
	return 0;
}

const struct target target_thunderbird = {
	.name = "thunderbird",
	.help = "a message filter for Thunderbird: FORGEABLE, a last resort",
	.flags = TARGET_FOLDER,
	.file = "mxonly-thunderbird",
	.what = "Tags mail as important (label 1) and as junk in which no Received line names a relay's host.\n"
		"FORGEABLE: a sender who writes such a line himself, or such a name into his HELO (mx.relay.example,\n"
		"relay.example.evil.test), passes: Thunderbird's filters look at all lines and know no addresses.\n"
		"Use it only where the server cannot do it, and on every mail program anew.\n" RELAY_NAMES_OWN_MAIL,
	.load = "close Thunderbird; in its profile folder, below ImapMail/SERVER/ or Mail/SERVER/:\n"
		"cp ${output}/msgFilterRules.dat there; where one is there already, append its lines from name= on\n"
		"Settings > Config Editor: mailnews.customHeaders = Received, to see and change it in Message Filters",
	.undo = "Tools > Message Filters: delete \"mxonly: direct delivery\"",
	.check = "Tools > Message Filters > Run Now, on a folder with one message from each of\n"
		 "${relay4}     (the relay): must not be tagged\n"
		 "${relay6}     (the relay): must not be tagged\n"
		 "${foreign4} and ${foreign6}     (anybody else): must be tagged; unless he forged a line",
	.write = write_thunderbird,
};
