/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_AUDIT_H
#define MXONLY_AUDIT_H

/*
 * audit - mxonly audit: messages of mailboxes, judged by how their headers say they came
 *
 * audit.c the command line and the walk over the mailboxes, audit_put.c what is printed, audit_strangers.c what is
 * counted to guess what [audit] lacks
 *
 * Tested by: t/live/tool_audit.t
 */

#include "base/text.h"
#include "mail/finding.h"

enum { STRANGERS = 64, STRANGER_NAME = 256 };

/* Names or addresses, the first STRANGERS of them, counted. */
struct strangers {
	struct stranger {
		char name[STRANGER_NAME]; /* printable */
		unsigned long messages;
	} list[STRANGERS];
	size_t count;
};

extern const char audit_command[];

/* VERDICT, ADDRESS, RELAY, REASON, PATH; a tab between. */
void audit_put_line(const struct finding *f);

void audit_put_object(const struct finding *f);

void strangers_add(struct strangers *s, struct text host);

/* The one with the most messages; NULL: there is none. */
const struct stranger *strangers_most(const struct strangers *s);

#endif
