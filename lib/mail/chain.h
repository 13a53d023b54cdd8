/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_CHAIN_H
#define MXONLY_CHAIN_H

/*
 * chain - the Received lines of a message, walked from the top: which of them tells who delivered it, and what decide says of that
 *
 * The topmost line was written by the host that the message lies on. As long as the peers of lines are internal, the next line
 * was written by a host of ours too. The first external peer decides. Nothing below it is looked at, for the peer could have
 * written all of it; only a direct message's mark "forged" comes from there. A line that the peer may have written itself, for
 * a server of ours lets it, is believed when it makes the message a direct one, else nothing can be told. A message for several
 * recipients (Envelope-to) is what it is for the worst of them.
 *
 * Life:      chain_judge, any number of times; what a finding tells is valid until the next one, and as long as the header
 * Memory:    allocates nothing (GMime does, for dates)
 * Errors:    none: what cannot be told is WAY_UNKNOWN, and why
 * Tested by: t/unit/test_chain.c, t/mail, t/fuzz/fuzz_received.c
 */

#include "mail/header.h"
#include "mail/judge.h"
#include "mail/trust.h"

struct chain {
	const struct trust *trust;
	struct judgement judgement;
	struct text stranger; /* the host that wrote the first line, where it is none of ours; else empty */
};

/* All of f is set but its path. */
void chain_judge(struct chain *c, const struct header *h, struct finding *f);

#endif
