/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_DAEMON_H
#define MXONLY_DAEMON_H

/*
 * daemon - the server leaves its terminal, and whoever started it knows how that went
 *
 * Life:      daemon_begin, first of all -> everything that can fail -> daemon_detach -> daemon_ready
 * Errors:    until daemon_detach they are told on standard error, behind it in the log
 * Processes: the one that was started waits for daemon_ready and exits 0, or with the server's exit status
 * Tested by: t/live/server_daemon.t
 */

#include <stdbool.h>

#include "base/err.h"

struct daemon {
	int pipe; /* to the one that was started */
};

/* Returns in the server's process, which leads a new session and whose folder is /; or -1 with e. */
int daemon_begin(struct daemon *d, struct err *e);

/* Standard input, output and error lead nowhere from now on; keep_error: but standard error, when it leads to a file. */
void daemon_detach(const struct daemon *d, bool keep_error);

/* context: a struct daemon. */
void daemon_ready(void *context);

#endif
