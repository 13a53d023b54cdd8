/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_LOG_ENTRY_H
#define MXONLY_LOG_ENTRY_H

/*
 * log_entry - the lines of a log that are one entry: a line, or many of what journalctl prints with -o export and -o json-pretty
 *
 * Life:      log_entry_add for each line -> log_entry_end -> buf_free of its text; a zeroed one is empty
 * Memory:    owns the lines of an entry that has several, LOG_ROOM bytes at most; what is longer is given as LOG_ENTRY_LONG
 * Tested by: t/unit/test_log_entry.c, t/live/replay_journal.t
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/text.h"

enum log_entry_state {
	LOG_ENTRY_GOES_ON,
	LOG_ENTRY_WHOLE,
	LOG_ENTRY_LONG /* whole, but all of it is not kept */
};

struct log_entry {
	enum { LOG_LINES, LOG_EXPORT, LOG_PRETTY } shape;
	struct buf text;
	uint64_t awaited; /* in export: bytes of a value still to come, whatever they are */
	bool length_awaited; /* ... which tell how long it is */
	bool apart; /* the line has no "=": the value stands behind it */
	bool inside; /* the last piece did not end its line */
	bool closes; /* over lines: the last line began with the closing bracket */
	bool is_long;
};

/*
 * piece: a line with its end, or, but for one that is an entry by itself, a piece of one. Once the entry is whole it lies in
 * *entry, for log_line_read, until the next call; of a single line that is the piece itself without its end.
 */
enum log_entry_state log_entry_add(struct log_entry *e, struct text piece, struct text *entry);

/* The log has ended: what there is of an entry that has not. */
enum log_entry_state log_entry_end(struct log_entry *e, struct text *entry);

#endif
