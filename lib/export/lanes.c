/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/lanes.h"

#include <stdlib.h>

#include "base/escape.h"

enum { TITLE = 320, TOLD = 3, FILTER_DOMAINS = 1000 };

static bool same_span(struct span a, struct span b)
{
	return a.at == b.at && a.count == b.count; /* equal lists are stored once (builder.h) */
}

static bool labelled(const struct snap_policy *policy)
{
	return policy->kind == POLICY_DOMAINS;
}

/* They let in the same clients for the same recipients, and refuse the others in the same words. */
static bool same_lane(const struct plan *p, const struct snap_policy *a, const struct snap_policy *b, bool apart)
{
	if (a == b)
		return true;
	if (apart && (labelled(a) || labelled(b)))
		return false;
	return a->mode == b->mode && a->exempt_authenticated == b->exempt_authenticated &&
	       same_span(a->exempt_networks, b->exempt_networks) &&
	       same_span(a->exempt_recipients, b->exempt_recipients) &&
	       same_span(a->action[ACTION_REFUSE], b->action[ACTION_REFUSE]) && plan_same_relays(p, a, b);
}

/* The title of a policy behind those of the lane that it joins; beyond a few they are only counted. */
static void add_title(const struct plan *p, struct lane *lane, const struct snap_policy *policy, size_t before)
{
	char title[TITLE], shown[6 * TITLE];
	size_t n = snapshot_policy_title(p->s, policy, title, sizeof title);
	struct line words;

	line_start(&words, shown, sizeof shown);
	line_plain(&words, text_cut(title, n));
	if (before < TOLD)
		buf_format(&lane->titles, "%s[%s]", before > 0 ? ", " : "", shown);
	else if (before == TOLD)
		buf_str(&lane->titles, ", ...");
}

static int add_lane(struct lanes *l, const struct snap_policy *policy, struct err *e)
{
	struct lane lane = { .policy = policy };
	char title[TITLE];

	lane.relays = plan_relay_ranges(l->plan, policy);
	lane.trusted = plan_trusted_ranges(l->plan, policy);
	ranges_add(&lane.allowed, &lane.relays);
	ranges_add(&lane.allowed, &lane.trusted);
	ranges_merge(&lane.allowed);
	l->at = must_grow(l->at, l->count, sizeof *l->at);
	l->at[l->count++] = lane;
	if (lane.relays.count > 0)
		return 0;
	return err_set(e,
		"[%.*s]: none of its relays has a range, so nobody could deliver to it: use mxonlyd, or mode = off",
		(int)snapshot_policy_title(l->plan->s, policy, title, sizeof title), title);
}

static int add_policy(struct lanes *l, uint32_t index, size_t *members, bool apart, struct err *e)
{
	const struct snap_policy *policy = snap_policy(l->plan->s, index);
	size_t i = 0;

	l->of[index] = LANE_OFF;
	if (policy->mode == MODE_OFF || index == SNAP_POLICY_NO_DOMAIN)
		return 0;
	while (i < l->count && !same_lane(l->plan, l->at[i].policy, policy, apart))
		i++;
	if (i == l->count && add_lane(l, policy, e) < 0)
		return -1;
	l->of[index] = (int)i;
	add_title(l->plan, &l->at[i], policy, members[i]++);
	return 0;
}

static int add_policies(struct lanes *l, bool apart, struct err *e)
{
	uint32_t count = l->plan->s->policies.count;
	size_t *members = must_alloc(count * sizeof *members);
	int result = 0;

	memset(members, 0, count * sizeof *members);
	l->of = must_alloc(count * sizeof *l->of);
	for (uint32_t i = 0; i < count && result == 0; i++)
		result = add_policy(l, i, members, apart, e);
	free(members);
	if (result == 0 && l->count == 0)
		return err_set(e, "every domain is off: there is nothing to write");
	return result;
}

static int longest_first(const void *a, const void *b)
{
	struct text one = ((const struct plan_domain *)a)->name, other = ((const struct plan_domain *)b)->name;

	return one.len != other.len ? (one.len < other.len ? 1 : -1) : snapshot_order(one, other);
}

/* Bytes that some languages take for quotes, and others for something else. */
static bool is_ascii(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if ((unsigned char)t.at[i] > 0x7e)
			return false;
	return true;
}

/* Sorted by name, those with a leading dot stand first. */
static void take_domains(struct lanes *l, struct export_job *x)
{
	const struct plan *p = x->plan;

	l->domains = must_alloc(p->domain_count * sizeof *l->domains);
	for (size_t i = 0; i < p->domain_count; i++) {
		struct text name = p->domains[i].name;
		if (is_ascii(name))
			l->domains[l->domain_count++] = p->domains[i];
		else
			export_warn(x, "domain %.*s is left out, so [default] holds for it: it has no A-label",
				(int)name.len, name.at);
	}
	while (l->parent_count < l->domain_count && l->domains[l->parent_count].name.at[0] == '.')
		l->parent_count++;
	l->parents = l->domains;
	l->exact = l->domains + l->parent_count;
	l->exact_count = l->domain_count - l->parent_count;
	qsort(l->parents, l->parent_count, sizeof *l->parents, longest_first);
}

static void warn_of_recipients(struct export_job *x, const struct lane *lane)
{
	struct span list = lane->policy->exempt_recipients;

	for (uint32_t i = 0; i < list.count; i++) {
		struct text name = snap_item(x->plan->s, list, i);
		if (!lane_plain_recipient(name))
			export_warn(x,
				"%s: exempt recipient %.*s is left out: mxonly does not write such a name into rules",
				lane->titles.at, (int)name.len, name.at);
	}
}

int lanes_make(struct lanes *l, struct export_job *x, bool apart, struct err *e)
{
	*l = (struct lanes){ .plan = x->plan };
	if (add_policies(l, apart, e) < 0) {
		lanes_free(l);
		return -1;
	}
	take_domains(l, x);
	for (size_t i = 0; i < l->count; i++)
		warn_of_recipients(x, &l->at[i]);
	return 0;
}

void lanes_free(struct lanes *l)
{
	for (size_t i = 0; i < l->count; i++) {
		range_list_free(&l->at[i].relays);
		range_list_free(&l->at[i].trusted);
		range_list_free(&l->at[i].allowed);
		buf_free(&l->at[i].titles);
	}
	free(l->at);
	free(l->of);
	free(l->domains);
	*l = (struct lanes){ 0 };
}

void lane_refusal(struct buf *b, const struct lanes *l, const struct lane *lane)
{
	static const char *const words[VAR_COUNT] = {
		[VAR_CLIENT_ADDRESS] = "this client",
		[VAR_CLIENT_NAME] = "this client",
		[VAR_HELO_NAME] = "this client",
		[VAR_SENDER] = "the sender",
		[VAR_RECIPIENT] = "this recipient",
		[VAR_RECIPIENT_DOMAIN] = "this domain",
		[VAR_REASON] = "unknown-address",
		[VAR_POLICY] = "this domain",
	};
	struct text variables[VAR_COUNT];
	char action[ACTION_MAX];

	for (int i = 0; i < VAR_COUNT; i++)
		variables[i] = text_of(words[i]);
	buf_add(b, action,
		action_render(snap_text(l->plan->s, lane->policy->action[ACTION_REFUSE]), variables, action));
}

int lanes_enforced(const struct lanes *l, struct export_job *x, struct buf *b, lane_writer *add, struct err *e)
{
	size_t enforced = 0;

	if (l->domain_count > FILTER_DOMAINS)
		return err_set(e,
			"a filter that names %zu domains would be read for each message: use postfix, exim, or a "
			"filter for each "
			"domain",
			l->domain_count);
	for (size_t i = 0; i < l->count; i++) {
		if (l->at[i].policy->mode == MODE_MONITOR)
			export_note(x, "%s: mode monitor, so their mail is left alone", l->at[i].titles.at);
		else if (add(b, l, i, e) < 0)
			return -1;
		else
			enforced++;
	}
	return enforced > 0 ? 0 : err_set(e, "no domain is in mode enforce: such a filter would do nothing");
}

bool lane_plain_recipient(struct text t)
{
	for (size_t i = 0; i < t.len; i++) {
		char c = ascii_lower(t.at[i]);
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && !strchr("._+=-@", c))
			return false;
	}
	return t.len > 0;
}
