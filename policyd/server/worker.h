/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_WORKER_H
#define MXONLY_WORKER_H

/*
 * worker - a process that accepts clients and answers them
 *
 * Life:      forked by the supervisor -> worker_run -> the exit status; it accepts once it has its first snapshot
 * Processes: learns of a new snapshot, of the end and of the supervisor's death through its channel; SIGTERM and SIGINT end it as
 *            gracefully, SIGHUP it ignores
 * Tested by: t/live/server_stop.t, t/live/server_reload.t, t/live/server_crew.t
 */

#include "server/counters.h"
#include "server/listener.h"
#include "server/logger.h"

struct worker_place {
	unsigned number, workers; /* this one's, and how many there are */
	int channel;
	int log; /* where its log lines go */
	struct logger_ways ways;
	struct listeners *listeners;
	struct counters *counters;
};

/* Closes every descriptor that is not the worker's. 0 when it has left in peace. */
int worker_run(const struct worker_place *place);

#endif
