/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_FIXED_H
#define MXONLY_FIXED_H

/*
 * fixed - the settings that a running server does not change: as they were at the start, and whether a reload would change them
 *
 * Life:      fixed_keep -> fixed_compare with each new snapshot
 * Memory:    keeps a copy of the settings, not the snapshot
 * Tested by: t/live/server_reload.t
 */

#include <stdbool.h>

#include "base/buf.h"
#include "base/fault.h"
#include "policy/snapshot.h"

enum {
	FIXED_LISTEN,
	FIXED_SOCKET_GROUP,
	FIXED_SOCKET_MODE,
	FIXED_USER,
	FIXED_GROUP,
	FIXED_WORKERS,
	FIXED_CONTROL,
	FIXED_COUNT
};

struct fixed {
	struct buf was[FIXED_COUNT];
};

void fixed_keep(struct fixed *f, const struct snapshot *s);

/*
 * A warning for each setting that is different now, in the log and in told (where config is the file it speaks of).
 * own_listen, own_control: `listen`, `control` do not matter.
 */
void fixed_compare(const struct fixed *f, const struct snapshot *s, bool own_listen, bool own_control,
	const char *config, struct faults *told);

#endif
