/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/header.h"

#include "base/escape.h"

const struct comment comment_hash = { .first = "", .open = "", .line = "# ", .close = "" };
const struct comment comment_hash_brief = { .first = "", .open = "", .line = "# ", .close = "", .brief = true };
const struct comment comment_shell = { .first = "#!/bin/sh\n", .open = "", .line = "# ", .close = "" };
const struct comment comment_text = { .first = "", .open = "", .line = "", .close = "" };
const struct comment comment_xml = { .first = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n",
	.open = "<!--\n",
	.line = "  ",
	.close = "-->\n",
	.brief = true,
	.no_dashes = true };

enum { PATH_LINE = 8192 };

/* Foreign words on one line: newlines and control characters as \xNN. */
static void add_plain(struct buf *b, const char *words)
{
	char text[PATH_LINE];
	struct line l;

	line_start(&l, text, sizeof text);
	line_plain(&l, text_of(words));
	buf_add(b, text, l.len);
}

/* The value of a variable; NULL: there is no such variable. */
static const char *value_of(const struct export_job *x, struct text name)
{
	const struct plan *p = x->plan;
	const struct {
		const char *name, *value;
	} variables[] = {
		{ "output", x->output ? x->output : x->target->file },
		{ "relay4", p->relay4 },
		{ "relay6", p->relay6 },
		{ "foreign4", p->foreign4 },
		{ "foreign6", p->foreign6 },
	};

	for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
		if (text_is(name, variables[i].name))
			return variables[i].value;
	return NULL;
}

/* A line with its variables put in; nothing is added when one has no value. */
static void add_filled(struct buf *b, const struct export_job *x, struct text line)
{
	size_t before = b->len;
	const char *end = line.at + line.len;

	buf_str(b, "  ");
	for (const char *at = line.at; at < end; at++) {
		const char *close =
			end - at > 2 && at[0] == '$' && at[1] == '{' ? memchr(at, '}', (size_t)(end - at)) : NULL;
		const char *value = close ? value_of(x, text_cut(at + 2, (size_t)(close - at) - 2)) : NULL;
		if (!value) {
			buf_add(b, at, 1);
			continue;
		}
		if (!*value) {
			b->len = before;
			return;
		}
		add_plain(b, value);
		at = close;
	}
	buf_str(b, "\n");
}

static void add_part(struct buf *b, const struct export_job *x, const char *title, const char *words)
{
	buf_format(b, "\n%s:\n", title);
	while (words && *words) {
		size_t n = strcspn(words, "\n");
		add_filled(b, x, text_cut(words, n));
		words += n + (words[n] == '\n');
	}
}

static void add_notes(struct buf *b, const struct export_job *x)
{
	buf_str(b, x->note_count > 0 ? "\nMind, and what was left out:\n" : "\nNothing was left out.\n");
	for (size_t i = 0; i < x->note_count; i++) {
		buf_str(b, x->notes[i].warning ? "- WARNING: " : "- ");
		add_plain(b, x->notes[i].words);
		buf_str(b, "\n");
	}
}

static void add_source(struct buf *b, const struct export_job *x)
{
	buf_format(b, "mxonly export %s: %s\n", x->target->name, x->target->help);
	buf_str(b, "Configuration: ");
	add_plain(b, x->plan->config);
	buf_format(b, ", digest %s\nWritten: %s by mxonly " MXONLY_VERSION "; write it again instead of changing it\n",
		x->plan->digest, x->plan->date);
}

static void add_words(struct buf *b, const struct export_job *x)
{
	add_source(b, x);
	add_part(b, x, "What it does", x->target->what);
	add_part(b, x, "Load it", x->target->load);
	add_part(b, x, "Undo it", x->target->undo);
	add_part(b, x, "Verify its effect", x->target->check);
	add_notes(b, x);
}

/* A line in its signs, without white space at its end. */
static void add_line(struct buf *b, const struct comment *comment, struct text line)
{
	size_t before = b->len;

	buf_str(b, comment->line);
	for (size_t i = 0; i < line.len; i++) {
		if (comment->no_dashes && i > 0 && line.at[i] == '-' && line.at[i - 1] == '-')
			buf_str(b, " ");
		buf_add(b, &line.at[i], 1);
	}
	while (b->len > before && b->at[b->len - 1] == ' ')
		b->len--;
	buf_str(b, "\n");
}

void header_write(struct buf *b, const struct export_job *x, const struct comment *comment)
{
	struct buf words = { 0 };

	if (comment->brief) {
		add_source(&words, x);
		buf_str(&words, "README.mxonly beside it tells how to load, undo and verify it.\n");
	} else {
		add_words(&words, x);
	}
	buf_str(b, comment->first);
	buf_str(b, comment->open);
	for (const char *at = words.at, *end = words.at + words.len; at < end;) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		add_line(b, comment, text_cut(at, (size_t)(newline - at)));
		at = newline + 1;
	}
	buf_str(b, comment->close);
	buf_free(&words);
}
