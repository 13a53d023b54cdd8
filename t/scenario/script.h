/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_SCRIPT_H
#define MXONLY_SCRIPT_H

/*
 * script - the words of a scenario's lines (t/README tells the language)
 *
 * Life:      script_open -> script_next until false -> script_close
 * Memory:    words belong to the script and live until the next line is read
 * Errors:    a line that cannot be read ends the program with its place: a broken test is no failed test
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum { SCRIPT_WORDS = 64 };

struct word {
	const char *at; /* NUL-terminated; may hold NULs of its own */
	size_t len;
};

struct script {
	const char *path;
	char *bytes, *at; /* the whole file; where the next line begins */
	unsigned line; /* of the words; from 1 */
	struct buf spool;
	size_t offset[SCRIPT_WORDS]; /* of each word in spool, until the line is whole */
	struct word word[SCRIPT_WORDS];
	unsigned count; /* words of this line */
	unsigned arrow; /* index of "->", or count */
};

void script_open(struct script *s, const char *path);

/* The next line that has words. */
bool script_next(struct script *s);

/* The lines up to one that is END and nothing else, as they are. */
void script_here(struct script *s, struct buf *text);

/* A fault of the scenario itself: prints where and what, and ends the program. */
void script_bad(const struct script *s, const char *what) __attribute__((noreturn));

bool word_is(struct word w, const char *text);

/* name=value: the value when w begins with "name=". */
bool word_value(struct word w, const char *name, struct word *value);

void script_close(struct script *s);

#endif
