/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/config.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/file.h"
#include "policy/config_parts.h"

static void build_free(struct build *b)
{
	name_table_free(&b->relays);
	name_table_free(&b->labels);
	name_table_free(&b->domains);
	free(b->domain_places);
	free(b->foreign);
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
