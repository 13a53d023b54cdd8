/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_LOAD_H
#define MXONLY_LOAD_H

/*
 * load - a configuration file (ini or compiled) becomes a sealed snapshot, in a child process
 *
 * Neither a crash nor a lack of memory nor a second of parsing touches the process that asks.
 *
 * Life:      load_start -> (socket becomes readable) -> load_finish; or load, which does both and waits
 * Memory:    the snapshot's descriptor belongs to the caller
 * Errors:    every fault and warning in faults; -1 when there is no snapshot (faults tells why: at least one error)
 * Processes: the child ends with the one that asks; it holds nothing of that one but its standard error, while it parses
 * Tested by: t/unit/test_load.c, t/unit/test_load_child.c
 */

#include <sys/types.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/text.h"

struct loading {
	pid_t child;
	int socket; /* readable when the child has something to say */
	int said; /* memory file: what the child wrote to its standard error */
};

enum { LOAD_SECONDS = 300 }; /* ten million lines take a tenth of that */

/* 0, or -1 with e. path: an ini file or a compiled one (told by its first bytes), of any kind. It is given up after so many seconds. */
int load_start(struct loading *l, const char *path, unsigned seconds, struct err *e);

/* Takes what the child says (waits for it, and reaps it unless somebody else did): the sealed descriptor, or -1 with faults. */
int load_finish(struct loading *l, const char *path, struct faults *f);

/* Gives up: ends and reaps the child. */
void load_cancel(struct loading *l);

int load(const char *path, struct faults *f);

/* In this very process, from the bytes of an ini file or of a compiled one; path is what faults call them. For tests and tools. */
int load_text(struct text bytes, const char *path, struct faults *f);

#endif
