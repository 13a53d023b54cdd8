/* SPDX-License-Identifier: BSD-2-Clause */

/* A finding: where, what, why, and the line to write instead. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "postfix/advice_parts.h"

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
