/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_PAIRS_H
#define MXONLY_PAIRS_H

/*
 * pairs - the ranges of each family as a range_set stores them: small, sorted, and with addresses between any two
 *
 * Life:      pairs_merge -> pairs_free; part of range_set alone
 * Tested by: t/unit/test_range_set.c
 */

#include <stdbool.h>
#include <stdint.h>

#include "net/range_set.h"

struct wide {
	uint64_t high, low;
};

struct pair4 {
	uint32_t first, last;
};

struct pair6 {
	struct wide first, last;
};

struct pairs {
	struct pair4 *four;
	struct pair6 *six;
	size_t count4, count6;
};

void pairs_merge(struct pairs *p, const struct range_list *l);
void pairs_free(struct pairs *p);

static inline bool wide_below(const struct wide *a, const struct wide *b)
{
#ifdef __SIZEOF_INT128__
	/* Two instructions, and no branch. */
	/* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): it has not seen pairs_merge fill them */
	return ((unsigned __int128)a->high << 64 | a->low) < ((unsigned __int128)b->high << 64 | b->low);
#else
	return a->high < b->high || (a->high == b->high && a->low < b->low);
#endif
}

/* An address lies between the two ranges that is in neither. */
static inline bool pairs_apart4(uint32_t last, uint32_t first)
{
	return (uint64_t)last + 1 < first;
}

static inline bool pairs_apart6(const struct wide *last, const struct wide *first)
{
	struct wide next = { last->high + (last->low == UINT64_MAX), last->low + 1 };

	return wide_below(last, first) && wide_below(&next, first);
}

#endif
