/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_SAFETY_H
#define MXONLY_SAFETY_H

/*
 * safety - whether a target can say what the configuration says, or would refuse mail that it lets in
 *
 * Tested by: t/unit/test_export.c, t/live/export_tool.t
 */

#include "export/export.h"

/* -1 with why not, and what can. What is only coarser than the configuration becomes a note or a warning of x. */
int safety_check(struct export_job *x, bool force, struct err *e);

#endif
