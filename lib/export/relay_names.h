/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_RELAY_NAMES_H
#define MXONLY_RELAY_NAMES_H

/*
 * relay_names - for filters of mail programs, which see names in a message and nothing else
 *
 * Life:      relay_names_make -> a target reads it -> relay_names_free; names are the snapshot's
 * Errors:    -1 where a relay has no names (its mail would be taken for direct delivery), or no domain is in mode enforce
 * Tested by: t/live/export_filters.t
 */

#include "export/export.h"

struct relay_names {
	struct text *at; /* domains of all relays in use, each once */
	size_t count;
};

/* For headers. */
#define RELAY_NAMES_OWN_MAIL                                                                              \
	"What users of the same server send each other passes no relay either: it is taken for direct,\n" \
	"and so is what has no Received line at all."

/* What stands before the name of a relay's host in a Received line: a label of it, "from", the parenthesis of the verified name. */
enum { RELAY_NAME_SIGNS = 3 };
extern const char *const relay_name_sign[RELAY_NAME_SIGNS];

/* Tells, in the header, the domains for whose mailboxes the filter is not meant. */
int relay_names_make(struct relay_names *n, struct export_job *x, struct err *e);

/* Warns of each trusted range: no name tells it. */
void relay_names_leave_out(struct export_job *x);
void relay_names_free(struct relay_names *n);

#endif
