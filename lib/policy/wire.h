/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_WIRE_H
#define MXONLY_WIRE_H

/*
 * wire - the policy delegation protocol, read as it comes: split anywhere, pipelined, of any length
 *
 * Life:      {0} -> wire_read on the bytes of the current request, again with more of them until it is not WIRE_MORE;
 *            then the next request begins behind *used, and w is as new
 * Memory:    allocates nothing; keeps offsets, no bytes: the caller keeps the bytes of a request until it is whole, in one piece
 *            (wherever that piece lies at each call), except while wire_skipping
 * Limits:    WIRE_LINE bytes a line (without \r and \n), WIRE_REQUEST bytes a request; beyond them a request is read to its end
 *            without being kept, and is WIRE_TOO_LONG
 * Tested by: t/unit/test_wire.c, t/fuzz/fuzz_wire.c
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/request.h"

enum { WIRE_LINE = 8192, WIRE_REQUEST = 65536 };

enum wire_result {
	WIRE_MORE, /* the request is not whole yet */
	WIRE_WHOLE, /* rq holds it */
	WIRE_TOO_LONG, /* over a limit: to be answered with a deferral */
	WIRE_MALFORMED /* no reply, close: w->fault says why */
};

struct wire {
	uint8_t skipping; /* over a limit: only the end is looked for; wire.c knows the states */
	uint32_t seen; /* bytes of this request that were looked at */
	uint32_t line; /* where the line begins that is being read */
	uint32_t equals; /* what follows its first "="; 0: none was seen */
	const char *fault; /* WIRE_MALFORMED: our own words */
	uint32_t at[ATTR_COUNT]; /* where each value begins; 0: none came */
	uint16_t len[ATTR_COUNT];
};

/*
 * bytes: the current request's, from its first one on (skipping: only those not yet given). *used: how many belong to this
 * request, when it ended (WIRE_MALFORMED: how many were looked at). While wire_skipping after WIRE_MORE all n bytes were taken and need not be given again.
 */
enum wire_result wire_read(struct wire *w, const char *bytes, size_t n, size_t *used, struct request *rq);

static inline bool wire_skipping(const struct wire *w)
{
	return w->skipping != 0;
}

#endif
