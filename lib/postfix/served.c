/* SPDX-License-Identifier: BSD-2-Clause */
#include "postfix/served.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "policy/domain.h"
#include "policy/lines.h"
#include "postfix/tables.h"
#include "postfix/words.h"

enum { FILES_DEPTH = 4 };

static void take_list(struct served *r, const char *param, struct text list, int depth);

/* A file of patterns, which may name further files. */
static void take_file(struct served *r, const char *param, struct text path, int depth)
{
	char *name = must_strndup(path.at, path.len);
	struct buf b = { 0 };
	struct text line;
	const char *wrong;
	struct lines l;

	if (depth == FILES_DEPTH || file_read_regular(name, &b, NULL, NULL) < 0) {
		r->unread = true;
	} else {
		lines_start(&l, text_cut(b.at ? b.at : "", b.len));
		while (lines_next(&l, &line, &wrong))
			take_list(r, param, lines_list_item(line), depth + 1);
	}
	buf_free(&b);
	free(name);
}

static void take_name(struct served *r, const char *param, struct text word)
{
	char name[DOMAIN_MAX + 1];
	size_t n = domain_of_host(word, name, DOMAIN_MAX);

	if (n == 0 || n > DOMAIN_MAX)
		return; /* an address literal */
	char *copy = must_strndup(name, n);
	if (name_table_add(&r->index, copy, (uint32_t)r->count) != NAME_ABSENT) {
		free(copy);
		return;
	}
	r->names = must_grow(r->names, r->count, sizeof *r->names);
	r->names[r->count++] = (struct served_name){ copy, param };
}

/* Domains are the keys of such tables; but those of virtual_alias_maps, the default of virtual_alias_domains, are addresses. */
static void take_table(struct served *r, const char *param, struct text table)
{
	struct buf entries = { 0 };
	struct text rest, key, value;

	r->tables = must_grow(r->tables, r->table_count, sizeof *r->tables);
	r->tables[r->table_count++] = table;
	if (strcmp(param, "virtual_alias_domains") == 0 && !params_has(&r->p->set, param))
		return;
	if (table_list(r->p, table, &entries) == 0) {
		rest = text_cut(entries.at, entries.len);
		while (table_next(&rest, &key, &value))
			take_name(r, param, key);
	}
	buf_free(&entries);
}

static void take_list(struct served *r, const char *param, struct text list, int depth)
{
	struct text word;

	while (words_next(&list, &word)) {
		if (word.at[0] == '/') {
			take_file(r, param, word, depth);
		} else if (table_is(word) && depth == 0) {
			take_table(r, param, word);
		} else if (table_is(word) || word.at[0] == '!') {
			r->unread = true;
		} else {
			take_name(r, param, word);
		}
	}
}

void served_read(struct served *r, const struct postfix *p)
{
	static const char *const params[] = { "mydestination", "virtual_alias_domains", "virtual_mailbox_domains",
		"relay_domains" };

	*r = (struct served){ .p = p };
	for (size_t i = 0; i < sizeof params / sizeof *params; i++)
		take_list(r, params[i], text_of(params_get(&p->main, params[i])), 0);
	r->parents = strstr(params_get(&p->main, "parent_domain_matches_subdomains"), "relay_domains") != NULL;
}

/* The name itself, or one above it in relay_domains. */
static bool listed(const struct served *r, const char *name)
{
	if (name_table_find(&r->index, text_of(name)) != NAME_ABSENT)
		return true;
	for (const char *dot = strchr(name, '.'); r->parents && dot; dot = strchr(dot + 1, '.')) {
		uint32_t i = name_table_find(&r->index, text_of(dot + 1));
		if (i != NAME_ABSENT && strcmp(r->names[i].param, "relay_domains") == 0)
			return true;
	}
	return false;
}

/* Keys are lines; asked: which of holds belongs to each. */
static void ask_tables(struct served *r, struct text keys, const struct name_table *asked, bool *holds)
{
	for (size_t i = 0; i < r->table_count; i++) {
		struct buf answers = { 0 };
		struct text rest, key, value;
		if (table_ask(r->p, r->tables[i], keys, &answers) < 0)
			r->unread = true;
		rest = text_cut(answers.at, answers.len);
		while (table_next(&rest, &key, &value)) {
			uint32_t which = name_table_find(asked, key);
			if (which != NAME_ABSENT)
				holds[which] = true;
		}
		buf_free(&answers);
	}
}

void served_ask(struct served *r, const char *const *names, size_t count, bool *holds)
{
	struct name_table asked = { 0 };
	struct buf keys = { 0 };

	for (size_t i = 0; i < count; i++) {
		holds[i] = listed(r, names[i]);
		if (holds[i])
			continue;
		name_table_add(&asked, names[i], (uint32_t)i);
		buf_format(&keys, "%s\n", names[i]);
	}
	if (keys.len > 0)
		ask_tables(r, text_cut(keys.at, keys.len), &asked, holds);
	name_table_free(&asked);
	buf_free(&keys);
}

void served_free(struct served *r)
{
	for (size_t i = 0; i < r->count; i++)
		free(r->names[i].name);
	free(r->names);
	name_table_free(&r->index);
	free(r->tables);
	*r = (struct served){ 0 };
}
