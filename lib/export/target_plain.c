/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/targets.h"

static void add_lines(struct buf *b, const char *title, const struct range_list *l)
{
	if (l->count == 0)
		return;
	buf_format(b, "\n# %s\n", title);
	ranges_print(b, l, "\n");
	buf_str(b, "\n");
}

static int write_plain(struct export_job *x, struct err *e)
{
	struct buf *b = export_file(x, x->target->file, &comment_hash);

	if (x->plan->judged_relays.count == 0)
		return err_set(e, "every domain whose relays have a range is off: there is nothing to list");
	buf_str(b, "\n# loopback\n127.0.0.0/8\n::1\n");
	add_lines(b, "relays", &x->plan->judged_relays);
	add_lines(b, "trusted", &x->plan->trusted);
	return 0;
}

const struct target target_plain = {
	.name = "plain",
	.help = "the ranges of relays and trusted hosts, one a line, for whatever else reads such a list",
	.flags = TARGET_RANGES | TARGET_LIST,
	.file = "mxonly.ranges",
	.what = "Lists whom to let in, merged: prefixes, addresses, and pairs FIRST-LAST where no prefix fits.\n"
		"Relays that only domains with mode = off go through are not in it.",
	.load = "feed it to the program that is to know the relays, or, without trusted and loopback, to ranges_file "
		"in a mxonly.ini",
	.undo = "take it out again",
	.check = "ask that program for ${relay4}: it must be in\n"
		 "ask that program for ${relay6}: it must be in\n"
		 "ask that program for ${foreign4} and ${foreign6}: they must not be in",
	.write = write_plain,
};
