/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_SNAPSHOT_WALK_H
#define MXONLY_SNAPSHOT_WALK_H

/*
 * snapshot_walk - goes wherever a server could go in a snapshot, for tests that hand it damaged ones
 *
 * Errors:    abort() where something that snapshot_check promises does not hold; sanitizers see the rest
 */

#include <stdio.h>
#include <stdlib.h>

#include "policy/decide.h"
#include "policy/snapshot.h"

#define WALK_HOLDS(condition)                                                                          \
	do {                                                                                           \
		if (!(condition)) {                                                                    \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                       \
		}                                                                                      \
	} while (0)

/* Reads every byte, so that a sanitizer sees those that are not there. */
static inline void walk_text(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		(void)*(const volatile char *)&t.at[i];
}

static inline void walk_strings(const struct snapshot *s, struct span list)
{
	for (uint32_t i = 0; i < list.count; i++)
		walk_text(snap_item(s, list, i));
}

static inline void walk_place(const struct snapshot *s, struct snap_place place)
{
	char words[80];

	snapshot_place(s, place, words, sizeof words);
	WALK_HOLDS(strlen(words) < sizeof words);
}

static inline void walk_set(const struct snapshot *s, struct span span)
{
	const struct range_set *set = snap_set(s, span);
	struct range found, last = { .first = { 0 } };

	WALK_HOLDS(range_set_size(set) == span.count);
	for (size_t i = 0; i < range_set_count(set); i++) {
		struct range r = range_set_get(set, i);
		WALK_HOLDS(ip_compare(&r.first, &r.last) <= 0);
		WALK_HOLDS(i == 0 || ip_compare(&last.last, &r.first) < 0);
		WALK_HOLDS(range_set_find(set, &r.last, &found) && ip_compare(&found.first, &r.first) == 0);
		last = r;
	}
}

static inline void walk_relay(const struct snapshot *s, const struct snap_relay *r)
{
	const struct fingerprint *fingerprints = snap_at(s, r->fingerprints);
	const struct snap_file *files = snap_at(s, r->files);

	walk_text(snap_text(s, r->name));
	walk_place(s, r->place);
	walk_set(s, r->ranges);
	walk_strings(s, r->domains);
	for (uint32_t i = 0; i < r->fingerprints.count; i++)
		walk_text(text_cut((const char *)fingerprints[i].bytes, fingerprints[i].len));
	for (uint32_t i = 0; i < r->files.count; i++)
		walk_text(snap_text(s, files[i].name));
}

static inline void walk_action(struct text action)
{
	const struct text variables[VAR_COUNT] = { 0 };
	char to[ACTION_MAX];
	size_t n = action_render(action, variables, to);

	WALK_HOLDS(n > 0 && n <= ACTION_MAX && to[0] > ' ');
	for (size_t i = 0; i < n; i++)
		WALK_HOLDS(to[i] >= ' ' && to[i] <= '~');
}

static inline void walk_policy(const struct snapshot *s, const struct snap_policy *p)
{
	const uint32_t *relays = snap_at(s, p->relays);
	char title[400];

	walk_text(text_cut(title, snapshot_policy_title(s, p, title, sizeof title)));
	WALK_HOLDS(snapshot_policy_title(s, p, title, 3) == 3);
	walk_place(s, p->place);
	for (uint32_t i = 0; i < p->relays.count; i++)
		walk_text(snap_text(s, snap_relay(s, relays[i])->name));
	for (int use = 0; use < ACTION_USES; use++)
		walk_action(snap_text(s, p->action[use]));
	walk_set(s, p->exempt_networks);
	walk_strings(s, p->exempt_recipients);
}

static inline void walk_domains(const struct snapshot *s)
{
	static const char *const others[] = { "", ".", "org", "a.example.org", "nowhere.test", "..", ".example.net",
		"x.example.net" };
	const struct snap_domain *slots = snap_at(s, s->domains);

	for (uint32_t i = 0; i < s->domains.count; i++) {
		if (slots[i].name == 0)
			continue;
		const char *at = (const char *)s + slots[i].name;
		struct text name = text_cut(at, (unsigned char)at[-1]);
		uint32_t policy = slots[i].policy;
		WALK_HOLDS(snapshot_has_domain(s, name) == !slots[i].alias);
		WALK_HOLDS(
			slots[i].alias ? snapshot_alias_of(s, name, &policy) : snapshot_policy_of(s, name) == policy);
		WALK_HOLDS(policy == slots[i].policy);
	}
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		WALK_HOLDS(snapshot_policy_of(s, text_of(others[i])) < s->policies.count);
}

static inline void walk_labels(const struct snapshot *s)
{
	const uint32_t *labels = snap_at(s, s->labels);

	for (uint32_t i = 0; i < s->labels.count; i++)
		WALK_HOLDS(snapshot_policy_labelled(s, snap_text(s, snap_policy(s, labels[i])->name)) == labels[i]);
	WALK_HOLDS(snapshot_policy_labelled(s, text_of("no-such-label")) < (int64_t)s->policies.count);
}

static inline void walk_decide(const struct snapshot *s, const char *client, const char *host, const char *recipient)
{
	struct request rq = { 0 };
	struct verdict v;
	char action[ACTION_MAX];

	rq.attr[ATTR_CLIENT_ADDRESS] = text_of(client);
	rq.attr[ATTR_HELO_NAME] = rq.attr[ATTR_CLIENT_NAME] = text_of(host);
	rq.attr[ATTR_RECIPIENT] = text_of(recipient);
	rq.attr[ATTR_CCERT_FINGERPRINT] = text_of("00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33");
	decide(s, &rq, &v, NULL);
	WALK_HOLDS(v.outcome < OUTCOMES && v.reason < REASONS && v.mode < MODES);
	WALK_HOLDS(verdict_action(s, &rq, &v, action) > 0);
}

/* s was taken by snapshot_check. */
static inline void snapshot_walk(const struct snapshot *s)
{
	const struct snap_policyd *p = &s->policyd;
	const struct span strings[] = { p->socket_group, p->user, p->group, p->control, p->recipient_delimiter };

	for (uint32_t i = 0; i < s->relays.count; i++)
		walk_relay(s, snap_relay(s, i));
	for (uint32_t i = 0; i < s->policies.count; i++)
		walk_policy(s, snap_policy(s, i));
	for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
		walk_text(snap_text(s, strings[i]));
	walk_strings(s, p->listen);
	walk_strings(s, s->files);
	walk_strings(s, s->own);
	walk_strings(s, s->internal_networks);
	walk_domains(s);
	walk_labels(s);
	walk_decide(s, "192.0.2.7", "mx1.relay.example", "u@example.org");
	walk_decide(s, "203.0.113.9", "unknown", "u%example.net@sub.example.net");
	walk_decide(s, "2001:db8::1", "mx2.other.example", "u@[192.0.2.1]");
}

#endif
