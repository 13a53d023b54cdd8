/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_ACCEPTOR_H
#define MXONLY_ACCEPTOR_H

/*
 * acceptor - takes clients from the listening sockets, in bulk, as long as there is room for them
 *
 * Life:      acceptor_start -> events -> acceptor_stop
 * Errors:    without descriptors or memory, or at max_connections, accepting pauses: clients wait in the backlog, a warning is logged
 *            once a minute, and it goes on when a connection has ended, of this worker (acceptor_room) or of another
 * Tested by: t/live/server_limits.t
 */

#include <ev.h>

#include "server/connection.h"
#include "server/listener.h"

struct acceptor {
	struct office *office;
	struct counters *counters;
	struct slot *own;
	unsigned workers; /* of the server */
	uint64_t max; /* max_connections */
	struct listeners *listeners;
	ev_io io[LISTENERS_MAX];
	ev_timer again;
	bool paused;
};

/* The first six fields are the caller's to fill in. */
void acceptor_start(struct acceptor *a);

/* A connection of this worker has ended. */
void acceptor_room(struct acceptor *a);

/* Takes what waits in the backlog, then closes the listening sockets. */
void acceptor_stop(struct acceptor *a);

#endif
