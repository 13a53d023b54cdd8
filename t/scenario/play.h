/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_PLAY_H
#define MXONLY_PLAY_H

/*
 * play - one scenario against one side: its steps, and what came of them
 *
 * Errors:    what is not as expected is counted, and told on standard output as comments of TAP, with FILE:LINE
 */

#include <stdbool.h>

#include "script.h"
#include "side.h"

struct play {
	struct script script;
	struct side side;
	char folder[64];
	char name[128]; /* of the configuration that was written last */
	bool serving; /* something was served */
	bool skipped; /* `only` names other sides */
	struct buf with; /* attributes of every request */
	struct buf lines; /* of the last check */
	unsigned steps, failures;
};

/* The line that was read last. */
void play_step(struct play *p);

void play_failed(struct play *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What is served at last, when nothing was yet; play_serve with a refusal expects the fault's place. */
void play_serve(struct play *p, const char *refusal);

/* answers.c: with, ask, raw */
void play_with(struct play *p);
void play_ask(struct play *p);
void play_raw(struct play *p);

#endif
