/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_HISTOGRAM_H
#define MXONLY_HISTOGRAM_H

/*
 * histogram - how often each time was needed: 64 linear steps a power of two, an error below 1/128
 */

#include <stdint.h>

enum {
	HISTOGRAM_BITS = 6,
	HISTOGRAM_STEPS = 1 << HISTOGRAM_BITS,
	HISTOGRAM = (64 - HISTOGRAM_BITS + 1) * HISTOGRAM_STEPS
};

struct histogram {
	uint64_t count[HISTOGRAM];
	uint64_t total, longest; /* longest: nanoseconds */
};

void histogram_add(struct histogram *h, uint64_t ns);

/* The time within which that share of all was done (0.99), in microseconds; 0 without any. */
double histogram_us(const struct histogram *h, double share);

#endif
