/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_HTML_H
#define MXONLY_HTML_H

/*
 * html - the one place where foreign bytes become text of a page
 *
 * Memory:    appends to b
 * Limits:    a foreign text longer than HTML_TEXT bytes is cut, and an ellipsis says so
 * Tested by: t/unit/test_html.c, t/fuzz/fuzz_html.c
 */

#include "base/buf.h"
#include "base/text.h"

enum { HTML_TEXT = 254 }; /* less than a tally keeps: its cuts show too */

/*
 * Text of an element or of a quoted attribute: printable ASCII without markup as it is; & < > " ' ` as references; every
 * other byte, and a backslash before an x, as \xNN (so that no direction mark turns a line around and no look-alike letter passes for a name).
 */
void html_foreign(struct buf *b, struct text foreign);

/* The same, and a number (1,234,567), between markup of our own. */
void html_text(struct buf *b, const char *before, struct text foreign, const char *after);
void html_count(struct buf *b, const char *before, uint64_t n, const char *after);

#endif
