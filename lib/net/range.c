/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/range.h"

#include <libcidr.h>
#include <stdio.h>
#include <stdlib.h>

#include "net/hint.h"

enum { LONGEST = 2 * (IP_TEXT - 1) + 1 };

/* One end of a range as it was written: an IPv4-mapped address is IPv4 here, and mapped. */
struct side {
	struct text text;
	struct ip ip;
	bool mapped;
};

static bool parse_side(struct side *s)
{
	if (!ip_parse(&s->ip, s->text))
		return false;
	s->mapped = !s->ip.v6 && text_find(s->text, ':');
	return true;
}

/* What stands on both sides of the first c of t; false when there is none. */
static bool split(struct text t, char c, struct text *left, struct text *right)
{
	const char *at = text_find(t, c);

	if (!at)
		return false;
	*left = text_cut(t.at, (size_t)(at - t.at));
	*right = text_cut(at + 1, t.len - left->len - 1);
	return true;
}

/* 2^n - 1 for some n: how many bits, or -1. */
static int low_bits(uint64_t x)
{
	if ((x & (x + 1)) != 0)
		return -1;
	return x == 0 ? 0 : 64 - __builtin_clzll(x);
}

/* Whether r is all that one prefix covers, and the prefix's length. */
static bool is_block(const struct range *r, unsigned *length)
{
	uint64_t high = r->first.high ^ r->last.high, low = r->first.low ^ r->last.low;
	int bits = low_bits(low);

	if ((r->first.high & high) != 0 || (r->first.low & low) != 0 || bits < 0)
		return false;
	if (high != 0) {
		bits = low == UINT64_MAX ? low_bits(high) : -1;
		if (bits < 0)
			return false;
		bits += 64;
	}
	*length = (unsigned)((r->first.v6 ? 128 : 32) - bits);
	return true;
}

/*
 * Every group and the prefix in full: the plainest text there is, whatever was written. (cidr_from_str(3) reads in front
 * of texts shorter than ".arpa".)
 */
static void full_text(const struct ip *ip, unsigned length, char to[RANGE_TEXT])
{
	uint64_t h = ip->high, l = ip->low;

	if (ip->v6)
		snprintf(to, RANGE_TEXT, "%x:%x:%x:%x:%x:%x:%x:%x/%u", (unsigned)(h >> 48),
			(unsigned)(h >> 32 & 0xffff), (unsigned)(h >> 16 & 0xffff), (unsigned)(h & 0xffff),
			(unsigned)(l >> 48), (unsigned)(l >> 32 & 0xffff), (unsigned)(l >> 16 & 0xffff),
			(unsigned)(l & 0xffff), length);
	else
		snprintf(to, RANGE_TEXT, "%u.%u.%u.%u/%u", (unsigned)(l >> 24), (unsigned)(l >> 16 & 0xff),
			(unsigned)(l >> 8 & 0xff), (unsigned)(l & 0xff), length);
}

/* Takes c over. */
static bool take_address(CIDR *c, struct ip *ip)
{
	uint8_t *bytes = c ? cidr_get_addr(c) : NULL;
	bool taken = bytes && cidr_get_proto(c) == (ip->v6 ? CIDR_IPV6 : CIDR_IPV4);

	ip->high = ip->low = 0;
	for (int i = 0; taken && i < 8; i++) {
		ip->high = ip->high << 8 | bytes[i];
		ip->low = ip->low << 8 | bytes[8 + i];
	}
	if (!ip->v6) {
		ip->high = 0;
		ip->low &= UINT32_MAX;
	}
	free(bytes);
	cidr_free(c);
	return taken;
}

/* The block around an address, worked out by libcidr(3); false when it answers anything but that block. */
static bool block_around(const struct ip *ip, unsigned length, struct range *r)
{
	char words[RANGE_TEXT];
	unsigned got = 0;
	CIDR *c;
	bool taken;

	full_text(ip, length, words);
	c = cidr_from_str(words);
	if (!c)
		return false;
	r->first.v6 = r->last.v6 = ip->v6;
	taken = take_address(cidr_addr_network(c), &r->first);
	taken = take_address(cidr_addr_broadcast(c), &r->last) && taken;
	cidr_free(c);
	return taken && range_holds(r, ip) && is_block(r, &got) && got == length;
}

static int parse_block(struct range *r, const struct ip *ip, unsigned length, struct text t, struct err *e)
{
	char meant[IP_TEXT];

	if (!block_around(ip, length, r))
		return err_set(e, HINT_QUOTED ": libcidr(3) gives no such block", HINT_TEXT(t));
	if (ip_compare(&r->first, ip) != 0)
		return err_set(e, HINT_QUOTED ": host bits are set: %s/%u meant?", HINT_TEXT(t),
			ip_print(&r->first, meant), length);
	return 0;
}

/* An IPv4 netmask: ones, then zeros. */
static int mask_length(struct text mask, struct text t, unsigned *length, struct err *e)
{
	struct side s = { .text = mask };
	uint32_t bits;
	char meant[IP_TEXT];

	if (!parse_side(&s))
		return err_set(e, HINT_QUOTED ": \"%.*s\" is no netmask", HINT_TEXT(t), HINT_TEXT(mask));
	bits = (uint32_t)s.ip.low;
	if (low_bits((uint32_t)~bits) >= 0) {
		*length = 32 - (unsigned)low_bits((uint32_t)~bits);
		return 0;
	}
	s.ip.low = (uint32_t)~bits;
	if (low_bits(bits) >= 0)
		return err_set(
			e, HINT_QUOTED ": a netmask begins with ones: %s meant?", HINT_TEXT(t), ip_print(&s.ip, meant));
	return err_set(e, HINT_QUOTED ": the netmask has a hole: ones must stand on the left, zeros on the right",
		HINT_TEXT(t));
}

static int prefix_length(struct text prefix, unsigned max, struct text t, unsigned *length, struct err *e)
{
	unsigned long n;

	if (prefix.len == 0)
		return err_set(e, HINT_QUOTED ": nothing stands behind the slash", HINT_TEXT(t));
	if (!text_number(prefix, max, &n))
		return err_set(e, HINT_QUOTED ": the prefix is a number from 0 to %u", HINT_TEXT(t), max);
	if (prefix.len > 1 && prefix.at[0] == '0')
		return err_set(e, HINT_QUOTED ": the prefix is a number without leading zeros", HINT_TEXT(t));
	*length = (unsigned)n;
	return 0;
}

/* address/prefix and IPv4/netmask */
static int parse_prefix(struct range *r, struct side *s, struct text behind, struct text t, struct err *e)
{
	char quad[IP_TEXT];
	unsigned length = 0;

	if (!parse_side(s)) {
		if (hint_quad(s->text, quad) > 0)
			return err_set(e,
				HINT_QUOTED ": an IPv4 address has four numbers without leading zeros: %s/%.*s meant?",
				HINT_TEXT(t), quad, HINT_TEXT(behind));
		return hint_address(s->text, t, e);
	}
	if (text_find(behind, '.') && (s->ip.v6 || s->mapped))
		return err_set(e, HINT_QUOTED ": an IPv6 address takes a prefix, not a netmask", HINT_TEXT(t));
	if (text_find(behind, '.')) {
		if (mask_length(behind, t, &length, e) < 0)
			return -1;
	} else if (prefix_length(behind, s->ip.v6 || s->mapped ? 128 : 32, t, &length, e) < 0) {
		return -1;
	}
	if (s->mapped && length <= 32)
		return err_set(e, HINT_QUOTED ": an IPv4-mapped range has a prefix of 96 or more: %s/%u meant?",
			HINT_TEXT(t), ip_print(&s->ip, quad), length);
	if (s->mapped && length >= 96)
		length -= 96;
	else if (s->mapped)
		s->ip = (struct ip){ .low = UINT64_C(0xffff) << 32 | s->ip.low, .v6 = true };
	return parse_block(r, &s->ip, length, t, e);
}

static const char *family(const struct side *s)
{
	return s->mapped ? "IPv4-mapped IPv6" : s->ip.v6 ? "IPv6" : "IPv4";
}

/* 192.0.2.10-99, as other programs write it. */
static bool is_short_pair(const struct side *last, const struct side *first)
{
	unsigned long n;

	return !first->ip.v6 && !first->mapped && text_number(last->text, 255, &n);
}

static int parse_pair(struct range *r, struct side *first, struct side *last, struct text t, struct err *e)
{
	if (first->text.len == 0 || last->text.len == 0)
		return err_set(e, HINT_QUOTED ": a pair is written without spaces: 192.0.2.1-192.0.2.9", HINT_TEXT(t));
	if (!parse_side(first))
		return hint_address(first->text, t, e);
	if (!parse_side(last) && is_short_pair(last, first))
		return err_set(e, HINT_QUOTED ": both ends are whole addresses: %.*s-%u.%u.%u.%.*s meant?",
			HINT_TEXT(t), HINT_TEXT(first->text), (unsigned)(first->ip.low >> 24),
			(unsigned)(first->ip.low >> 16 & 255), (unsigned)(first->ip.low >> 8 & 255),
			HINT_TEXT(last->text));
	if (!parse_side(last))
		return hint_address(last->text, t, e);
	if (first->ip.v6 != last->ip.v6 || first->mapped != last->mapped)
		return err_set(
			e, HINT_QUOTED ": one end is %s, the other %s", HINT_TEXT(t), family(first), family(last));
	if (ip_compare(&first->ip, &last->ip) > 0)
		return err_set(e, HINT_QUOTED ": the first address is above the last: %.*s-%.*s meant?", HINT_TEXT(t),
			HINT_TEXT(last->text), HINT_TEXT(first->text));
	*r = (struct range){ first->ip, last->ip };
	return 0;
}

int range_parse(struct range *r, struct text t, struct err *e)
{
	struct side first = { .text = t }, last = { 0 };
	struct text behind;

	if (t.len == 0)
		return err_set(e, "a range is missing");
	if (t.len > LONGEST)
		return err_set(e, HINT_QUOTED "...: too long for a range", HINT_TEXT(t));
	if (split(t, '/', &first.text, &behind)) {
		if (text_find(first.text, '-') || (text_find(behind, '-') && behind.at[0] != '-'))
			return err_set(e, HINT_QUOTED ": a range is a prefix or a pair, not both", HINT_TEXT(t));
		return parse_prefix(r, &first, behind, t, e);
	}
	if (split(t, '-', &first.text, &last.text))
		return parse_pair(r, &first, &last, t, e);
	if (!parse_side(&first))
		return hint_address(t, t, e);
	*r = (struct range){ first.ip, first.ip };
	return 0;
}

const char *range_print(const struct range *r, char to[RANGE_TEXT])
{
	char first[IP_TEXT], last[IP_TEXT];
	unsigned length;

	ip_print(&r->first, first);
	if (ip_compare(&r->first, &r->last) == 0)
		snprintf(to, RANGE_TEXT, "%s", first);
	else if (is_block(r, &length))
		snprintf(to, RANGE_TEXT, "%s/%u", first, length);
	else
		snprintf(to, RANGE_TEXT, "%s-%s", first, ip_print(&r->last, last));
	return to;
}

bool range_wider(const struct range *r, unsigned prefix4, unsigned prefix6)
{
	unsigned bits = r->first.v6 ? 128 - prefix6 : 32 - prefix4;
	uint64_t low = r->last.low - r->first.low;
	uint64_t high = r->last.high - r->first.high - (r->last.low < r->first.low);

	if (bits >= 64)
		return bits < 128 && high >> (bits - 64) != 0;
	return high != 0 || low >> bits != 0;
}
