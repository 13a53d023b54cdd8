/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/config_parts.h"

#include "policy/domain.h"

enum { SECTION_BYTES = 300, NAME_BYTES = 64 };

uint32_t policy_add(struct build *b, enum policy_kind kind, struct text name, struct place place)
{
	struct config *c = b->c;
	size_t n = c->policy_count;

	c->policies = must_grow(c->policies, n, sizeof *c->policies);
	b->policy_notes = must_grow(b->policy_notes, n, sizeof *b->policy_notes);
	c->policies[n] =
		(struct policy_config){ .kind = kind, .name = must_strndup(name.at, name.len), .place = place };
	b->policy_notes[n] = (struct policy_notes){ .covers = false };
	c->policy_count++;
	return (uint32_t)n;
}

static uint32_t relay_add(struct build *b, struct text name, struct place place)
{
	struct config *c = b->c;
	size_t n = c->relay_count;

	c->relays = must_grow(c->relays, n, sizeof *c->relays);
	b->relay_notes = must_grow(b->relay_notes, n, sizeof *b->relay_notes);
	c->relays[n] = (struct relay_config){ .name = must_strndup(name.at, name.len), .place = place };
	b->relay_notes[n] = (struct relay_notes){ .ghost = false };
	name_table_add(&b->relays, c->relays[n].name, (uint32_t)n);
	c->relay_count++;
	return (uint32_t)n;
}

static bool name_byte(char c)
{
	char lower = ascii_lower(c);

	return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

static bool is_name(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (!name_byte(t.at[i]))
			return false;
	return t.len > 0 && t.len <= NAME_BYTES;
}

static void check_name(struct build *b, struct text name, struct place place)
{
	if (!is_name(name))
		place_fault(b, place, "`%.*s` is no name: letters, digits, `-`, `_` and `.`, up to %d", WORDS(name),
			NAME_BYTES);
}

static void report_again(struct build *b, struct text inside, struct place place, struct place first)
{
	place_fault(b, place, "`[%.*s]` again: first in %s:%u", WORDS(inside), place_file(b, first), first.line);
}

/* [policyd], [default], [audit] */
static void begin_once(struct build *b, enum section_kind kind, struct text inside, struct place place)
{
	struct place *first = &b->once[kind];

	if (first->line > 0)
		report_again(b, inside, place, *first);
	else
		*first = place;
	if (kind == SECTION_DEFAULT)
		b->c->policies[0].place = *first;
}

static void begin_relay(struct build *b, struct text name, struct text inside, struct place place)
{
	uint32_t found = name_table_find(&b->relays, name);

	if (found == NAME_ABSENT) {
		check_name(b, name, place);
		b->section.index = relay_add(b, name, place);
		return;
	}
	b->section.index = found;
	if (b->relay_notes[found].ghost)
		b->c->relays[found].place = place;
	else
		report_again(b, inside, place, b->c->relays[found].place);
	b->relay_notes[found].ghost = false;
}

static void begin_domain(struct build *b, struct text name, struct text inside, struct place place)
{
	char domain[DOMAIN_MAX + 1];
	uint32_t found;
	struct err e;

	if (domain_parse(name, true, domain, &e) < 0) {
		place_fault(b, place, "%s", e.text);
		b->section.index = policy_add(b, POLICY_DOMAIN, name, place);
		return;
	}
	found = name_table_find(&b->domains, text_of(domain));
	if (found != NAME_ABSENT && b->c->policies[b->c->domains[found].policy].kind == POLICY_DOMAIN) {
		b->section.index = b->c->domains[found].policy;
		report_again(b, inside, place, b->domain_places[found]);
		return;
	}
	b->section.index = policy_add(b, POLICY_DOMAIN, text_of(domain), place);
	names_add(b, text_of(domain), b->section.index, place);
}

static void begin_domains(struct build *b, struct text label, struct text inside, struct place place)
{
	uint32_t found = name_table_find(&b->labels, label);

	if (found != NAME_ABSENT) {
		b->section.index = found;
		report_again(b, inside, place, b->c->policies[found].place);
		return;
	}
	check_name(b, label, place);
	b->section.index = policy_add(b, POLICY_DOMAINS, label, place);
	name_table_add(&b->labels, b->c->policies[b->section.index].name, b->section.index);
}

/* true when kind has what stands behind its word, or can do without what stands there. */
static bool check_argument(struct build *b, enum section_kind kind, struct text argument, struct place place)
{
	const char *wanted = section_argument[kind], *word = section_word[kind];

	if (wanted && argument.len == 0) {
		place_fault(b, place, "`[%s]` without a name: `[%s %s]`", word, word, wanted);
		b->lost_section |= kind == SECTION_RELAY;
		return false;
	}
	if (!wanted && argument.len > 0)
		place_fault(b, place, "`[%s %.*s]`: there is only one [%s]: `[%s]` meant?", word, WORDS(argument), word,
			word);
	return true;
}

static void begin_known(
	struct build *b, enum section_kind kind, struct text argument, struct text inside, struct place place)
{
	b->section.kind = kind;
	b->section.state = INSIDE;
	switch (kind) {
	case SECTION_RELAY:
		begin_relay(b, argument, inside, place);
		break;
	case SECTION_DOMAIN:
		begin_domain(b, argument, inside, place);
		break;
	case SECTION_DOMAINS:
		begin_domains(b, argument, inside, place);
		break;
	default:
		begin_once(b, kind, inside, place);
	}
}

/* A section that nobody knows. If no word is near, its keys are not looked at, and what it seems to name is not missed. */
static void begin_unknown(
	struct build *b, struct text word, struct text argument, struct text inside, struct place place)
{
	enum section_kind meant = section_nearest(word);
	struct text name = argument.len > 0 ? argument : word;

	if (meant == SECTIONS)
		place_fault(b, place,
			"unknown section `[%.*s%s%.*s]`: there are [policyd], [relay NAME], [default], [domain D], "
			"[domains LABEL] and [audit]",
			WORDS(word), argument.len > 0 ? " " : "", WORDS(argument));
	else
		place_fault(b, place, "unknown section `[%.*s%s%.*s]`: `[%s%s%.*s]` meant?", WORDS(word),
			argument.len > 0 ? " " : "", WORDS(argument), section_word[meant], argument.len > 0 ? " " : "",
			WORDS(argument));
	if (meant != SECTIONS && (section_argument[meant] != NULL) == (argument.len > 0)) {
		begin_known(b, meant, argument, inside, place);
	} else if ((meant == SECTIONS || meant == SECTION_RELAY) && name_table_find(&b->relays, name) == NAME_ABSENT) {
		uint32_t relay = relay_add(b, name, place);
		b->relay_notes[relay].ghost = true;
	}
}

void section_lost(struct build *b)
{
	b->section = (struct section){ .state = ASTRAY };
	b->lost_section = true;
}

void section_begin(struct build *b, const struct entry *e)
{
	struct place place = { b->file, e->line };
	struct text inside, behind, word, argument;
	enum section_kind kind;
	size_t n = 0;
	bool closed;

	b->section = (struct section){ .state = ASTRAY };
	inside = section_inside(e->name, &closed, &behind);
	while (n < inside.len && !is_white(inside.at[n]))
		n++;
	word = text_cut(inside.at, n);
	argument = text_trim(text_cut(inside.at + n, inside.len - n));
	kind = section_find(word);
	if (inside.len > SECTION_BYTES) {
		place_fault(b, place, "a section name over %d bytes", SECTION_BYTES);
		b->lost_section |= kind == SECTION_RELAY || kind == SECTIONS;
		return;
	}
	if (!closed)
		place_fault(b, place, "no `]`: `[%.*s]` meant?", WORDS(inside));
	else if (behind.len > 0)
		place_fault(b, place, "`%.*s` behind the `]`: only a comment may stand there (white space and `;`)",
			WORDS(behind));
	if (kind == SECTIONS)
		begin_unknown(b, word, argument, inside, place);
	else if (check_argument(b, kind, argument, place))
		begin_known(b, kind, argument, inside, place);
}
