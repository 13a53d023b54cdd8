/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_ARENA_H
#define MXONLY_ARENA_H

/*
 * arena - many small strings that are freed together
 *
 * Life:      arena_new -> arena_strndup ... -> arena_free; a string lives as long as its arena, and never moves
 * Errors:    out of memory ends the process with a message
 * Tested by: t/unit/test_file.c
 */

#include <stddef.h>

struct arena;

struct arena *arena_new(void);

/* A copy of n bytes (NUL bytes among them too) with a NUL behind them. */
char *arena_strndup(struct arena *a, const char *s, size_t n);

/* a may be NULL. */
void arena_free(struct arena *a);

#endif
