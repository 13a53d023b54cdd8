/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_RELAY_NAMES_H
#define MXONLY_RELAY_NAMES_H

/*
 * relay_names - a number for each relay that a server ever had, the same across all reloads
 *
 * Life:      zeroed shared memory -> relay_names_add by the supervisor, with each snapshot, before any worker gets it -> look-ups
 * Processes: only the supervisor writes, and only adds; a worker may look up meanwhile. A worker that somebody has got hold of can
 *            write too: whatever stands there, a look-up ends and stays within the table
 * Limits:    RELAYS_NAMED names; all further ones share the number RELAY_OTHER
 * Tested by: t/unit/test_relay_names.c
 */

#include <stdatomic.h>
#include <stdint.h>

#include "base/text.h"

enum {
	RELAYS_NAMED = 1024,
	RELAY_OTHER = RELAYS_NAMED,
	RELAY_NUMBERS,
	RELAY_NAME = 64,
	RELAY_PLACES = 2 * RELAYS_NAMED
};

struct relay_names {
	_Atomic uint32_t count;
	_Atomic uint16_t place[RELAY_PLACES]; /* a name's number + 1, where its hash says or behind; 0: free */
	char name[RELAYS_NAMED][RELAY_NAME + 1];
};

void relay_names_add(struct relay_names *names, struct text name);

/* Of a number below RELAYS_NAMED. */
struct text relay_names_at(const struct relay_names *names, unsigned number);

/* RELAY_OTHER when it has none of its own. */
unsigned relay_names_find(const struct relay_names *names, struct text name);

#endif
