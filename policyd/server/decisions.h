/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_DECISIONS_H
#define MXONLY_DECISIONS_H

/*
 * decisions - every decision of a worker is counted, and logged as the configuration wants it
 *
 * Life:      decisions_desk gives the desk that a worker's dialogues ask; its snapshot is the worker's to set
 * Tested by: t/live/server_log.t
 */

#include "policy/dialogue.h"
#include "server/counters.h"

struct decisions {
	struct counters *counters;
	struct slot *own;
};

/* d must live as long as the desk. */
void decisions_desk(struct desk *desk, struct decisions *d);

#endif
