/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_TOOL_EXPORT_H
#define MXONLY_TOOL_EXPORT_H

/*
 * export - the parts of `mxonly export`: where what a target wrote goes
 *
 * Tested by: t/live/export_tool.t
 */

#include <stdio.h>

#include "export/export.h"

/* One file as it is; several as a shell script that writes them into the folder it is started in. */
void export_print(const struct export_job *x, FILE *to);

/* To x->output: a file, or files in a folder, each replaced whole. config: the path that must not be written over. */
int export_save(const struct export_job *x, const char *config, struct err *e);

#endif
