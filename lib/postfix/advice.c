/* SPDX-License-Identifier: BSD-2-Clause */
#include "postfix/advice.h"

#include <stdlib.h>

#include "policy/lines.h"
#include "postfix/advice_parts.h"

/* The parameter that was probably meant by the one in "...unused parameter: NAME=VALUE", or NULL. */
static const char *meant(const struct advice *a, const char *words)
{
	static const char unused[] = "unused parameter: ";
	const char *name = strstr(words, unused), *found;
	const char **names;

	if (!name)
		return NULL;
	name += sizeof unused - 1;
	names = must_alloc(a->p->main.count * sizeof *names);
	for (size_t i = 0; i < a->p->main.count; i++)
		names[i] = a->p->main.at[i].name;
	found = text_nearest(text_cut(name, strcspn(name, "=")), names, a->p->main.count);
	free(names);
	return found;
}

/* "postconf: warning: FILE: words" */
static void repeat_line(struct advice *a, struct text line)
{
	static const char prefix[] = "postconf: warning: ";
	char *copy = must_strndup(line.at, line.len);
	char *file = strncmp(copy, prefix, sizeof prefix - 1) == 0 ? copy + sizeof prefix - 1 : copy;
	char *words = strstr(file, ": ");

	if (words) {
		*words = '\0';
		words += 2;
		const char *name = meant(a, words);
		advise_at(a, WARNING, file, 0, name ? name : "what is meant, or nothing", "postconf says: %s", words);
	}
	free(copy);
}

/* What postconf(1) itself warned of: misspelt and unused parameters. */
static void repeat_postconf(struct advice *a)
{
	struct text line;
	const char *wrong;
	struct lines l;

	lines_start(&l, text_cut(a->p->said.at ? a->p->said.at : "", a->p->said.len));
	while (lines_next(&l, &line, &wrong))
		repeat_line(a, line);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct advised_domain *)a)->name, ((const struct advised_domain *)b)->name);
}

static void collect_domains(struct advice *a)
{
	const struct snap_domain *slot = snap_at(a->s, a->s->domains);

	for (uint32_t i = 0; i < a->s->domains.count; i++) {
		const char *name = (const char *)a->s + slot[i].name;
		if (slot[i].name == 0 || slot[i].alias || *name == '.' ||
			snap_policy(a->s, slot[i].policy)->mode == MODE_OFF)
			continue;
		size_t len = (unsigned char)name[-1];
		a->domains = must_grow(a->domains, a->domain_count, sizeof *a->domains);
		a->domains[a->domain_count++] = (struct advised_domain){ must_strndup(name, len), slot[i].policy };
	}
	if (a->domain_count > 0)
		qsort(a->domains, a->domain_count, sizeof *a->domains, by_name);
}

/* A restriction a line. */
static void put_list(struct buf *lines, const char *list)
{
	static const struct params no_classes;
	struct steps steps = { 0 };

	steps_read(&steps, text_of(list), &no_classes);
	for (size_t i = 0; i < steps.count; i++) {
		struct step *s = &steps.at[i];
		buf_format(lines, "%s\n    %s%.*s", i > 0 ? "," : "", s->warns ? "warn_if_reject " : "",
			(int)s->verb.len, s->verb.at);
		if (s->argument.len > 0)
			buf_format(lines, " %.*s", (int)s->argument.len, s->argument.at);
	}
	buf_str(lines, "\n");
	steps_free(&steps);
}

void advice_begin(const struct postfix *p, const struct snapshot *s, struct buf *lines)
{
	struct advice a = { .p = p, .s = s };
	const struct service anywhere = { .params = &p->main, .name = "smtp", .type = "inet", .chroot = 'y' };
	const struct service *sv;
	size_t at = 0;

	a.outside = advice_any_public(&a);
	sv = advice_next_public(&a, &at);
	sv = sv ? sv : &anywhere;
	char *list = advice_mended(&a, sv, params_get(sv->params, restriction_list_name[LIST_RECIPIENT]), text_of(""));
	buf_str(lines, "smtpd_recipient_restrictions =");
	put_list(lines, list);
	free(list);
	if (!params_yes(sv->params, "smtpd_helo_required"))
		buf_str(lines, "smtpd_helo_required = yes\n");
	if (params_yes(sv->params, "append_dot_mydomain"))
		buf_str(lines, "append_dot_mydomain = no\n");
}

void advice_run(const struct postfix *p, const struct snapshot *s, struct faults *f)
{
	struct advice a = { .p = p, .s = s, .faults = f };

	for (uint32_t i = 0; i < s->policies.count; i++)
		a.enforces |= snap_policy(s, i)->mode == MODE_ENFORCE && i != SNAP_POLICY_NO_DOMAIN;
	a.outside = advice_any_public(&a);
	collect_domains(&a);
	repeat_postconf(&a);
	advise_lists(&a);
	advise_front(&a);
	advise_factors(&a);
	advise_names(&a);
	advise_domains(&a);
	for (size_t i = 0; i < a.domain_count; i++)
		free(a.domains[i].name);
	free(a.domains);
}
