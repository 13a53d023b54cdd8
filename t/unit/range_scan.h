/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_RANGE_SCAN_H
#define MXONLY_RANGE_SCAN_H

/*
 * range_scan - what a range_set is held to: a scan of the ranges, asked where an index could be wrong
 *
 * Errors:    abort() where the two differ; the address is on standard error
 */

#include <stdio.h>
#include <stdlib.h>

#include "net/range_set.h"

static inline bool range_scan(const struct range_list *l, const struct ip *ip)
{
	for (size_t i = 0; i < l->count; i++)
		if (range_holds(&l->at[i], ip))
			return true;
	return false;
}

static inline void range_scan_same(const struct range_set *s, const struct range_list *l, struct ip ip)
{
	struct range r;
	char text[IP_TEXT];
	bool is = range_scan(l, &ip);

	if (range_set_holds(s, &ip) == is && range_set_find(s, &ip, &r) == is && (!is || range_holds(&r, &ip)))
		return;
	fprintf(stderr, "%s: a look-up and a scan differ\n", ip_print(&ip, text));
	abort();
}

/* The address, and its neighbours, round the ends of the space too. */
static inline void range_scan_around(const struct range_set *s, const struct range_list *l, struct ip ip)
{
	struct ip below = ip, above = ip;

	above.low++;
	below.low--;
	if (ip.v6) {
		above.high += above.low == 0;
		below.high -= ip.low == 0;
	} else {
		above.low &= UINT32_MAX;
		below.low &= UINT32_MAX;
	}
	range_scan_same(s, l, below);
	range_scan_same(s, l, ip);
	range_scan_same(s, l, above);
}

/* An index begins with an address and has steps of some power of two: all those, and where the step before each ends. */
static inline void range_scan_steps(const struct range_set *s, const struct range_list *l, struct ip from)
{
	for (unsigned bit = 0; bit < (from.v6 ? 128 : 32); bit++) {
		struct ip ip = from;
		ip.low += bit < 64 ? (uint64_t)1 << bit : 0;
		ip.high += bit < 64 ? ip.low < from.low : (uint64_t)1 << (bit - 64);
		if (!ip.v6)
			ip = (struct ip){ .low = ip.low & UINT32_MAX };
		range_scan_around(s, l, ip);
	}
}

/* Every range's ends and middle, the steps from the first of each family, and the ends of the space. */
static inline void range_scan_compare(const struct range_set *s, const struct range_list *l)
{
	size_t count = range_set_count(s), count4 = range_set_count_v4(s);

	for (size_t i = 0; i < count; i++) {
		struct range r = range_set_get(s, i);
		range_scan_around(s, l, r.first);
		range_scan_around(s, l, r.last);
		range_scan_same(s, l,
			(struct ip){ r.first.high + (r.last.high - r.first.high) / 2,
				r.first.low + (r.last.low - r.first.low) / 2, r.first.v6 });
	}
	if (count4 > 0)
		range_scan_steps(s, l, range_set_get(s, 0).first);
	if (count > count4)
		range_scan_steps(s, l, range_set_get(s, count4).first);
	range_scan_around(s, l, (struct ip){ 0 });
	range_scan_around(s, l, (struct ip){ .v6 = true });
}

#endif
