/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_SUPERVISOR_STATE_H
#define MXONLY_SUPERVISOR_STATE_H

/*
 * supervisor_state - what a supervisor thinks: events in, actions out; no input, no output, no clock
 *
 * Life:      supervisor_begin -> supervisor_event for whatever happens, its actions carried out in their order -> ACT_EXIT
 * Limits:    SUPERVISOR_WORKERS workers, numbered from 0
 * Tested by: t/unit/test_supervisor_state.c
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SUPERVISOR_WORKERS = 256,
	SUPERVISOR_ASKERS = 16, /* who wait for their reload */
	SUPERVISOR_ACTIONS = 2 * (SUPERVISOR_WORKERS + SUPERVISOR_ASKERS) + 8,
	/* milliseconds */
	WORKER_YOUNG = 1000, /* who dies before has died at once */
	RESTART_FIRST = 100, /* the pause after the second death in a row; it doubles ... */
	RESTART_LONGEST = 10000,
	STOP_PATIENCE = 5000, /* workers that have not left by then are killed */
	KILL_PATIENCE = 10000, /* whose end is not seen by then is left behind */
	WORKER_LAST_TRY = 8 /* deaths in a row, of every worker: it will not work */
};

enum supervisor_event_kind {
	EVENT_ACKED, /* worker, generation: it serves that one */
	EVENT_DIED, /* worker: it has gone, or could not be started */
	EVENT_RELOAD_ASKED, /* nobody waits for it */
	EVENT_RELOAD_AWAITED, /* asker: waits for what becomes of it */
	EVENT_ASKER_GONE, /* asker: does not wait any more */
	EVENT_LOADED, /* a new snapshot is there */
	EVENT_LOAD_FAULTY, /* there is none */
	EVENT_STOP_ASKED,
	EVENT_TIMER /* as armed by ACT_TIMER */
};

struct supervisor_event {
	enum supervisor_event_kind kind;
	unsigned worker, asker;
	uint32_t generation;
};

enum supervisor_action_kind {
	ACT_SPAWN, /* worker */
	ACT_SEND, /* worker: the newest snapshot */
	ACT_LOAD, /* begin to load the configuration */
	ACT_CANCEL_LOAD,
	ACT_ALL_SERVE, /* every worker serves generation, or a later one */
	ACT_STILL_SERVES, /* the load was faulty: generation stays */
	ACT_TELL, /* asker: what was found in the load that has just ended */
	ACT_ANSWER, /* asker: it is over. status 0: generation is served; 2: it stays; 1: nothing came of it */
	ACT_GIVE_UP, /* workers die at once, all of them, again and again: to be said loudly */
	ACT_STOP_WORKERS, /* remove the sockets, ask the workers to leave */
	ACT_KILL_WORKERS,
	ACT_LEAVE_BEHIND, /* workers that do not even die: to be said */
	ACT_TIMER, /* EVENT_TIMER at this time, in place of the time armed before */
	ACT_EXIT /* status */
};

struct supervisor_action {
	enum supervisor_action_kind kind;
	unsigned worker, asker;
	uint32_t generation;
	int status;
	int64_t at; /* milliseconds, of the same clock as the events' */
};

struct supervisor_actions {
	struct supervisor_action at[SUPERVISOR_ACTIONS];
	size_t count;
};

struct supervisor_worker {
	enum worker_life { WORKER_ABSENT, WORKER_STARTING, WORKER_SERVING } life;
	uint32_t generation; /* the last that it acknowledged */
	unsigned deaths; /* in a row, each at once */
	int64_t started;
	int64_t restart; /* absent: when to start it again */
};

/* An asker waits for a load that began after it asked, then for all workers to serve what came of it. */
struct supervisor_asker {
	enum asker_wait { ASKER_NONE, ASKER_LOAD, ASKER_WORKERS } waits;
	uint32_t number; /* of the load; the generation */
};

struct supervisor_state {
	unsigned workers;
	struct supervisor_worker worker[SUPERVISOR_WORKERS];
	struct supervisor_asker asker[SUPERVISOR_ASKERS];
	uint32_t generation; /* the newest */
	uint32_t announced; /* the last that all workers were seen to serve */
	uint32_t loads; /* begun */
	bool loading, reload_again;
	bool stopping, killed;
	int status;
	int64_t armed; /* when the timer is due; INT64_MAX: not armed */
};

/* Generation 1 is there already. */
void supervisor_begin(struct supervisor_state *s, unsigned workers, int64_t now, struct supervisor_actions *out);

/* Sets out to what is to be done. */
void supervisor_event(
	struct supervisor_state *s, const struct supervisor_event *event, int64_t now, struct supervisor_actions *out);

/* All that was asked for has come of it: nothing is loaded, and every worker has served the newest generation. */
bool supervisor_settled(const struct supervisor_state *s);

#endif
