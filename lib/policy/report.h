/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_REPORT_H
#define MXONLY_REPORT_H

/*
 * report - a verdict in words: the log line, its JSON, the warning, the object of `mxonly query --json`
 *
 * Memory:    written into the caller's line; foreign bytes are made harmless (base/escape.h)
 * Tested by: t/unit/test_report.c
 */

#include "base/escape.h"
#include "policy/decide.h"

/* The keys of a decision line, in their order (mxonlyd(8)); one list for text, JSON and manual. */
extern const char *const decision_key[];
extern const unsigned decision_keys;

/* outcome=... reason=... : absent ones left out; json: the same keys as an object. rq may be NULL. */
void report_decision(
	struct line *l, const struct snapshot *s, const struct request *rq, const struct verdict *v, bool json);

/* What a mismatch or near miss means, and what to do about it; only where verdict_warns. */
void report_warning(struct line *l, const struct snapshot *s, const struct request *rq, const struct verdict *v);

/* {"outcome":...,"reason":...,"action":...,"mode":...,"policy":...,"domain":...,"relay":...}, null where there is none. */
void report_object(struct line *l, const struct snapshot *s, const struct request *rq, const struct verdict *v);

#endif
