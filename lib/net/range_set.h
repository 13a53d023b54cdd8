/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_RANGE_SET_H
#define MXONLY_RANGE_SET_H

/*
 * range_set - an immutable set of IPv4 and IPv6 ranges, flat and position-independent
 *
 * Life:      struct range_list {0} -> range_list_add ... -> range_set_freeze -> look-ups in place, wherever the bytes lie
 * Memory:    a frozen set is one block without pointers, 8-byte aligned; a look-up allocates nothing and cannot fail
 * Processes: a frozen set is never written; any number of workers read one mapping
 * Tested by: t/unit/test_range_set.c, t/fuzz/fuzz_range_set.c
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "net/range.h"

/* What is collected before a set is frozen, in any order, overlapping or not. */
struct range_list {
	struct range *at;
	size_t count;
};

struct range_set; /* the frozen block; opaque */

void range_list_add(struct range_list *l, const struct range *r);
void range_list_free(struct range_list *l);

/* Sorts and merges l (touching ranges become one) and appends the frozen set to b, 8-byte aligned; returns its offset in b. */
size_t range_set_freeze(struct range_list *l, struct buf *b);

/* true when the `size` bytes at `at` (8-byte aligned) hold a whole and well-formed set: sorted, apart, index consistent. */
bool range_set_check(const void *at, size_t size);

/* Bytes of a set that was checked, a multiple of 8. */
size_t range_set_size(const struct range_set *s);

bool range_set_holds(const struct range_set *s, const struct ip *ip);

/* The merged range that holds ip; false when none does. */
bool range_set_find(const struct range_set *s, const struct ip *ip, struct range *found);

/* Merged ranges: IPv4 first, each family ascending. */
size_t range_set_count(const struct range_set *s);
struct range range_set_get(const struct range_set *s, size_t i);
size_t range_set_count_v4(const struct range_set *s);

#endif
