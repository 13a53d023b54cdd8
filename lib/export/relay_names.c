/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/relay_names.h"

#include <stdlib.h>

enum { TITLE = 320, TOLD = 5 };

const char *const relay_name_sign[RELAY_NAME_SIGNS] = { ".", " ", "(" };

static void add_name(struct relay_names *n, struct text name)
{
	for (size_t i = 0; i < n->count; i++)
		if (text_equal(n->at[i], name))
			return;
	n->at = must_grow(n->at, n->count, sizeof *n->at);
	n->at[n->count++] = name;
}

static int add_relay(struct relay_names *n, const struct plan *p, const struct snap_relay *relay, struct err *e)
{
	struct text name = snap_text(p->s, relay->name);

	if (relay->domains.count == 0)
		return err_set(e,
			"relay %.*s has no `domains`, and mail programs see names alone: its mail would be taken for "
			"direct "
			"delivery. "
			"Give it domains, or use a target that knows addresses (sieve, exim-filter)",
			(int)name.len, name.at);
	for (uint32_t i = 0; i < relay->domains.count; i++)
		add_name(n, snap_item(p->s, relay->domains, i));
	return 0;
}

static void tell_policy(struct export_job *x, const struct snap_policy *policy)
{
	char title[TITLE];
	size_t n = snapshot_policy_title(x->plan->s, policy, title, sizeof title);

	export_note(x, "not for mailboxes of [%.*s]: its mode is %s", (int)n, title, mode_name[policy->mode]);
}

int relay_names_make(struct relay_names *n, struct export_job *x, struct err *e)
{
	const struct plan *p = x->plan;
	size_t enforced = 0, others = 0;
	int result = 0;

	*n = (struct relay_names){ 0 };
	for (uint32_t i = 0; i < p->s->policies.count && result == 0; i++) {
		const struct snap_policy *policy = snap_policy(p->s, i);
		if (i == SNAP_POLICY_NO_DOMAIN)
			continue;
		if (policy->mode != MODE_ENFORCE) {
			if (others++ < TOLD)
				tell_policy(x, policy);
			continue;
		}
		enforced++;
		for (uint32_t k = 0; k < policy->relays.count && result == 0; k++)
			result = add_relay(n, p, plan_relay(p, policy, k), e);
	}
	if (others > TOLD)
		export_note(x, "nor for those of %zu more policies", others - TOLD);
	if (result == 0 && enforced == 0)
		result = err_set(e, "no domain is in mode enforce: such a filter would be for nobody");
	if (result < 0)
		relay_names_free(n);
	return result;
}

void relay_names_leave_out(struct export_job *x)
{
	export_leave_out(x, &x->plan->trusted,
		"this filter knows names alone and cannot tell trusted hosts: what they hand in is taken for direct "
		"delivery");
}

void relay_names_free(struct relay_names *n)
{
	free(n->at);
	*n = (struct relay_names){ 0 };
}
