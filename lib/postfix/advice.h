/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_ADVICE_H
#define MXONLY_ADVICE_H

/*
 * advice - what in a Postfix makes the policy useless or harmful, each with the line to write instead
 *
 * A fault: nobody is asked, or mail is lost. A warning: a hole, or less than could be.
 *
 * Tested by: t/live/check_postfix.t, t/live/tool_init.t
 */

#include "base/fault.h"
#include "policy/snapshot.h"
#include "postfix/postfix.h"

/* The lines of main.cf that make this Postfix ask, as it is set up now. */
void advice_begin(const struct postfix *p, const struct snapshot *s, struct buf *lines);

void advice_run(const struct postfix *p, const struct snapshot *s, struct faults *f);

#endif
