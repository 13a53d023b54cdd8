/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_LANES_H
#define MXONLY_LANES_H

/*
 * lanes - for targets that decide by recipient: policies that say the same are one lane, and which domain takes which
 *
 * Life:      lanes_make -> a target reads it -> lanes_free; the job's plan must stay
 * Memory:    owns its lists; names and texts are the snapshot's
 * Errors:    lanes_make returns -1 where nothing is to be written: every domain is off, or a lane would let nobody in
 * Tested by: t/live/export_postfix.t, export_exim.t, export_filters.t
 */

#include "export/export.h"

struct lane {
	const struct snap_policy *policy; /* the first of those that share it; never one that is off */
	struct range_list relays, trusted; /* whom it lets in: both sorted, merged */
	struct range_list allowed; /* all of them */
	struct buf titles; /* "[default], [domain example.org] and 7 others" */
};

enum { LANE_OFF = -1 };

struct lanes {
	const struct plan *plan;
	struct lane *at;
	size_t count;
	int *of; /* of each policy of the snapshot: index of its lane, or LANE_OFF */
	struct plan_domain *domains; /* all with a section: the parents, then the exact ones */
	size_t domain_count;
	struct plan_domain *parents; /* names with a leading dot, the longest first: the first that fits counts */
	size_t parent_count;
	struct plan_domain *exact; /* names that mean themselves alone, sorted */
	size_t exact_count;
};

/*
 * apart: policies with a label, which policy_context can name, get lanes of their own. Names that no target tries to quote are
 * left out with a warning: domains that are not ASCII, exempt recipients that lane_plain_recipient does not take.
 */
int lanes_make(struct lanes *l, struct export_job *x, bool apart, struct err *e);
void lanes_free(struct lanes *l);

/* The lane of a domain, of every domain without a section. */
static inline int lane_of(const struct lanes *l, const struct plan_domain *d)
{
	return l->of[d->policy];
}

static inline int lane_default(const struct lanes *l)
{
	return l->of[SNAP_POLICY_DEFAULT];
}

/* The policy's refuse_action with words in place of its variables, which no other system knows. */
void lane_refusal(struct buf *b, const struct lanes *l, const struct lane *lane);

/* Writes each lane in mode enforce; those that only monitor are told of. -1 without any, with too many domains, or as `add` says. */
typedef int lane_writer(struct buf *b, const struct lanes *l, size_t lane, struct err *e);
int lanes_enforced(const struct lanes *l, struct export_job *x, struct buf *b, lane_writer *add, struct err *e);

/* An exempt_recipients entry made of letters, digits and "._+=-@" alone: others no target tries to quote. */
bool lane_plain_recipient(struct text t);

#endif
