/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/config_parts.h"

#include <stdlib.h>

#include "base/arena.h"
#include "policy/domain.h"

/* Relays may stand anywhere in the files, so their names are looked up when all have been read. */
void read_relays(struct build *b, const struct value *v)
{
	struct text rest = v->text, word;

	while (text_next_word(&rest, &word)) {
		b->uses = must_grow(b->uses, b->use_count, sizeof *b->uses);
		b->uses[b->use_count++] = (struct relay_use){ v->index, value_place(b, word.at),
			arena_strndup(b->c->names, word.at, word.len) };
	}
	if (!text_has_word(v->text)) {
		value_fault(b, v, v->text.at, "names no relay; without this key every relay may match");
		b->lost_use = true;
	}
}

void read_action(struct build *b, const struct value *v)
{
	enum action_use use = (enum action_use)v->row->max;
	bool acts_on_message = false;
	char **action = v->to;
	struct err e;

	free(*action);
	*action = NULL;
	if (action_check(v->text, use, &acts_on_message, &e) < 0) {
		value_fault(b, v, v->text.at, "%s", e.text);
		return;
	}
	*action = must_strndup(v->text.at, v->text.len);
	if (acts_on_message)
		value_warning(b, v, v->text.at, "acts on the whole message: on its other recipients too");
}

void read_exempt_networks(struct build *b, const struct value *v)
{
	struct text rest = v->text, word;
	struct range_list *list = v->to;
	char text[RANGE_TEXT];
	struct range r;
	struct err e;

	range_list_free(list);
	*list = (struct range_list){ 0 };
	while (text_next_word(&rest, &word)) {
		if (range_parse(&r, word, &e) < 0)
			value_fault(b, v, word.at, "%s", e.text);
		else if (range_wider(&r, 8, 7))
			value_fault(b, v, word.at, "%s is wider than %s: too much of the Internet would be let pass",
				range_print(&r, text), r.first.v6 ? "an IPv6 /7" : "an IPv4 /8");
		else
			range_list_add(list, &r);
	}
}

static bool printable(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if ((unsigned char)t.at[i] <= ' ' || t.at[i] == 0x7f)
			return false;
	return true;
}

/* "local" or "local@domain" as policies compare it; NULL with e. */
static char *exempt_recipient(struct text word, struct err *e)
{
	const char *at = memrchr(word.at, '@', word.len);
	struct text local = { word.at, at ? (size_t)(at - word.at) : word.len };
	char domain[DOMAIN_MAX + 1] = "";
	struct buf b = { 0 };

	if (local.len == 0)
		return err_set(e, "`%.*s` has no local part (a domain's own policy is a [domain D] section)",
			       WORDS(word)),
		       NULL;
	if (!printable(word))
		return err_set(e, "`%.*s` holds a control character", WORDS(word)), NULL;
	if (at && domain_parse(text_cut(at + 1, word.len - local.len - 1), false, domain, e) < 0)
		return NULL;
	for (size_t i = 0; i < local.len; i++)
		buf_format(&b, "%c", ascii_lower(local.at[i]));
	if (at)
		buf_format(&b, "@%s", domain);
	return b.at;
}

void read_exempt_recipients(struct build *b, const struct value *v)
{
	struct text rest = v->text, word;
	struct str_list *list = v->to;
	struct err e;

	str_list_free(list);
	while (text_next_word(&rest, &word)) {
		char *recipient = exempt_recipient(word, &e);
		if (recipient && text_find(word, '*'))
			value_warning(b, v, word.at,
				"`%.*s`: there are no wildcards here: only a recipient that is spelled so is exempt",
				(int)word.len, word.at);
		if (recipient)
			str_list_add(list, recipient);
		else
			value_fault(b, v, word.at, "%s", e.text);
	}
}

/* [audit] keeps its words as they were written. */
void read_hosts(struct build *b, const struct value *v)
{
	struct text rest = v->text, word;
	char name[DOMAIN_MAX + 1];
	struct err e;

	while (text_next_word(&rest, &word))
		if (domain_parse(word, false, name, &e) < 0)
			value_fault(b, v, word.at, "%s", e.text);
		else
			str_list_add(v->to, must_strndup(word.at, word.len));
}

void read_networks(struct build *b, const struct value *v)
{
	struct text rest = v->text, word;
	struct range r;
	struct err e;

	while (text_next_word(&rest, &word))
		if (range_parse(&r, word, &e) < 0)
			value_fault(b, v, word.at, "%s", e.text);
		else
			str_list_add(v->to, must_strndup(word.at, word.len));
}
