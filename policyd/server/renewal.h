/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_RENEWAL_H
#define MXONLY_RENEWAL_H

/*
 * renewal - the configuration is loaded anew, while the supervisor's loop goes on
 *
 * Life:      renewal_start with the faults of the first load -> renewal_begin -> done(), again and again
 * Memory:    keeps the faults and warnings of the last load, until the next one has ended
 * Tested by: t/live/server_reload.t, t/live/server_control.t
 */

#include <ev.h>
#include <stdint.h>

#include "base/fault.h"
#include "policy/load.h"
#include "policy/snapshot.h"

struct renewal {
	struct ev_loop *loop;
	const char *config;
	/* The load has ended; fd -1: nothing is to be served. fd and new are its own from now on. */
	void (*done)(void *context, int fd, const struct snapshot *new);
	void *context;
	struct faults faults;
	int64_t ended; /* seconds since 1970 */
	struct loading loading;
	ev_io io;
};

/* The first four fields are the caller's to fill in. Takes over the faults. */
void renewal_start(struct renewal *r, struct faults *faults);

/* -1: it cannot even begin, as the faults tell. */
int renewal_begin(struct renewal *r);
void renewal_cancel(struct renewal *r);

#endif
