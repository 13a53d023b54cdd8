/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_STUCK_H
#define MXONLY_STUCK_H

/*
 * stuck - ends a process that computes on and on for a few clients
 *
 * Life:      stuck_watch once, before confinement -> stuck_turn, with each turn of the loop, and with each few clients within one
 * Errors:    none: the process exits with STUCK_STATUS after one to two times so many seconds of processor time without a turn.
 *            Only time that the process itself uses counts: one that waits, is stopped, or sleeps with its machine is never stuck
 * Tested by: t/unit/test_stuck.c, t/unit/test_connection.c, t/live/captured.t
 */

enum {
	STUCK_SECONDS =
		5, /* the longest turns, of 32 clients with 2 KiB each or one with 64 KiB, take some tenths of one */
	STUCK_STATUS = 99
};

void stuck_watch(unsigned milliseconds);

/* Costs nothing. */
void stuck_turn(void);

#endif
