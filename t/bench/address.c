/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * address - nanoseconds a look-up of an address among ranges: address [RANGES ...]
 *
 * range_set beside what reference.h has. Ranges are /24 and /48 (below 2000::/3), keys random over the same space; all look-ups
 * take them from one list.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "net/range_set.h"
#include "sample.h"
#include "timing.h"

#define NUMBER uint32_t
#define BITS 32
#define NAMED(what) v4_##what
#include "reference.h"

#define NUMBER unsigned __int128
#define BITS 128
#define NAMED(what) v6_##what
#include "reference.h"

volatile uint64_t timing_sink;

/* What is looked up. */
static struct ip keys[TIMING_KEYS];
static struct v4_list four;
static struct v6_list six;

static inline unsigned __int128 wide(const struct ip *ip)
{
	return (unsigned __int128)ip->high << 64 | ip->low;
}

static void make_keys(bool v6)
{
	for (uint32_t i = 0; i < TIMING_KEYS; i++) {
		uint64_t a = sample_mix(i + 7777777, 32), b = sample_mix(i + 999999999, 32);
		uint64_t high = 0x2000000000000000u | (a << 32 | b) >> 3;
		keys[i] = v6 ? (struct ip){ high, b * 0x9e3779b97f4a7c15u, true } : (struct ip){ .low = a };
	}
}

static struct range range_of(uint32_t i, bool v6)
{
	uint64_t net = v6 ? 0x2000000000000000u | (uint64_t)sample_mix(i, 32) << 29 : sample_mix(i, 24) << 8;
	const struct range four_of = { { .low = net }, { .low = net | 255 } };

	net &= ~(uint64_t)0xffff;
	return v6 ? (struct range){ { net, 0, true }, { net | 0xffff, UINT64_MAX, true } } : four_of;
}

/* The same ranges for all; returns ours. */
static const struct range_set *make_lists(uint32_t count, bool v6, struct buf *b)
{
	struct range_list ranges = { 0 };

	four.count = six.count = count;
	four.at = must_realloc(four.at, count * sizeof *four.at);
	six.at = must_realloc(six.at, count * sizeof *six.at);
	for (uint32_t i = 0; i < count; i++) {
		struct range r = range_of(i, v6);
		range_list_add(&ranges, &r);
		four.at[i] = (struct v4_pair){ (uint32_t)r.first.low, (uint32_t)r.last.low };
		six.at[i] = (struct v6_pair){ wide(&r.first), wide(&r.last) };
	}
	v4_make(&four);
	v6_make(&six);
	b->len = 0;
	size_t offset = range_set_freeze(&ranges, b);
	range_list_free(&ranges);
	return (const void *)(b->at + offset);
}

static bool look_up(const struct ip *key, bool v6)
{
	return v6 ? v6_bsearch(&six, wide(key)) : v4_bsearch(&four, (uint32_t)key->low);
}

static bool agree(const struct range_set *s, bool v6)
{
	for (uint32_t i = 0; i < TIMING_KEYS; i++) {
		const struct ip *k = &keys[i];
		bool is = look_up(k, v6), index = v6 ? v6_index16(&six, wide(k)) : v4_index16(&four, (uint32_t)k->low);
		bool less = v6 ? v6_branchless(&six, wide(k)) : v4_branchless(&four, (uint32_t)k->low);
		if (range_set_holds(s, k) != is || index != is || less != is)
			return false;
	}
	return true;
}

static int measure(uint32_t count, bool v6)
{
	static struct buf b;
	const struct range_set *s = make_lists(count, v6, &b);
	double ours, index, less, half;

	if (!agree(s, v6)) {
		fprintf(stderr, "address: the look-ups do not agree at %u ranges\n", count);
		return 1;
	}
	TIMING(ours, range_set_holds(s, &keys[i]));
	if (v6) {
		TIMING(index, v6_index16(&six, wide(&keys[i])));
		TIMING(less, v6_branchless(&six, wide(&keys[i])));
		TIMING(half, v6_bsearch(&six, wide(&keys[i])));
	} else {
		TIMING(index, v4_index16(&four, (uint32_t)keys[i].low));
		TIMING(less, v4_branchless(&four, (uint32_t)keys[i].low));
		TIMING(half, v4_bsearch(&four, (uint32_t)keys[i].low));
	}
	printf("family=%d ranges=%u range_set=%.1f index16=%.1f branchless=%.1f bsearch=%.1f bytes=%zu\n", v6 ? 6 : 4,
		count, ours, index, less, half, range_set_size(s));
	return fflush(stdout);
}

int main(int argc, char **argv)
{
	static const uint32_t usual[] = { 10, 100, 1000, 10000, 100000, 1000000 };
	int count = argc > 1 ? argc - 1 : (int)(sizeof usual / sizeof *usual), status = 0;

	for (int v6 = 0; v6 < 2; v6++) {
		make_keys(v6 != 0);
		for (int i = 0; i < count; i++)
			status |= measure(argc > 1 ? (uint32_t)strtoul(argv[i + 1], NULL, 10) : usual[i], v6 != 0);
	}
	return status;
}
