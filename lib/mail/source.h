/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_SOURCE_H
#define MXONLY_SOURCE_H

/*
 * source - the lines of a file or pipe, compressed by gzip or not
 *
 * Life:      source_open -> source_line until false -> source_close
 * Memory:    one piece of SOURCE_PIECE bytes, whatever the length of a line
 * Errors:    -1 with e naming what is wrong, not the path: damaged, cut off, compressed otherwise; source_close tells
 * Tested by: t/unit/test_mailbox.c, t/fuzz/fuzz_mailbox.c
 */

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <zlib.h>

#include "base/err.h"
#include "base/text.h"

enum { SOURCE_PIECE = 256 * 1024 };

/* What the caller and a signal handler share with the reading of any number of sources. */
struct source_watch {
	volatile sig_atomic_t stop; /* not 0: nothing more is read */
	uint64_t read; /* bytes, uncompressed */
};

struct source {
	gzFile from;
	char *at; /* SOURCE_PIECE bytes */
	size_t begin, end; /* what was read and not yet given */
	bool ended; /* nothing more comes */
	bool begins; /* the piece given last begins a line */
	bool inside; /* ... and does not end it */
	struct source_watch *watch;
};

/* Takes the descriptor. */
int source_open(struct source *s, int fd, struct source_watch *watch, struct err *e);

/* The next line with its end, or the next piece of a longer one; false at the end. */
bool source_line(struct source *s, struct text *piece);

/* Gives the piece that came last once more. */
void source_again(struct source *s, struct text piece);

/* -1: it could not be read to its end. */
int source_close(struct source *s, struct err *e);

#endif
