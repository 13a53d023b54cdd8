/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "export/ranges.h"

static const char *const loopback[] = { "127.0.0.0/8", "::1" };

enum { LOOPBACKS = sizeof loopback / sizeof *loopback };

static struct range known_range(const char *words)
{
	struct range r = { 0 };

	range_parse(&r, text_of(words), NULL);
	return r;
}

static void add_loopback(struct range_list *l)
{
	for (int i = 0; i < LOOPBACKS; i++) {
		struct range r = known_range(loopback[i]);
		range_list_add(l, &r);
	}
}

static bool is_loopback(const struct range *r)
{
	for (int i = 0; i < LOOPBACKS; i++) {
		struct range whole = known_range(loopback[i]);
		if (range_holds(&whole, &r->first) && range_holds(&whole, &r->last))
			return true;
	}
	return false;
}

static void add_set(struct range_list *l, const struct range_set *set)
{
	for (size_t i = 0; i < range_set_count(set); i++) {
		struct range r = range_set_get(set, i);
		range_list_add(l, &r);
	}
}

const struct snap_relay *plan_relay(const struct plan *p, const struct snap_policy *policy, uint32_t i)
{
	return snap_relay(p->s, ((const uint32_t *)snap_at(p->s, policy->relays))[i]);
}

static void add_relays(struct range_list *l, const struct plan *p, const struct snap_policy *policy)
{
	for (uint32_t i = 0; i < policy->relays.count; i++) {
		const struct snap_relay *relay = plan_relay(p, policy, i);
		if (plan_has_ranges(relay))
			add_set(l, snap_set(p->s, relay->ranges));
	}
}

struct range_list plan_relay_ranges(const struct plan *p, const struct snap_policy *policy)
{
	struct range_list l = { 0 };

	add_relays(&l, p, policy);
	ranges_merge(&l);
	return l;
}

struct range_list plan_trusted_ranges(const struct plan *p, const struct snap_policy *policy)
{
	struct range_list l = { 0 };

	add_loopback(&l);
	ranges_add(&l, &p->trusted_here);
	add_set(&l, snap_set(p->s, policy->exempt_networks));
	ranges_merge(&l);
	return l;
}

static bool uses(const struct plan *p, const struct snap_policy *policy, const struct snap_relay *relay)
{
	for (uint32_t i = 0; i < policy->relays.count; i++)
		if (plan_relay(p, policy, i) == relay)
			return true;
	return false;
}

bool plan_same_relays(const struct plan *p, const struct snap_policy *a, const struct snap_policy *b)
{
	for (uint32_t i = 0; i < a->relays.count; i++)
		if (!uses(p, b, plan_relay(p, a, i)))
			return false;
	for (uint32_t i = 0; i < b->relays.count; i++)
		if (!uses(p, a, plan_relay(p, b, i)))
			return false;
	return true;
}

static bool *no_relay(const struct snapshot *s)
{
	bool *none = must_alloc(s->relays.count);

	memset(none, 0, s->relays.count);
	return none;
}

static void add_those(struct range_list *l, const struct snapshot *s, const bool *those)
{
	for (uint32_t i = 0; i < s->relays.count; i++)
		if (those[i] && plan_has_ranges(snap_relay(s, i)))
			add_set(l, snap_set(s, snap_relay(s, i)->ranges));
	ranges_merge(l);
}

/* Of many policies, each of which may name the same relays again. */
static void collect_relays(struct plan *p)
{
	const struct snapshot *s = p->s;

	p->used = no_relay(s);
	p->judged = no_relay(s);
	for (uint32_t i = 0; i < s->policies.count; i++) {
		const struct snap_policy *policy = snap_policy(s, i);
		bool judges = policy->mode != MODE_OFF && i != SNAP_POLICY_NO_DOMAIN;
		for (uint32_t k = 0; k < policy->relays.count; k++) {
			size_t relay = (size_t)(plan_relay(p, policy, k) - snap_relay(s, 0));
			p->used[relay] = true;
			p->judged[relay] |= judges;
		}
	}
	add_those(&p->relays, s, p->used);
	add_those(&p->judged_relays, s, p->judged);
}

/* Policies mostly have [default]'s exempt_networks again, at the same place. */
static void collect_trusted(struct plan *p)
{
	struct range_list all = { 0 };
	uint32_t before = 0;

	for (uint32_t i = 0; i < p->s->policies.count; i++) {
		struct span networks = snap_policy(p->s, i)->exempt_networks;
		if (networks.at != before)
			add_set(&all, snap_set(p->s, networks));
		before = networks.at;
	}
	ranges_add(&all, &p->trusted_here);
	ranges_merge(&all);
	for (size_t i = 0; i < all.count; i++)
		if (!is_loopback(&all.at[i]))
			range_list_add(&p->trusted, &all.at[i]);
	range_list_free(&all);
}

static void collect_allowed(struct plan *p)
{
	ranges_add(&p->allowed, &p->relays);
	ranges_add(&p->allowed, &p->trusted);
	add_loopback(&p->allowed);
	ranges_merge(&p->allowed);
}

static int by_name(const void *a, const void *b)
{
	return snapshot_order(((const struct plan_domain *)a)->name, ((const struct plan_domain *)b)->name);
}

static void collect_domains(struct plan *p)
{
	const struct snap_domain *slot = snap_at(p->s, p->s->domains);

	p->domains = must_alloc(p->s->domain_count * sizeof *p->domains);
	for (uint32_t i = 0; i < p->s->domains.count; i++) {
		const char *at = (const char *)p->s + slot[i].name;
		if (slot[i].name != 0 && !slot[i].alias)
			p->domains[p->domain_count++] =
				(struct plan_domain){ text_cut(at, (unsigned char)at[-1]), slot[i].policy };
	}
	qsort(p->domains, p->domain_count, sizeof *p->domains, by_name);
}

/*
 * Half of all IPv4 addresses, or a /4 of IPv6, of which the Internet uses a /3 and of that the least part: what lets that many
 * in lets everybody in, however it is put together.
 */
static int check_width(const struct range_list *l, struct err *e)
{
	uint64_t four = 0, six = 0; /* six: in /64s */

	for (size_t i = 0; i < l->count; i++) {
		const struct range *r = &l->at[i];
		if (r->first.v6)
			six += r->last.high - r->first.high;
		else
			four += r->last.low - r->first.low + 1;
	}
	if (four > UINT64_C(1) << 31 || six > UINT64_C(1) << 60)
		return err_set(e,
			"the ranges hold %s of all %s addresses: that lets everybody in. Narrow them, or mxonlyd "
			"refuses nobody either",
			four > UINT64_C(1) << 31 ? "more than half" : "more than a sixteenth",
			four > UINT64_C(1) << 31 ? "IPv4" : "IPv6");
	return 0;
}

/* Documentation addresses (RFC 5737, RFC 3849) that nobody lets in; else whatever lies behind some range. */
static void choose_foreign(const struct plan *p, bool v6, char to[IP_TEXT])
{
	static const char *const known[2][4] = { { "198.51.100.7", "203.0.113.7", "192.0.2.7", "233.252.0.7" },
		{ "2001:db8:99::7", "2001:db8:100::7", "3fff::7", "100::7" } };
	struct ip ip;

	for (int i = 0; i < 4; i++)
		if (ip_parse(&ip, text_of(known[v6][i])) && !ranges_hold(&p->allowed, &ip)) {
			ip_print(&ip, to);
			return;
		}
	for (size_t i = 0; i < p->allowed.count; i++) {
		const struct ip *last = &p->allowed.at[i].last;
		ip = (struct ip){ last->high + (v6 && last->low == UINT64_MAX), last->low + 1, v6 };
		if (last->v6 == v6 && (v6 || ip.low <= UINT32_MAX)) {
			ip_print(&ip, to);
			return;
		}
	}
}

/* The second address of the first range: the first one looks like a network's name. */
static void choose_relay(const struct range_list *l, bool v6, char to[IP_TEXT])
{
	for (size_t i = 0; i < l->count; i++) {
		const struct range *r = &l->at[i];
		struct ip ip = r->first;
		if (ip.v6 != v6)
			continue;
		if (ip_compare(&r->first, &r->last) != 0)
			ip.low++;
		ip_print(&ip, to);
		return;
	}
}

/* Relays that deliver for every domain without a section; where that is off, for some domain. */
static void choose_relays(struct plan *p)
{
	const struct snap_policy *first = snap_policy(p->s, SNAP_POLICY_DEFAULT);
	struct range_list own = plan_relay_ranges(p, first);
	const struct range_list *l = first->mode != MODE_OFF && own.count > 0 ? &own
				     : p->judged_relays.count > 0	      ? &p->judged_relays
									      : &p->relays;

	choose_relay(l, false, p->relay4);
	choose_relay(l, true, p->relay6);
	range_list_free(&own);
}

/* Of the snapshot but for the time of its making, which is always now. */
static void digest(const struct snapshot *s, char to[PLAN_DIGEST])
{
	struct snapshot *copy = must_alloc(s->length);

	memcpy(copy, s, s->length);
	copy->compiled = 0;
	snprintf(to, PLAN_DIGEST, "%016" PRIx64, snapshot_checksum(copy, copy->length));
	free(copy);
}

int plan_make(struct plan *p, const struct snapshot *s, const char *config, const struct range_list *trusted,
	time_t now, struct err *e)
{
	struct tm date;

	*p = (struct plan){ .s = s, .config = config };
	digest(s, p->digest);
	strftime(p->date, sizeof p->date, "%Y-%m-%d %H:%M UTC", gmtime_r(&now, &date));
	ranges_add(&p->trusted_here, trusted);
	collect_relays(p);
	collect_trusted(p);
	collect_allowed(p);
	collect_domains(p);
	choose_relays(p);
	choose_foreign(p, false, p->foreign4);
	choose_foreign(p, true, p->foreign6);
	if (check_width(&p->allowed, e) == 0)
		return 0;
	plan_free(p);
	return -1;
}

void plan_free(struct plan *p)
{
	range_list_free(&p->relays);
	range_list_free(&p->judged_relays);
	range_list_free(&p->trusted_here);
	range_list_free(&p->trusted);
	range_list_free(&p->allowed);
	free(p->used);
	free(p->judged);
	free(p->domains);
	*p = (struct plan){ 0 };
}
