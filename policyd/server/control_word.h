/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_CONTROL_WORD_H
#define MXONLY_CONTROL_WORD_H

/*
 * control_word - what a client of the control socket asks: one line with one word
 *
 * Life:      {0} -> control_read with whatever was received, however it is cut, until it is not CONTROL_MORE
 * Limits:    CONTROL_LINE bytes and the line's end; what is behind the line is nobody's
 * Tested by: t/unit/test_control_word.c, t/fuzz/fuzz_control_word.c
 */

#include <stddef.h>

enum { CONTROL_LINE = 256 };

enum control_word { CONTROL_MORE, CONTROL_STATUS, CONTROL_RELOAD, CONTROL_STATS, CONTROL_HEALTH, CONTROL_UNKNOWN };

struct control_reader {
	size_t len;
	char line[CONTROL_LINE];
};

enum control_word control_read(struct control_reader *r, const char *bytes, size_t n);

#endif
