/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_TRUST_H
#define MXONLY_TRUST_H

/*
 * trust - which Received lines are believed: those of our own hosts; and which peers are ours: internal addresses
 *
 * A host that calls itself localhost, or by an internal address, is any host behind an internal peer: what it says of a peer
 * from outside counts only where `own` names it.
 *
 * Life:      trust_start -> trust_add_own ... -> questions -> trust_free; the snapshot must stay
 * Tested by: t/unit/test_chain.c
 */

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"
#include "net/ip.h"
#include "policy/snapshot.h"

struct trust {
	const struct snapshot *snapshot;
	struct snapshot *without_helo; /* a copy in which HELO counts as matching, for lines that do not tell it */
	char **own; /* normalised names */
	size_t own_count;
	struct buf internal; /* a range_set */
};

/* With what [audit] of the snapshot says. */
void trust_start(struct trust *t, const struct snapshot *s);

/* One more own host or domain; -1 when it is no domain, and why. */
int trust_add_own(struct trust *t, struct text host, struct err *e);

/* At or below a name of ours. */
bool trust_own(const struct trust *t, struct text host);

/* localhost, a name below it, an internal address. */
bool trust_local(const struct trust *t, struct text host);

/* Loopback, private, shared (RFC 6598), link-local, unique local, or of internal_networks. */
bool trust_internal(const struct trust *t, const struct ip *ip);

void trust_free(struct trust *t);

#endif
