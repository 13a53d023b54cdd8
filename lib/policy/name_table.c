/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/name_table.h"

#include <stdlib.h>

#include "base/buf.h"

static bool is_at(const struct name_slot *slot, uint32_t hash, struct text name)
{
	return slot->hash == hash && strncmp(slot->name, name.at, name.len) == 0 && slot->name[name.len] == '\0';
}

static struct name_slot *slot_of(const struct name_table *t, uint32_t hash, struct text name)
{
	size_t i = hash & (t->cap - 1);

	while (t->slots[i].name && !is_at(&t->slots[i], hash, name))
		i = (i + 1) & (t->cap - 1);
	return &t->slots[i];
}

uint32_t name_table_find(const struct name_table *t, struct text name)
{
	const struct name_slot *slot;

	if (t->cap == 0)
		return NAME_ABSENT;
	slot = slot_of(t, text_hash(name), name);
	return slot->name ? slot->number : NAME_ABSENT;
}

static void grow(struct name_table *t)
{
	struct name_table new = { NULL, t->cap > 0 ? t->cap * 2 : 64, t->count };

	new.slots = must_alloc(new.cap * sizeof *new.slots);
	memset(new.slots, 0, new.cap * sizeof *new.slots);
	for (size_t i = 0; i < t->cap; i++) {
		size_t to = t->slots[i].hash & (new.cap - 1);
		if (!t->slots[i].name)
			continue;
		while (new.slots[to].name)
			to = (to + 1) & (new.cap - 1);
		new.slots[to] = t->slots[i];
	}
	free(t->slots);
	*t = new;
}

uint32_t name_table_add(struct name_table *t, const char *name, uint32_t number)
{
	struct text text = text_of(name);
	uint32_t hash = text_hash(text);
	struct name_slot *slot;

	if (t->count >= t->cap / 4 * 3)
		grow(t);
	slot = slot_of(t, hash, text);
	if (slot->name)
		return slot->number;
	*slot = (struct name_slot){ name, hash, number };
	t->count++;
	return NAME_ABSENT;
}

void name_table_free(struct name_table *t)
{
	free(t->slots);
	*t = (struct name_table){ 0 };
}
