/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_TEXT_H
#define MXONLY_TEXT_H

/*
 * text - a slice of bytes that somebody else owns; never NUL-terminated
 *
 * Life:      a slice lives as long as what it points into
 * Limits:    bytes are bytes: no locale, only ASCII letters have a case
 * Tested by: t/unit/test_text.c
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
	const char *at;
	size_t len;
};

static inline struct text text_of(const char *s)
{
	return (struct text){ s, strlen(s) };
}

static inline struct text text_cut(const char *at, size_t len)
{
	return (struct text){ at, len };
}

static inline bool text_equal(struct text a, struct text b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* The first such byte; NULL without one. */
static inline const char *text_find(struct text t, char c)
{
	return t.len > 0 ? memchr(t.at, c, t.len) : NULL;
}

static inline bool text_is(struct text a, const char *s)
{
	return text_equal(a, text_of(s));
}

static inline char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Writes n bytes with ASCII letters in lower case; `to` may be `from`. */
void text_lower(char *to, const char *from, size_t n);

/* Of its bytes; part of the format of snapshots. */
uint32_t text_hash(struct text t);

/* Equal without regard to ASCII case. */
bool text_equal_nocase(struct text a, struct text b);

/* It begins with these letters, without regard to ASCII case. */
bool text_begins(struct text t, const char *letters);

/* White space (space, \t, \r, \n, \v, \f) cut off at both ends. */
struct text text_trim(struct text t);

/* Takes the next word off *rest, words being apart by white space and/or commas; false at the end of the list. */
bool text_next_word(struct text *rest, struct text *word);

/* Whether a list has a word at all: `, ,` has none. */
bool text_has_word(struct text list);

/* A decimal number without sign, without white space, at most max; false when it is none. */
bool text_number(struct text t, unsigned long max, unsigned long *number);

enum { TEXT_GROUPED = 27 }; /* bytes that the longest number and its NUL take */

/* 1,234,567; returns to. */
const char *text_grouped(uint64_t n, char to[TEXT_GROUPED]);

/*
 * How far apart two words are (optimal string alignment); for "did you mean".
 * Words over 64 bytes count as infinitely far.
 */
unsigned text_distance(struct text a, struct text b);

/* The nearest of n words (NULL entries are skipped) to t, or NULL when none is near enough to be meant. */
const char *text_nearest(struct text t, const char *const *words, size_t n);

#endif
