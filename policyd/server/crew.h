/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_CREW_H
#define MXONLY_CREW_H

/*
 * crew - the processes that a supervisor starts, and its channels to them
 *
 * Life:      crew_spawn -> crew_send, crew_signal -> crew_reap, again and again
 * Errors:    -1 with errno when a process cannot be started
 * Processes: a child's channel ends in that child alone, so that the supervisor's death is seen by every worker
 * Tested by: t/live/server_crew.t, t/live/fault_processes.t
 */

#include <ev.h>
#include <sys/types.h>

#include "server/channel.h"
#include "server/logger.h"
#include "server/supervisor_state.h"
#include "server/worker.h"

struct member {
	pid_t pid; /* 0: none */
	int channel;
	ev_io io; /* on the channel; its data and callback are the supervisor's */
};

struct crew {
	struct ev_loop *loop;
	struct listeners *listeners;
	struct counters *counters;
	struct log_queue log;
	unsigned workers;
	struct logger_ways ways;
	void (*forked)(void *context); /* in a child: lets go of what is the supervisor's alone */
	void *context;
	struct member worker[SUPERVISOR_WORKERS];
	pid_t logger; /* 0: none */
};

/* How many workers, for `workers` as configured; 0: auto. */
unsigned crew_size(unsigned configured);

/* on_message: called with the member's io when its channel is readable. */
int crew_spawn(struct crew *c, unsigned n, void (*on_message)(struct ev_loop *, ev_io *, int));

/* A worker that cannot even be told is killed, and replaced. */
void crew_send(struct crew *c, unsigned n, const struct message *m, int fd);

void crew_signal(const struct crew *c, int signal);

/* The number of a worker that has died, and *status; -1 when there is none. */
int crew_reap(struct crew *c, int *status);

/* The logger: started; looked after (true: it has died); waited for at the end. */
int crew_spawn_logger(struct crew *c);
bool crew_logger_died(struct crew *c);
void crew_end_logger(struct crew *c);

#endif
