/* SPDX-License-Identifier: BSD-2-Clause */

/* mxonly query -q: what a key stands for, as postmap -q does. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "net/ip.h"
#include "net/range.h"
#include "policy/domain.h"
#include "policy/recipient.h"
#include "tool/query.h"
#include "tool/tool.h"

/* What a key stands for. */
struct found {
	const struct snapshot *s;
	const uint32_t *relays; /* in their order; in the snapshot, or in holders */
	size_t count;
	uint32_t *holders; /* room for every relay */
	const struct snap_policy *policy; /* NULL: the key is an address */
	char domain[DOMAIN_MAX + 1]; /* the first candidate; empty: no domain */
	struct ip ip;
};

static void find_address(struct found *f)
{
	for (uint32_t i = 0; i < f->s->relays.count; i++) {
		const struct snap_relay *relay = snap_relay(f->s, i);
		if (relay->ranges.count && range_set_holds(snap_set(f->s, relay->ranges), &f->ip))
			f->holders[f->count++] = i;
	}
	f->relays = f->holders;
}

static bool has_section(const void *snapshot, struct text name)
{
	return snapshot_has_domain(snapshot, name);
}

/* A key without an `@` is a domain; a longer address than a request can hold is cut like any that nobody has a section for. */
static void find_policy(struct found *f, struct text key)
{
	struct buf address = { 0 };
	struct recipient *r = must_alloc(sizeof *r);
	size_t n = 0;

	if (!memchr(key.at, '@', key.len))
		buf_str(&address, "x@");
	buf_add(&address, key.at, key.len);
	if (address.len > RECIPIENT_MAX)
		address.len = RECIPIENT_MAX;
	recipient_start(r, text_cut(address.at, address.len), (enum recipient_rule)f->s->policyd.routed_recipients,
		has_section, f->s);
	if (!recipient_next(r, f->domain, DOMAIN_MAX, &n))
		n = 0;
	f->domain[n < DOMAIN_MAX ? n : DOMAIN_MAX] = '\0';
	f->policy = snap_policy(f->s, n == 0 ? SNAP_POLICY_NO_DOMAIN : snapshot_policy_of(f->s, text_of(f->domain)));
	f->count = f->policy->relays.count;
	f->relays = snap_at(f->s, f->policy->relays);
	free(r);
	buf_free(&address);
}

static void put_relays(const struct found *f, const char *between, void (*form)(struct text t))
{
	for (size_t i = 0; i < f->count; i++) {
		if (i > 0)
			fputs(between, stdout);
		form(snap_text(f->s, snap_relay(f->s, f->relays[i])->name));
	}
}

static void put_title(const struct found *f, void (*form)(struct text t))
{
	char title[2 * DOMAIN_MAX];

	form(text_cut(title, snapshot_policy_title(f->s, f->policy, title, sizeof title)));
}

static void put_value(const struct found *f)
{
	if (f->policy)
		printf("%s ", mode_name[f->policy->mode]);
	put_relays(f, " ", put_plain);
	putchar('\n');
}

/* {"key":...,"relays":[...]}, of a domain with "mode", "policy" and "domain" as in the object of a request. */
static void put_found_object(const struct found *f, struct text key)
{
	fputs("{\"key\":", stdout);
	put_json(key);
	if (f->policy) {
		printf(",\"mode\":\"%s\",\"policy\":", mode_name[f->policy->mode]);
		put_title(f, put_json);
		fputs(",\"domain\":", stdout);
		if (f->domain[0])
			put_json(text_of(f->domain));
		else
			fputs("null", stdout);
	}
	fputs(",\"relays\":[", stdout);
	put_relays(f, ",", put_json);
	puts("]}");
}

static void put_place(const struct found *f, struct snap_place at)
{
	char place[4096];

	snapshot_place(f->s, at, place, sizeof place);
	printf(" at %s", place);
}

static void explain_relay(const struct found *f, const struct snap_relay *relay)
{
	char text[RANGE_TEXT];
	struct range held;

	fputs("  relay ", stdout);
	put_plain(snap_text(f->s, relay->name));
	put_place(f, relay->place);
	if (!f->policy && range_set_find(snap_set(f->s, relay->ranges), &f->ip, &held))
		printf(": the address is in %s", range_print(&held, text));
	putchar('\n');
}

/* The value, and below it, indented, where it comes from; in the words of policy/explain.c. */
static void put_found_words(const struct found *f)
{
	put_value(f);
	if (f->policy) {
		fputs(f->domain[0] ? "  candidate " : "  candidate: no domain", stdout);
		put_plain(text_of(f->domain));
		fputs(": policy [", stdout);
		put_title(f, put_plain);
		putchar(']');
		put_place(f, f->policy->place);
		printf(", mode %s\n", mode_name[f->policy->mode]);
	}
	for (size_t i = 0; i < f->count; i++)
		explain_relay(f, snap_relay(f->s, f->relays[i]));
}

/* false: nobody holds that address. */
static bool look_up(struct found *f, struct text key)
{
	f->count = 0;
	f->policy = NULL;
	if (ip_parse_client(&f->ip, key))
		find_address(f);
	else
		find_policy(f, key);
	return f->count > 0;
}

/* What is no key, but easily taken for one: as a domain it would get the policy of "no domain". NULL: it is something else. */
static const char *no_key(struct text key)
{
	struct range range;
	struct ip ip;

	if (key.len > 0 && key.at[0] == '[')
		return "an address literal: ask for the address without brackets, or for a recipient (u@[...])";
	return !ip_parse_client(&ip, key) && range_parse(&range, key, NULL) == 0
		       ? "a range: ask for one of its addresses"
		       : NULL;
}

static int query_one(struct found *f, const struct query *q)
{
	struct text key = text_of(q->key);
	const char *instead = no_key(key);

	if (key.len == 0)
		return wrong_usage(query_command, "-q needs an address, a domain or a mail address");
	if (instead)
		return wrong_usage(query_command, "`%s` is %s", q->key, instead);
	if (!look_up(f, key))
		return EXIT_NO;
	if (q->form == QUERY_JSON)
		put_found_object(f, key);
	else if (q->form == QUERY_EXPLAIN)
		put_found_words(f);
	else
		put_value(f);
	return EXIT_YES;
}

static bool query_line(struct found *f, const struct query *q, struct text key)
{
	if (key.len == 0 || no_key(key) || !look_up(f, key))
		return false;
	if (q->form == QUERY_JSON) {
		put_found_object(f, key);
		return true;
	}
	fwrite(key.at, 1, key.len, stdout);
	putchar('\t');
	if (q->form == QUERY_EXPLAIN)
		put_found_words(f);
	else
		put_value(f);
	return true;
}

/* Keys from standard input, one a line, white space around them cut. */
static int query_lines(struct found *f, const struct query *q)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n;
	int status = EXIT_NO;

	while ((n = getline(&line, &room, stdin)) > 0) {
		if (query_line(f, q, text_trim(text_cut(line, (size_t)n))))
			status = EXIT_YES;
	}
	if (ferror(stdin))
		status = wrong(query_command, "standard input cannot be read");
	free(line);
	return status;
}

int query_keys(const struct query *q, const struct snapshot *s)
{
	struct found f = { .s = s, .holders = must_alloc((s->relays.count + 1) * sizeof *f.holders) };
	int status = strcmp(q->key, "-") == 0 ? query_lines(&f, q) : query_one(&f, q);

	free(f.holders);
	return status;
}
