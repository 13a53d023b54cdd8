/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/counters.h"

#include <stddef.h>
#include <sys/mman.h>

const uint64_t counters_bound[COUNTERS_TIMES - 1] = { 500, 1000, 2000, 3000, 5000, 10000, 20000, 50000, 100000, 1000000,
	10000000, 100000000, 1000000000 };

struct counters *counters_new(void)
{
	void *at = mmap(NULL, sizeof(struct counters), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

void counters_time(struct slot *own, uint64_t nanoseconds)
{
	unsigned i = 0;

	while (i < COUNTERS_TIMES - 1 && nanoseconds > counters_bound[i])
		i++;
	counters_add(&own->took[i], 1);
	counters_add(&own->took_sum, nanoseconds);
}

uint64_t counters_open_total(const struct counters *c, unsigned workers)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < workers; i++)
		sum += atomic_load(&c->slot[i].open);
	return sum;
}

/* Counts first and looks then: of two workers that race for the last place at most one gets it, perhaps none at this moment. */
bool counters_open(struct counters *c, struct slot *own, unsigned workers, uint64_t max)
{
	atomic_fetch_add(&own->open, 1);
	if (counters_open_total(c, workers) > max) {
		atomic_fetch_sub(&own->open, 1);
		return false;
	}
	return true;
}

void counters_close(struct slot *own)
{
	atomic_fetch_sub(&own->open, 1);
}

void counters_clear_open(struct slot *dead)
{
	atomic_store(&dead->open, 0);
}

uint64_t counters_dropped_total(const struct counters *c)
{
	uint64_t sum = atomic_load_explicit(&c->lines_lost, memory_order_relaxed);

	for (unsigned i = 0; i < COUNTERS_SLOTS; i++)
		sum += atomic_load_explicit(&c->slot[i].lines_dropped, memory_order_relaxed);
	return sum;
}

bool counters_seldom(struct counters *c, enum seldom what, int64_t now_ms, unsigned seconds)
{
	int64_t said = atomic_load_explicit(&c->said[what], memory_order_relaxed);

	if (said != 0 && now_ms - said < (int64_t)seconds * 1000)
		return false;
	return atomic_compare_exchange_strong(&c->said[what], &said, now_ms == 0 ? 1 : now_ms);
}
