/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_BUILDER_H
#define MXONLY_BUILDER_H

/*
 * builder - the bytes of a snapshot while they are written: equal strings and arrays once
 *
 * Life:      { .c, .out } -> builder_... -> builder_end; out stays
 * Memory:    out of memory ends the process (base/buf.h)
 * Limits:    offsets are of 32 bits: whoever ends it looks at out->len, and throws away what is longer than 4 GiB
 * Tested by: t/unit/test_snapshot.c
 */

#include "base/buf.h"
#include "policy/config.h"
#include "policy/snapshot.h"

enum { BUILDER_ALIGN = 8 };

struct interned;

struct builder {
	const struct config *c;
	struct buf *out;
	struct snapshot head; /* written to the front at the end, because out moves */
	struct interned *table;
	size_t slots, used; /* slots: a power of two, or 0 */
};

/* Zeros up to the next multiple of BUILDER_ALIGN. */
void builder_align(struct builder *b);

/* An array of zeros, to be filled in later. */
struct span builder_reserve(struct builder *b, size_t count, size_t size);

/* An element of an array; valid until something is added to out. */
void *builder_at(struct builder *b, struct span array, size_t i, size_t size);

/* n bytes somewhere in out, at a multiple of align (1 or BUILDER_ALIGN), written only when they are not there yet. */
struct span builder_bytes(struct builder *b, const void *bytes, size_t n, uint32_t align);

/* The same of a string (NULL: an empty one), an array, a list of strings, and the list sorted, each string once. */
struct span builder_string(struct builder *b, const char *s);
struct span builder_array(struct builder *b, const void *elements, size_t count, size_t size);
struct span builder_strings(struct builder *b, const struct str_list *list);
struct span builder_sorted_strings(struct builder *b, const struct str_list *list);

/* Where the i-th policy of the configuration is in the snapshot: that of "no domain" stands behind [default]'s. */
uint32_t builder_policy_index(size_t i);

void builder_end(struct builder *b);

#endif
