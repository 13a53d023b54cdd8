/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_TRIAL_H
#define MXONLY_TRIAL_H

/*
 * trial - an export loaded into the real program, far from this machine's own, and asked about a few addresses
 *
 * A target's trial is a script for sh(1). It runs in a network (lo is up) and mount namespace of its own (as an ordinary user in
 * a user namespace too), in a folder that holds the export's files, with these variables: relay4 relay6 foreign4 foreign6, each empty
 * where there is none. It has three commands:
 *
 *	yes WORDS COMMAND...     COMMAND must end with status 0
 *	no WORDS COMMAND...      COMMAND must end with another status
 *	cannot WORDS             tells what nobody verified
 *
 * Limits:    trial_seconds
 * Errors:    -1 when something was verified and is wrong; the report says what
 * Tested by: t/unit/test_export.c, t/live/export_tool.t
 */

#include "export/export.h"

/* Appends to report, a line each: "verified: WORDS", "wrong: WORDS: what the program said", "not verified: WORDS". */
int trial_run(const struct export_job *x, struct buf *report, struct err *e);

/* How long it may take: the longer the more lines there are, for ufw takes half a second or more for each range. */
unsigned trial_seconds(const struct export_job *x);

#endif
