/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_ESCAPE_H
#define MXONLY_ESCAPE_H

/*
 * escape - the one place where foreign bytes are made harmless before anybody reads them
 *
 * Memory:    written into the caller's buffer; what does not fit is left out whole (never half an escape), always NUL-terminated
 * Tested by: t/unit/test_escape.c, t/fuzz/fuzz_escape.c
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* A buffer that is filled from the left; full is set once something did not fit. */
struct line {
	char *at;
	size_t len, cap;
	bool full;
};

/* at must have cap bytes, cap > 0; one is kept for the NUL. */
void line_start(struct line *l, char *at, size_t cap);
void line_text(struct line *l, struct text t); /* as it is: only for our own words */
void line_str(struct line *l, const char *s);
void line_format(struct line *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A log value: bytes that are not printable ASCII as \xNN; in double quotes, with \" and \\, when it holds a space, a quote, a backslash or "=". */
void line_value(struct line *l, struct text foreign);

/* The same bytes within words: not printable ASCII as \xNN, nothing quoted; a backslash before an x as \x5c. */
void line_plain(struct line *l, struct text foreign);

/* A JSON string (RFC 8259) with its quotes: bytes that are not printable ASCII as the text \xNN, a backslash before an x as \x5c. */
void line_json(struct line *l, struct text foreign);

/* A JSON string of printable ASCII, which a reader gets as it is. */
void line_json_printable(struct line *l, struct text printable);

#endif
