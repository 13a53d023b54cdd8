/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_BLINDNESS_H
#define MXONLY_BLINDNESS_H

/*
 * blindness - do nearly all clients seem to have one address, and one that nobody on the Internet has?
 *
 * Then a container network, or a proxy without the PROXY protocol, hides them from Postfix, and nothing can be told apart by
 * address. Counted is every request of a client that has not authenticated; it is so when BLIND_PERCENT of them, and at least
 * BLIND_LEAST, in this hour and the one before, had the same private, shared, link-local or loopback address and did not come
 * through a relay, for a relay may well have one.
 *
 * Life:      {0} with `own` -> blindness_count for each request, and when it says so blindness_look; anybody: blindness_found
 * Memory:    one address a worker; its counters lie in the worker's slot (counters.h)
 * Processes: a slot is written by its worker alone; who reads it may meet an address of this moment with counts of the one before
 * Tested by: t/unit/test_blindness.c, t/live/fault_blindness.t
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "net/ip.h"
#include "server/counter.h"

enum {
	BLIND_LEAST = 100,
	BLIND_PERCENT = 95,
	BLIND_LOOK = 16 /* every so many requests a look is taken */,
	BLIND_VOTES = 256
};

struct counters;

/* [0]: in the hour that began at `began`, by clock_ms(); [1]: in the one before. */
struct blindness_slot {
	counter seen[2], same[2]; /* requests; those of them from the address below */
	counter high, low; /* as in struct ip; 0: an address of the Internet */
	_Atomic int64_t began;
};

struct blindness {
	struct blindness_slot *own;
	int votes; /* for the address below, less those against it (Boyer and Moore); at a look at most BLIND_VOTES */
	size_t len;
	char at[IP_TEXT];
};

struct blindness_finding {
	struct ip address;
	uint64_t seen, same;
};

/* true: time to take a look. */
static inline bool blindness_count(struct blindness *b, struct text address, bool through_relay)
{
	uint64_t before = atomic_load_explicit(&b->own->seen[0], memory_order_relaxed);

	counters_add(&b->own->seen[0], 1);
	if (!through_relay && text_equal(address, text_cut(b->at, b->len))) {
		counters_add(&b->own->same[0], 1);
		b->votes++;
	} else {
		b->votes--;
	}
	return before % BLIND_LOOK == 0;
}

/* An address that has lost its majority makes way for this one; true when nearly all requests of this worker had the same. */
bool blindness_look(struct blindness *b, struct text address, int64_t now_ms);

/* Whether it is so in the whole server. */
bool blindness_found(const struct counters *c, unsigned workers, int64_t now_ms, struct blindness_finding *f);

#endif
