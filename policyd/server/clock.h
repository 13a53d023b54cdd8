/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_CLOCK_H
#define MXONLY_CLOCK_H

/* clock - time that only goes forward, whatever happens to the time of day */

#include <stdint.h>
#include <time.h>

/* Exact to some milliseconds, and cheap: no system call. */
static inline int64_t clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Nanoseconds, exact. */
static inline uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

#endif
