/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_COUNTER_H
#define MXONLY_COUNTER_H

/* counter - a number in memory that processes share: one of them writes it, all may read it (counters.h) */

#include <stdatomic.h>
#include <stdint.h>

typedef _Atomic uint64_t counter;

/* One writer: no need for a locked instruction. */
static inline void counters_add(counter *c, uint64_t n)
{
	atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n, memory_order_relaxed);
}

#endif
