/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_HEADER_H
#define MXONLY_HEADER_H

/*
 * header - what stands above an export: what it is, from which configuration, how to load, undo and verify it, what it lacks
 *
 * Limits:    the path of the configuration and the notes are made printable
 * Tested by: t/unit/test_export.c
 */

#include "export/export.h"

/* Appends the header of a file, in its comment signs. */
void header_write(struct buf *b, const struct export_job *x, const struct comment *comment);

#endif
