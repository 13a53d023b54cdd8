/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_PRIVILEGES_H
#define MXONLY_PRIVILEGES_H

/*
 * privileges - root is dropped for good, before anything is bound or read in earnest
 *
 * Who to become stands in the very file that root must not read in earnest; so a child process, which is nobody by then, looks
 * for those two words alone.
 *
 * Errors:    -1 with e in words that tell what to do: the process must end, with status 2
 * Tested by: t/live/server_privileges.t
 */

#include "base/err.h"
#include "base/text.h"

enum { PRIVILEGES_NAME = 256 };

/* Who the server has become; empty when it was not started as root. */
struct privileges {
	char user[PRIVILEGES_NAME], group[PRIVILEGES_NAME];
};

/* Not started as root: nothing is changed but that the process leaves no core and no traces to others. */
int privileges_drop(struct privileges *p, const char *config, struct err *e);

/* The configuration is readable to whom the server runs as now. */
int privileges_check_readable(const char *config, struct err *e);

/* The configuration, read in earnest, names the same user and group as were found at first sight. */
int privileges_check_same(const struct privileges *p, struct text user, struct text group, struct err *e);

#endif
