/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_SUPERVISOR_PARTS_H
#define MXONLY_SUPERVISOR_PARTS_H

/* supervisor_parts - what the files of the supervisor share: supervisor.c (what happens), supervisor_act.c (what is done about it) */

#include <ev.h>

#include "server/control.h"
#include "server/crew.h"
#include "server/fixed.h"
#include "server/renewal.h"
#include "server/supervisor.h"

enum {
	/* One for each worker, which is not started again before its death was thought of, a load, and what happens from outside. */
	SUPERVISOR_PENDING = SUPERVISOR_WORKERS + 2,
	SUPERVISOR_SIGNALS = 4
};

struct supervisor {
	struct supervisor_start start;
	struct ev_loop *loop;
	struct supervisor_state state;
	struct supervisor_event pending[SUPERVISOR_PENDING]; /* a ring: what happened while actions were carried out */
	size_t pending_first, pending_count;
	struct crew crew;
	struct fixed fixed;
	struct log_sender log;
	struct renewal renewal;
	const struct snapshot *before; /* served until the newest came; held as long as a worker may have it; or NULL */
	struct control control;
	bool answers; /* a worker has served */
	bool settled; /* whoever manages services was told that it is as it should be */
	int64_t began, served; /* seconds since 1970: the start; since when all workers serve the newest */
	ev_timer timer, logger_timer;
	ev_signal signal[SUPERVISOR_SIGNALS];
	int status;
};

/* An event that comes of an action: thought of when all actions at hand have been carried out. */
void supervisor_raise(struct supervisor *s, struct supervisor_event event);

/* No worker has the snapshot before the newest any more, or another takes its place; or this is a child, which needs none. */
void supervisor_let_go(struct supervisor *s);

void supervisor_carry_out(struct supervisor *s, const struct supervisor_action *a);

/* A worker's channel is readable. */
void supervisor_on_message(struct ev_loop *loop, ev_io *io, int events);

#endif
