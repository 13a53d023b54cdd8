/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_SCREENS_H
#define MXONLY_SCREENS_H

/*
 * screens - parts of the texts for systems that take no file: what an administrator types in, screen by screen
 *
 * Tested by: t/live/export_mailers.t
 */

#include "export/export.h"

/* The ranges of relays and trusted hosts, a line each, indented, as prefixes. */
int screens_ranges(struct buf *b, const struct export_job *x, struct err *e);

/* Which domains are protected by what, a line each; many are only counted. */
void screens_domains(struct buf *b, const struct export_job *x);

#endif
