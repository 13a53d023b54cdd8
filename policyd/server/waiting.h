/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_WAITING_H
#define MXONLY_WAITING_H

/*
 * waiting - the connections of an office that wait, and those that have waited too long
 *
 * Life:      waiting_join -> waiting_in after every event -> waiting_leave; part of connection alone
 * Processes: one timer for all: whoever waits longest is the first of its queue
 * Tested by: t/live/server_limits.t
 */

#include "server/connection.h"

/* Milliseconds for which an idle connection keeps its place though it was asked: one that is busy is not moved for every request. */
enum { WAITING_GRAIN = 100 };

void waiting_start(struct office *o);

/* A new connection, idle. */
void waiting_join(struct office *o, struct connection *c);

/* From now on in this queue, at its end: hurried, or idle. */
void waiting_in(struct office *o, struct connection *c, bool hurried);

void waiting_leave(struct office *o, struct connection *c);

/* Sees to it that the timer fires when the next connection is late, or before. */
void waiting_due(struct office *o);

#endif
