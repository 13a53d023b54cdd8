/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_JUDGE_H
#define MXONLY_JUDGE_H

/*
 * judge - a delivery of the past put to decide, as the server would have been asked about it
 *
 * Tested by: t/unit/test_judge.c
 */

#include "mail/finding.h"
#include "policy/decide.h"

/* What the texts of a finding point into. */
struct judgement {
	struct verdict verdict;
	char title[DOMAIN_MAX + 16]; /* of the policy */
};

/* Asks, and puts the answer into f: way, judged, outcome, reason, relay, policy, domain. */
void judge(struct finding *f, struct judgement *j, const struct snapshot *s, const struct request *rq);

/*
 * A copy of the snapshot whose relays do not ask for these factors (FACTOR_BIT_...), for a source that does not tell them:
 * they count as matching. But a relay that asks for nothing else keeps asking: else anybody would be it. To free(3).
 */
struct snapshot *snapshot_without(const struct snapshot *s, unsigned factors);

#endif
