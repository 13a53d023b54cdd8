/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_CONNECTION_H
#define MXONLY_CONNECTION_H

/*
 * connection - one client of a worker: what it asks is read, decided and answered
 *
 * Life:      connection_start -> events -> it ends itself when the client goes, errs or is too slow; office_stop ends them all
 * Memory:    an idle connection is a struct connection and nothing else; input and replies pass through the office's two buffers,
 *            and only what a slow client leaves unread is kept aside, while its further requests wait in its socket
 * Errors:    a client that vanishes is no error; one that is too slow or not understood is closed with a warning
 * Processes: single-threaded; a snapshot is exchanged between two events, that is between two requests
 * Tested by: t/unit/test_connection.c, t/live/server_dialogue.t, t/live/server_limits.t, t/live/server_stop.t
 */

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "policy/dialogue.h"
#include "server/decisions.h"

enum { OFFICE_BUFFER = 65536, OFFICE_ROUND = 32, STOP_GRACE = 2 /* seconds for a request begun */ };

struct leftover;

/* What is touched for every request comes first: two lines of a processor's cache. */
struct connection {
	ev_io io;
	int64_t since; /* clock_ms() when it began to wait there, or up to WAITING_GRAIN before it was asked last */
	struct leftover *left; /* of a client that does not read its replies */
	bool ended; /* to be closed after the replies */
	bool hurried; /* waits in office.hurried, not in office.idle */
	bool asked; /* and got an answer, once */
	struct connection *next_ready, **ready_at; /* in office.ready; ready_at: what points to it, NULL: nothing */
	struct connection *before, *after; /* in the queue that it waits in */
	struct dialogue dialogue;
};

/* Connections in the order in which they began to wait; as all wait equally long, the first is always the next to be late. */
struct queue {
	struct connection *first, *last;
};

/* What the connections of a worker share. */
struct office {
	struct ev_loop *loop;
	struct desk desk;
	struct decisions *decisions; /* the desk's */
	struct slot *counters;
	int64_t idle_ms, hurried_ms; /* idle_timeout, request_timeout */
	struct queue idle; /* between two requests */
	struct queue hurried; /* with a request begun, or with replies unread */
	ev_timer late;
	bool stopping;
	void (*gone)(void *context); /* a connection has ended */
	void *context;
	struct connection *ready; /* with something to be read or written, the first that was first */
	char in[OFFICE_BUFFER], out[OFFICE_BUFFER];
};

void office_start(struct office *o, struct ev_loop *loop);

/*
 * Serves whoever has something to be read or written, before the loop waits; in the order in which that came about, some at a
 * time: all are read from, then all decided, then all answered. So a processor stays with the same code for a while, and a
 * client that is woken by its answer is not put to sleep again before the next answer comes.
 */
void office_work(struct office *o);

/* A snapshot takes the place of the one before, for the next request of every connection. */
void office_serve(struct office *o, const struct snapshot *s);

/* Answers what has been sent, closes whoever asks nothing now, and gives STOP_GRACE seconds to a request begun or about to begin. */
void office_stop(struct office *o);

bool office_empty(const struct office *o);

/* Takes over fd, which is not blocking. -1: out of memory, fd is still the caller's. */
int connection_start(struct office *o, int fd);

/* For those that have waited too long. */
void connection_end(struct office *o, struct connection *c);

#endif
