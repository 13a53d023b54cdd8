/* SPDX-License-Identifier: BSD-2-Clause */
#include "histogram.h"

static unsigned step_of(uint64_t ns)
{
	if (ns < HISTOGRAM_STEPS)
		return (unsigned)ns;
	unsigned power = 63u - (unsigned)__builtin_clzll(ns);
	return (power - HISTOGRAM_BITS + 1) * HISTOGRAM_STEPS +
	       (unsigned)(ns >> (power - HISTOGRAM_BITS) & (HISTOGRAM_STEPS - 1));
}

/* The middle of a step. */
static double middle_of(unsigned step)
{
	if (step < HISTOGRAM_STEPS)
		return step;
	unsigned power = step / HISTOGRAM_STEPS + HISTOGRAM_BITS - 1;
	double width = (double)(1ull << (power - HISTOGRAM_BITS));
	return (double)(1ull << power) + step % HISTOGRAM_STEPS * width + width / 2;
}

void histogram_add(struct histogram *h, uint64_t ns)
{
	h->count[step_of(ns)]++;
	h->total++;
	if (ns > h->longest)
		h->longest = ns;
}

double histogram_us(const struct histogram *h, double share)
{
	uint64_t wanted = (uint64_t)(share * (double)h->total), seen = 0;

	if (wanted >= h->total)
		wanted = h->total > 0 ? h->total - 1 : 0;
	for (unsigned step = 0; step < HISTOGRAM; step++) {
		seen += h->count[step];
		if (seen <= wanted)
			continue;
		double ns = middle_of(step);
		return (ns < (double)h->longest ? ns : (double)h->longest) / 1000;
	}
	return 0;
}
