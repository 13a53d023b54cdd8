/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_CHECK_H
#define MXONLY_CHECK_H

/*
 * check - is a configuration fit to serve? (mxonly check, mxonlyd -t)
 *
 * Faults and warnings go to standard error, a last line with the answer to standard output.
 */

/* The exit status: 0 fit, warnings or not; 2 not. */
int check_run(const char *path);

#endif
