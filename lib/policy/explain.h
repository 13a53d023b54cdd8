/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_EXPLAIN_H
#define MXONLY_EXPLAIN_H

/*
 * explain - how a decision came about, for the person who runs the server
 *
 * Memory:    appends to b; foreign bytes are made harmless (base/escape.h)
 * Tested by: t/unit/test_explain.c
 */

#include "base/buf.h"
#include "policy/decide.h"

/* The action, and below it, indented: each candidate, its policy with FILE:LINE, each step, each relay and factor. */
void explain(struct buf *b, const struct snapshot *s, const struct request *rq);

#endif
