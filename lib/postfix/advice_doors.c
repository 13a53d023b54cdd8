/* SPDX-License-Identifier: BSD-2-Clause */

/* What stands before mxonlyd in its list, and lets those pass whom it is then not asked about. */

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "policy/domain.h"
#include "policy/lines.h"
#include "postfix/advice_parts.h"
#include "postfix/tables.h"
#include "postfix/words.h"

/* A check_..._access, and what it says OK to. */
struct look {
	const struct advice *a;
	const struct service *sv;
	const struct step *step;
	struct buf first; /* the first key */
	size_t count; /* such keys */
	const char *domain; /* protected, and all of it */
	bool all; /* everybody */
};

static bool is_number(struct text t)
{
	size_t i = 0;

	while (i < t.len && t.at[i] >= '0' && t.at[i] <= '9')
		i++;
	return t.len > 0 && i == t.len;
}

/* What access(5) takes for restrictions; behind anything else stands a text. */
static bool is_restrictions(struct text word)
{
	static const char *const texts[] = { "reject", "defer", "defer_if_reject", "defer_if_permit", "discard",
		"filter", "hold", "prepend", "redirect", "info", "warn", "bcc", "dunno" };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (text_equal_nocase(word, text_of(texts[i])))
			return false;
	return word.at[0] < '0' || word.at[0] > '9';
}

/* The right side of a table: OK, RELAY, digits alone, or restrictions that permit without asking mxonlyd. */
static bool value_permits(const struct look *l, struct text value)
{
	struct text rest = value, word;
	struct steps steps = { 0 };
	bool permits = false, over = false;

	if (!words_next(&rest, &word))
		return false;
	if (text_equal_nocase(word, text_of("ok")) || text_equal_nocase(word, text_of("relay")) ||
		is_number(text_trim(value)))
		return true;
	if (is_restrictions(word))
		steps_read(&steps, value, l->sv->params);
	for (size_t i = 0; i < steps.count && !over; i++) {
		permits = step_permits_own(&steps.at[i]);
		over = permits || step_refuses_all(&steps.at[i]) ||
		       advice_kind(l->a, l->sv, &steps.at[i]) != ENDPOINT_OTHER;
	}
	steps_free(&steps);
	return permits;
}

/* "/pattern/flags action" and "10.0.0.0/8 action", as "key TAB action". */
static void put_pattern(struct buf *entries, struct text line)
{
	const char *end = line.at + line.len, *key = line.at;

	if (line.len == 0 || line.at[0] == '#')
		return;
	key += *key == '!';
	if (key < end && strchr("/|%,;:=~", *key))
		key = memrchr(line.at, *key, line.len);
	while (key < end && !is_white(*key))
		key++;
	buf_add(entries, line.at, (size_t)(key - line.at));
	buf_str(entries, "\t");
	while (key < end && is_white(*key))
		key++;
	buf_add(entries, key, (size_t)(end - key));
	buf_str(entries, "\n");
}

/* Tables of patterns are text: in a file, or where they are named. */
static int list_patterns(struct text table, struct buf *entries)
{
	static const char *const kinds[] = { "cidr:", "pcre:", "regexp:" };
	struct buf file = { 0 };
	struct text rest = { 0 }, line;
	const char *wrong;
	struct lines l;
	size_t i = 0;
	int status = 0;

	while (i < sizeof kinds / sizeof *kinds && !text_begins(table, kinds[i]))
		i++;
	if (i == sizeof kinds / sizeof *kinds)
		return -1;
	rest = text_cut(table.at + strlen(kinds[i]), table.len - strlen(kinds[i]));
	if (rest.len > 0 && rest.at[0] == '{') {
		rest = words_inside(rest);
		while (words_next(&rest, &line))
			put_pattern(entries, words_inside(line));
		return 0;
	}
	char *name = must_strndup(rest.at, rest.len);
	status = file_read_regular(name, &file, NULL, NULL);
	lines_start(&l, text_cut(file.at ? file.at : "", status == 0 ? file.len : 0));
	while (lines_next(&l, &line, &wrong))
		put_pattern(entries, text_trim(line));
	free(name);
	buf_free(&file);
	return status;
}

/* Addresses that are let pass anyhow, or are known: they cost nothing. */
static bool is_known_address(const struct advice *a, struct text key)
{
	char *name = must_strndup(key.at, key.len);
	struct range_list l = { 0 };
	bool unknown = false, known = false;

	networks_read(&l, name, &unknown);
	if (!unknown && l.count > 0) {
		known = networks_within(&l, snap_set(a->s, snap_policy(a->s, 0)->exempt_networks));
		for (uint32_t i = 0; i < a->s->relays.count && !known; i++)
			known = networks_within(&l, snap_set(a->s, snap_relay(a->s, i)->ranges));
	}
	range_list_free(&l);
	free(name);
	return known;
}

/* A recipient's key: "u@example.org", "example.org", ".example.org"; false: its domain is off. */
static bool judge_recipient(struct look *l, struct text key)
{
	const char *at = memrchr(key.at, '@', key.len);
	struct text host = at ? text_cut(at + 1, key.len - (size_t)(at + 1 - key.at)) : key;
	char name[DOMAIN_MAX + 1];
	bool below = host.len > 0 && host.at[0] == '.';
	size_t n = domain_of_host(text_cut(host.at + below, host.len - below), name, DOMAIN_MAX);

	if (n == 0 || n > DOMAIN_MAX)
		return true;
	for (size_t i = 0; (!at || at == key.at) && !l->domain && i < l->a->domain_count; i++)
		if (domain_within(text_of(l->a->domains[i].name), text_cut(name, n)) &&
			!(below && strlen(l->a->domains[i].name) == n))
			l->domain = l->a->domains[i].name;
	return l->domain || snap_policy(l->a->s, snapshot_policy_of(l->a->s, text_cut(name, n)))->mode != MODE_OFF;
}

static void judge_entries(struct look *l, struct text entries)
{
	struct text key, value;

	while (table_next(&entries, &key, &value)) {
		if (!value_permits(l, value) ||
			(step_is(l->step, "check_client_access") && is_known_address(l->a, key)) ||
			(step_is(l->step, "check_recipient_access") && !judge_recipient(l, key)))
			continue;
		if (l->count++ == 0)
			buf_add(&l->first, key.at, key.len);
	}
}

/* How many of these keys (a line each) it says OK to; *first (may be NULL) is the first of them, malloc'ed. */
static size_t ask(const struct look *l, struct text keys, char **first)
{
	struct buf answers = { 0 };
	struct text rest, key, value;
	size_t count = 0;

	table_ask(l->a->p, l->step->argument, keys, &answers);
	rest = text_cut(answers.at ? answers.at : "", answers.len);
	while (table_next(&rest, &key, &value))
		if (value_permits(l, value) && count++ == 0 && first)
			*first = must_strndup(key.at, key.len);
	buf_free(&answers);
	return count;
}

/* Two that have nothing in common: who lets both pass means everybody. */
static bool holds_everybody(const struct look *l)
{
	if (step_is(l->step, "check_client_access"))
		return ask(l, text_of("203.0.113.77\n20.77.3.9\n"), NULL) == 2 ||
		       ask(l, text_of("2001:db8:77::1\n2c0f:77::1\n"), NULL) == 2;
	if (step_is(l->step, "check_recipient_access") || step_is(l->step, "check_sender_access"))
		return ask(l, text_of("someone@nowhere.invalid\nother@elsewhere.example\n"), NULL) == 2;
	return ask(l, text_of("nowhere.invalid\nelsewhere.example\n"), NULL) == 2;
}

/* Patterns, and what cannot be listed: is mail for a protected domain let pass? */
static void ask_domains(struct look *l)
{
	struct buf keys = { 0 };
	char *first = NULL;

	for (size_t i = 0; i < l->a->domain_count; i++)
		buf_format(&keys, "%s\nsomeone@%s\n", l->a->domains[i].name, l->a->domains[i].name);
	if (keys.len > 0 && ask(l, text_cut(keys.at, keys.len), &first) > 0) {
		const char *at = strrchr(first, '@');
		for (size_t i = 0; i < l->a->domain_count; i++)
			if (strcmp(l->a->domains[i].name, at ? at + 1 : first) == 0)
				l->domain = l->a->domains[i].name;
	}
	free(first);
	buf_free(&keys);
}

static enum door tell_table(const struct look *l, bool listed, struct buf *why)
{
	const bool client = step_is(l->step, "check_client_access");
	const bool claim = step_is(l->step, "check_sender_access") || step_is(l->step, "check_helo_access");

	if (l->all) {
		buf_str(why, "lets everybody pass: it is never asked");
		return DOOR_ALL;
	}
	if (l->domain) {
		buf_format(why, "lets mail for %s pass: whoever connects delivers it directly", l->domain);
		return DOOR_WIDE;
	}
	if (l->count > 0) {
		buf_format(why, "lets %.*s", (int)(l->first.len < 80 ? l->first.len : 80), l->first.at);
		if (l->count > 1)
			buf_format(why, " (and %zu more)", l->count - 1);
		buf_format(why, " pass: that is delivered directly%s",
			client	? "; hosts of your own belong in mynetworks and exempt_networks"
			: claim ? ", and any client can say so"
				: "");
		return DOOR_SOME;
	}
	if (!listed)
		buf_str(why, "cannot be read here: whatever it says OK to is delivered directly");
	return listed ? DOOR_SHUT : DOOR_SOME;
}

static enum door judge_table(struct look *l, struct buf *why)
{
	struct buf entries = { 0 };
	bool patterns = list_patterns(l->step->argument, &entries) == 0;
	bool listed = patterns || table_list(l->a->p, l->step->argument, &entries) == 0;
	enum door door;

	judge_entries(l, text_cut(entries.at ? entries.at : "", entries.len));
	if (l->count > 0 || !listed) {
		if (patterns || !listed)
			l->all = holds_everybody(l);
		if (step_is(l->step, "check_recipient_access") && !l->domain)
			ask_domains(l);
	}
	door = tell_table(l, listed, why);
	buf_free(&entries);
	buf_free(&l->first);
	return door;
}

enum door advice_door(const struct advice *a, const struct service *sv, const struct step *s, struct buf *why)
{
	static const char *const harmless[] = { "permit_mynetworks", "permit_sasl_authenticated",
		"permit_tls_clientcerts", "permit_inet_interfaces", "check_sasl_access", "check_ccert_access",
		"check_etrn_access", NULL };
	struct look l = { .a = a, .sv = sv, .step = s };

	if (step_is_one_of(s, harmless) || step_permits_all(s) || step_refuses_all(s))
		return DOOR_SHUT;
	if (step_is_table(s))
		return judge_table(&l, why);
	if (step_is(s, "permit_naked_ip_address")) {
		buf_str(why, "lets everybody pass who says HELO with a bare address");
		return DOOR_WIDE;
	}
	if (!text_begins(s->verb, "permit_"))
		return DOOR_SHUT;
	buf_str(why, "lets hosts pass that are no relay of yours: they deliver directly");
	return DOOR_SOME;
}
