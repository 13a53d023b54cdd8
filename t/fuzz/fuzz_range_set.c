/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Any bytes: a set that range_set_check lets pass answers every look-up as a linear scan over its ranges does; and the
 * set that is frozen from the ranges that the bytes are taken for passes, and holds what they hold.
 * Input: the first byte says which (0: the rest is a set; else: the rest is ranges of 8 or 32 bytes).
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/range_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
	if (!holds)
		abort();
}

static void try_as_set(const uint8_t *data, size_t size)
{
	void *bytes = must_alloc(size); /* 8-byte aligned */
	struct range_list l = { 0 };

	if (size > 0)
		memcpy(bytes, data, size);
	if (range_set_check(bytes, size)) {
		const struct range_set *s = bytes;
		demand(range_set_size(s) == size);
		for (size_t i = 0; i < range_set_count(s); i++)
			range_list_add(&l, (struct range[]){ range_set_get(s, i) });
		range_scan_compare(s, &l);
	}
	range_list_free(&l);
	free(bytes);
}

static uint64_t number(const uint8_t *at, size_t n)
{
	uint64_t value = 0;

	while (n-- > 0)
		value = value << 8 | *at++;
	return value;
}

static struct range ordered(struct ip a, struct ip b)
{
	return ip_compare(&a, &b) <= 0 ? (struct range){ a, b } : (struct range){ b, a };
}

static void try_as_ranges(const uint8_t *data, size_t size, bool v6)
{
	struct range_list l = { 0 }, kept = { 0 };
	struct buf b = { 0 };
	size_t step = v6 ? 32 : 8;

	for (; size >= step; data += step, size -= step) {
		struct range r =
			v6 ? ordered((struct ip){ number(data, 8), number(data + 8, 8), true },
				     (struct ip){ number(data + 16, 8), number(data + 24, 8), true })
			   : ordered((struct ip){ .low = number(data, 4) }, (struct ip){ .low = number(data + 4, 4) });
		range_list_add(&l, &r);
		range_list_add(&kept, &r);
	}
	size_t offset = range_set_freeze(&l, &b);
	const struct range_set *s = (const void *)(b.at + offset);
	demand(range_set_check(s, b.len - offset));
	range_scan_compare(s, &kept);
	for (size_t i = 1; i < range_set_count(s); i++)
		demand(ip_compare(&l.at[i - 1].last, &l.at[i].first) < 0);
	range_list_free(&l);
	range_list_free(&kept);
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] == 0)
		try_as_set(data + 1, size - 1);
	else
		try_as_ranges(data + 1, size - 1, data[0] % 2 == 0);
	return 0;
}
