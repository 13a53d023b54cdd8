/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/config_parts.h"

#include <stdlib.h>

#include "policy/endpoint.h"

enum { POSTFIX_KEEPS = 1000 }; /* seconds: smtpd_policy_service_max_ttl */

struct value value_of(
	struct build *b, const struct setting *row, enum section_kind kind, uint32_t index, struct text text)
{
	struct value v = { row, text, index, NULL };
	char *base;

	switch (kind) {
	case SECTION_POLICYD:
		base = (char *)&b->c->policyd;
		break;
	case SECTION_RELAY:
		base = (char *)&b->c->relays[index];
		break;
	case SECTION_AUDIT:
		base = (char *)b->c;
		break;
	default:
		base = (char *)&b->c->policies[index];
		break;
	}
	v.to = base + row->at;
	return v;
}

static void replace_string(char **to, const char *s, size_t n)
{
	free(*to);
	*to = must_strndup(s, n);
}

/* The index of the word that was written; -1 with a fault. */
static long read_choice(struct build *b, const struct value *v)
{
	const struct setting *row = v->row;
	const char *nearest;
	char choices[200];

	for (unsigned long i = row->min; i <= row->max; i++)
		if (text_is(v->text, row->words[i]))
			return (long)i;
	setting_choices(row, choices, sizeof choices);
	nearest = text_nearest(v->text, row->words + row->min, row->max - row->min + 1);
	if (row->kind == VALUE_FLAG && text_is(text_of(row->words[1]), "yes") && !nearest)
		nearest = text_is(v->text, "true") || text_is(v->text, "on") || text_is(v->text, "1") ? "yes" : "no";
	if (v->text.len == 0)
		value_fault(b, v, v->text.at, "empty: one of %s", choices);
	else if (nearest)
		value_fault(b, v, v->text.at, "`%.*s` is none of %s: `%s` meant?", WORDS(v->text), choices, nearest);
	else
		value_fault(b, v, v->text.at, "`%.*s` is none of %s", WORDS(v->text), choices);
	return -1;
}

static void read_word(struct build *b, const struct value *v)
{
	long choice = read_choice(b, v);
	unsigned as_enum = (unsigned)choice;

	if (choice >= 0)
		memcpy(v->to, &as_enum, sizeof as_enum);
}

static void read_flag(struct build *b, const struct value *v)
{
	long choice = read_choice(b, v);

	if (choice >= 0)
		*(bool *)v->to = choice == (long)v->row->max;
}

static void read_number(struct build *b, const struct value *v)
{
	unsigned long number;

	if (!text_number(v->text, v->row->max, &number) || number < v->row->min)
		value_fault(b, v, v->text.at, "`%.*s` is no number from %lu to %lu", WORDS(v->text), v->row->min,
			v->row->max);
	else
		*(unsigned *)v->to = (unsigned)number;
}

/* How many seconds the letter behind a number stands for; 0: none. */
static unsigned long unit_of(char c)
{
	static const struct {
		char letter;
		unsigned long seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 } };

	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (units[i].letter == c)
			return units[i].seconds;
	return 0;
}

static void read_seconds(struct build *b, const struct value *v)
{
	struct text t = v->text;
	unsigned long number, unit = t.len > 0 ? unit_of(t.at[t.len - 1]) : 0;

	if (unit > 0)
		t.len--;
	else
		unit = 1;
	if (!text_number(t, v->row->max / unit, &number) || number * unit < v->row->min) {
		value_fault(b, v, v->text.at, "`%.*s` is no time from %lu to %lu seconds (45s, 30m, 12h, 90d)",
			WORDS(v->text), v->row->min, v->row->max);
		return;
	}
	*(uint32_t *)v->to = (uint32_t)(number * unit);
	if (strcmp(v->row->key, "idle_timeout") == 0 && number * unit < POSTFIX_KEEPS)
		value_warning(b, v, v->text.at,
			"Postfix keeps a connection for up to %d seconds, and a client waits a second when it is "
			"closed first",
			POSTFIX_KEEPS);
}

static void read_workers(struct build *b, const struct value *v)
{
	unsigned long number;

	if (text_is(v->text, "auto"))
		*(unsigned *)v->to = 0;
	else if (text_number(v->text, v->row->max, &number) && number >= v->row->min)
		*(unsigned *)v->to = (unsigned)number;
	else
		value_fault(b, v, v->text.at, "`%.*s` is neither `auto` nor a number from %lu to %lu", WORDS(v->text),
			v->row->min, v->row->max);
}

static void read_socket_mode(struct build *b, const struct value *v)
{
	unsigned mode = 0;
	size_t i = 0;

	for (; i < v->text.len && i < 5 && v->text.at[i] >= '0' && v->text.at[i] <= '7'; i++)
		mode = mode * 8 + (unsigned)(v->text.at[i] - '0');
	if (i != v->text.len || i < 3 || i > 4 || mode > v->row->max)
		value_fault(b, v, v->text.at, "`%.*s` is no octal mode of three or four digits up to 0777 (0660)",
			WORDS(v->text));
	else
		*(unsigned *)v->to = mode;
}

static bool is_number_zero(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (t.at[i] != '0')
			return false;
	return t.len > 0;
}

static void read_account(struct build *b, const struct value *v)
{
	struct text rest = v->text, word;

	if (!text_next_word(&rest, &word))
		value_fault(
			b, v, v->text.at, "empty: the name of a %s", strstr(v->row->key, "group") ? "group" : "user");
	else if (word.len != v->text.len)
		value_fault(b, v, v->text.at, "`%.*s` is more than one name", WORDS(v->text));
	else if (strcmp(v->row->key, "user") == 0 && (text_is(word, "root") || is_number_zero(word)))
		value_fault(b, v, word.at, "`%.*s`: the server never runs as root; make a user for it (`mxonly`)",
			WORDS(word));
	else
		replace_string(v->to, word.at, word.len);
}

static void read_delimiter(struct build *b, const struct value *v)
{
	for (size_t i = 0; i < v->text.len; i++) {
		char c = v->text.at[i];
		char lower = ascii_lower(c);
		if (c <= ' ' || c > '~' || c == '@' || (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9')) {
			value_fault(b, v, v->text.at, "`%.*s`: only characters such as + and -, side by side",
				WORDS(v->text));
			return;
		}
	}
	replace_string(v->to, v->text.at, v->text.len);
}

static void read_endpoints(struct build *b, const struct value *v)
{
	struct text rest = v->text, word;
	struct str_list *list = v->to;
	struct err e;

	str_list_free(list);
	while (text_next_word(&rest, &word)) {
		char *endpoint = endpoint_parse(word, b->c->files.at[b->file], &e);
		if (!endpoint) {
			value_fault(b, v, word.at, "%s", e.text);
		} else if (str_list_has(list, endpoint)) {
			value_fault(b, v, word.at, "`%s` twice", endpoint);
			free(endpoint);
		} else {
			str_list_add(list, endpoint);
		}
	}
	if (!text_has_word(v->text))
		value_fault(b, v, v->text.at, "names no endpoint: unix:/path or inet:host:port");
}

static void read_control(struct build *b, const struct value *v)
{
	struct policyd_config *p = &b->c->policyd;
	struct text rest = v->text, word;
	char *endpoint;
	struct err e;

	p->control_set = b->entries != NULL;
	if (!text_next_word(&rest, &word)) {
		replace_string(&p->control, "", 0);
		return;
	}
	if (word.len != v->text.len) {
		value_fault(b, v, v->text.at, "`%.*s`: one endpoint only", WORDS(v->text));
		return;
	}
	endpoint = endpoint_parse(word, b->c->files.at[b->file], &e);
	if (!endpoint) {
		value_fault(b, v, word.at, "%s", e.text);
	} else if (strncmp(endpoint, "unix:", 5) != 0) {
		value_fault(b, v, word.at, "`%s`: only a UNIX socket, whose permissions say who may (unix:/path)",
			endpoint);
		free(endpoint);
	} else {
		free(p->control);
		p->control = endpoint;
	}
}

void value_read(struct build *b, const struct value *v)
{
	static value_reader *const readers[VALUE_KINDS] = {
		[VALUE_WORD] = read_word,
		[VALUE_FLAG] = read_flag,
		[VALUE_NUMBER] = read_number,
		[VALUE_SECONDS] = read_seconds,
		[VALUE_WORKERS] = read_workers,
		[VALUE_SOCKET_MODE] = read_socket_mode,
		[VALUE_ACCOUNT] = read_account,
		[VALUE_DELIMITER] = read_delimiter,
		[VALUE_ENDPOINTS] = read_endpoints,
		[VALUE_CONTROL] = read_control,
		[VALUE_INCLUDE] = read_include,
		[VALUE_RANGES] = read_ranges,
		[VALUE_RANGES_FILES] = read_ranges_files,
		[VALUE_RELAY_DOMAINS] = read_relay_domains,
		[VALUE_FINGERPRINTS] = read_fingerprints,
		[VALUE_MATCH] = read_match,
		[VALUE_RELAYS] = read_relays,
		[VALUE_ACTION] = read_action,
		[VALUE_EXEMPT_NETWORKS] = read_exempt_networks,
		[VALUE_EXEMPT_RECIPIENTS] = read_exempt_recipients,
		[VALUE_NAMES] = read_names,
		[VALUE_NAME_FILES] = read_name_files,
		[VALUE_HOSTS] = read_hosts,
		[VALUE_NETWORKS] = read_networks,
	};

	readers[v->row->kind](b, v);
}
