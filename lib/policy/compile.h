/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_COMPILE_H
#define MXONLY_COMPILE_H

/*
 * compile - a configuration without faults becomes the bytes of a snapshot
 *
 * Memory:    fills out, which must be empty and belongs to the caller; out of memory ends the process
 * Errors:    -1 only when the snapshot would pass its limits (4 GiB)
 * Tested by: t/unit/test_snapshot.c
 */

#include "base/buf.h"
#include "base/err.h"
#include "policy/config.h"

int compile(struct config *c, struct buf *out, struct err *e);

#endif
