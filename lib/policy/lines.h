/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_LINES_H
#define MXONLY_LINES_H

/*
 * lines - the lines of a text that people write, with their numbers, and what no such line may hold
 *
 * Life:      lines_start -> lines_next until false; the slices point into the bytes that were given
 * Limits:    LINE_BYTES a line, its end not counted; a NUL byte makes a line faulty; a UTF-8 BOM and CRLF are taken
 * Tested by: t/unit/test_lines.c
 */

#include <stdbool.h>

#include "base/text.h"

enum { LINE_BYTES = 65535 };

/* A piece of somebody's text within words: printf's "%.*s", cut. */
#define WORDS(t) (int)((t).len < 80 ? (t).len : 80), (t).at

struct lines {
	struct text rest;
	unsigned number; /* of the line that came last, from 1 */
};

void lines_start(struct lines *l, struct text bytes);

/* The next line without its end; *wrong is NULL, or says why it is a fault. false at the end of the text. */
bool lines_next(struct lines *l, struct text *line, const char **wrong);

static inline bool is_white(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* A line of a list file (ranges_file, file) without its comment (# at the start or after white space), trimmed. */
struct text lines_list_item(struct text line);

#endif
