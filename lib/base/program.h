/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_PROGRAM_H
#define MXONLY_PROGRAM_H

/*
 * program - another program, run to its end without a shell, and what it printed
 *
 * Memory:    input, output and errors are memory files: a program that prints much, or reads nothing, blocks nobody
 * Errors:    -1 with e: it is not there, was killed, or took too long
 * Tested by: t/unit/test_program.c
 */

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"

enum { PROGRAM_SECONDS = 30 };

/*
 * Runs argv[0] (searched in PATH, then in /usr/sbin) with these arguments, NULL behind the last, and input on its standard
 * input, for PROGRAM_SECONDS at most. Appends what it prints to output and errors. Returns its exit status.
 */
int program_run(const char *const argv[], struct text input, struct buf *output, struct buf *errors, struct err *e);

/* The same, for so many seconds. */
int program_run_for(unsigned seconds, const char *const argv[], struct text input, struct buf *output,
	struct buf *errors, struct err *e);

#endif
