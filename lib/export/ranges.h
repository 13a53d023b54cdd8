/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_RANGES_H
#define MXONLY_RANGES_H

/*
 * ranges - lists of ranges made ready for what a target takes: merged, of one family, cut into prefixes
 *
 * Memory:    results belong to the caller (range_list_free)
 * Errors:    ranges_split returns -1 when a target would get more than RANGES_MOST entries
 * Tested by: t/unit/test_export_ranges.c, t/live/export_ranges.t
 */

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "net/range_set.h"

enum { RANGES_MOST = 1 << 20 };

/* Sorts and merges in place: IPv4 first, each family ascending, touching ranges become one. */
void ranges_merge(struct range_list *l);

/* Adds all of `from` to `to`; unsorted, see ranges_merge. */
void ranges_add(struct range_list *to, const struct range_list *from);

/* Those of a family, in their order. */
struct range_list ranges_of(const struct range_list *l, bool v6);

/*
 * The fewest prefixes that hold just the same addresses, none shorter than min4 or min6 (0: any): range_print writes
 * them as "192.0.2.0/24", single addresses as "192.0.2.1". Appends to `to`.
 */
int ranges_split(struct range_list *to, const struct range_list *from, unsigned min4, unsigned min6, struct err *e);

/* What of `from` is in none of `less`, merged; both must be merged. */
struct range_list ranges_minus(const struct range_list *from, const struct range_list *less);

bool ranges_hold(const struct range_list *l, const struct ip *ip);

/* Each as range_print has it, with `between` between them. */
void ranges_print(struct buf *b, const struct range_list *l, const char *between);

#endif
