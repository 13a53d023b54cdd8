/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_SERVED_H
#define MXONLY_SERVED_H

/*
 * served - the domains that a Postfix receives mail for, as far as they can be told: names, files of names, tables
 *
 * Life:      served_read -> served_ask ... -> served_free
 * Memory:    owns its names
 * Tested by: t/live/check_postfix.t, t/live/tool_init.t
 */

#include "base/text.h"
#include "policy/name_table.h"
#include "postfix/postfix.h"

struct served_name {
	char *name; /* normalised */
	const char *param; /* that lists it: "relay_domains" */
};

struct served {
	const struct postfix *p;
	struct served_name *names; /* in the order of the parameters */
	size_t count;
	struct name_table index;
	struct text *tables; /* slices of the parameters */
	size_t table_count;
	bool parents; /* relay_domains holds what is below its names, too */
	bool unread; /* a file or a table could not be read: more may be received */
};

void served_read(struct served *r, const struct postfix *p);

/* Sets holds[i] for each of the names (normalised) that is received. */
void served_ask(struct served *r, const char *const *names, size_t count, bool *holds);

void served_free(struct served *r);

#endif
