/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_CHECK_H
#define MXONLY_CHECK_H

/*
 * check - is a configuration fit to serve? (mxonly check, mxonlyd -t)
 *
 * Faults and warnings go to standard error, a last line with the answer to standard output.
 */

#include "base/fault.h"
#include "policy/snapshot.h"

/* Looks at what surrounds a configuration without faults; adds the faults and warnings that it finds. */
typedef void check_more(void *context, const struct snapshot *s, struct faults *f);

/* The exit status: 0 fit, warnings or not; 2 not. more may be NULL. */
int check_run(const char *path, check_more *more, void *context);

#endif
