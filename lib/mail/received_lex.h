/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_RECEIVED_LEX_H
#define MXONLY_RECEIVED_LEX_H

/*
 * received_lex - words and comments of a Received field
 *
 * Until `by` nothing but parentheses binds bytes together: no server writes quotes there, but a HELO may begin with one, and
 * a semicolon is a byte like others. Behind it, "..." and <...> are one piece each, also within a comment: senders and recipients stand in them.
 *
 * Tested by: t/unit/test_received.c, t/fuzz/fuzz_received.c
 */

#include <stdbool.h>

#include "base/text.h"

enum lex_kind { LEX_END, LEX_WORD, LEX_COMMENT, LEX_SEMICOLON };

struct lex {
	const char *at, *end;
	bool quotes; /* behind `by` */
};

/* The next piece; a comment's text is without its parentheses. What is never closed reaches to the end. */
enum lex_kind lex_next(struct lex *l, struct text *t);

/* The next word of a comment that stands in no parentheses of its own; false at the end. */
bool lex_comment_word(struct text *comment, struct text *word);

/* How often the word stands there, wherever: within comments and strings, behind the semicolon. */
unsigned lex_count(struct text t, const char *word);

#endif
