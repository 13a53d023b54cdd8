/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/pairs.h"

#include <stdlib.h>

static int compare4(const void *a, const void *b)
{
	uint32_t x = ((const struct pair4 *)a)->first, y = ((const struct pair4 *)b)->first;

	return (x > y) - (x < y);
}

static int compare6(const void *a, const void *b)
{
	const struct wide *x = &((const struct pair6 *)a)->first, *y = &((const struct pair6 *)b)->first;

	return wide_below(y, x) - wide_below(x, y);
}

/* Long lists mostly come in order already: that is seen in one pass. */
static void sort(void *list, size_t count, size_t size, int (*compare)(const void *, const void *))
{
	const char *at = list;

	for (size_t i = 1; i < count; i++) {
		if (compare(at + (i - 1) * size, at + i * size) > 0) {
			qsort(list, count, size, compare);
			return;
		}
	}
}

/* What a family's sorted ranges become when those that overlap or touch are one; returns how many are left. */
static size_t merge4(struct pair4 *list, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		struct pair4 *before = kept > 0 ? &list[kept - 1] : NULL;
		if (!before || pairs_apart4(before->last, list[i].first))
			list[kept++] = list[i];
		else if (before->last < list[i].last)
			before->last = list[i].last;
	}
	return kept;
}

static size_t merge6(struct pair6 *list, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		struct pair6 *before = kept > 0 ? &list[kept - 1] : NULL;
		if (!before || pairs_apart6(&before->last, &list[i].first))
			list[kept++] = list[i];
		else if (wide_below(&before->last, &list[i].last))
			before->last = list[i].last;
	}
	return kept;
}

void pairs_merge(struct pairs *p, const struct range_list *l)
{
	*p = (struct pairs){ .four = must_alloc(l->count * sizeof *p->four),
		.six = must_alloc(l->count * sizeof *p->six) };
	for (size_t i = 0; i < l->count; i++) {
		const struct ip *a = &l->at[i].first, *z = &l->at[i].last;
		if (a->v6)
			p->six[p->count6++] = (struct pair6){ { a->high, a->low }, { z->high, z->low } };
		else
			p->four[p->count4++] = (struct pair4){ (uint32_t)a->low, (uint32_t)z->low };
	}
	sort(p->four, p->count4, sizeof *p->four, compare4);
	sort(p->six, p->count6, sizeof *p->six, compare6);
	p->count4 = merge4(p->four, p->count4);
	p->count6 = merge6(p->six, p->count6);
}

void pairs_free(struct pairs *p)
{
	free(p->four);
	free(p->six);
	*p = (struct pairs){ 0 };
}
