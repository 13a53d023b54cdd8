/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/header.h"

#include <gmime/gmime.h>
#include <stdlib.h>

static const char *const names[FIELD_NAMES] = {
	[FIELD_RECEIVED] = "Received",
	[FIELD_DELIVERED_TO] = "Delivered-To",
	[FIELD_X_ORIGINAL_TO] = "X-Original-To",
	[FIELD_ENVELOPE_TO] = "Envelope-to",
	[FIELD_RETURN_PATH] = "Return-Path",
};

static bool is_ours(struct text name, enum field_name *which)
{
	for (int i = 0; i < FIELD_NAMES; i++) {
		*which = (enum field_name)i;
		if (text_equal_nocase(name, text_of(names[i])))
			return true;
	}
	return false;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The name of the field that the line begins; false when it begins none. */
static bool field_begins(struct text line, struct text *name)
{
	size_t n = 0;

	while (n < line.len && line.at[n] > ' ' && line.at[n] < 0x7f && line.at[n] != ':')
		n++;
	*name = text_cut(line.at, n);
	while (n < line.len && is_blank(line.at[n]))
		n++;
	return name->len > 0 && n < line.len && line.at[n] == ':';
}

/* An indented line; and a part of a Received field, as it looks where indentation was lost. */
static bool goes_on(struct text line)
{
	static const char *const begins[] = { " ", "\t", "(", "by ", "with ", "id ", "for " };

	for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
		if (text_begins(line, begins[i]))
			return true;
	return false;
}

void header_start(struct header *h)
{
	if (h->message)
		g_object_unref(h->message);
	*h = (struct header){ .fields = h->fields, .lines = h->lines };
	h->lines.len = 0;
}

/* GMime takes a NUL for the end of a value. */
static void keep(struct header *h, struct text piece)
{
	if (h->lines.len + piece.len > HEADER_MAX) {
		h->cut = true;
		h->keeps = false;
		return;
	}
	char *at = buf_room(&h->lines, piece.len);
	for (size_t i = 0; i < piece.len; i++)
		at[i] = piece.at[i] ? piece.at[i] : '?';
	h->lines.len += piece.len;
}

/* A page's indentation: spaces, every other of them one that does not break. */
static struct text behind_indentation(struct text t)
{
	static const char no_break[] = "\xc2\xa0";

	for (;;) {
		size_t n = t.len > 1 && memcmp(t.at, no_break, 2) == 0 ? 2 : t.len > 0 && is_blank(t.at[0]);
		if (n == 0)
			return t;
		t = text_cut(t.at + n, t.len - n);
	}
}

void header_line(struct header *h, struct text piece, bool begins)
{
	struct text name;
	enum field_name which;

	if (begins && piece.len > 6 && memcmp(piece.at, ">From ", 6) == 0) {
		h->keeps = false; /* an mbox's separator that was quoted */
		return;
	}
	if (begins && field_begins(piece, &name)) {
		h->keeps = is_ours(name, &which) && !h->cut;
	} else if (begins && !h->begun) {
		h->headless = goes_on(piece);
	} else if (begins && h->keeps && !is_blank(piece.at[0])) {
		keep(h, text_of(" "));
		piece = behind_indentation(piece);
	}
	h->begun = true;
	if (h->keeps)
		keep(h, piece);
}

static GMimeMessage *parse(struct text lines)
{
	static bool ready;
	if (!ready)
		g_mime_init();
	ready = true;
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(lines.at, lines.len);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);

	g_object_unref(parser);
	g_object_unref(stream);
	return message;
}

void header_end(struct header *h)
{
	enum field_name which;

	h->open = h->keeps && h->lines.len > 0 && h->lines.at[h->lines.len - 1] != '\n';
	buf_str(&h->lines, "\n\n");
	h->message = parse(text_cut(h->lines.at, h->lines.len));
	if (!h->message)
		return;
	GMimeHeaderList *list = g_mime_object_get_header_list(GMIME_OBJECT(h->message));
	int n = g_mime_header_list_get_count(list);
	h->fields = must_realloc(h->fields, ((size_t)n + 1) * sizeof *h->fields);
	for (int i = 0; i < n; i++) {
		GMimeHeader *header = g_mime_header_list_get_header_at(list, i);
		if (is_ours(text_of(g_mime_header_get_name(header)), &which))
			h->fields[h->count++] = (struct field){ which, text_of(g_mime_header_get_raw_value(header)) };
	}
}

void header_free(struct header *h)
{
	header_start(h);
	free(h->fields);
	buf_free(&h->lines);
	*h = (struct header){ 0 };
}
