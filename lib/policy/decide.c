/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/decide.h"

#include "policy/facts.h"
#include "policy/recipient.h"

enum { DECIDED_MAX = 64 };

/* The other factors in the order in which their failure is named. */
static const enum reason factor_reason[FACTORS] = {
	[FACTOR_ADDRESS] = REASON_UNKNOWN_ADDRESS,
	[FACTOR_HELO] = REASON_HELO_MISMATCH,
	[FACTOR_NAME] = REASON_NAME_MISMATCH,
	[FACTOR_CERTIFICATE] = REASON_CERTIFICATE_MISMATCH,
	[FACTOR_TLS] = REASON_NO_TLS,
};

static void tell(const struct decide_trace *trace, struct decide_event event)
{
	if (trace)
		trace->tell(trace->context, &event);
}

static void conclude(struct verdict *v, enum outcome outcome, enum reason reason, const struct snap_relay *relay)
{
	v->outcome = outcome;
	v->reason = reason;
	v->relay = relay;
}

/* Steps 2 to 5: true when the candidate is permitted whatever the relays say. */
static bool exempt(struct facts *f, struct verdict *v, const struct decide_trace *trace)
{
	const struct snap_policy *p = v->policy;
	struct range range;
	bool holds = p->mode == MODE_OFF;

	tell(trace, (struct decide_event){ .step = STEP_OFF, .holds = holds, .policy = p });
	if (holds)
		return conclude(v, OUTCOME_PERMIT, REASON_MODE_OFF, NULL), true;
	holds = p->exempt_authenticated && f->rq->attr[ATTR_SASL_USERNAME].len > 0;
	tell(trace, (struct decide_event){ .step = STEP_AUTHENTICATED, .holds = holds, .policy = p });
	if (holds)
		return conclude(v, OUTCOME_PERMIT, REASON_AUTHENTICATED, NULL), true;
	holds = f->has_ip && range_set_find(snap_set(f->s, p->exempt_networks), &f->ip, &range);
	tell(trace, (struct decide_event){
			    .step = STEP_EXEMPT_NETWORK, .holds = holds, .policy = p, .range = holds ? &range : NULL });
	if (holds)
		return conclude(v, OUTCOME_PERMIT, REASON_EXEMPT_NETWORK, NULL), true;
	holds = facts_exempt_recipient(f, p);
	tell(trace, (struct decide_event){ .step = STEP_EXEMPT_RECIPIENT, .holds = holds, .policy = p });
	if (holds)
		return conclude(v, OUTCOME_PERMIT, REASON_EXEMPT_RECIPIENT, NULL), true;
	return false;
}

/* The factors of the relay's match that fail, as bits. Once the address fails, the rest is looked at only for a trace. */
static unsigned failing(struct facts *f, const struct snap_relay *relay, const struct decide_trace *trace)
{
	struct range range;
	unsigned failed = 0;

	for (unsigned i = 0; i < FACTORS; i++) {
		if (!(relay->match & 1u << i))
			continue;
		bool address = i == FACTOR_ADDRESS;
		bool holds = facts_factor(f, relay, (enum factor)i, trace && address ? &range : NULL);
		tell(trace, (struct decide_event){ .step = STEP_FACTOR,
				    .holds = holds,
				    .relay = relay,
				    .factor = (enum factor)i,
				    .range = address && holds ? &range : NULL });
		failed |= holds ? 0 : 1u << i;
		if (failed && address && !trace)
			break;
	}
	return failed;
}

/* The first relays, in the order listed, that step 7 speaks of. */
struct doubts {
	const struct snap_relay *mismatch, *unverified, *near_miss, *plain, *plain_unverified;
	unsigned mismatch_failed, plain_failed;
};

static void first(const struct snap_relay **slot, const struct snap_relay *relay)
{
	if (!*slot)
		*slot = relay;
}

static bool near_miss(struct facts *f, const struct snap_relay *relay)
{
	return facts_name_within(f, FACT_CLIENT_NAME, relay) ||
	       (facts_unknown_name(f) && facts_name_within(f, FACT_REVERSE_NAME, relay));
}

static void note_doubts(struct doubts *d, struct facts *f, const struct snap_relay *relay, unsigned failed,
	const struct decide_trace *trace)
{
	bool only_name = failed == FACTOR_BIT_NAME && facts_unknown_name(f);

	if (!(relay->match & FACTOR_BIT_ADDRESS)) {
		if (!d->plain)
			d->plain_failed = failed;
		first(&d->plain, relay);
		if (only_name)
			first(&d->plain_unverified, relay);
	} else if (!(failed & FACTOR_BIT_ADDRESS)) {
		if (!d->mismatch)
			d->mismatch_failed = failed;
		first(&d->mismatch, relay);
		if (only_name)
			first(&d->unverified, relay);
	} else if (near_miss(f, relay)) {
		first(&d->near_miss, relay);
		tell(trace, (struct decide_event){ .step = STEP_NEAR_MISS, .holds = true, .relay = relay });
	}
}

static enum reason first_failed(unsigned failed)
{
	for (unsigned i = 0; i < FACTORS; i++)
		if (failed & 1u << i)
			return factor_reason[i];
	return REASON_UNKNOWN_ADDRESS;
}

static enum outcome doubt_outcome(uint8_t on)
{
	return on == ON_REFUSE ? OUTCOME_REFUSE : OUTCOME_DEFER;
}

/* Step 7: no relay matched. */
static void refuse_or_defer(struct verdict *v, const struct facts *f, const struct doubts *d)
{
	const struct snap_policy *p = v->policy;

	if (!f->has_ip)
		conclude(v, OUTCOME_DEFER, REASON_BAD_ADDRESS, NULL);
	else if (d->unverified)
		conclude(v, OUTCOME_DEFER, REASON_NAME_UNVERIFIED, d->unverified);
	else if (d->mismatch)
		conclude(v, doubt_outcome(p->on_mismatch), first_failed(d->mismatch_failed), d->mismatch);
	else if (d->near_miss)
		conclude(v, doubt_outcome(p->on_near_miss), REASON_NEAR_MISS, d->near_miss);
	else if (d->plain_unverified)
		conclude(v, OUTCOME_DEFER, REASON_NAME_UNVERIFIED, d->plain_unverified);
	else if (d->plain)
		conclude(v, OUTCOME_REFUSE, first_failed(d->plain_failed), d->plain);
	else
		conclude(v, OUTCOME_REFUSE, REASON_UNKNOWN_ADDRESS, NULL);
}

/* Steps 2 to 7 for one candidate, whose policy v names. */
static void decide_candidate(struct facts *f, struct verdict *v, const struct decide_trace *trace)
{
	const uint32_t *relays = snap_at(f->s, v->policy->relays);
	struct doubts doubts = { 0 };

	v->mode = (enum mode)v->policy->mode;
	if (exempt(f, v, trace))
		return;
	for (uint32_t i = 0; i < v->policy->relays.count; i++) {
		const struct snap_relay *relay = snap_relay(f->s, relays[i]);
		unsigned failed = failing(f, relay, trace);
		if (!failed)
			return conclude(v, OUTCOME_PERMIT, REASON_RELAY, relay);
		note_doubts(&doubts, f, relay, failed, trace);
	}
	refuse_or_defer(v, f, &doubts);
}

/* Refuse, then defer, then either under monitor, then permit. */
static unsigned severity(const struct verdict *v)
{
	if (v->outcome == OUTCOME_PERMIT)
		return 0;
	if (v->mode == MODE_MONITOR)
		return 1;
	return v->outcome == OUTCOME_DEFER ? 2 : 3;
}

static bool has_section(const void *context, struct text name)
{
	uint32_t policy;

	return snapshot_has_domain(context, name) || snapshot_alias_of(context, name, &policy);
}

static void set_domain(struct verdict *v, struct text domain)
{
	v->domain_len = domain.len < sizeof v->domain ? domain.len : sizeof v->domain;
	memcpy(v->domain, domain.at, v->domain_len);
}

/* Decides one candidate and keeps the more severe verdict; the first among equals. */
static void consider(struct facts *f, struct verdict *worst, bool *any, struct text domain, uint32_t policy,
	bool by_context, const struct decide_trace *trace)
{
	struct verdict other;
	/* cppcheck-suppress uninitvar; it is filled below, and too large to clear */
	struct verdict *v = *any ? &other : worst;

	v->policy = snap_policy(f->s, policy);
	v->unknown_context = worst->unknown_context;
	set_domain(v, domain);
	tell(trace, (struct decide_event){ .step = STEP_CANDIDATE,
			    .holds = by_context,
			    .domain = { v->domain, v->domain_len },
			    .policy = v->policy });
	decide_candidate(f, v, trace);
	tell(trace, (struct decide_event){ .step = STEP_RESULT, .policy = v->policy, .relay = v->relay, .verdict = v });
	if (*any && severity(v) > severity(worst))
		*worst = *v;
	*any = true;
}

/* Policies that were decided for the request at hand; of more than these some are decided again. */
struct decided {
	unsigned count;
	uint32_t policy[DECIDED_MAX];
};

static bool decided_before(struct decided *d, uint32_t policy)
{
	for (unsigned i = 0; i < d->count; i++)
		if (d->policy[i] == policy)
			return true;
	if (d->count < DECIDED_MAX)
		d->policy[d->count++] = policy;
	return false;
}

/* Not the domain's bytes. */
static void start(struct verdict *v, enum outcome outcome, enum reason reason)
{
	conclude(v, outcome, reason, NULL);
	v->mode = MODE_ENFORCE;
	v->policy = NULL;
	v->domain_len = 0;
	v->unknown_context = false;
}

void decide(const struct snapshot *s, const struct request *rq, struct verdict *v, const struct decide_trace *trace)
{
	struct text context = rq->attr[ATTR_POLICY_CONTEXT];
	enum recipient_rule rule = (enum recipient_rule)s->policyd.routed_recipients;
	/* Not on the stack, where every page of it would be touched for every request (-fstack-clash-protection). */
	static _Thread_local struct facts f;
	static _Thread_local struct recipient r;
	static _Thread_local char name[RECIPIENT_MAX];
	struct decided before;
	size_t len;
	bool any = false;

	before.count = 0; /* the rest is not worth clearing */
	start(v, OUTCOME_PERMIT, REASON_NO_RECIPIENT);
	if (rq->attr[ATTR_RECIPIENT].len == 0)
		return;
	int64_t labelled = context.len > 0 ? snapshot_policy_labelled(s, context) : -1;
	v->unknown_context = context.len > 0 && labelled < 0;
	facts_start(&f, s, rq);
	recipient_start(&r, rq->attr[ATTR_RECIPIENT], rule, has_section, s);
	while (recipient_next(&r, name, sizeof name, &len)) {
		struct text domain = text_cut(name, len < sizeof name ? len : sizeof name);
		if (labelled >= 0)
			return consider(&f, v, &any, domain, (uint32_t)labelled, true, trace);
		/* a name that did not fit is none, and gets the strictest mode */
		bool none = len == 0 || len > sizeof name;
		uint32_t policy = none ? SNAP_POLICY_NO_DOMAIN : snapshot_policy_of(s, domain);
		/* another candidate of a policy has its verdict, of which the first stands; a recipient may hold thousands */
		if (trace || !decided_before(&before, policy))
			consider(&f, v, &any, domain, policy, false, trace);
		if (!none && snapshot_alias_of(s, domain, &policy) && (trace || !decided_before(&before, policy)))
			consider(&f, v, &any, domain, policy, false, trace);
	}
}

void decide_too_long(const struct snapshot *s, struct verdict *v)
{
	start(v, OUTCOME_DEFER, REASON_BAD_REQUEST);
	v->policy = snap_policy(s, SNAP_POLICY_DEFAULT);
}

struct text verdict_domain(const struct verdict *v)
{
	return v->domain_len > 0 ? text_cut(v->domain, v->domain_len) : text_of("this server");
}

/* The template of a verdict that is not simply let pass. */
static struct text template_of(const struct snapshot *s, const struct verdict *v)
{
	enum action_use use = v->outcome == OUTCOME_REFUSE ? ACTION_REFUSE : ACTION_DEFER;

	return snap_text(s, v->policy->action[v->mode == MODE_MONITOR ? ACTION_MONITOR : use]);
}

size_t verdict_action(const struct snapshot *s, const struct request *rq, const struct verdict *v, char to[ACTION_MAX])
{
	static const struct request nothing;
	char title[DOMAIN_MAX + 16];

	if (v->outcome == OUTCOME_PERMIT) {
		memcpy(to, "DUNNO", 5);
		return 5;
	}
	const struct text *attr = (rq ? rq : &nothing)->attr;
	const struct text variables[VAR_COUNT] = {
		[VAR_CLIENT_ADDRESS] = attr[ATTR_CLIENT_ADDRESS],
		[VAR_CLIENT_NAME] = attr[ATTR_CLIENT_NAME],
		[VAR_HELO_NAME] = attr[ATTR_HELO_NAME],
		[VAR_SENDER] = attr[ATTR_SENDER],
		[VAR_RECIPIENT] = attr[ATTR_RECIPIENT],
		[VAR_RECIPIENT_DOMAIN] = verdict_domain(v),
		[VAR_REASON] = text_of(reason_name[v->reason]),
		[VAR_POLICY] = text_cut(title, snapshot_policy_title(s, v->policy, title, sizeof title)),
	};
	return action_render(template_of(s, v), variables, to);
}

bool verdict_warns(const struct verdict *v)
{
	return v->outcome != OUTCOME_PERMIT && v->reason >= REASON_HELO_MISMATCH && v->reason <= REASON_NEAR_MISS;
}
