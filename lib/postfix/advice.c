/* SPDX-License-Identifier: BSD-2-Clause */
#include "postfix/advice.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/lines.h"
#include "postfix/advice_parts.h"
#include "postfix/words.h"

enum { WORDS_ROOM = 2048 };

/* Services often share a line of main.cf: what is wrong with it is told once. */
static bool told(const struct faults *f, const char *file, const char *words)
{
	size_t n = strlen(file);

	for (size_t i = 0; i < f->count; i++)
		if (strncmp(f->list[i].words, file, n) == 0 && strcmp(f->list[i].words + f->list[i].place, words) == 0)
			return true;
	return false;
}

static void tell(struct advice *a, enum severity severity, const char *file, unsigned line, const char *words)
{
	if (told(a->faults, file, words))
		return;
	if (severity == FAULT)
		fault_add(a->faults, file, line, "%s", words);
	else
		warning_add(a->faults, file, line, "%s", words);
}

/* "what is wrong, and why; write: LINE" */
static void put_words(char to[WORDS_ROOM], const char *before, const char *write, const char *format, va_list args)
{
	int n = snprintf(to, WORDS_ROOM, "%s", before);

	n += vsnprintf(to + n, (size_t)(WORDS_ROOM - n), format, args);
	if (n < WORDS_ROOM)
		snprintf(to + n, (size_t)(WORDS_ROOM - n), "; write: %s", write);
}

void advise_at(struct advice *a, enum severity severity, const char *file, unsigned line, const char *write,
	const char *format, ...)
{
	struct buf main_cf = { 0 };
	char words[WORDS_ROOM];
	va_list args;

	buf_format(&main_cf, "%s/main.cf", a->p->directory);
	va_start(args, format);
	put_words(words, "", write, format, args);
	va_end(args);
	tell(a, severity, file ? file : main_cf.at, line, words);
	buf_free(&main_cf);
}

void advise(struct advice *a, enum severity severity, const struct service *sv, const char *param, const char *value,
	const char *format, ...)
{
	bool own = sv && params_has(&sv->set, param);
	struct buf file = { 0 }, before = { 0 }, write = { 0 };
	char words[WORDS_ROOM];
	va_list args;

	buf_format(&file, "%s/%s", a->p->directory, own ? "master.cf" : "main.cf");
	if (own)
		buf_format(&before, "%s/%s: ", sv->name, sv->type);
	buf_format(&before, "%s: ", param);
	buf_format(&write, own ? "-o { %s = %s }" : "%s = %s", param, value);
	va_start(args, format);
	put_words(words, before.at, write.at, format, args);
	va_end(args);
	tell(a, severity, file.at, 0, words);
	buf_free(&file);
	buf_free(&before);
	buf_free(&write);
}

void advise_policy(
	struct advice *a, enum severity severity, uint32_t policy, const char *write, const char *format, ...)
{
	const struct snap_place *at = &snap_policy(a->s, policy)->place;
	char words[WORDS_ROOM];
	struct text file = snap_item(a->s, a->s->files, at->file);
	char *name = must_strndup(file.at, file.len);
	va_list args;

	va_start(args, format);
	put_words(words, "", write, format, args);
	va_end(args);
	tell(a, severity, name, at->line, words);
	free(name);
}

static bool is_loopback(struct text host)
{
	return text_is(host, "localhost") || text_is(host, "::1") || (host.len > 4 && memcmp(host.at, "127.", 4) == 0);
}

/* A service without a host listens on inet_interfaces. */
static bool listens_outside(const struct service *sv)
{
	struct text host = service_host(sv);
	struct text interfaces = text_of(params_get(sv->params, "inet_interfaces")), word;

	if (strcmp(sv->type, "inet") != 0)
		return false;
	if (host.len > 0)
		return !is_loopback(host);
	while (words_next(&interfaces, &word))
		if (!text_is(word, "loopback-only") && !is_loopback(word))
			return true;
	return false;
}

static bool postscreen_outside(const struct advice *a)
{
	for (size_t i = 0; i < a->p->services.count; i++) {
		const struct service *sv = &a->p->services.at[i];
		if (strcmp(sv->command, "postscreen") == 0 && listens_outside(sv))
			return true;
	}
	return false;
}

static bool is_public(const struct advice *a, const struct service *sv)
{
	return listens_outside(sv) || (strcmp(sv->type, "pass") == 0 && postscreen_outside(a));
}

const struct service *advice_next_public(const struct advice *a, size_t *at)
{
	while (*at < a->p->services.count) {
		const struct service *sv = &a->p->services.at[(*at)++];
		if (strcmp(sv->command, "smtpd") == 0 && (!a->outside || is_public(a, sv)))
			return sv;
	}
	return NULL;
}

static bool any_public(const struct advice *a)
{
	for (size_t i = 0; i < a->p->services.count; i++)
		if (strcmp(a->p->services.at[i].command, "smtpd") == 0 && is_public(a, &a->p->services.at[i]))
			return true;
	return false;
}

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
		if (slot[i].name == 0 || *name == '.' || snap_policy(a->s, slot[i].policy)->mode == MODE_OFF)
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

	a.outside = any_public(&a);
	sv = advice_next_public(&a, &at);
	sv = sv ? sv : &anywhere;
	char *list = advice_mended(&a, sv, params_get(sv->params, restriction_list_name[LIST_RECIPIENT]));
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
	a.outside = any_public(&a);
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
