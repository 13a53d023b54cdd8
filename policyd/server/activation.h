/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_ACTIVATION_H
#define MXONLY_ACTIVATION_H

/*
 * activation - sockets that systemd hands over (sd_listen_fds(3)): listeners, and one named `control`
 *
 * Life:      activation_take, first of all: in the very process that systemd started -> listeners_close in every process
 * Memory:    the variables are taken out of the environment
 * Errors:    -1 with e: a descriptor that is no listening stream socket
 * Tested by: t/live/server_systemd.t
 */

#include "server/listener.h"

struct activation {
	struct listeners listen, control; /* none: nothing was handed over */
};

int activation_take(struct activation *a, struct err *e);

#endif
