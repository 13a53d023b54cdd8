/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reference - what else finds a number among sorted ranges; included once a family, with NUMBER (its type), BITS and
 * NAMED(what), which makes the names differ
 *
 * A binary search, one without branches, and one that an index by the first 16 bits makes short.
 */

struct NAMED(pair) {
	NUMBER first, last;
};

struct NAMED(list) {
	uint32_t count;
	struct NAMED(pair) * at;
	uint32_t index[65537]; /* by the first 16 bits: the first range that ends there or above */
};

static bool NAMED(bsearch)(const struct NAMED(list) * l, NUMBER key)
{
	uint32_t from = 0, to = l->count;

	while (from < to) {
		uint32_t middle = (from + to) / 2;
		if (key < l->at[middle].first)
			to = middle;
		else if (key > l->at[middle].last)
			from = middle + 1;
		else
			return true;
	}
	return false;
}

static bool NAMED(branchless)(const struct NAMED(list) * l, NUMBER key)
{
	const struct NAMED(pair) *base = l->at;

	for (uint32_t n = l->count; n > 1;) {
		uint32_t half = n / 2;
		base = base[half].first <= key ? base + half : base;
		n -= half;
	}
	return base->first <= key && key <= base->last;
}

static bool NAMED(index16)(const struct NAMED(list) * l, NUMBER key)
{
	uint32_t cell = (uint32_t)(key >> (BITS - 16)), from = l->index[cell], to = l->index[cell + 1];

	while (from < to) {
		uint32_t middle = from + (to - from) / 2;
		if (l->at[middle].last < key)
			from = middle + 1;
		else
			to = middle;
	}
	return from < l->count && l->at[from].first <= key && key <= l->at[from].last;
}

static int NAMED(compare)(const void *a, const void *b)
{
	NUMBER x = ((const struct NAMED(pair) *)a)->first, y = ((const struct NAMED(pair) *)b)->first;

	return (x > y) - (x < y);
}

/* Takes `at`, of `count` ranges; those that begin alike are one. */
static void NAMED(make)(struct NAMED(list) * l)
{
	uint32_t kept = 0, j = 0;

	qsort(l->at, l->count, sizeof *l->at, NAMED(compare));
	for (uint32_t i = 0; i < l->count; i++)
		if (kept == 0 || l->at[kept - 1].first != l->at[i].first)
			l->at[kept++] = l->at[i];
	l->count = kept;
	for (uint32_t cell = 0; cell < 65536; cell++) {
		while (j < l->count && l->at[j].last < (NUMBER)cell << (BITS - 16))
			j++;
		l->index[cell] = j;
	}
	l->index[65536] = l->count;
}

#undef NUMBER
#undef BITS
#undef NAMED
