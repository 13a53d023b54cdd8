/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/range_set.h"

#include <stdlib.h>

#include "net/pairs.h"

/*
 * The block: this header, the IPv4 ranges, the IPv6 ranges, the IPv4 index, the IPv6 index, nothing or 4 bytes to a
 * multiple of 8. An index cuts the space from the lowest address (base) to the highest (top) into cells of 2^shift
 * addresses (cells_wanted below says how many); index[c] is the first range that ends in cell c or above. A look-up of k
 * in cell c thus finds its range, if any, between index[c] and index[c + 1]; the last entry, behind the cells, is
 * the last range. A family without ranges has no index, and a base above its top, so that nothing is between them.
 */
enum { CELLS = 1 << 16, CELLS_MAX = 1 << 20, ALIGN = 8 };

struct range_set {
	uint64_t size; /* of all */
	uint32_t count4, count6;
	uint32_t cells4, cells6;
	uint32_t shift4, shift6;
	uint32_t base4, top4;
	struct wide base6, top6;
};

static const struct pair4 *pairs4(const struct range_set *s)
{
	return (const struct pair4 *)(s + 1);
}

static const struct pair6 *pairs6(const struct range_set *s)
{
	return (const struct pair6 *)(pairs4(s) + s->count4);
}

static const uint32_t *index4(const struct range_set *s)
{
	return (const uint32_t *)(pairs6(s) + s->count6);
}

static uint64_t entries4(const struct range_set *s)
{
	return s->count4 > 0 ? (uint64_t)s->cells4 + 1 : 0;
}

static uint64_t entries6(const struct range_set *s)
{
	return s->count6 > 0 ? (uint64_t)s->cells6 + 1 : 0;
}

static const uint32_t *index6(const struct range_set *s)
{
	return index4(s) + entries4(s);
}

static uint64_t whole_size(const struct range_set *s)
{
	uint64_t size = sizeof *s + s->count4 * (uint64_t)sizeof(struct pair4) +
			s->count6 * (uint64_t)sizeof(struct pair6) + (entries4(s) + entries6(s)) * sizeof(uint32_t);

	return (size + ALIGN - 1) / ALIGN * ALIGN;
}

static inline struct wide wide_minus(const struct wide *a, const struct wide *b)
{
	return (struct wide){ a->high - b->high - (a->low < b->low), a->low - b->low };
}

static inline struct wide span6(const struct range_set *s)
{
	return wide_minus(&s->top6, &s->base6);
}

/* Every cell's number has 64 bits at most. */
static bool shift6_suffices(const struct range_set *s)
{
	return s->shift6 < 128 && (s->shift6 >= 64 || span6(s).high >> s->shift6 == 0);
}

/* The cell of an address between base and top, of any other one that of the top. Wide cells are told by the upper half alone. */
static inline uint64_t cell_of6(const struct range_set *s, const struct wide *a)
{
	if (s->shift6 >= 64) {
		uint64_t offset = a->high - s->base6.high, span = s->top6.high - s->base6.high;
		return (offset < span ? offset : span) >> (s->shift6 - 64);
	}
	struct wide offset = wide_minus(a, &s->base6), span = span6(s);
	if (wide_below(&span, &offset))
		offset = span;
	return s->shift6 == 0 ? offset.low : offset.high << (64 - s->shift6) | offset.low >> s->shift6;
}

/*
 * The first range that ends at key or above, if key is between base and top; else any. No branch asks which: with few ranges
 * that would be guessed wrong every third time.
 */
static inline bool find4(const struct range_set *s, uint32_t key, uint32_t *i)
{
	const struct pair4 *pairs = pairs4(s);
	uint32_t offset = key - s->base4, span = s->top4 - s->base4;

	if (s->count4 == 0)
		return false;
	const uint32_t *cell = index4(s) + ((offset < span ? offset : span) >> s->shift4);
	uint32_t from = cell[0], to = cell[1];
	while (from < to) {
		uint32_t middle = from + (to - from) / 2;
		if (pairs[middle].last < key)
			from = middle + 1;
		else
			to = middle;
	}
	*i = from;
	return (pairs[from].first <= key) & (key <= pairs[from].last);
}

static inline bool find6(const struct range_set *s, const struct wide *key, uint32_t *i)
{
	const struct pair6 *pairs = pairs6(s);

	if (s->count6 == 0)
		return false;
	const uint32_t *cell = index6(s) + cell_of6(s, key);
	uint32_t from = cell[0], to = cell[1];
	while (from < to) {
		uint32_t middle = from + (to - from) / 2;
		if (wide_below(&pairs[middle].last, key))
			from = middle + 1;
		else
			to = middle;
	}
	*i = from;
	return !wide_below(key, &pairs[from].first) & !wide_below(&pairs[from].last, key);
}

static bool find(const struct range_set *s, const struct ip *ip, uint32_t *i)
{
	return ip->v6 ? find6(s, &(struct wide){ ip->high, ip->low }, i) : find4(s, (uint32_t)ip->low, i);
}

bool range_set_holds(const struct range_set *s, const struct ip *ip)
{
	uint32_t i;

	return find(s, ip, &i);
}

bool range_set_find(const struct range_set *s, const struct ip *ip, struct range *found)
{
	uint32_t i;

	if (!find(s, ip, &i))
		return false;
	*found = range_set_get(s, ip->v6 ? (size_t)s->count4 + i : i);
	return true;
}

size_t range_set_size(const struct range_set *s)
{
	return s->size;
}

size_t range_set_count_v4(const struct range_set *s)
{
	return s->count4;
}

size_t range_set_count(const struct range_set *s)
{
	return (size_t)s->count4 + s->count6;
}

struct range range_set_get(const struct range_set *s, size_t i)
{
	if (i < s->count4) {
		struct pair4 p = pairs4(s)[i];
		return (struct range){ { .low = p.first }, { .low = p.last } };
	}
	struct pair6 p = pairs6(s)[i - s->count4];
	return (struct range){ { p.first.high, p.first.low, true }, { p.last.high, p.last.low, true } };
}

/* The cell that range i of a family ends in. */
static uint64_t end_cell4(const struct range_set *s, uint32_t i)
{
	return (pairs4(s)[i].last - s->base4) >> s->shift4;
}

static uint64_t end_cell6(const struct range_set *s, uint32_t i)
{
	return cell_of6(s, &pairs6(s)[i].last);
}

void range_list_add(struct range_list *l, const struct range *r)
{
	l->at = must_grow(l->at, l->count, sizeof *l->at);
	l->at[l->count++] = *r;
}

void range_list_free(struct range_list *l)
{
	free(l->at);
	*l = (struct range_list){ 0 };
}

/*
 * Measured with 10 to 1,000,000 random ranges: 16 cells a range make nearly every step of a look-up predictable, and
 * an index of 256 KiB stays in the cache; only beyond it a quarter of a cell a range pays.
 */
static uint64_t cells_wanted(uint32_t count)
{
	uint64_t cells = count < CELLS / 16 ? 16 * count : count / 4 > CELLS ? count / 4 : CELLS;

	return cells < CELLS_MAX ? cells : CELLS_MAX;
}

static void lay_out4(struct range_set *s, const struct pair4 *list)
{
	s->base4 = s->count4 > 0 ? list[0].first : UINT32_MAX;
	s->top4 = s->count4 > 0 ? list[s->count4 - 1].last : 0;
	if (s->count4 == 0)
		return;
	while ((s->top4 - s->base4) >> s->shift4 >= cells_wanted(s->count4))
		s->shift4++;
	s->cells4 = ((s->top4 - s->base4) >> s->shift4) + 1;
}

static void lay_out6(struct range_set *s, const struct pair6 *list)
{
	static const struct wide highest = { UINT64_MAX, UINT64_MAX }, lowest = { 0, 0 };

	s->base6 = s->count6 > 0 ? list[0].first : highest;
	s->top6 = s->count6 > 0 ? list[s->count6 - 1].last : lowest;
	if (s->count6 == 0)
		return;
	while (!shift6_suffices(s) || cell_of6(s, &s->top6) >= cells_wanted(s->count6))
		s->shift6++;
	s->cells6 = (uint32_t)cell_of6(s, &s->top6) + 1;
}

typedef uint64_t end_cell(const struct range_set *s, uint32_t i);

/* Writes a family's index; returns what lies behind it. */
static uint32_t *fill(const struct range_set *s, uint32_t *index, uint32_t count, end_cell *end)
{
	uint64_t cell = 0;

	if (count == 0)
		return index;
	for (uint32_t i = 0; i < count; i++)
		for (uint64_t last = end(s, i); cell <= last; cell++)
			index[cell] = i;
	index[cell] = count - 1;
	return index + cell + 1;
}

size_t range_set_freeze(struct range_list *l, struct buf *b)
{
	struct range_set s = { 0 };
	struct pairs p;
	size_t offset;

	pairs_merge(&p, l);
	s.count4 = (uint32_t)p.count4;
	s.count6 = (uint32_t)p.count6;
	lay_out4(&s, p.four);
	lay_out6(&s, p.six);
	s.size = whole_size(&s);
	while (b->len % ALIGN != 0)
		buf_add(b, "", 1);
	offset = b->len;
	buf_room(b, s.size);
	buf_add(b, &s, sizeof s);
	buf_add(b, p.four, s.count4 * sizeof *p.four);
	buf_add(b, p.six, s.count6 * sizeof *p.six);
	pairs_free(&p);

	const struct range_set *set = (const void *)(b->at + offset);
	uint32_t *behind = (uint32_t *)(void *)(b->at + b->len);
	memset(behind, 0, offset + s.size - b->len);
	fill(set, fill(set, behind, s.count4, end_cell4), s.count6, end_cell6);
	b->len = offset + s.size;
	l->count = range_set_count(set);
	for (size_t i = 0; i < l->count; i++)
		l->at[i] = range_set_get(set, i);
	return offset;
}

static bool index_is_right(
	const struct range_set *s, const uint32_t *index, uint32_t count, uint64_t cells, end_cell *end)
{
	uint64_t cell = 0;

	for (uint32_t i = 0; i < count; i++)
		for (uint64_t last = end(s, i); cell <= last; cell++)
			if (cell >= cells || index[cell] != i)
				return false;
	return cell == cells && index[cell] == count - 1;
}

static bool check4(const struct range_set *s)
{
	const struct pair4 *list = pairs4(s);

	if (s->count4 == 0)
		return s->cells4 == 0 && s->base4 == UINT32_MAX && s->top4 == 0;
	for (uint32_t i = 0; i < s->count4; i++)
		if (list[i].first > list[i].last || (i > 0 && !pairs_apart4(list[i - 1].last, list[i].first)))
			return false;
	if (s->base4 != list[0].first || s->top4 != list[s->count4 - 1].last || s->shift4 >= 32)
		return false;
	return index_is_right(s, index4(s), s->count4, s->cells4, end_cell4);
}

static bool check6(const struct range_set *s)
{
	const struct pair6 *list = pairs6(s);
	const struct wide *top = &s->top6;

	if (s->count6 == 0)
		return s->cells6 == 0 && s->base6.high == UINT64_MAX && s->base6.low == UINT64_MAX && top->high == 0 &&
		       top->low == 0;
	for (uint32_t i = 0; i < s->count6; i++)
		if (wide_below(&list[i].last, &list[i].first) ||
			(i > 0 && !pairs_apart6(&list[i - 1].last, &list[i].first)))
			return false;
	if (memcmp(&s->base6, &list[0].first, sizeof s->base6) != 0 ||
		memcmp(top, &list[s->count6 - 1].last, sizeof *top) != 0 || !shift6_suffices(s))
		return false;
	return index_is_right(s, index6(s), s->count6, s->cells6, end_cell6);
}

bool range_set_check(const void *at, size_t size)
{
	const struct range_set *s = at;

	if (size < sizeof *s || (uintptr_t)at % ALIGN != 0)
		return false;
	return s->size == size && whole_size(s) == size && check4(s) && check6(s);
}
