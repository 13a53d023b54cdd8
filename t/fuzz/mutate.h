/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_MUTATE_H
#define MXONLY_MUTATE_H

/*
 * mutate - a short fuzz without a fuzzer: inputs that are at hand, changed at random
 *
 * Life:      mutate_keep each input -> mutate_run
 * Processes: the target runs in a child; what ends it is left behind in a file of the current folder, whose name is told
 */

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

void mutate_keep(const uint8_t *bytes, size_t n);

/* The same seed makes the same inputs. How many ran, or -1: one has ended the child. */
long mutate_run(double seconds, uint64_t seed);

#endif
