/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/judge.h"

#include "base/buf.h"

static enum way way_of(const struct verdict *v)
{
	if (v->outcome != OUTCOME_PERMIT)
		return WAY_DIRECT;
	switch (v->reason) {
	case REASON_RELAY:
		return WAY_RELAYED;
	case REASON_AUTHENTICATED:
		return WAY_AUTHENTICATED;
	default:
		return WAY_EXEMPT;
	}
}

void judge(struct finding *f, struct judgement *j, const struct snapshot *s, const struct request *rq)
{
	const struct verdict *v = &j->verdict;

	decide(s, rq, &j->verdict, NULL);
	f->judged = true;
	f->way = way_of(v);
	f->outcome = v->outcome;
	f->reason = v->reason;
	if (v->relay)
		f->relay = snap_text(s, v->relay->name);
	if (v->policy)
		f->policy = text_cut(j->title, snapshot_policy_title(s, v->policy, j->title, sizeof j->title));
	f->domain = text_cut(v->domain, v->domain_len);
}

struct snapshot *snapshot_without(const struct snapshot *s, unsigned factors)
{
	struct snapshot *copy = must_alloc(s->length);

	memcpy(copy, s, s->length);
	for (uint32_t i = 0; i < s->relays.count; i++) {
		struct snap_relay *relay = (struct snap_relay *)((char *)copy + copy->relays.at) + i;
		unsigned rest = relay->match & ~factors;
		/* Without one of these nobody is told from anybody else. */
		if (rest & (FACTOR_BIT_ADDRESS | FACTOR_BIT_NAME | FACTOR_BIT_CERTIFICATE))
			relay->match = rest;
	}
	return copy;
}
