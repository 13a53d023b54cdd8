/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/range_set.h"

#include <stdlib.h>

#include "net/pairs.h"

/*
 * The block: this header, the IPv4 index, the IPv6 index, the IPv4 ranges, the IPv6 ranges.
 *
 * An index cuts the space from the lowest address (base) to the highest into slices of 2^shift addresses, and has a cell
 * for every 32 of them (cells_wanted below says how many): a bit for each slice, set when an address of it is in a range, and
 * the number of the first range that ends in the cell or above. Most slices are free, and then the cell is all that a
 * look-up reads. In any other it finds its range, if any, between this cell's number and the next one's. The last cell
 * stands for all addresses that have none: its bits are 0, and it has the number of the last range.
 */
enum { SLICES = 32, CELLS = 1 << 16, CELLS_MAX = 1 << 20, FEW = 2, ALIGN = 8 };

struct cell {
	uint32_t used, first;
};

struct range_set {
	uint64_t size; /* of all */
	uint32_t count4, count6;
	uint32_t cells4, cells6; /* without the last */
	uint16_t shift4, shift6;
	uint32_t base4; /* 0 without ranges, as base6 */
	struct wide base6;
};

static const struct cell *index4(const struct range_set *s)
{
	return (const struct cell *)(s + 1);
}

static const struct cell *index6(const struct range_set *s)
{
	return index4(s) + s->cells4 + 1;
}

static const struct pair4 *pairs4(const struct range_set *s)
{
	return (const struct pair4 *)(index6(s) + s->cells6 + 1);
}

static const struct pair6 *pairs6(const struct range_set *s)
{
	return (const struct pair6 *)(pairs4(s) + s->count4);
}

/* Both indexes. */
static size_t index_size(const struct range_set *s)
{
	return ((uint64_t)s->cells4 + 1 + s->cells6 + 1) * sizeof(struct cell);
}

static uint64_t whole_size(const struct range_set *s)
{
	return sizeof *s + index_size(s) + s->count4 * (uint64_t)sizeof(struct pair4) +
	       s->count6 * (uint64_t)sizeof(struct pair6);
}

/* The slice of an address: any number, mostly a great one, when it is below the lowest. */
static inline uint32_t slice_of4(const struct range_set *s, uint32_t a)
{
	return (a - s->base4) >> s->shift4;
}

/* Wide slices are told by the upper half alone. */
static inline uint64_t slice_of6(const struct range_set *s, const struct wide *a)
{
	if (s->shift6 >= 64)
		return (a->high - s->base6.high) >> (s->shift6 - 64);
	struct wide offset = { a->high - s->base6.high - (a->low < s->base6.low), a->low - s->base6.low };
	uint64_t slice = s->shift6 == 0 ? offset.low : offset.high << (64 - s->shift6) | offset.low >> s->shift6;
	bool beyond = offset.high >> s->shift6 != 0;
	return slice | -(uint64_t)beyond;
}

static inline bool is_free(const struct cell *cell, uint64_t slice)
{
	return !(cell->used >> slice % SLICES & 1);
}

/*
 * No branch asks whether an address lies between the lowest and the highest range: with few ranges that would be
 * guessed wrong every third time. Nor does one count the FEW ranges that a cell has, nearly always, at most.
 */
static inline bool find4(const struct range_set *s, uint32_t key, uint32_t *i)
{
	uint32_t slice = slice_of4(s, key), number = slice / SLICES;
	const struct cell *cell = index4(s) + (number < s->cells4 ? number : s->cells4);

	if (is_free(cell, slice))
		return false;
	const struct pair4 *pairs = pairs4(s);
	uint32_t from = cell[0].first, to = cell[1].first;
	while (to - from > FEW) {
		uint32_t middle = from + (to - from) / 2;
		if (pairs[middle].last < key)
			from = middle + 1;
		else
			to = middle;
	}
	for (int step = 0; step < FEW; step++)
		from += (from < to) & (pairs[from].last < key);
	*i = from;
	return (pairs[from].first <= key) & (key <= pairs[from].last);
}

static inline bool find6(const struct range_set *s, const struct wide *key, uint32_t *i)
{
	uint64_t slice = slice_of6(s, key), number = slice / SLICES;
	const struct cell *cell = index6(s) + (number < s->cells6 ? number : s->cells6);

	if (is_free(cell, slice))
		return false;
	const struct pair6 *pairs = pairs6(s);
	uint32_t from = cell[0].first, to = cell[1].first;
	while (to - from > FEW) {
		uint32_t middle = from + (to - from) / 2;
		if (wide_below(&pairs[middle].last, key))
			from = middle + 1;
		else
			to = middle;
	}
	for (int step = 0; step < FEW; step++)
		from += (from < to) & wide_below(&pairs[from].last, key);
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

/* The slices that a range begins and ends in. */
struct reach {
	uint64_t first, last;
};

typedef struct reach reach_of(const struct range_set *s, uint32_t i);

static struct reach reach_of4(const struct range_set *s, uint32_t i)
{
	const struct pair4 *p = pairs4(s) + i;

	return (struct reach){ slice_of4(s, p->first), slice_of4(s, p->last) };
}

static struct reach reach_of6(const struct range_set *s, uint32_t i)
{
	const struct pair6 *p = pairs6(s) + i;

	return (struct reach){ slice_of6(s, &p->first), slice_of6(s, &p->last) };
}

/* What a cell must be. `first` is the number of the one before it (0 for the first), and becomes that of this one. */
static inline struct cell cell_at(
	const struct range_set *s, uint32_t at, uint32_t count, reach_of *reach, uint32_t *first)
{
	const uint64_t low = (uint64_t)at * SLICES, high = low + SLICES - 1;
	struct cell cell = { 0, 0 };

	while (reach(s, *first).last < low)
		++*first;
	cell.first = *first;
	for (uint32_t i = *first; i < count; i++) {
		struct reach r = reach(s, i);
		if (r.first > high)
			break;
		uint32_t from = r.first > low ? UINT32_MAX << (r.first - low) : UINT32_MAX;
		uint32_t to = r.last < high ? UINT32_MAX >> (high - r.last) : UINT32_MAX;
		cell.used |= from & to;
	}
	return cell;
}

static struct cell last_cell(uint32_t count)
{
	return (struct cell){ 0, count > 0 ? count - 1 : 0 };
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
 * Measured with 10 to 1,000,000 random ranges. 32 to 64 slices a range leave most of them free, at 8 to 16 bytes a range; an
 * index of 512 KiB stays in the cache, so that more than 64 slices pay no more; of many ranges 16 slices each do.
 */
static uint64_t cells_wanted(uint32_t count)
{
	uint64_t cells = count < CELLS / 2 ? 2 * count : count / 2 > CELLS ? count / 2 : CELLS;

	return cells < CELLS_MAX ? cells : CELLS_MAX;
}

static void lay_out4(struct range_set *s, const struct pair4 *list)
{
	if (s->count4 == 0)
		return;
	uint32_t last = list[s->count4 - 1].last;
	s->base4 = list[0].first;
	while (slice_of4(s, last) / SLICES >= cells_wanted(s->count4))
		s->shift4++;
	s->cells4 = slice_of4(s, last) / SLICES + 1;
}

static void lay_out6(struct range_set *s, const struct pair6 *list)
{
	if (s->count6 == 0)
		return;
	struct wide last = list[s->count6 - 1].last;
	s->base6 = list[0].first;
	while (slice_of6(s, &last) / SLICES >= cells_wanted(s->count6))
		s->shift6++;
	s->cells6 = (uint32_t)(slice_of6(s, &last) / SLICES) + 1;
}

/* Writes a family's index; returns what lies behind it. */
static struct cell *fill(const struct range_set *s, struct cell *index, uint32_t cells, uint32_t count, reach_of *reach)
{
	uint32_t first = 0;

	for (uint32_t c = 0; c < cells; c++)
		index[c] = cell_at(s, c, count, reach, &first);
	index[cells] = last_cell(count);
	return index + cells + 1;
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
	buf_add(b, &s, sizeof s);
	buf_room(b, index_size(&s));
	b->len += index_size(&s); /* filled below */
	buf_add(b, p.four, s.count4 * sizeof *p.four);
	buf_add(b, p.six, s.count6 * sizeof *p.six);
	pairs_free(&p);

	const struct range_set *set = (const void *)(b->at + offset);
	struct cell *index = (struct cell *)(void *)(b->at + offset + sizeof s);
	fill(set, fill(set, index, s.cells4, s.count4, reach_of4), s.cells6, s.count6, reach_of6);
	l->count = range_set_count(set);
	for (size_t i = 0; i < l->count; i++)
		l->at[i] = range_set_get(set, i);
	return offset;
}

static bool same_cell(struct cell a, struct cell b)
{
	return a.used == b.used && a.first == b.first;
}

static bool index_is_right(
	const struct range_set *s, const struct cell *index, uint32_t cells, uint32_t count, reach_of *reach)
{
	uint32_t first = 0;

	if (cells != (count > 0 ? reach(s, count - 1).last / SLICES + 1 : 0))
		return false;
	for (uint32_t c = 0; c < cells; c++)
		if (!same_cell(index[c], cell_at(s, c, count, reach, &first)))
			return false;
	return same_cell(index[cells], last_cell(count));
}

static bool check4(const struct range_set *s)
{
	const struct pair4 *list = pairs4(s);

	for (uint32_t i = 0; i < s->count4; i++)
		if (list[i].first > list[i].last || (i > 0 && !pairs_apart4(list[i - 1].last, list[i].first)))
			return false;
	if (s->base4 != (s->count4 > 0 ? list[0].first : 0) || s->shift4 >= 32)
		return false;
	return index_is_right(s, index4(s), s->cells4, s->count4, reach_of4);
}

static bool check6(const struct range_set *s)
{
	const struct pair6 *list = pairs6(s);
	const struct wide base = s->count6 > 0 ? list[0].first : (struct wide){ 0, 0 };

	for (uint32_t i = 0; i < s->count6; i++)
		if (wide_below(&list[i].last, &list[i].first) ||
			(i > 0 && !pairs_apart6(&list[i - 1].last, &list[i].first)))
			return false;
	if (memcmp(&s->base6, &base, sizeof base) != 0 || s->shift6 >= 128)
		return false;
	return index_is_right(s, index6(s), s->cells6, s->count6, reach_of6);
}

bool range_set_check(const void *at, size_t size)
{
	const struct range_set *s = at;

	if (size < sizeof *s || (uintptr_t)at % ALIGN != 0)
		return false;
	return s->size == size && whole_size(s) == size && check4(s) && check6(s);
}
