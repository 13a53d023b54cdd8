/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/config.h"

#include <ini.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/file.h"
#include "policy/config_parts.h"

/*
 * What libinih is fed with: "[SECTION]" and "key = NUMBER", both counted by us. It cuts lines at 200 bytes and section names at
 * 49, keeps silent about empty sections, lets keys below a line without "]" join the section above, and reports continuation
 * lines as further keys; with lines as short as these, of known keys and closed sections only, it has nothing to get wrong,
 * and every answer is compared with the question.
 */
struct feed {
	struct build *b;
	struct entries entries;
	unsigned section, number;
	const struct setting *row; /* of the key that was fed last */
	struct text value;
};

/* For ini_parse_stream: the next line, as fgets(3). */
static char *feed_line(char *to, int size, void *stream)
{
	struct feed *feed = stream;
	struct build *b = feed->b;
	enum entry_kind kind;
	struct entry e;

	while ((kind = entries_next(&feed->entries, &e)) != ENTRY_END) {
		if (kind == ENTRY_SECTION) {
			section_begin(b, &e);
			snprintf(to, (size_t)size, "[%u]\n", ++feed->section);
			return to;
		}
		if (kind == ENTRY_LOST_SECTION)
			section_lost(b);
		if (kind == ENTRY_LOST_KEY)
			key_lost(b);
		feed->row = kind == ENTRY_KEY ? key_take(b, &e) : NULL;
		if (feed->row) {
			feed->value = e.value;
			snprintf(to, (size_t)size, "%s = %u\n", feed->row->key, ++feed->number);
			return to;
		}
	}
	return NULL;
}

/* For ini_parse_stream: a key and its value; 0 when they are not those that were fed. */
static int take_value(void *user, const char *section, const char *name, const char *number)
{
	struct feed *feed = user;
	struct build *b = feed->b;
	size_t errors = b->faults->errors;
	struct value v;

	if (strtoul(section, NULL, 10) != feed->section || strtoul(number, NULL, 10) != feed->number ||
		strcmp(name, feed->row->key) != 0)
		return 0;
	v = value_of(b, feed->row, b->section.kind, b->section.index, feed->value);
	value_read(b, &v);
	if (b->faults->errors > errors)
		key_faulty(b, feed->row);
	return 1;
}

static void parse(struct build *b, struct text bytes)
{
	const char *path = b->c->files.at[b->file];
	struct feed feed = { .b = b };

	entries_start(&feed.entries, bytes, path, b->faults);
	b->entries = &feed.entries;
	if (ini_parse_stream(feed_line, &feed, take_value, &feed) != 0)
		fault_add(b->faults, path, 0,
			"libinih gave back other words than it was given: this is a bug, please report it");
	b->entries = NULL;
	entries_free(&feed.entries);
}

void ini_read(struct build *b, struct text bytes, const char *path, struct place by)
{
	uint32_t file = b->file;
	long source = source_begin(b, path, by);
	struct include *includes;
	size_t count;

	if (source < 0)
		return;
	b->depth++;
	b->file = file_add(b, must_strndup(path, strlen(path)));
	b->section = (struct section){ .state = OUTSIDE };
	b->includes = NULL;
	b->include_count = 0;
	parse(b, bytes);
	includes = b->includes;
	count = b->include_count;
	includes_read(b, includes, count);
	b->sources[source].open = false;
	b->file = file;
	b->depth--;
}

static void build_free(struct build *b)
{
	name_table_free(&b->relays);
	name_table_free(&b->labels);
	name_table_free(&b->domains);
	free(b->domain_places);
	free(b->relay_notes);
	free(b->policy_notes);
	free(b->uses);
	free(b->wide);
	free(b->sources);
}

void config_read_text(struct config *c, struct text bytes, const char *path, struct faults *f)
{
	struct build b = { .c = c, .faults = f };
	const struct place none = { 0, 0 };

	*c = (struct config){ .names = arena_new() };
	policy_add(&b, POLICY_DEFAULT, text_of(""), none);
	ini_read(&b, bytes, path, none);
	config_check(&b);
	config_warn(&b);
	build_free(&b);
}

void config_read(struct config *c, const char *path, struct faults *f)
{
	struct buf bytes = { 0 };
	struct err e;

	*c = (struct config){ 0 };
	if (file_read(path, &bytes, NULL, &e) < 0)
		fault_add(f, NULL, 0, "%s", e.text);
	else
		config_read_text(c, text_cut(bytes.at, bytes.len), path, f);
	buf_free(&bytes);
}

static void replace(char **to, struct text value)
{
	free(*to);
	*to = must_strndup(value.at, value.len);
}

void config_read_user(struct text bytes, char **user, char **group)
{
	struct faults unheard = { 0 };
	struct entries entries;
	struct entry e;
	bool inside = false, closed;
	struct text behind;

	*user = *group = NULL;
	entries_start(&entries, bytes, "", &unheard);
	while (entries_next(&entries, &e) != ENTRY_END) {
		if (e.kind == ENTRY_SECTION || e.kind == ENTRY_LOST_SECTION)
			inside =
				e.kind == ENTRY_SECTION && text_is(section_inside(e.name, &closed, &behind), "policyd");
		else if (e.kind == ENTRY_KEY && inside && e.value.len > 0 && text_is(e.name, "user"))
			replace(user, e.value);
		else if (e.kind == ENTRY_KEY && inside && e.value.len > 0 && text_is(e.name, "group"))
			replace(group, e.value);
	}
	if (!*user)
		replace(user, text_of(setting_find(SECTION_POLICYD, text_of("user"))->preset));
	entries_free(&entries);
	faults_free(&unheard);
}

static void relay_free(struct relay_config *r)
{
	for (size_t i = 0; i < r->file_count; i++)
		free(r->files[i].path);
	free(r->files);
	free(r->name);
	free(r->fingerprints);
	range_list_free(&r->ranges);
	str_list_free(&r->domains);
}

/* What a policy has of [default]'s belongs to [default]. */
static void policy_free(struct policy_config *p)
{
	free(p->name);
	if (!(p->like & 1u << FIELD_RELAYS))
		free(p->relays);
	for (unsigned use = 0; use < ACTION_USES; use++)
		if (!(p->like & 1u << (FIELD_REFUSE_ACTION + use)))
			free(p->action[use]);
	if (!(p->like & 1u << FIELD_EXEMPT_NETWORKS))
		range_list_free(&p->exempt_networks);
	if (!(p->like & 1u << FIELD_EXEMPT_RECIPIENTS))
		str_list_free(&p->exempt_recipients);
}

static void policyd_free(struct policyd_config *p)
{
	str_list_free(&p->listen);
	free(p->socket_group);
	free(p->user);
	free(p->group);
	free(p->recipient_delimiter);
	free(p->control);
}

void config_free(struct config *c)
{
	str_list_free(&c->files);
	policyd_free(&c->policyd);
	for (size_t i = 0; i < c->relay_count; i++)
		relay_free(&c->relays[i]);
	free(c->relays);
	for (size_t i = 0; i < c->policy_count; i++)
		policy_free(&c->policies[i]);
	free(c->policies);
	free(c->domains);
	str_list_free(&c->own);
	str_list_free(&c->internal_networks);
	arena_free(c->names);
	*c = (struct config){ 0 };
}
