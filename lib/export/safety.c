/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/safety.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { TITLE = 320, PLACE = 4096 + 16, TOLD = 3 };

/* "[domain example.org] (mxonly.ini:9)" */
static void add_policy(struct buf *b, const struct plan *p, const struct snap_policy *policy)
{
	char title[TITLE], place[PLACE];
	size_t n = snapshot_policy_title(p->s, policy, title, sizeof title);

	snapshot_place(p->s, policy->place, place, sizeof place);
	buf_format(b, "[%.*s] (%s)", (int)n, title, place);
}

/* How a policy differs from what a whole server can be told; NULL: it does not. */
static const char *difference(const struct plan *p, const struct snap_policy *policy)
{
	if (policy->mode == MODE_OFF)
		return "is off";
	if (policy->mode == MODE_MONITOR)
		return "only monitors";
	if (!plan_same_relays(p, policy, snap_policy(p->s, SNAP_POLICY_DEFAULT)))
		return "goes through other relays than [default]";
	return NULL;
}

/* "[default] (...) only monitors; [domain x] (...) is off; and 7 others"; how many there are. */
static size_t add_differences(struct buf *b, const struct plan *p)
{
	size_t count = 0;

	for (uint32_t i = 0; i < p->s->policies.count; i++) {
		const struct snap_policy *policy = snap_policy(p->s, i);
		const char *words = i == SNAP_POLICY_NO_DOMAIN ? NULL : difference(p, policy);
		if (!words || ++count > TOLD)
			continue;
		buf_str(b, count > 1 ? "; " : "");
		add_policy(b, p, policy);
		buf_format(b, " %s", words);
	}
	if (count > TOLD)
		buf_format(b, "; and %zu others", count - TOLD);
	return count;
}

static int check_domains(struct export_job *x, bool force, struct err *e)
{
	struct buf differences = { 0 };
	size_t count = add_differences(&differences, x->plan);
	int result = 0;

	if (count > 0 && force)
		export_warn(x,
			"forced: %s: domains cannot be told apart here: who is no relay of any is refused, "
			"and each relay may deliver for all",
			differences.at);
	else if (count > 0)
		result = err_set(e,
			"%s decides for the whole server and cannot tell domains apart, but %s. "
			"Use mxonlyd, or a target that decides by recipient (postfix, exim), or --force",
			x->target->name, differences.at);
	buf_free(&differences);
	return result;
}

/* "helo and certificate" of what a relay asks for besides its address; "" without any. */
static void add_factors(struct buf *b, const struct snap_relay *relay)
{
	buf_str(b, "");
	for (int f = FACTOR_ADDRESS + 1; f < FACTORS; f++)
		if (relay->match & 1u << f)
			buf_format(b, "%s%s", b->len > 0 ? " and " : "", factor_name[f]);
}

static int check_relay(struct export_job *x, const struct snap_relay *relay, bool force, struct err *e)
{
	struct text name = snap_text(x->plan->s, relay->name);
	struct buf factors = { 0 };
	bool list = (x->target->flags & TARGET_LIST) != 0;
	int result = 0;

	add_factors(&factors, relay);
	if (plan_has_ranges(relay) && factors.len > 0)
		export_note(x, "relay %.*s must also match by %s: this target looks at addresses alone", (int)name.len,
			name.at, factors.at);
	else if (!plan_has_ranges(relay) && !list && !force)
		result = err_set(e,
			"%s knows addresses alone, and relay %.*s is known by %s: its mail would be refused. "
			"Give the relay ranges, or use mxonlyd, or --force to leave it out",
			x->target->name, (int)name.len, name.at, factors.at);
	else if (!plan_has_ranges(relay))
		export_warn(x, "relay %.*s is left out: it is known by %s, and this target knows addresses alone",
			(int)name.len, name.at, factors.at);
	buf_free(&factors);
	return result;
}

static int check_any(const struct export_job *x, struct err *e)
{
	if (x->plan->relays.count > 0)
		return 0;
	return err_set(e,
		"no relay has a range: %s would let nobody in. "
		"Give the relays ranges, or use mxonlyd, which knows them by other things too",
		x->target->name);
}

/* What decides by recipient leaves those of domains that are off alone. */
static int check_relays(struct export_job *x, bool force, struct err *e)
{
	const struct snapshot *s = x->plan->s;
	const bool *those = x->target->flags & TARGET_WHOLE_SERVER ? x->plan->used : x->plan->judged;

	for (uint32_t i = 0; i < s->relays.count; i++)
		if (those[i] && check_relay(x, snap_relay(s, i), force, e) < 0)
			return -1;
	return 0;
}

static bool has_family(const struct range_list *l, bool v6)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->at[i].first.v6 == v6)
			return true;
	return false;
}

/* What a whole server cannot tell apart. */
static void tell_limits(struct export_job *x)
{
	const struct plan *p = x->plan;
	const struct snap_policy *first = snap_policy(p->s, SNAP_POLICY_DEFAULT);
	bool recipients = false, authenticated = false, networks = false;
	bool v4 = has_family(&p->relays, false), v6 = has_family(&p->relays, true);

	for (uint32_t i = 0; i < p->s->policies.count; i++) {
		const struct snap_policy *policy = snap_policy(p->s, i);
		recipients |= policy->exempt_recipients.count > 0;
		authenticated |= policy->exempt_authenticated;
		networks |= policy->exempt_networks.at != first->exempt_networks.at;
	}
	if (!v4 || !v6)
		export_warn(x, "no relay has an %s range: over it only loopback and trusted hosts get in",
			v4 ? "IPv6" : "IPv4");
	if (recipients)
		export_warn(
			x, "exempt_recipients cannot be told apart here: who is no relay does not reach them either");
	if (authenticated)
		export_note(x, "clients that log in must use port 465 or 587: on port 25 only their address counts");
	if (networks)
		export_note(x, "exempt_networks of any policy are let in, whomever they write to");
}

int safety_check(struct export_job *x, bool force, struct err *e)
{
	unsigned flags = x->target->flags;

	if ((flags & TARGET_WHOLE_SERVER) && check_domains(x, force, e) < 0)
		return -1;
	if ((flags & (TARGET_RANGES | TARGET_LIST)) && check_any(x, e) < 0)
		return -1;
	if ((flags & TARGET_RANGES) && check_relays(x, force, e) < 0)
		return -1;
	if ((flags & TARGET_WHOLE_SERVER) && (flags & TARGET_RANGES))
		tell_limits(x);
	return 0;
}
