/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_DECISIONS_H
#define MXONLY_DECISIONS_H

/*
 * decisions - every decision of a worker is counted, some are timed, and they are logged as the configuration wants it
 *
 * Life:      decisions_desk gives the desk that a worker's dialogues ask -> decisions_serve with each snapshot
 *            -> decisions_begin before each round of dialogue_take
 * Memory:    a number for each relay of the snapshot; without memory for that they are all counted as RELAY_OTHER
 * Tested by: t/live/server_log.t, t/live/server_control.t
 */

#include "base/log.h"
#include "policy/dialogue.h"
#include "server/clock.h"
#include "server/counters.h"

enum { TIMED_ONE_OF = 61 /* a prime: clients that ask in bulk do not always have the same one timed */ };

struct decisions {
	struct counters *counters;
	struct slot *own;
	struct relay_counters *relay; /* own ones */
	unsigned workers; /* of the server */
	uint16_t *number; /* of each relay of the snapshot (relay_names.h) */
	unsigned untimed; /* decisions until the next that is timed */
	uint64_t began; /* 0: the decision at hand is not timed */
	struct blindness clients;
	char line[LOG_LINE]; /* of the log, the one at hand */
};

/* d must live as long as the desk. */
void decisions_desk(struct desk *desk, struct decisions *d);

/* The relays of the next decisions are those of s. */
void decisions_serve(struct decisions *d, const struct snapshot *s);

/* Bytes are there: from here to the first verdict is what is timed. */
static inline void decisions_begin(struct decisions *d)
{
	d->began = d->untimed == 0 ? clock_ns() : 0;
}

#endif
