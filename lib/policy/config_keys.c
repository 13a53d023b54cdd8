/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/config_parts.h"

#include <stdio.h>

/* "[relay filter]" */
static void section_title(const struct build *b, char *to, size_t cap)
{
	const struct section *s = &b->section;
	const char *name = s->kind == SECTION_RELAY    ? b->c->relays[s->index].name
			   : section_argument[s->kind] ? b->c->policies[s->index].name
						       : "";

	snprintf(to, cap, "[%s%s%.100s]", section_word[s->kind], name[0] ? " " : "", name);
}

/* "[default], [domain D] or [domains LABEL]": where a key may stand. */
static void sections_of(const struct setting *row, char *to, size_t cap)
{
	struct {
		const char *word, *argument;
	} all[SECTIONS] = { { NULL, NULL } };
	size_t n = 0, len = 0;

	for (unsigned i = 0; i < SECTIONS; i++)
		if (row->sections & (1u << i)) {
			all[n].word = section_word[i];
			all[n++].argument = section_argument[i];
		}
	for (size_t i = 0; i < n && len < cap; i++)
		len += (size_t)snprintf(to + len, cap - len, "%s[%s%s%s]",
			i == 0	    ? ""
			: i + 1 < n ? ", "
				    : " or ",
			all[i].word, all[i].argument ? " " : "", all[i].argument ? all[i].argument : "");
}

static uint64_t bit_of(const struct setting *row)
{
	return UINT64_C(1) << (row - settings);
}

void key_faulty(struct build *b, const struct setting *row)
{
	if (b->section.state == INSIDE && b->section.kind == SECTION_RELAY)
		b->relay_notes[b->section.index].faulty |= bit_of(row);
	if (row->field >= 0)
		b->policy_notes[b->section.index].faulty |= 1u << row->field;
	if (row->kind == VALUE_RELAYS)
		b->lost_use = true;
	if (row->kind == VALUE_NAMES || row->kind == VALUE_NAME_FILES)
		b->policy_notes[b->section.index].covers = true;
}

void key_lost(struct build *b)
{
	if (b->section.state != INSIDE)
		return;
	if (b->section.kind == SECTION_RELAY)
		b->relay_notes[b->section.index].broken = true;
	if (b->section.kind == SECTION_DOMAINS)
		b->policy_notes[b->section.index].covers = true;
	b->lost_use = true;
}

static void report_outside(struct build *b, const struct entry *e)
{
	const struct setting *row = setting_anywhere(e->name), *near = row ? row : setting_near(e->name);
	struct place place = { b->file, e->line };
	char where[100];

	if (near)
		sections_of(near, where, sizeof where);
	if (row)
		place_fault(b, place, "`%s` stands outside of any section: it belongs below %s", row->key, where);
	else if (near)
		place_fault(b, place,
			"`%.*s` stands outside of any section, and is no known key: `%s` meant, below %s?",
			WORDS(e->name), near->key, where);
	else
		place_fault(b, place, "`%.*s` stands outside of any section, and is no known key", WORDS(e->name));
}

static void report_unknown(struct build *b, const struct entry *e)
{
	const struct setting *elsewhere = setting_anywhere(e->name);
	const struct setting *nearest = setting_nearest(b->section.kind, e->name), *near = setting_near(e->name);
	struct place place = { b->file, e->line };
	const char *colon = key_before_colon(e->name);
	char title[200], where[100];

	section_title(b, title, sizeof title);
	if (nearest && !elsewhere)
		key_faulty(b, nearest);
	else if (!elsewhere)
		key_lost(b);
	if (elsewhere) {
		sections_of(elsewhere, where, sizeof where);
		place_fault(b, place, "`%s` is no key of %s: it belongs below %s", elsewhere->key, title, where);
	} else if (e->name.len == 0) {
		place_fault(b, place, "no key before the `=`");
	} else if (colon) {
		place_fault(b, place, "unknown key `%.*s` in %s: `%s = ...` meant?", WORDS(e->name), title, colon);
	} else if (nearest) {
		place_fault(b, place, "unknown key `%.*s` in %s: `%s` meant?", WORDS(e->name), title, nearest->key);
	} else if (near) {
		sections_of(near, where, sizeof where);
		place_fault(b, place, "unknown key `%.*s` in %s: `%s` meant, below %s?", WORDS(e->name), title,
			near->key, where);
	} else {
		place_fault(b, place, "unknown key `%.*s` in %s", WORDS(e->name), title);
	}
}

/* What the checks want to know of a key, once all is read. */
static void take_note(struct build *b, const struct setting *row, unsigned line)
{
	const struct section *s = &b->section;

	if (s->kind == SECTION_POLICYD)
		b->policyd_seen |= bit_of(row);
	else if (s->kind == SECTION_RELAY && row->kind == VALUE_MATCH)
		b->relay_notes[s->index].match_line = line;
	else if (s->kind == SECTION_RELAY && row->kind == VALUE_RANGES_FILES)
		b->relay_notes[s->index].files_line = line;
	else if (row->field >= 0)
		b->policy_notes[s->index].line[row->field] = line;
}

const struct setting *key_take(struct build *b, const struct entry *e)
{
	struct section *s = &b->section;
	const struct setting *row;

	if (s->state == OUTSIDE)
		report_outside(b, e);
	if (s->state != INSIDE)
		return NULL;
	row = setting_find(s->kind, e->name);
	if (!row) {
		report_unknown(b, e);
		return NULL;
	}
	if (s->seen & bit_of(row)) {
		if (!e->indented)
			place_fault(b, (struct place){ b->file, e->line }, "`%s` again: first in line %u", row->key,
				s->line[row - settings]);
		return e->indented || e->damaged ? NULL : row;
	}
	s->seen |= bit_of(row);
	s->line[row - settings] = e->line;
	take_note(b, row, e->line);
	if (e->damaged)
		key_faulty(b, row);
	return e->damaged ? NULL : row;
}
