/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_REQUESTS_H
#define MXONLY_REQUESTS_H

/*
 * requests - a file of requests as on the wire: blank lines between, the end of the file ends the last one
 *
 * Life:      requests_open -> requests_next until it is not 1 -> requests_close
 * Memory:    bytes are those of the current request, until the next call
 * Limits:    a request is kept up to WIRE_REQUEST bytes and the line that passes them; more would change nothing
 * Tested by: t/live/tool_query.t
 */

#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"

struct requests {
	FILE *from;
	const char *name;
	struct buf bytes; /* the request, its empty line included */
	unsigned long line; /* of its first line, from 1 */
	unsigned long next; /* of the line to be read next */
	char *text; /* getline(3)'s */
	size_t room;
};

/* path "-": standard input. */
int requests_open(struct requests *r, const char *path, struct err *e);

/* 1: bytes holds a request; 0: there is none left; -1: the file cannot be read. */
int requests_next(struct requests *r, struct err *e);

/* The line of the file that byte `offset` of the request stands in. */
unsigned long requests_line(const struct requests *r, size_t offset);

void requests_close(struct requests *r);

#endif
