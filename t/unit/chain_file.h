/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_CHAIN_FILE_H
#define MXONLY_CHAIN_FILE_H

/*
 * chain_file - header chains and what is expected of them, as t/mail/NAME.chain has them:
 *
 *	=== title
 *	expect VERDICT ADDRESS RELAY REASON LINE
 *	header, to the next title
 *
 * Life:      chains_read -> for each chain_file_next -> chains_free
 */

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "mail/header.h"

struct chain_case {
	char title[200];
	char expect[200]; /* the line behind "expect " */
	struct text header;
};

/* All files of a pattern behind one another. */
static inline void chains_read(struct buf *b, const char *pattern)
{
	struct err e;
	glob_t g;

	if (glob(pattern, 0, NULL, &g) != 0)
		abort();
	for (size_t i = 0; i < g.gl_pathc; i++)
		if (file_read(g.gl_pathv[i], b, NULL, &e) < 0)
			abort();
	globfree(&g);
	buf_str(b, "\n=== ");
}

/* The next case at *at, NULL at first; false when there is none. */
static inline bool chain_file_next(const struct buf *b, const char **at, struct chain_case *c)
{
	const char *begin = strstr(*at ? *at : b->at, "=== "), *expect, *header;

	if (!begin || begin[4] == '\0')
		return false;
	expect = strstr(begin, "\nexpect ");
	header = expect ? strchr(expect + 1, '\n') : NULL;
	if (!header)
		abort();
	snprintf(c->title, sizeof c->title, "%.*s", (int)(expect - begin - 4), begin + 4);
	snprintf(c->expect, sizeof c->expect, "%.*s", (int)(header - expect - 8), expect + 8);
	*at = strstr(header, "\n=== ");
	const char *end = strstr(header, "\n\n");
	if (!end || end > *at)
		end = *at;
	c->header = text_cut(header + 1, (size_t)(end - header));
	return true;
}

/* Lines of a header, as mailbox.c gives them. */
static inline void chain_header(struct header *h, struct text lines)
{
	header_start(h);
	while (lines.len > 0) {
		const char *newline = memchr(lines.at, '\n', lines.len);
		size_t n = newline ? (size_t)(newline + 1 - lines.at) : lines.len;
		header_line(h, text_cut(lines.at, n), true);
		lines = text_cut(lines.at + n, lines.len - n);
	}
	header_end(h);
}

#endif
