/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_DIALOGUE_H
#define MXONLY_DIALOGUE_H

/*
 * dialogue - one client's requests and our replies, without any input or output
 *
 * Life:      {0} -> dialogue_take with whatever was read, until the connection ends -> dialogue_end
 * Memory:    nothing is held between requests; a request that came in part is kept (up to WIRE_REQUEST bytes) until it is whole
 * Limits:    replies go into the caller's room; when less than DIALOGUE_REPLY bytes are left, it stops and says DIALOGUE_FULL
 * Tested by: t/unit/test_dialogue.c, t/fuzz/fuzz_dialogue.c
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/decide.h"
#include "policy/wire.h"

enum { DIALOGUE_REPLY = 7 + ACTION_MAX + 2 }; /* "action=", the action, "\n\n" */

struct dialogue {
	char *held; /* what came of a request that is not whole; NULL: nothing */
	uint32_t held_len, held_cap;
	struct wire wire; /* untouched while requests come whole: connections are many, and a cache is small */
};

/* Who answers: the snapshot in force, and who is told of each decision. */
struct desk {
	const struct snapshot *snapshot;
	/* Every verdict, before its reply is sent; rq NULL: a request over the limits. */
	void (*decided)(void *context, const struct snapshot *s, const struct request *rq, const struct verdict *v);
	/* A request that gets no reply; why: our own words. */
	void (*malformed)(void *context, const char *why);
	void *context;
};

enum dialogue_state {
	DIALOGUE_READY, /* all was taken */
	DIALOGUE_FULL, /* the room for replies is used up: call again with what is left of the input */
	DIALOGUE_CLOSE /* malformed, or out of memory: send what there is, then close */
};

/* *taken: bytes of in that are done with (all of them unless DIALOGUE_FULL); *replied: bytes of out that were written. */
enum dialogue_state dialogue_take(struct dialogue *d, const struct desk *desk, const char *in, size_t n, size_t *taken,
	char *out, size_t room, size_t *replied);

/* A request has begun and is not whole. */
bool dialogue_within(const struct dialogue *d);

void dialogue_end(struct dialogue *d);

#endif
