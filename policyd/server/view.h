/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_VIEW_H
#define MXONLY_VIEW_H

/*
 * view - what a supervisor knows of its server, for those who print it: `mxonly ctl status`, `mxonly ctl stats`
 *
 * Memory:    points at what the supervisor owns; made anew for each answer
 * Tested by: t/unit/test_stats.c, t/live/server_control.t
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/fault.h"
#include "policy/snapshot.h"
#include "server/counters.h"
#include "server/listener.h"
#include "server/logger.h"
#include "server/supervisor_state.h"

struct view {
	const char *config;
	const struct snapshot *snapshot;
	const struct counters *counters;
	const struct supervisor_state *state;
	const struct listeners *listeners;
	const struct faults *faults; /* of the last load */
	int64_t now, began, served,
		loaded; /* seconds since 1970: now, the start, since when all serve it, the last load's end */
	int64_t clock; /* clock_ms() */
	enum logger_way way; /* where the log goes */
	pid_t pid, worker[SUPERVISOR_WORKERS]; /* 0: none */
};

/* Lines of "key: value", for people. */
void status_print(FILE *to, const struct view *v);

/* What is not well, a line each; false when nothing is. */
bool health_print(FILE *to, const struct view *v);

/* The text format of Prometheus, 0.0.4. */
void stats_print(FILE *to, const struct view *v);

#endif
