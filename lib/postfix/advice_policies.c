/* SPDX-License-Identifier: BSD-2-Clause */

/* Policies compared: does one let in what another keeps out? */

#include "policy/terms.h"
#include "postfix/advice_parts.h"

static bool has_relay(const struct snapshot *s, const struct snap_policy *p, uint32_t relay)
{
	const uint32_t *relays = snap_at(s, p->relays);

	for (uint32_t i = 0; i < p->relays.count; i++)
		if (relays[i] == relay)
			return true;
	return false;
}

static bool set_within(const struct range_set *inner, const struct range_set *outer)
{
	for (size_t i = 0; i < range_set_count(inner); i++) {
		struct range one = range_set_get(inner, i), held;
		if (!range_set_find(outer, &one.first, &held) || ip_compare(&held.last, &one.last) < 0)
			return false;
	}
	return true;
}

const char *policy_weaker(const struct snapshot *s, uint32_t a, uint32_t b)
{
	const struct snap_policy *x = snap_policy(s, a), *y = snap_policy(s, b);
	const uint32_t *relays = snap_at(s, x->relays);

	if (a == b || y->mode == MODE_OFF)
		return NULL;
	if (x->mode > y->mode)
		return "mode";
	for (uint32_t i = 0; i < x->relays.count; i++)
		if (!has_relay(s, y, relays[i]))
			return "relays";
	if (!set_within(snap_set(s, x->exempt_networks), snap_set(s, y->exempt_networks)))
		return "exempt_networks";
	return x->exempt_authenticated && !y->exempt_authenticated ? "exempt_authenticated" : NULL;
}
