/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_SEPARATOR_H
#define MXONLY_SEPARATOR_H

/*
 * separator - the line that begins a message in an mbox: "From SENDER Sat Nov 21 23:57:15 2026"
 *
 * Whoever writes an mbox quotes lines of a body that begin so, all of them or only those behind an empty line. So without an
 * empty line above only one counts that has the date, too.
 *
 * Tested by: t/unit/test_mailbox.c, t/fuzz/fuzz_mailbox.c
 */

#include <stdbool.h>

#include "base/text.h"

/* It begins with "From ". */
bool is_separator(struct text line);

/* ... and ends in a date, with a zone before or behind the year or without. */
bool is_dated_separator(struct text line);

#endif
