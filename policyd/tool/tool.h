/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_TOOL_H
#define MXONLY_TOOL_H

/*
 * tool - what the subcommands of mxonly(1) share: how they are called, how they end, how they complain
 *
 * Life:      policyd/mxonly.c finds the subcommand in its table and calls it with argv[0] "mxonly NAME"
 * Errors:    each returns its exit status; whoever returns EXIT_WRONG has said why on standard error
 */

#include "policy/snapshot.h"

enum { EXIT_YES = 0, EXIT_NO = 1, EXIT_WRONG = 2 };

int audit_main(int argc, char **argv);
int query_main(int argc, char **argv);
int check_main(int argc, char **argv);
int compile_main(int argc, char **argv);
int ctl_main(int argc, char **argv);
int init_main(int argc, char **argv);
int replay_main(int argc, char **argv);
int export_main(int argc, char **argv);

/* Says what is wrong with a command line and where help is: "COMMAND: words (COMMAND --help)". Returns EXIT_WRONG. */
int wrong_usage(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "COMMAND: words" for everything else that went wrong. Returns EXIT_WRONG. */
int wrong(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The configuration as a snapshot, for snapshot_unmap; NULL when it has faults, which were printed. Warnings are for mxonly check. */
const struct snapshot *open_snapshot(const char *command, const char *path);

#endif
