/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/tally_table.h"

#include <stdlib.h>

#include "base/buf.h"
#include "policy/snapshot.h"

void tally_merge(struct tally_sums *to, const struct tally_sums *from)
{
	to->all += from->all;
	for (int i = 0; i < WAY_COUNT; i++)
		to->way[i] += from->way[i];
	for (int i = 0; i < OUTCOMES; i++)
		to->outcome[i] += from->outcome[i];
	to->rejected += from->rejected;
	to->forged += from->forged;
}

static int descending(uint64_t a, uint64_t b)
{
	return (a < b) - (a > b);
}

static int compare_sums(const struct tally_sums *a, const struct tally_sums *b)
{
	int by_direct = descending(a->way[WAY_DIRECT], b->way[WAY_DIRECT]);

	return by_direct != 0 ? by_direct : descending(a->all, b->all);
}

int table_compare(const struct table_row *a, const struct table_row *b)
{
	int by_sums = compare_sums(&a->sums, &b->sums);

	return by_sums != 0 ? by_sums : snapshot_order(a->key, b->key);
}

typedef int comparison(const struct table_row *a, const struct table_row *b);

static int compare_pointed(const void *a, const void *b, void *compare)
{
	comparison *const *by = compare;

	return (*by)(*(const struct table_row *const *)a, *(const struct table_row *const *)b);
}

const struct table_row **table_order(const struct table *t, comparison *compare)
{
	const struct table_row **list = must_alloc(t->count * sizeof *list);

	for (uint32_t i = 0; i < t->count; i++)
		list[i] = &t->rows[i];
	qsort_r(list, t->count, sizeof *list, compare_pointed, &compare);
	return list;
}

/* Where the key is, or where it belongs. */
static uint32_t find(const struct table *t, struct text key, uint32_t hash)
{
	uint32_t at = hash % TABLE_SLOTS;

	for (; t->slot[at] != 0; at = (at + 1) % TABLE_SLOTS) {
		const struct table_row *row = &t->rows[t->slot[at] - 1];
		if (row->hash == hash && text_equal(row->key, key))
			break;
	}
	return at;
}

static void enter(struct table *t, uint32_t i)
{
	t->slot[find(t, t->rows[i].key, t->rows[i].hash)] = (uint16_t)(i + 1);
}

static struct text copy(char *to, struct text t)
{
	if (t.len > 0)
		memcpy(to, t.at, t.len);
	return text_cut(to, t.len);
}

/* The lesser half goes; among equals who came first: names that sort before all others shall not keep the rest out. */
static int compare_worth(const struct table_row *a, const struct table_row *b)
{
	int by_sums = compare_sums(&a->sums, &b->sums);

	return by_sums != 0 ? by_sums : (a < b) - (a > b);
}

static void forget_half(struct table *t)
{
	const struct table_row **order = table_order(t, compare_worth);
	bool *goes = must_alloc(TABLE_ROWS * sizeof *goes);
	uint32_t kept = 0;

	for (uint32_t i = 0; i < t->count; i++)
		goes[order[i] - t->rows] = i >= TABLE_ROWS / 2;
	for (uint32_t i = 0; i < t->count; i++) {
		if (goes[i]) {
			tally_merge(&t->forgotten, &t->rows[i].sums);
			free(t->rows[i].bytes);
		} else
			t->rows[kept++] = t->rows[i];
	}
	t->count = kept;
	t->forgot = true;
	memset(t->slot, 0, sizeof t->slot);
	for (uint32_t i = 0; i < kept; i++)
		enter(t, i);
	free(goes);
	free(order);
}

struct table_row *table_row(struct table *t, struct text key, struct text text0, struct text text1)
{
	uint32_t hash = text_hash(key), at = find(t, key, hash);

	if (t->slot[at] != 0)
		return &t->rows[t->slot[at] - 1];
	if (!t->rows)
		t->rows = must_alloc(TABLE_ROWS * sizeof *t->rows);
	if (t->count == TABLE_ROWS)
		forget_half(t);
	char *bytes = must_alloc(key.len + text0.len + text1.len);
	struct table_row *row = &t->rows[t->count];
	*row = (struct table_row){ .hash = hash,
		.bytes = bytes,
		.key = copy(bytes, key),
		.text = { copy(bytes + key.len, text0), copy(bytes + key.len + text0.len, text1) } };
	enter(t, t->count++);
	return row;
}

void table_free(struct table *t)
{
	for (uint32_t i = 0; i < t->count; i++)
		free(t->rows[i].bytes);
	free(t->rows);
	*t = (struct table){ 0 };
}
