/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_SUPERVISOR_H
#define MXONLY_SUPERVISOR_H

/*
 * supervisor - keeps the workers running and the configuration up to date; answers nobody itself
 *
 * Life:      supervisor_run, once everything that can go wrong at a start has gone well -> the exit status
 * Processes: one event loop; what to do about an event is decided in supervisor_state.h, done here
 * Tested by: t/unit/test_supervisor_state.c, t/live/server_*.t
 */

#include "base/fault.h"
#include "policy/snapshot.h"
#include "server/counters.h"
#include "server/listener.h"

struct supervisor_start {
	const char *config;
	bool own_listen, own_control; /* those of the configuration do not matter */
	bool detached; /* -D: nobody reads standard error */
	const char *pidfile; /* -p: removed at the end, by whoever made it; NULL: none */
	int fd; /* of the first snapshot; the supervisor's from now on, as are all that follow */
	const struct snapshot *snapshot;
	struct listeners *listeners, *control; /* control: one socket, or none */
	struct faults *faults; /* its warnings are logged */
	struct counters *counters;
	int notify; /* notify.h */
	void (*ready)(void *context); /* a worker serves, for the first time; NULL: nobody waits for that */
	void *context;
};

int supervisor_run(const struct supervisor_start *start);

#endif
