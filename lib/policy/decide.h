/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_DECIDE_H
#define MXONLY_DECIDE_H

/*
 * decide - the decision: a pure function of a snapshot and a request
 *
 * Memory:    allocates nothing (libidn2 does, for names that are not ASCII); cannot fail
 * Processes: keeps nothing between calls; deciding twice gives the same. Its room is the thread's: a trace must not decide
 * Tested by: t/unit/test_decide.c, t/scenario, t/fuzz/fuzz_decide.c
 */

#include "net/ip.h"
#include "policy/domain.h"
#include "policy/request.h"
#include "policy/snapshot.h"
#include "policy/terms.h"

struct verdict {
	enum outcome outcome; /* as if enforced: see mode */
	enum reason reason;
	enum mode mode; /* MODE_ENFORCE without a policy */
	const struct snap_policy *policy; /* NULL without a recipient */
	const struct snap_relay *relay; /* that matched or nearly did; NULL: none */
	size_t domain_len; /* 0: no domain decided */
	char domain[DOMAIN_MAX]; /* the candidate that decided; cut when it is longer than any real one */
	bool unknown_context; /* policy_context names no [domains LABEL] */
};

/* What decide did, step by step, for whoever explains it (policy/explain.c). */
enum decide_step {
	STEP_CANDIDATE, /* domain (len 0: no domain), policy; holds: policy_context chose it */
	STEP_OFF, /* holds: the policy's mode is off */
	STEP_AUTHENTICATED, /* holds: exempt, sasl_username is set */
	STEP_EXEMPT_NETWORK, /* range: the one that holds the address */
	STEP_EXEMPT_RECIPIENT,
	STEP_FACTOR, /* relay, factor, holds; range: the merged one that holds the address */
	STEP_NEAR_MISS, /* relay: holds the client's name, lacks its address */
	STEP_RESULT /* verdict: what came of this candidate */
};

struct decide_event {
	enum decide_step step;
	bool holds;
	struct text domain;
	const struct snap_policy *policy;
	const struct snap_relay *relay;
	enum factor factor;
	const struct range *range; /* NULL: none */
	const struct verdict *verdict;
};

struct decide_trace {
	void *context;
	void (*tell)(void *context, const struct decide_event *event);
};

/* trace NULL: nobody is told. */
void decide(const struct snapshot *s, const struct request *rq, struct verdict *v, const struct decide_trace *trace);

/* A request over the protocol's limits (policy/wire.h): [default]'s deferral, reason bad-request. */
void decide_too_long(const struct snapshot *s, struct verdict *v);

/* Writes the action, at most ACTION_MAX bytes, not NUL-terminated; rq may be NULL. Returns its length. */
size_t verdict_action(const struct snapshot *s, const struct request *rq, const struct verdict *v, char to[ACTION_MAX]);

/* "this server" without one. */
struct text verdict_domain(const struct verdict *v);

/* Refused or deferred, monitored ones too: exit status, log_decisions = refused. */
static inline bool verdict_harms(const struct verdict *v)
{
	return v->outcome != OUTCOME_PERMIT;
}

/* A mismatch or a near miss: warned of whatever log_decisions says. */
bool verdict_warns(const struct verdict *v);

#endif
