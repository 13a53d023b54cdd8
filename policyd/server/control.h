/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_CONTROL_H
#define MXONLY_CONTROL_H

/*
 * control - the supervisor's socket for `mxonly ctl`: a line is asked, a text is answered
 *
 * The answer is a line with an exit status (0, 1 or 2), then text, then the end of the file.
 *
 * Life:      control_start -> asked() -> control_text, control_answer, now or later -> control_stop
 * Errors:    none for the server: whoever may not ask is told so, whoever hangs is closed after CONTROL_PATIENCE seconds
 * Limits:    CONTROL_CLIENTS at once; for further ones, whoever has asked nothing for CONTROL_SILENT seconds makes way
 * Processes: the supervisor's; never waits. Only root and the server's own user may ask
 * Tested by: t/live/server_control.t
 */

#include <ev.h>
#include <stdio.h>

#include "server/control_word.h"

enum { CONTROL_CLIENTS = 16, CONTROL_PATIENCE = 10, CONTROL_SILENT = 1 /* seconds */ };

struct control;

struct control_client {
	struct control *control;
	enum control_phase { CLIENT_FREE, CLIENT_ASKS, CLIENT_WAITS, CLIENT_READS } phase;
	ev_io io;
	ev_timer late;
	struct control_reader reader;
	FILE *text; /* NULL: nothing was said yet */
	char *answer; /* what is sent: text's memory once that is closed */
	size_t len, sent;
};

struct control {
	struct ev_loop *loop;
	ev_io io; /* on the listening socket */
	ev_timer again;
	/* STATUS, RELOAD or STATS is asked: an answer is owed. */
	void (*asked)(void *context, unsigned client, enum control_word word);
	/* Who waited for an answer has gone; none is owed any more. */
	void (*gone)(void *context, unsigned client);
	void *context;
	struct control_client client[CONTROL_CLIENTS];
};

/* loop, asked, gone and context are the caller's to fill in. listener: not blocking; stays the caller's. */
void control_start(struct control *c, int listener);

/* Where the answer is written; NULL without memory. */
FILE *control_text(struct control *c, unsigned client);

void control_answer(struct control *c, unsigned client, int status);

/* Accepts nobody any more; those who are here are still answered. */
void control_close(struct control *c);

/* Ends them all; what can be sent at once is. */
void control_stop(struct control *c);

#endif
