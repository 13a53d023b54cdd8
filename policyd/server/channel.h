/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_CHANNEL_H
#define MXONLY_CHANNEL_H

/*
 * channel - what the supervisor and a worker tell one another
 *
 * Life:      channel_open -> (fork) each keeps one end; its end of file tells that the other has died
 * Errors:    -1 with errno; neither side ever waits
 * Processes: a snapshot's descriptor goes to the worker with CHANNEL_SERVE, which it acknowledges once the next request is decided by it
 */

#include <stdint.h>

enum channel_word { CHANNEL_SERVE, CHANNEL_STOP, CHANNEL_SERVES };

struct message {
	uint32_t word;
	uint32_t generation; /* of the snapshot */
};

int channel_open(int ends[2]);

/* fd -1: none goes with it. */
int channel_send(int channel, const struct message *m, int fd);

/* 1: a message, and *fd its descriptor (the caller's) or -1; 0: the other has gone; -1: EAGAIN, nothing now. */
int channel_receive(int channel, struct message *m, int *fd);

#endif
