/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * address - nanoseconds a look-up of an address among ranges: address [RANGES ...]
 *
 * range_set beside what else finds a range in a sorted list: a binary search, one without branches, and one that an index by
 * the first 16 bits of the address makes short. Keys are random over the whole space that the ranges lie in.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "net/range_set.h"
#include "sample.h"
#include "timing.h"

volatile uint64_t timing_sink;

/* IPv6 ranges are /48 at most, so the upper half of an address tells them: both families are numbers of so many bits here. */
struct list {
	unsigned bits; /* 32 or 64 */
	uint32_t count;
	struct pair {
		uint64_t first, last;
	} * at;
	uint32_t index[65537]; /* by the first 16 bits: the first range that ends there or above */
	const struct range_set *set;
	struct buf bytes;
	struct ip *ips; /* TIMING_KEYS */
};

static int compare(const void *a, const void *b)
{
	uint64_t x = ((const struct pair *)a)->first, y = ((const struct pair *)b)->first;

	return (x > y) - (x < y);
}

static bool plain(const struct list *l, uint64_t key)
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

static bool branchless(const struct list *l, uint64_t key)
{
	const struct pair *base = l->at;

	for (uint32_t n = l->count; n > 1;) {
		uint32_t half = n / 2;
		base = base[half].first <= key ? base + half : base;
		n -= half;
	}
	return base->first <= key && key <= base->last;
}

static bool index16(const struct list *l, uint64_t key)
{
	uint32_t cell = (uint32_t)(key >> (l->bits - 16)), from = l->index[cell], to = l->index[cell + 1];

	while (from < to) {
		uint32_t middle = (from + to) / 2;
		if (l->at[middle].last < key)
			from = middle + 1;
		else
			to = middle;
	}
	return from < l->count && l->at[from].first <= key && key <= l->at[from].last;
}

/* The i-th key as a number; all look-ups take their keys from the same place. */
static uint64_t key_of(const struct list *l, uint32_t i)
{
	return l->bits == 32 ? l->ips[i].low : l->ips[i].high;
}

static struct ip ip_of(const struct list *l, uint64_t number, uint64_t rest)
{
	return l->bits == 32 ? (struct ip){ 0, number, false } : (struct ip){ number, rest, true };
}

/* A /24, or a /48 below 2000::/3. */
static struct pair range_of(const struct list *l, uint32_t i)
{
	uint64_t first = l->bits == 32 ? (uint64_t)sample_mix(i, 24) << 8
				       : 0x2000000000000000u | (uint64_t)sample_mix(i, 32) << 29;
	uint64_t size = l->bits == 32 ? 256 : 1u << 16;

	first &= ~(size - 1);
	return (struct pair){ first, first + size - 1 };
}

static void make_list(struct list *l)
{
	struct range_list ranges = { 0 };
	uint32_t kept = 0, j = 0;

	l->at = must_realloc(l->at, l->count * sizeof *l->at);
	for (uint32_t i = 0; i < l->count; i++) {
		l->at[i] = range_of(l, i);
		struct range r = { ip_of(l, l->at[i].first, 0), ip_of(l, l->at[i].last, UINT64_MAX) };
		range_list_add(&ranges, &r);
	}
	qsort(l->at, l->count, sizeof *l->at, compare);
	for (uint32_t i = 0; i < l->count; i++)
		if (kept == 0 || l->at[kept - 1].first != l->at[i].first)
			l->at[kept++] = l->at[i];
	l->count = kept;
	for (uint64_t cell = 0; cell <= 65536; cell++) {
		while (cell < 65536 && j < l->count && l->at[j].last < cell << (l->bits - 16))
			j++;
		l->index[cell] = cell < 65536 ? j : l->count;
	}
	l->bytes.len = 0;
	size_t offset = range_set_freeze(&ranges, &l->bytes);
	l->set = (const void *)(l->bytes.at + offset);
	range_list_free(&ranges);
}

static void make_keys(struct list *l)
{
	l->ips = must_alloc(TIMING_KEYS * sizeof *l->ips);
	for (uint32_t i = 0; i < TIMING_KEYS; i++) {
		uint64_t high = sample_mix(i + 7777777, 32), low = sample_mix(i + 999999999, 32);
		uint64_t key = l->bits == 32 ? high : (high << 32 | low) >> 3 | 0x2000000000000000u;
		l->ips[i] = ip_of(l, key, low * 0x9e3779b97f4a7c15u);
	}
}

/* All must find the same; false when they do not. */
static bool agree(const struct list *l)
{
	for (uint32_t i = 0; i < TIMING_KEYS; i++) {
		bool is = plain(l, key_of(l, i));
		if (branchless(l, key_of(l, i)) != is || index16(l, key_of(l, i)) != is ||
			range_set_holds(l->set, &l->ips[i]) != is)
			return false;
	}
	return true;
}

static int measure(struct list *l, uint32_t count)
{
	double ours, by_index, without_branches, by_halves;

	l->count = count;
	make_list(l);
	if (!agree(l)) {
		fprintf(stderr, "address: the look-ups do not agree at %u ranges\n", count);
		return 1;
	}
	TIMING(ours, range_set_holds(l->set, &l->ips[i]));
	TIMING(by_index, index16(l, key_of(l, i)));
	TIMING(without_branches, branchless(l, key_of(l, i)));
	TIMING(by_halves, plain(l, key_of(l, i)));
	printf("family=%d ranges=%u range_set=%.1f index16=%.1f branchless=%.1f bsearch=%.1f bytes=%zu\n",
		l->bits == 32 ? 4 : 6, count, ours, by_index, without_branches, by_halves, range_set_size(l->set));
	return fflush(stdout);
}

int main(int argc, char **argv)
{
	static const uint32_t usual[] = { 10, 100, 1000, 10000, 100000, 1000000 };
	static struct list lists[2] = { { .bits = 32 }, { .bits = 64 } };
	int status = 0;

	for (int family = 0; family < 2; family++) {
		make_keys(&lists[family]);
		if (argc > 1) {
			for (int i = 1; i < argc; i++)
				status |= measure(&lists[family], (uint32_t)strtoul(argv[i], NULL, 10));
			continue;
		}
		for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
			status |= measure(&lists[family], usual[i]);
	}
	return status;
}
