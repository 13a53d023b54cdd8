/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/builder.h"

#include <stdlib.h>

/* What was written once and may be pointed to again. */
struct interned {
	uint32_t hash, align;
	struct span span; /* of bytes; count 0: an empty slot */
};

void builder_align(struct builder *b)
{
	static const char zeros[BUILDER_ALIGN];

	buf_add(b->out, zeros, -b->out->len % BUILDER_ALIGN);
}

struct span builder_reserve(struct builder *b, size_t count, size_t size)
{
	struct span span;

	builder_align(b);
	span = (struct span){ (uint32_t)b->out->len, (uint32_t)count };
	memset(buf_room(b->out, count * size), 0, count * size);
	b->out->len += count * size;
	return span;
}

void *builder_at(struct builder *b, struct span array, size_t i, size_t size)
{
	return b->out->at + array.at + i * size;
}

static void intern_grow(struct builder *b)
{
	size_t slots = b->slots > 0 ? b->slots * 2 : 1024;
	struct interned *table = must_alloc(slots * sizeof *table);

	memset(table, 0, slots * sizeof *table);
	for (size_t i = 0; i < b->slots; i++) {
		size_t to = b->table[i].hash & (slots - 1);
		if (b->table[i].span.count == 0)
			continue;
		while (table[to].span.count > 0)
			to = (to + 1) & (slots - 1);
		table[to] = b->table[i];
	}
	free(b->table);
	b->table = table;
	b->slots = slots;
}

struct span builder_bytes(struct builder *b, const void *bytes, size_t n, uint32_t align)
{
	uint32_t hash = text_hash(text_cut(bytes, n));
	struct interned *slot;

	if (n == 0)
		return (struct span){ sizeof b->head, 0 };
	if (b->used * 2 >= b->slots)
		intern_grow(b);
	for (size_t i = hash & (b->slots - 1);; i = (i + 1) & (b->slots - 1)) {
		slot = &b->table[i];
		if (slot->span.count == 0)
			break;
		if (slot->hash == hash && slot->align == align && slot->span.count == n &&
			memcmp(b->out->at + slot->span.at, bytes, n) == 0)
			return slot->span;
	}
	if (align > 1)
		builder_align(b);
	*slot = (struct interned){ hash, align, { (uint32_t)b->out->len, (uint32_t)n } };
	b->used++;
	buf_add(b->out, bytes, n);
	return slot->span;
}

struct span builder_string(struct builder *b, const char *s)
{
	return builder_bytes(b, s, s ? strlen(s) : 0, 1);
}

struct span builder_array(struct builder *b, const void *elements, size_t count, size_t size)
{
	struct span bytes = builder_bytes(b, elements, count * size, BUILDER_ALIGN);

	return (struct span){ bytes.at, (uint32_t)count };
}

struct span builder_strings(struct builder *b, const struct str_list *list)
{
	struct span *spans = must_alloc(list->count * sizeof *spans), all;

	for (size_t i = 0; i < list->count; i++)
		spans[i] = builder_string(b, list->at[i]);
	all = builder_array(b, spans, list->count, sizeof *spans);
	free(spans);
	return all;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct span builder_sorted_strings(struct builder *b, const struct str_list *list)
{
	struct str_list sorted = { must_alloc(list->count * sizeof *sorted.at), 0 };
	struct span span;

	if (list->count > 0)
		memcpy(sorted.at, list->at, list->count * sizeof *sorted.at);
	qsort(sorted.at, list->count, sizeof *sorted.at, by_bytes);
	for (size_t i = 0; i < list->count; i++)
		if (i == 0 || strcmp(sorted.at[i], sorted.at[i - 1]) != 0)
			sorted.at[sorted.count++] = sorted.at[i];
	span = builder_strings(b, &sorted);
	free(sorted.at);
	return span;
}

uint32_t builder_policy_index(size_t i)
{
	return (uint32_t)(i == 0 ? SNAP_POLICY_DEFAULT : i + 1);
}

void builder_end(struct builder *b)
{
	free(b->table);
}
