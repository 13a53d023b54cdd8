/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_PARAMS_H
#define MXONLY_PARAMS_H

/*
 * params - Postfix parameters and their values, from the lines that postconf(1) prints
 *
 * Life:      params_read -> params_get ... -> params_free
 * Memory:    owns a copy of the lines; names and values point into it
 * Tested by: t/unit/test_postfix.c, t/fuzz/fuzz_postfix.c
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct param {
	const char *name, *value;
};

struct params {
	char *bytes;
	struct param *at; /* sorted by name; of a name that is there twice the last line counts */
	size_t count;
};

/* "name = value" lines; a line of another form is skipped. */
void params_read(struct params *p, struct text lines);

/* "" for a parameter that is not there. */
const char *params_get(const struct params *p, const char *name);

bool params_has(const struct params *p, const char *name);

/* The value is "yes". */
bool params_yes(const struct params *p, const char *name);

/* A number, perhaps with a unit of time (s, m, h, d, w; none: s); -1 when it is none. */
long params_number(const char *value);

void params_free(struct params *p);

#endif
