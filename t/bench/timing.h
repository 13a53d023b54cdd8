/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_TIMING_H
#define MXONLY_TIMING_H

/*
 * timing - nanoseconds a look-up: the best of some passes over all keys, because whatever else the machine does only adds
 */

#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum { TIMING_KEYS = 1 << 20, TIMING_PASSES = 7 };

/* What was measured must not be optimised away. */
extern volatile uint64_t timing_sink;

static inline double timing_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Puts into `ns` what `look_up`, an expression of the key's number i, takes. */
#define TIMING(ns, look_up)                                                   \
	do {                                                                  \
		ns = 1e18;                                                    \
		for (int pass_ = 0; pass_ < TIMING_PASSES; pass_++) {         \
			uint64_t found_ = 0;                                  \
			double start_ = timing_now();                         \
			for (uint32_t i = 0; i < TIMING_KEYS; i++)            \
				found_ += (uint64_t)(look_up);                \
			double took_ = (timing_now() - start_) / TIMING_KEYS; \
			timing_sink += found_;                                \
			ns = took_ < ns ? took_ : ns;                         \
		}                                                             \
	} while (0)

#endif
