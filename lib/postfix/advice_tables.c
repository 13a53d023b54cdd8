/* SPDX-License-Identifier: BSD-2-Clause */

/* The check_recipient_access tables that lead protected domains to classes that ask. */

#include <stdlib.h>
#include <string.h>

#include "policy/domain.h"
#include "postfix/advice_parts.h"
#include "postfix/tables.h"

/* The table's label decides, whatever section the domain has. */
static void judge_label(struct advice *a, const struct advised_domain *d, struct text table, struct text label)
{
	int64_t policy = label.len > 0 ? snapshot_policy_labelled(a->s, label) : -1;
	struct buf line = { 0 };
	char title[2 * DOMAIN_MAX];

	if (policy < 0 || policy == d->policy)
		return;
	int n = (int)snapshot_policy_title(a->s, snap_policy(a->s, d->policy), title, sizeof title);
	buf_format(&line, "%s in [domains %.*s], and not in [%.*s]", d->name, (int)label.len, label.at, n, title);
	advise_policy(a, WARNING, d->policy, line.at,
		"%s is decided by [domains %.*s], which %.*s and policy_context name for it: its own section, [%.*s], "
		"is not looked at",
		d->name, (int)label.len, label.at, (int)table.len, table.at, n, title);
	buf_free(&line);
}

static int compare_domain(const void *key, const void *member)
{
	return strcmp(key, ((const struct advised_domain *)member)->name);
}

/* Which protected domains the check_recipient_access tables of one smtpd lead to a class that asks. */
struct leading {
	struct advice *a;
	const struct service *sv;
	struct buf keys; /* the domains, a line each */
	bool *led; /* each of them */
	size_t count; /* that are led */
	struct text table; /* the last one that was asked; empty: there is none */
	bool unknown; /* some table could not be asked */
};

/* Whether it leads any. */
static bool ask_table(struct leading *l, struct text table)
{
	struct buf answers = { 0 };
	struct text rest, key, value, label;
	bool leads = false;

	l->table = table;
	if (table_ask(l->a->p, table, text_cut(l->keys.at ? l->keys.at : "", l->keys.len), &answers) < 0)
		l->unknown = true;
	rest = text_cut(answers.at, answers.len);
	while (table_next(&rest, &key, &value)) {
		char *name = must_strndup(key.at, key.len);
		const struct advised_domain *d =
			bsearch(name, l->a->domains, l->a->domain_count, sizeof *l->a->domains, compare_domain);
		if (d && advice_value_asks(l->a, l->sv, value, &label)) {
			l->count += !l->led[d - l->a->domains];
			l->led[d - l->a->domains] = true;
			judge_label(l->a, d, table, label);
			leads = true;
		}
		free(name);
	}
	buf_free(&answers);
	return leads;
}

static void ask_tables(struct leading *l, struct listed *in)
{
	for (enum restriction_list list = 0; list <= LIST_RECIPIENT; list++) {
		struct steps steps = { 0 };
		list_enter(in, list);
		steps_read(&steps, text_of(in->value), l->sv->params);
		for (size_t i = 0; i < steps.count; i++) {
			if (!step_is(&steps.at[i], "check_recipient_access") || !ask_table(l, steps.at[i].argument))
				continue;
			in->table = steps.at[i].argument;
			advise_place(in, &steps, i);
			in->table = text_of("");
		}
		steps_free(&steps);
	}
}

static void tell_missing(const struct leading *l)
{
	size_t first = 0, missing = l->a->domain_count - l->count;
	struct text class = advice_class(l->a, l->sv), path = l->table;
	const char *colon = text_find(path, ':');
	struct buf line = { 0 }, file = { 0 };

	while (l->led[first])
		first++;
	if (colon)
		path = text_cut(colon + 1, path.len - (size_t)(colon + 1 - path.at));
	buf_format(&line, "%s %.*s", l->a->domains[first].name, (int)class.len, class.at);
	buf_format(&file, "%.*s", (int)path.len, path.at);
	advise_at(l->a, FAULT, file.at, 0, line.at,
		"no entry leads %s (of %zu such domain%s) to a class that asks mxonlyd: whoever connects delivers "
		"directly",
		l->a->domains[first].name, missing, missing == 1 ? "" : "s");
	buf_free(&line);
	buf_free(&file);
}

void advise_tables(struct listed *in)
{
	struct advice *a = in->a;
	struct leading l = { .a = a, .sv = in->sv };

	if (!advise_classes(a, in->sv) || in->asked)
		return;
	for (size_t i = 0; i < a->domain_count; i++)
		buf_format(&l.keys, "%s\n", a->domains[i].name);
	l.led = must_alloc(a->domain_count * sizeof *l.led);
	memset(l.led, 0, a->domain_count * sizeof *l.led);
	ask_tables(&l, in);
	if (l.count > 0 && l.count < a->domain_count && !l.unknown)
		tell_missing(&l);
	free(l.led);
	buf_free(&l.keys);
	/* Without domains to ask about, and behind a table that cannot be asked, it may be so. */
	in->asked |= l.table.len > 0 && (l.unknown || a->domain_count == 0);
}
