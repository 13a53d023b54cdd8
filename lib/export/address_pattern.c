/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/address_pattern.h"

#include <stdio.h>

enum { GROUPS = 8 };

/* The octets lo to hi, which is less than all: alternatives by their tens. */
static void add_octet(struct buf *b, unsigned lo, unsigned hi)
{
	if (lo == hi) {
		buf_format(b, "%u", lo);
		return;
	}
	for (unsigned tens = lo / 10; tens <= hi / 10; tens++) {
		unsigned from = tens == lo / 10 ? lo % 10 : 0, to = tens == hi / 10 ? hi % 10 : 9;
		buf_str(b, tens == lo / 10 ? "(" : "|");
		if (tens > 0)
			buf_format(b, "%u", tens);
		buf_format(b, "[%u-%u]", from, to);
	}
	buf_str(b, ")");
}

static void add_four(struct buf *b, uint32_t first, uint32_t last)
{
	for (int shift = 24; shift >= 0; shift -= 8) {
		unsigned lo = first >> shift & 0xff, hi = last >> shift & 0xff;
		if (lo == 0 && hi == 0xff)
			buf_str(b, "[0-9]+");
		else
			add_octet(b, lo, hi);
		if (shift > 0)
			buf_str(b, "\\\\.");
	}
}

/* Of a prefix: the 16 bits of each group, from the left; the first `fixed` are constrained. */
struct six {
	unsigned lo[GROUPS], hi[GROUPS];
	int constrained;
};

static struct six six_of(const struct range *r)
{
	struct six s = { .constrained = 0 };

	for (int i = 0; i < GROUPS; i++) {
		int shift = 48 - 16 * (i % 4);
		s.lo[i] = (i < 4 ? r->first.high : r->first.low) >> shift & 0xffff;
		s.hi[i] = (i < 4 ? r->last.high : r->last.low) >> shift & 0xffff;
		if (s.lo[i] != 0 || s.hi[i] != 0xffff)
			s.constrained = i + 1;
	}
	return s;
}

static void add_digits(struct buf *b, unsigned lo, unsigned hi)
{
	if (lo == hi)
		buf_format(b, "%x", lo);
	else if (lo > 9 || hi < 10)
		buf_format(b, "[%x-%x]", lo, hi);
	else
		buf_format(b, "[%x-9a-%x]", lo, hi);
}

/* Numbers of so many digits: a common beginning, one digit that differs, whatever behind it. */
static void add_numbers(struct buf *b, unsigned lo, unsigned hi, int digits)
{
	for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
		add_digits(b, lo >> shift & 15, hi >> shift & 15);
}

/* A group between lo and hi, which are the same but for some of their last bits. */
static void add_group(struct buf *b, unsigned lo, unsigned hi)
{
	bool first = true;

	if (lo == hi) {
		buf_format(b, "%x", lo);
		return;
	}
	for (int digits = 1; digits <= 4; digits++) {
		unsigned least = digits > 1 ? 1u << (4 * (digits - 1)) : 0, most = (1u << (4 * digits)) - 1;
		unsigned from = lo > least ? lo : least, to = hi < most ? hi : most;
		if (from > to)
			continue;
		buf_str(b, first ? "(" : "|");
		add_numbers(b, from, to, digits);
		first = false;
	}
	buf_str(b, ")");
}

/* Groups from..until-1 with colons between them. */
static void add_groups(struct buf *b, const struct six *s, int from, int until)
{
	for (int i = from; i < until; i++) {
		buf_str(b, i > from ? ":" : "");
		add_group(b, s->lo[i], s->hi[i]);
	}
}

/* "::" stands for the zeros of the constrained groups from..to, and when `to` is the last of them perhaps for more. */
static void add_compressed(struct buf *b, const struct six *s, int from, int to)
{
	int free_groups = GROUPS - s->constrained;

	buf_str(b, "|");
	add_groups(b, s, 0, from);
	buf_str(b, "::");
	add_groups(b, s, to + 1, s->constrained);
	if (free_groups == 0)
		return;
	if (to + 1 < s->constrained)
		buf_format(b, "(:[0-9a-f]+){%d}", free_groups);
	else
		buf_format(b, "([0-9a-f]+(:[0-9a-f]+){0,%d})?", free_groups - 1);
}

/* Always: then a "::" beside it stands for it too. */
static bool is_zero(const struct six *s, int group)
{
	return group >= 0 && group < s->constrained && s->hi[group] == 0;
}

static void add_six(struct buf *b, const struct six *s)
{
	buf_str(b, "(");
	add_groups(b, s, 0, s->constrained);
	if (s->constrained < GROUPS)
		buf_str(b, ":[0-9a-f:]*");
	for (int from = 0; from < s->constrained; from++)
		for (int to = from; to < s->constrained && s->lo[to] == 0; to++)
			if (!is_zero(s, from - 1) && !is_zero(s, to + 1))
				add_compressed(b, s, from, to);
	buf_str(b, ")");
}

void address_pattern(struct buf *b, const struct range *prefix)
{
	struct six s;

	if (prefix->first.v6) {
		s = six_of(prefix);
		add_six(b, &s);
	} else {
		add_four(b, (uint32_t)prefix->first.low, (uint32_t)prefix->last.low);
	}
}
