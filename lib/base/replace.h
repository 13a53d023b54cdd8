/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_REPLACE_H
#define MXONLY_REPLACE_H

/*
 * replace - a whole file put in the place of another: whoever reads it meets the old one or the new one, never a half
 *
 * Errors:    -1 with e naming the path and why; an older file of that name is then as it was
 * Tested by: t/unit/test_replace.c
 */

#include <stddef.h>

#include "base/err.h"

/*
 * Whether path may be replaced: it is not there, or an ordinary file, for a rename would take a device or a socket away;
 * not the configuration (its path, or NULL); and empty or written by us, for somebody's mailbox or main.cf would be lost.
 * mark: what is near the beginning of all that is written there; NULL: any file may be replaced.
 */
int replace_check(const char *path, const char *config, const char *mark, struct err *e);

/*
 * Writes n bytes beside path (or the file that the link there leads to), sees them on the disk, and renames; mode 0644
 * within the umask.
 */
int replace_file(const char *path, const void *bytes, size_t n, struct err *e);

#endif
