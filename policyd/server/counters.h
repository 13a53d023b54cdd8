/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_COUNTERS_H
#define MXONLY_COUNTERS_H

/*
 * counters - what all processes of a server count, in memory that they share
 *
 * Life:      counters_new before any fork -> counters_add -> the mapping ends with the last process
 * Processes: a slot a worker, written by that worker alone and read by all, without locks; a worker that replaces another goes on
 *            in its slot, so that nothing ever goes down but `open`, which the supervisor clears (counters_clear_open)
 * Limits:    COUNTERS_WORKERS slots, and one more of the supervisor
 * Tested by: t/unit/test_counters.c
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "policy/terms.h"
#include "server/blindness.h"
#include "server/counter.h"
#include "server/relay_names.h"

enum { COUNTERS_WORKERS = 256, COUNTERS_SUPERVISOR = COUNTERS_WORKERS, COUNTERS_SLOTS };

/* Decision times: how many took at most so many nanoseconds (counters_bound), and in the last element how many took longer. */
enum { COUNTERS_TIMES = 14 };
extern const uint64_t counters_bound[COUNTERS_TIMES - 1];

/* Things that are said once in a while, by whichever process comes first. */
enum seldom { SELDOM_NO_RECIPIENT, SELDOM_CONTEXT, SELDOM_CONNECTIONS, SELDOM_DESCRIPTORS, SELDOM_BLIND, SELDOMS };

struct slot {
	_Alignas(64) counter open; /* connections now */
	counter connections; /* ever */
	counter decided[OUTCOMES][REASONS];
	counter malformed;
	counter timed_out; /* connections that were closed because a request did not end, or replies were not read */
	counter lines_dropped;
	counter restarts; /* of the worker: the supervisor's */
	counter took[COUNTERS_TIMES], took_sum; /* of the decisions that were timed; nanoseconds */
	struct blindness_slot clients;
};

struct relay_counters {
	counter permitted, near_misses;
};

struct counters {
	counter restarts, reloads_good, reloads_refused, generation; /* the supervisor's */
	counter lines_lost,
		lines_reported; /* the logger's: what it could not write; of all that were dropped, those it told of */
	_Atomic int64_t said[SELDOMS];
	struct relay_names names;
	struct slot slot[COUNTERS_SLOTS];
	struct relay_counters relay[COUNTERS_WORKERS][RELAY_NUMBERS]; /* memory only where somebody has counted */
};

/* The shared mapping, or NULL with errno. */
struct counters *counters_new(void);

/* A decision that was timed. */
void counters_time(struct slot *own, uint64_t nanoseconds);

/* Counts one more open connection, if the whole server then has at most max; never lets it have more. */
bool counters_open(struct counters *c, struct slot *own, unsigned workers, uint64_t max);
void counters_close(struct slot *own);

/* Of a worker that is dead. */
void counters_clear_open(struct slot *dead);

uint64_t counters_open_total(const struct counters *c, unsigned workers);
uint64_t counters_dropped_total(const struct counters *c);

/* true when it has not been said by any process for so many seconds: then it is to be said now. now_ms: clock_ms(). */
bool counters_seldom(struct counters *c, enum seldom what, int64_t now_ms, unsigned seconds);

#endif
