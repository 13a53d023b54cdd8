/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_HTML_SKELETON_H
#define MXONLY_HTML_SKELETON_H

/*
 * html_skeleton - the elements and attributes of a page that must be well formed, without its texts: two pages with the
 *                 same skeleton differ in nothing that a browser acts on
 */

#include <ctype.h>
#include <string.h>

#include "base/buf.h"

enum { SKELETON_DEPTH = 32 };

struct skeleton {
	const char *at, *why; /* why: NULL, or what is not well formed at `at` */
	struct text open[SKELETON_DEPTH];
	size_t depth;
	struct buf out;
};

static inline void skeleton_fail(struct skeleton *s, const char *why)
{
	if (!s->why)
		s->why = why;
}

static inline struct text skeleton_name(struct skeleton *s)
{
	const char *begin = s->at;

	while (isalnum((unsigned char)*s->at) || *s->at == '-')
		s->at++;
	if (s->at == begin)
		skeleton_fail(s, "a name is missing");
	return text_cut(begin, (size_t)(s->at - begin));
}

/* A byte of a text or value: printable, no markup, references only of the few that are written. */
static inline void skeleton_byte(struct skeleton *s)
{
	static const char *const known[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&#39;", "&#96;" };
	unsigned char c = (unsigned char)*s->at;

	if (c == '&') {
		for (size_t i = 0; i < sizeof known / sizeof *known; i++)
			if (strncmp(s->at, known[i], strlen(known[i])) == 0) {
				s->at += strlen(known[i]);
				return;
			}
		skeleton_fail(s, "an unknown reference");
	}
	if ((c < ' ' && c != '\n' && c != '\t') || c == 0x7f || c == '>')
		skeleton_fail(s, "a byte that no text may hold");
	s->at++;
}

static inline void skeleton_attributes(struct skeleton *s)
{
	while (*s->at == ' ' && !s->why) {
		const char *begin = s->at++;
		skeleton_name(s);
		if (strncmp(s->at, "=\"", 2) != 0)
			skeleton_fail(s, "an attribute without a quoted value");
		for (s->at += 2; *s->at != '"' && *s->at && !s->why;)
			skeleton_byte(s);
		s->at++;
		buf_add(&s->out, begin, (size_t)(s->at - begin));
	}
}

static inline void skeleton_open(struct skeleton *s)
{
	s->at++;
	struct text name = skeleton_name(s);
	buf_str(&s->out, "<");
	buf_add(&s->out, name.at, name.len);
	skeleton_attributes(s);
	if (strncmp(s->at, "/>", 2) == 0) {
		s->at += 2;
		buf_str(&s->out, "/>");
		return;
	}
	if (*s->at != '>' || s->depth == SKELETON_DEPTH)
		return skeleton_fail(s, "a tag without an end");
	s->at++;
	s->open[s->depth++] = name;
	buf_str(&s->out, ">");
	if (!text_is(name, "style"))
		return;
	s->at = strstr(s->at, "</style>");
	if (!s->at) {
		s->at = "";
		skeleton_fail(s, "a style without an end");
	}
}

static inline void skeleton_close(struct skeleton *s)
{
	s->at += 2;
	struct text name = skeleton_name(s);
	if (s->depth == 0 || !text_equal(s->open[s->depth - 1], name) || *s->at != '>')
		return skeleton_fail(s, "an end of what was not open");
	s->at++;
	s->depth--;
	buf_str(&s->out, "</>\n");
}

/* Appends the skeleton of page, NUL-terminated, to *out; returns NULL, or why the page is not well formed. */
static inline const char *skeleton_of(const char *page, struct buf *out)
{
	static const char doctype[] = "<!DOCTYPE html>\n";
	struct skeleton s = { .at = page };

	if (strncmp(page, doctype, sizeof doctype - 1) != 0)
		return "no doctype";
	for (s.at += sizeof doctype - 1; *s.at && !s.why;) {
		if (strncmp(s.at, "</", 2) == 0)
			skeleton_close(&s);
		else if (*s.at == '<')
			skeleton_open(&s);
		else
			skeleton_byte(&s);
	}
	if (s.depth > 0)
		skeleton_fail(&s, "an element without an end");
	*buf_room(&s.out, 0) = '\0';
	*out = s.out;
	return s.why;
}

#endif
