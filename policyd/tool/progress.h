/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_PROGRESS_H
#define MXONLY_PROGRESS_H

/*
 * progress - how far a long reading is, on a terminal and nowhere else; and how it is interrupted
 *
 * Life:      progress_start -> progress_tell, progress_clear ... -> progress_end, before what was read is told
 * Tested by: t/live/tool_audit.t
 */

#include <stdbool.h>
#include <stdint.h>

#include "mail/source.h"

struct progress {
	const struct source_watch *watch;
	bool terminal; /* standard error is one */
	bool shown; /* the line stands there */
	int64_t next; /* milliseconds of the monotonic clock, before which it is not written again */
};

/* The first interrupt (SIGINT) stops what is watched; the second one ends the program. */
void progress_start(struct progress *p, struct source_watch *watch);

/* Some times a second: so many messages, so many bytes. */
void progress_tell(struct progress *p, uint64_t messages);

/* Before anything else is written to the terminal. */
void progress_clear(struct progress *p);

/* The reading is over, interrupted or not. */
void progress_end(struct progress *p);

#endif
