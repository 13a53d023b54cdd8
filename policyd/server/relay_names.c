/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/relay_names.h"

#include "policy/snapshot.h"

struct text relay_names_at(const struct relay_names *names, unsigned number)
{
	return text_cut(names->name[number], strnlen(names->name[number], RELAY_NAME));
}

/* The name's number + 1, or 0; *place: where it is, or would get to. There are more places than names, unless somebody has scribbled. */
static unsigned look_up(const struct relay_names *names, struct text name, unsigned *place)
{
	unsigned number, tries = RELAY_PLACES;

	*place = text_hash(name) % RELAY_PLACES;
	while ((number = atomic_load_explicit(&names->place[*place], memory_order_acquire)) != 0 && --tries > 0) {
		if (number <= RELAYS_NAMED && text_equal(name, relay_names_at(names, number - 1)))
			return number;
		*place = (*place + 1) % RELAY_PLACES;
	}
	return 0;
}

void relay_names_add(struct relay_names *names, struct text name)
{
	uint32_t count = atomic_load(&names->count);
	unsigned place;

	if (look_up(names, name, &place) != 0 || count >= RELAYS_NAMED || name.len > RELAY_NAME)
		return;
	memcpy(names->name[count], name.at, name.len);
	atomic_store_explicit(&names->place[place], (uint16_t)(count + 1), memory_order_release);
	atomic_store(&names->count, count + 1);
}

unsigned relay_names_find(const struct relay_names *names, struct text name)
{
	unsigned place, number = look_up(names, name, &place);

	return number == 0 ? RELAY_OTHER : number - 1;
}
