/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/ranges.h"

#include <stdlib.h>

void ranges_merge(struct range_list *l)
{
	struct buf b = { 0 };

	range_set_freeze(l, &b);
	buf_free(&b);
}

void ranges_add(struct range_list *to, const struct range_list *from)
{
	for (size_t i = 0; i < from->count; i++)
		range_list_add(to, &from->at[i]);
}

struct range_list ranges_of(const struct range_list *l, bool v6)
{
	struct range_list family = { 0 };

	for (size_t i = 0; i < l->count; i++)
		if (l->at[i].first.v6 == v6)
			range_list_add(&family, &l->at[i]);
	return family;
}

/* The last address of the prefix of that length which ip is in; length 0 to 128. */
static struct ip last_of(struct ip ip, unsigned length)
{
	unsigned bits = (ip.v6 ? 128 : 32) - length;

	if (bits >= 64) {
		ip.low = UINT64_MAX;
		ip.high |= bits == 128 ? UINT64_MAX : (UINT64_C(1) << (bits - 64)) - 1;
	} else {
		ip.low |= (UINT64_C(1) << bits) - 1;
	}
	return ip;
}

/* The shortest prefix, of min or more, that begins with r->first and ends within r. */
static struct ip end_of_prefix(const struct range *r, unsigned min)
{
	struct ip last = r->first;
	unsigned zeros;

	if (r->first.low != 0)
		zeros = (unsigned)__builtin_ctzll(r->first.low);
	else
		zeros = r->first.high != 0 ? 64 + (unsigned)__builtin_ctzll(r->first.high) : 128;
	for (unsigned length = r->first.v6 ? 128 : 32; length-- > min && zeros-- > 0;) {
		struct ip longer = last_of(r->first, length);
		if (ip_compare(&longer, &r->last) > 0)
			break;
		last = longer;
	}
	return last;
}

static struct ip next_to(struct ip ip)
{
	ip.low++;
	ip.high += ip.low == 0;
	return ip;
}

int ranges_split(struct range_list *to, const struct range_list *from, unsigned min4, unsigned min6, struct err *e)
{
	char text[RANGE_TEXT];

	for (size_t i = 0; i < from->count; i++) {
		struct range rest = from->at[i], prefix = rest;
		for (;; rest.first = next_to(prefix.last)) {
			prefix = (struct range){ rest.first, end_of_prefix(&rest, rest.first.v6 ? min6 : min4) };
			if (to->count >= RANGES_MOST)
				return err_set(e, "%s makes more than %d prefixes", range_print(&from->at[i], text),
					RANGES_MOST);
			range_list_add(to, &prefix);
			if (ip_compare(&prefix.last, &rest.last) == 0)
				break;
		}
	}
	return 0;
}

static struct ip before(struct ip ip)
{
	ip.high -= ip.low == 0;
	ip.low--;
	return ip;
}

struct range_list ranges_minus(const struct range_list *from, const struct range_list *less)
{
	struct range_list left = { 0 };

	for (size_t i = 0; i < from->count; i++) {
		struct range rest = from->at[i];
		bool gone = false;
		for (size_t k = 0; k < less->count && !gone; k++) {
			const struct range *cut = &less->at[k];
			if (cut->first.v6 != rest.first.v6 || ip_compare(&cut->last, &rest.first) < 0 ||
				ip_compare(&cut->first, &rest.last) > 0)
				continue;
			if (ip_compare(&cut->first, &rest.first) > 0)
				range_list_add(&left, &(struct range){ rest.first, before(cut->first) });
			gone = ip_compare(&cut->last, &rest.last) >= 0;
			rest.first = next_to(cut->last);
		}
		if (!gone)
			range_list_add(&left, &rest);
	}
	return left;
}

bool ranges_hold(const struct range_list *l, const struct ip *ip)
{
	for (size_t i = 0; i < l->count; i++)
		if (range_holds(&l->at[i], ip))
			return true;
	return false;
}

void ranges_print(struct buf *b, const struct range_list *l, const char *between)
{
	char text[RANGE_TEXT];

	for (size_t i = 0; i < l->count; i++)
		buf_format(b, "%s%s", i > 0 ? between : "", range_print(&l->at[i], text));
}
