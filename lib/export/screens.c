/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/screens.h"

#include "base/escape.h"

enum { TITLE = 320, TOLD = 50 };

int screens_ranges(struct buf *b, const struct export_job *x, struct err *e)
{
	const struct plan *p = x->plan;
	const struct range_list *relays = x->target->flags & TARGET_WHOLE_SERVER ? &p->relays : &p->judged_relays;
	struct range_list all = { 0 }, prefixes = { 0 };
	int result;

	if (relays->count == 0)
		return err_set(e, "every domain whose relays have a range is off: there is nothing to type in");
	ranges_add(&all, relays);
	ranges_add(&all, &p->trusted);
	ranges_merge(&all);
	result = ranges_split(&prefixes, &all, 0, 0, e);
	range_list_free(&all);
	buf_str(b, "       ");
	ranges_print(b, &prefixes, "\n       ");
	buf_str(b, "\n");
	range_list_free(&prefixes);
	return result;
}

static void add_domain(struct buf *b, const struct plan *p, const struct plan_domain *d)
{
	const struct snap_policy *policy = snap_policy(p->s, d->policy);
	bool parent = d->name.at[0] == '.';
	char name[6 * TITLE];
	struct line words;

	line_start(&words, name, sizeof name);
	line_plain(&words, text_cut(d->name.at + parent, d->name.len - parent));
	buf_format(b, "       %s%s: %s%s\n", parent ? "below " : "", name, mode_name[policy->mode],
		plan_same_relays(p, policy, snap_policy(p->s, SNAP_POLICY_DEFAULT))
			? ""
			: ", OTHER relays (see the configuration)");
}

void screens_domains(struct buf *b, const struct export_job *x)
{
	const struct plan *p = x->plan;

	buf_format(b, "       every domain that is not named here: %s\n",
		mode_name[snap_policy(p->s, SNAP_POLICY_DEFAULT)->mode]);
	for (size_t i = 0; i < p->domain_count && i < TOLD; i++)
		add_domain(b, p, &p->domains[i]);
	if (p->domain_count > TOLD)
		buf_format(b, "       and %zu more\n", p->domain_count - TOLD);
}
