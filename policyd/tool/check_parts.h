/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_CHECK_PARTS_H
#define MXONLY_CHECK_PARTS_H

/*
 * check_parts - what `mxonly check` looks at beside the configuration itself
 *
 * Tested by: t/live/check_postfix.t, t/live/check_dns.t
 */

#include "base/fault.h"
#include "policy/snapshot.h"

/* The MX records of the protected domains. server: ADDRESS[@PORT] of a name server, or NULL: those of resolv.conf(5). */
void check_dns(const char *server, const struct snapshot *s, struct faults *f);

#endif
