/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/config_parts.h"

#include <stdio.h>

#include "base/arena.h"
#include "policy/domain.h"

/* "[default]", "[domain example.org]", "[domains customers]" */
static void policy_title(const struct policy_config *p, char *to, size_t cap)
{
	snprintf(to, cap, "[%s%s%s]", policy_kind_name[p->kind], p->name[0] ? " " : "", p->name);
}

/* The domain has a section already: a warning in the same one, else a fault that names both places. */
static void meet_again(struct build *b, uint32_t found, uint32_t policy, struct place place)
{
	const struct config_domain *domain = &b->c->domains[found];
	const struct policy_config *other = &b->c->policies[domain->policy];
	struct place first = b->domain_places[found];
	char title[400];

	policy_title(other, title, sizeof title);
	if (domain->policy == policy)
		place_warning(b, place, "`%s` twice in %s: first in %s:%u", domain->name, title, place_file(b, first),
			first.line);
	else
		place_fault(b, place, "`%s` has a section already: %s, in %s:%u", domain->name, title,
			place_file(b, first), first.line);
}

/* The index of the same name that was there before, or NAME_ABSENT. */
static uint32_t add(struct build *b, struct text name, uint32_t policy, struct place place, bool alias)
{
	struct config *c = b->c;
	const char *copy = arena_strndup(c->names, name.at, name.len);
	uint32_t found = name_table_add(&b->domains, copy, (uint32_t)c->domain_count);

	if (found != NAME_ABSENT)
		return found;
	c->domains = must_grow(c->domains, c->domain_count, sizeof *c->domains);
	b->domain_places = must_grow(b->domain_places, c->domain_count, sizeof *b->domain_places);
	b->domain_places[c->domain_count] = place;
	c->domains[c->domain_count++] = (struct config_domain){ copy, policy, alias };
	return NAME_ABSENT;
}

void names_add(struct build *b, struct text name, uint32_t policy, struct place place)
{
	uint32_t found = add(b, name, policy, place, false);

	if (found != NAME_ABSENT) {
		meet_again(b, found, policy, place);
	} else if (domain_is_foreign(name)) {
		b->foreign = must_grow(b->foreign, b->foreign_count, sizeof *b->foreign);
		b->foreign[b->foreign_count++] = (uint32_t)(b->c->domain_count - 1);
	}
}

void names_add_aliases(struct build *b)
{
	struct config *c = b->c;
	char alias[DOMAIN_MAX + 1], title[400];

	for (size_t i = 0; i < b->foreign_count; i++) {
		struct config_domain domain = c->domains[b->foreign[i]];
		struct place place = b->domain_places[b->foreign[i]];
		if (!domain_folded(text_of(domain.name), alias))
			continue;
		uint32_t found = add(b, text_of(alias), domain.policy, place, true);
		if (found == NAME_ABSENT)
			place_warning(b, place,
				"Postfix takes `%s` for `%s` too: name it here as well, else both this policy and the "
				"one it has "
				"otherwise decide",
				alias, domain.name);
		if (found == NAME_ABSENT || c->domains[found].policy == domain.policy)
			continue;
		policy_title(&c->policies[c->domains[found].policy], title, sizeof title);
		place_warning(b, place, "`%s` has a policy of its own (%s, in %s:%u), but Postfix takes it for `%s`",
			alias, title, place_file(b, b->domain_places[found]), b->domain_places[found].line,
			domain.name);
	}
}

static void name_item(struct build *b, const struct value *v, struct text item, struct place place)
{
	char name[DOMAIN_MAX + 1];
	struct err e;

	if (domain_parse(item, true, name, &e) < 0)
		place_fault(b, place, "%s", e.text);
	else
		names_add(b, text_of(name), v->index, place);
}

void read_names(struct build *b, const struct value *v)
{
	struct text rest = v->text, word;

	b->policy_notes[v->index].covers |= text_has_word(v->text);
	while (text_next_word(&rest, &word))
		name_item(b, v, word, value_place(b, word.at));
}

void read_name_files(struct build *b, const struct value *v)
{
	struct text rest = v->text, word;
	time_t modified;

	b->policy_notes[v->index].covers |= text_has_word(v->text);
	while (text_next_word(&rest, &word))
		list_file_read(b, v, word, name_item, &modified);
}
