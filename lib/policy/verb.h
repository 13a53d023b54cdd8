/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_VERB_H
#define MXONLY_VERB_H

/*
 * verb - the first words of access(5) actions: which are known, what may follow them, what others were meant to be
 *
 * For policy/action.c alone; everybody else asks action.h.
 *
 * Tested by: t/unit/test_action.c
 */

#include <stdint.h>

#include "policy/action.h"

enum verb_text { TEXT_NONE, TEXT_MAY, TEXT_MUST, TEXT_HEADER };

struct verb {
	const char *name; /* in capitals; "4NN" and "5NN" stand for the codes */
	uint8_t uses; /* bits 1 << enum action_use */
	uint8_t text; /* enum verb_text */
	char class; /* of the status code X.Y.Z that may follow; 0: none may */
	bool whole_message; /* it acts on all recipients of the message */
};

/* NULL: not known. Without regard to case. */
const struct verb *verb_of(struct text word);

/* word does not serve this use: says why, and what was probably meant; returns -1. */
int verb_wrong(struct text word, enum action_use use, struct err *e);

#endif
