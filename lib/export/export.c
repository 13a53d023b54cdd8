/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/export.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "export/header.h"
#include "export/safety.h"

const struct target *target_find(const char *name)
{
	for (size_t i = 0; targets[i]; i++)
		if (strcmp(targets[i]->name, name) == 0)
			return targets[i];
	return NULL;
}

struct buf *export_file(struct export_job *x, const char *name, const struct comment *comment)
{
	struct export_file *f = must_alloc(sizeof *f);

	*f = (struct export_file){ .name = must_strndup(name, strlen(name)), .comment = comment };
	x->files = must_grow(x->files, x->file_count, sizeof *x->files);
	x->files[x->file_count++] = f;
	return &f->text;
}

static void add_note(struct export_job *x, bool warning, const char *format, va_list arguments)
{
	char *words;

	if (vasprintf(&words, format, arguments) < 0)
		words = must_strndup(format, strlen(format));
	x->notes = must_grow(x->notes, x->note_count, sizeof *x->notes);
	x->notes[x->note_count++] = (struct export_note){ warning, words };
}

void export_note(struct export_job *x, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_note(x, false, format, arguments);
	va_end(arguments);
}

void export_warn(struct export_job *x, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_note(x, true, format, arguments);
	va_end(arguments);
}

void export_leave_out(struct export_job *x, const struct range_list *l, const char *why)
{
	char text[RANGE_TEXT];

	for (size_t i = 0; i < l->count; i++)
		export_warn(x, "%s is left out: %s", range_print(&l->at[i], text), why);
}

/* Puts each file's header before its text. */
static void add_headers(struct export_job *x)
{
	for (size_t i = 0; i < x->file_count; i++) {
		struct export_file *f = x->files[i];
		struct buf whole = { 0 };
		if (!f->comment)
			continue;
		header_write(&whole, x, f->comment);
		buf_add(&whole, f->text.at, f->text.len);
		buf_free(&f->text);
		f->text = whole;
	}
}

int export_make(struct export_job *x, const struct target *t, const struct plan *p, const char *output, bool force,
	struct err *e)
{
	*x = (struct export_job){ .plan = p, .target = t, .output = output };
	if (t->flags & TARGET_FOLDER)
		export_file(x, "README.mxonly", &comment_text);
	if (safety_check(x, force, e) == 0 && t->write(x, e) == 0) {
		add_headers(x);
		return 0;
	}
	export_free(x);
	return -1;
}

void export_free(struct export_job *x)
{
	for (size_t i = 0; i < x->file_count; i++) {
		free(x->files[i]->name);
		buf_free(&x->files[i]->text);
		free(x->files[i]);
	}
	free(x->files);
	for (size_t i = 0; i < x->note_count; i++)
		free(x->notes[i].words);
	free(x->notes);
	*x = (struct export_job){ 0 };
}
