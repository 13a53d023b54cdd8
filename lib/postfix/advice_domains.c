/* SPDX-License-Identifier: BSD-2-Clause */

/* What this Postfix receives, against what mxonly.ini protects. */

#include <stdlib.h>
#include <string.h>

#include "policy/domain.h"
#include "postfix/advice_parts.h"
#include "postfix/served.h"

enum { NAMED = 3, POLICIES = 100 }; /* of many domains so many are named, of many policies so many compared */

/* The first few of many names, and how many there are. */
struct some {
	struct buf names;
	const char *first;
	size_t count;
};

static void some_add(struct some *s, const char *name)
{
	if (s->count++ == 0)
		s->first = name;
	if (s->count <= NAMED)
		buf_format(&s->names, "%s%s", s->count > 1 ? ", " : "", name);
	else if (s->count == NAMED + 1)
		buf_str(&s->names, ", ...");
}

/* The name of a received domain that was probably meant. */
static const char *nearest(const struct served *r, const char *name)
{
	const char **names = must_alloc((r->count + 1) * sizeof *names);
	const char *found;

	for (size_t i = 0; i < r->count; i++)
		names[i] = r->names[i].name;
	found = r->count < 10000 ? text_nearest(text_of(name), names, r->count) : NULL;
	free(names);
	return found;
}

static void judge_protected(struct advice *a, struct served *r)
{
	const char **names = must_alloc((a->domain_count + 1) * sizeof *names);
	bool *holds = must_alloc(a->domain_count + 1);
	struct some missing = { 0 };
	struct buf line = { 0 };

	for (size_t i = 0; i < a->domain_count; i++)
		names[i] = a->domains[i].name;
	served_ask(r, names, a->domain_count, holds);
	for (size_t i = 0; i < a->domain_count; i++)
		if (!holds[i])
			some_add(&missing, names[i]);
	if (missing.count > 0 && !r->unread) {
		const char *meant = nearest(r, missing.first);
		if (meant)
			buf_format(&line, "%s in mxonly.ini, if that is meant by %s", meant, missing.first);
		else
			buf_format(&line, "relay_domains = %s%s%s (or one of the others)",
				params_get(&a->p->main, "relay_domains"),
				params_get(&a->p->main, "relay_domains")[0] ? ", " : "", missing.first);
		advise_at(a, WARNING, NULL, 0, line.at,
			"%s: protected, but this Postfix does not receive mail for %s (none of mydestination, "
			"virtual_alias_domains, "
			"virtual_mailbox_domains, relay_domains)",
			missing.names.at, missing.count == 1 ? "it" : "them");
	}
	buf_free(&line);
	buf_free(&missing.names);
	free(names);
	free(holds);
}

/* Names of the host itself are not what people mean by their domains. */
static bool is_host_name(const struct advice *a, const char *name)
{
	return strncmp(name, "localhost", 9) == 0 || !strchr(name, '.') ||
	       text_equal_nocase(text_of(name), text_of(params_get(&a->p->main, "myhostname")));
}

/* [default] mode = off leaves all to the sections. */
static void judge_received(struct advice *a, const struct served *r)
{
	struct some open = { 0 };
	struct buf line = { 0 };

	for (size_t i = 0; i < r->count; i++) {
		const char *name = r->names[i].name;
		uint32_t policy = snapshot_policy_of(a->s, text_of(name));
		if (policy == SNAP_POLICY_DEFAULT && snap_policy(a->s, policy)->mode == MODE_OFF &&
			!is_host_name(a, name))
			some_add(&open, name);
	}
	if (open.count > 0) {
		buf_format(&line, "[domain %s] with mode = monitor (or mode = off, if it uses no relay)", open.first);
		advise_policy(a, WARNING, SNAP_POLICY_DEFAULT, line.at,
			"%s: received by this Postfix, but no section protects %s, and [default] is off", open.names.at,
			open.count == 1 ? "it" : "them");
	}
	buf_free(&line);
	buf_free(&open.names);
}

/* relay_domains = example.org receives x.example.org too. */
static void judge_below(struct advice *a, const struct served *r)
{
	for (size_t i = 0; r->parents && i < r->count; i++) {
		struct buf below = { 0 }, line = { 0 };
		const char *name = r->names[i].name;
		if (strcmp(r->names[i].param, "relay_domains") != 0)
			continue;
		buf_format(&below, "*.%s", name); /* no section can have this very name */
		uint32_t own = snapshot_policy_of(a->s, text_of(name));
		const char *weaker = policy_weaker(a->s, snapshot_policy_of(a->s, text_cut(below.at, below.len)), own);
		if (weaker) {
			buf_format(&line, "[domain .%s] beside it, with the same keys", name);
			advise_policy(a, WARNING, own, line.at,
				"relay_domains receives every name below %s too (parent_domain_matches_subdomains), "
				"but the policy of those is "
				"weaker (%s): who writes to u@x.%s delivers directly",
				name, weaker, name);
		}
		buf_free(&below);
		buf_free(&line);
	}
}

/* A policy, and the first name of mydestination that has it. */
struct held {
	uint32_t policy;
	const char *name;
};

static size_t policies_of_mailboxes(const struct advice *a, const struct served *r, struct held *held)
{
	size_t count = 0, j;

	for (size_t i = 0; i < r->count; i++) {
		uint32_t policy = snapshot_policy_of(a->s, text_of(r->names[i].name));
		if (strcmp(r->names[i].param, "mydestination") != 0)
			continue;
		for (j = 0; j < count && held[j].policy != policy; j++)
			;
		if (j == count && count < POLICIES)
			held[count++] = (struct held){ policy, r->names[i].name };
	}
	return count;
}

/* All names of mydestination lead to the same mailboxes: the weakest of their policies counts for all. */
static void judge_mailboxes(struct advice *a, const struct served *r)
{
	struct held held[POLICIES];
	size_t count = policies_of_mailboxes(a, r, held);

	for (size_t i = 0; i < count * count; i++) {
		const struct held *one = &held[i / count], *two = &held[i % count];
		const char *weaker = policy_weaker(a->s, one->policy, two->policy);
		if (!weaker)
			continue;
		struct buf line = { 0 };
		buf_format(&line, "[domains local] with names = %s (one policy for all)",
			params_get(&a->p->main, "mydestination"));
		advise_policy(a, WARNING, two->policy, line.at,
			"mydestination: %s and %s share their mailboxes, but have different policies (%s): who writes "
			"to u@%s "
			"delivers directly",
			one->name, two->name, weaker, one->name);
		buf_free(&line);
		return;
	}
}

void advise_domains(struct advice *a)
{
	struct served r;

	served_read(&r, a->p);
	judge_protected(a, &r);
	judge_received(a, &r);
	judge_below(a, &r);
	judge_mailboxes(a, &r);
	served_free(&r);
}
