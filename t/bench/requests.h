/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_REQUESTS_H
#define MXONLY_REQUESTS_H

/*
 * requests - what the load generator asks, over and over
 *
 * Life:      requests_sample or requests_read -> requests_next, as often as wanted; never freed
 * Errors:    end the program with a message (die)
 */

#include <stddef.h>

struct asked {
	char *bytes; /* with the empty line */
	size_t len;
};

struct requests {
	struct asked *at;
	size_t count, next;
};

/* The first `count` of sample.h. */
void requests_sample(struct requests *r, unsigned count);

/* From a file, with empty lines between them. */
void requests_read(struct requests *r, const char *path);

const struct asked *requests_next(struct requests *r);

_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
