/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_SIDE_H
#define MXONLY_SIDE_H

/*
 * side - who answers a scenario: our own code in this process, a running mxonlyd, or the tool mxonly
 *
 * Life:      side_inside, side_live or side_tool -> serve, ask, ... -> end
 * Errors:    every function may return -1 with e: the test could not be made (no answer in time, a crash)
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "policy/action.h"

struct reply {
	struct buf bytes; /* what came on the wire */
	bool closed; /* the connection was closed on us */
	struct buf object; /* the JSON object of `mxonly query --json`; empty: this side has none */
};

struct side {
	const char *name;
	const char *folder; /* where the configurations lie */
	/*
	 * Has folder/name served from now on: 1 when it is, 0 when it was refused. refusal: the place of the fault that is
	 * expected ("x.ini:3:"), NULL: it should be served. said: what it said about it, lines as fault.h prints them.
	 */
	int (*serve)(struct side *, const char *name, const char *refusal, struct buf *said, struct err *);
	/* One whole request, one reply. */
	int (*ask)(struct side *, struct text request, struct reply *, struct err *);
	/* Bytes on a connection of their own: so many replies are expected, and then that it is closed, or that it is not. */
	int (*raw)(struct side *, struct text bytes, unsigned replies, bool closes, struct reply *, struct err *);
	/* 1 when folder/name is fit to serve, 0 when not; lines as above. NULL: not on this side. */
	int (*check)(struct side *, const char *name, struct buf *lines, struct err *);
	/* mxonly query -q key on what is served: 1 when found. NULL: not on this side. */
	int (*query)(struct side *, const char *key, struct buf *value, struct err *);
	void (*end)(struct side *);
	void *own;
};

void side_inside(struct side *s, const char *folder);
void side_live(struct side *s, const char *folder, const char *program);
void side_tool(struct side *s, const char *folder, const char *program);

void reply_free(struct reply *r);

/* Copies folder/from to folder/to, with more behind it. */
int side_copy(const struct side *s, const char *from, const char *to, struct text more, struct err *e);

#endif
