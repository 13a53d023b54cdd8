/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/config_parts.h"

#include <stdlib.h>

#include "policy/domain.h"
#include "policy/fingerprint.h"

/*
 * What tells a relay from others must not vanish unnoticed: with an empty list the default `match` would ask for less than was
 * meant, and let more in.
 */
static void must_name_some(struct build *b, const struct value *v)
{
	if (!text_has_word(v->text))
		value_fault(b, v, v->text.at, "names none: leave the key out if the relay has none");
}

/* Ranges wider than these prefixes need allow_wide_ranges, which may stand below: config_check.c looks at them. */
static void relay_range(struct build *b, uint32_t relay, const struct range *r, struct place place)
{
	range_list_add(&b->c->relays[relay].ranges, r);
	if (!range_wider(r, 8, 16))
		return;
	b->wide = must_grow(b->wide, b->wide_count, sizeof *b->wide);
	b->wide[b->wide_count++] = (struct wide_range){ relay, place, *r };
}

void read_ranges(struct build *b, const struct value *v)
{
	struct text rest = v->text, word;
	struct range r;
	struct err e;

	must_name_some(b, v);
	while (text_next_word(&rest, &word))
		if (range_parse(&r, word, &e) < 0)
			value_fault(b, v, word.at, "%s", e.text);
		else
			relay_range(b, v->index, &r, value_place(b, word.at));
}

static void range_item(struct build *b, const struct value *v, struct text item, struct place place)
{
	struct range r;
	struct err e;

	if (range_parse(&r, item, &e) < 0)
		place_fault(b, place, "%s", e.text);
	else
		relay_range(b, v->index, &r, place);
}

void read_ranges_files(struct build *b, const struct value *v)
{
	struct relay_config *relay = &b->c->relays[v->index];
	struct text rest = v->text, word;
	time_t modified;

	must_name_some(b, v);
	while (text_next_word(&rest, &word)) {
		size_t ranges = relay->ranges.count, errors = b->faults->errors;
		const char *path = list_file_read(b, v, word, range_item, &modified);
		if (!path)
			continue;
		if (relay->ranges.count == ranges && b->faults->errors == errors)
			value_fault(b, v, word.at, "%s holds no range", path);
		relay->files = must_grow(relay->files, relay->file_count, sizeof *relay->files);
		relay->files[relay->file_count++] = (struct ranges_file){ must_strndup(path, strlen(path)), modified };
	}
}

static int by_string(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void warn_of_duplicates(struct build *b, const struct value *v, const struct str_list *list)
{
	char **sorted = must_alloc(list->count * sizeof *sorted);

	if (list->count > 0)
		memcpy(sorted, list->at, list->count * sizeof *sorted);
	qsort(sorted, list->count, sizeof *sorted, by_string);
	for (size_t i = 1; i < list->count; i++)
		if (strcmp(sorted[i - 1], sorted[i]) == 0)
			value_warning(b, v, v->text.at, "`%s` twice", sorted[i]);
	free(sorted);
}

void read_relay_domains(struct build *b, const struct value *v)
{
	struct text rest = v->text, word;
	struct str_list *list = v->to;
	char name[DOMAIN_MAX + 1];
	struct err e;

	must_name_some(b, v);
	while (text_next_word(&rest, &word)) {
		if (domain_parse(word, false, name, &e) < 0)
			value_fault(b, v, word.at, "%s", e.text);
		else if (strcmp(name, "unknown") == 0)
			value_fault(b, v, word.at,
				"`unknown` is what Postfix calls a client without a verified name: anybody");
		else if (!domain_has_dot(text_of(name)))
			value_fault(
				b, v, word.at, "`%s` is a single label, and would let in every name below it", name);
		else
			str_list_add(list, must_strndup(name, strlen(name)));
	}
	warn_of_duplicates(b, v, list);
}

void read_fingerprints(struct build *b, const struct value *v)
{
	struct relay_config *relay = &b->c->relays[v->index];
	struct text rest = v->text, word;
	struct fingerprint f;

	must_name_some(b, v);
	while (text_next_word(&rest, &word)) {
		if (!fingerprint_parse(&f, word)) {
			value_fault(b, v, word.at,
				"`%.*s` is no fingerprint: hex digits of 16, 20, 32, 48 or 64 bytes, a colon between "
				"any two bytes or none",
				WORDS(word));
			continue;
		}
		if (f.len == 16)
			value_warning(b, v, word.at,
				"`%.*s` is an MD5 digest, which can be forged (smtpd_tls_fingerprint_digest = sha256)",
				WORDS(word));
		relay->fingerprints = must_grow(relay->fingerprints, relay->fingerprint_count, sizeof f);
		relay->fingerprints[relay->fingerprint_count++] = f;
	}
}

void read_match(struct build *b, const struct value *v)
{
	const unsigned proofs = FACTOR_BIT_ADDRESS | FACTOR_BIT_NAME | FACTOR_BIT_CERTIFICATE;
	struct text rest = v->text, word;
	unsigned match = 0;
	bool wrong = false;

	while (text_next_word(&rest, &word)) {
		const char *nearest = text_nearest(word, factor_name, FACTORS);
		unsigned i = 0;
		while (i < FACTORS && !text_is(word, factor_name[i]))
			i++;
		if (i < FACTORS) {
			match |= 1u << i;
			continue;
		}
		wrong = true;
		value_fault(b, v, word.at, "`%.*s` is no factor (address, helo, name, certificate, tls)%s%s%s",
			WORDS(word), nearest ? ": `" : "", nearest ? nearest : "", nearest ? "` meant?" : "");
	}
	*(unsigned *)v->to = match;
	if (match == 0 && !wrong)
		value_fault(b, v, v->text.at, "names no factor (address, helo, name, certificate, tls)");
	else if ((match & proofs) == 0 && !wrong)
		value_fault(b, v, v->text.at,
			"without one of `address`, `name`, `certificate` anybody matches: the client chooses its HELO, "
			"and TLS proves nothing alone");
	b->relay_notes[v->index].match_line = value_place(b, v->text.at).line;
}
