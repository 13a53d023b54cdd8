/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_TALLY_TABLE_H
#define MXONLY_TALLY_TABLE_H

/*
 * tally_table - rows of counts by key, never more than TABLE_ROWS
 *
 * For mail/tally.c alone; everybody else asks tally.h.
 *
 * Life:      {0} -> table_row ... -> table_order -> table_free; a row stays where it is until the next new key
 * Memory:    keys and texts are copied; when the table is full, the lesser half of the rows is forgotten and their sums are
 *            kept in one. So the sums always add up, and the count of a row is exact until something was forgotten, then
 *            "at least"; a key that is a thousandth of what comes, or more, does not stay forgotten
 * Tested by: t/unit/test_tally.c
 */

#include "mail/tally.h"

enum { TABLE_ROWS = 4096, TABLE_SLOTS = 2 * TABLE_ROWS };

struct table_row {
	struct text key;
	struct text text[2]; /* what else the maker of the row gave it */
	char *bytes; /* of all three */
	struct tally_sums sums;
	time_t first, last;
	uint32_t hash;
};

struct table {
	struct table_row *rows; /* in the order of coming */
	uint32_t count;
	uint16_t slot[TABLE_SLOTS]; /* 1 + a row's index; 0: empty */
	bool forgot;
	struct tally_sums forgotten;
};

/* The row of this key; a new one gets copies of the texts. */
struct table_row *table_row(struct table *t, struct text key, struct text text0, struct text text1);

/* < 0: a comes before b. By direct ones, by all, by key: no two are equal. */
int table_compare(const struct table_row *a, const struct table_row *b);

/* All rows in an order, table_compare's or another; the list is the caller's to free, the rows are not. */
const struct table_row **table_order(
	const struct table *t, int (*compare)(const struct table_row *a, const struct table_row *b));

void table_free(struct table *t);

#endif
