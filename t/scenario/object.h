/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_OBJECT_H
#define MXONLY_OBJECT_H

/*
 * object - what others print, read back: a flat JSON object, and lines of faults and warnings
 *
 * Limits:    JSON of strings and null, \" \\ and \u00NN, as report.h and mxonly(1) print it
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* The member's string, NUL-terminated, "null" for null; false when there is no such member. */
bool object_member(const struct buf *object, const char *name, char *to, size_t cap);

/* How many lines "FILE:LINE: ..." name a fault, or a warning; folder is taken off the front of FILE. */
unsigned object_places(const struct buf *lines, const char *folder, bool warnings);

/* Some such line begins with place ("-": any) and holds all n words, without regard to case. */
bool object_said(const struct buf *lines, const char *folder, const char *place, bool warning, const char *const *words,
	size_t n);

#endif
