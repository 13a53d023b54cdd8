/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_DESCRIPTORS_H
#define MXONLY_DESCRIPTORS_H

/* descriptors - what a forked process must not keep open, lest others wait in vain for its end of file */

#include <stddef.h>

enum { DESCRIPTORS_KEPT = 128 };

/* Closes all but standard input, output, error and the n (at most DESCRIPTORS_KEPT) in keep, which is sorted by this. */
void descriptors_keep(int *keep, size_t n);

/* Opens /dev/null where standard input, output or error is closed. */
void descriptors_standard(void);

/* As many as the hard limit allows. */
void descriptors_raise(void);

#endif
