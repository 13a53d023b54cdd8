/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_SERVER_H
#define MXONLY_SERVER_H

/*
 * server - from a command line to a running supervisor, in the order that safety asks for
 *
 * Root is dropped, the configuration loaded, the sockets opened, and only then is anything else begun.
 *
 * Errors:    told on standard error; the exit status says the kind (mxonlyd(8))
 * Tested by: t/live/server_*.t, t/live/server_daemon.t, t/live/server_systemd.t
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

enum { EXIT_CONFIGURATION = 2 };

struct server_options {
	const char *config;
	const struct text *listen; /* -l, in place of the configuration's */
	size_t listen_count;
	bool daemon; /* -D: all paths are absolute */
	const char *pidfile; /* -p; NULL: none */
};

/* The exit status. */
int server_run(const struct server_options *o);

#endif
