/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/relay_names.h"

#include "policy/snapshot.h"

/* Where the name is, or the free place that it would get; never full, for there are more places than names. */
static unsigned place_of(const struct relay_names *names, struct text name)
{
	unsigned place = text_hash(name) % RELAY_PLACES, number;

	while ((number = atomic_load_explicit(&names->place[place], memory_order_acquire)) != 0) {
		if (text_is(name, names->name[number - 1]))
			break;
		place = (place + 1) % RELAY_PLACES;
	}
	return place;
}

void relay_names_add(struct relay_names *names, struct text name)
{
	uint32_t count = atomic_load(&names->count);
	unsigned place = place_of(names, name);

	if (names->place[place] != 0 || count == RELAYS_NAMED || name.len > RELAY_NAME)
		return;
	memcpy(names->name[count], name.at, name.len);
	atomic_store_explicit(&names->place[place], (uint16_t)(count + 1), memory_order_release);
	atomic_store(&names->count, count + 1);
}

unsigned relay_names_find(const struct relay_names *names, struct text name)
{
	unsigned number = atomic_load(&names->place[place_of(names, name)]);

	return number == 0 ? RELAY_OTHER : number - 1;
}
