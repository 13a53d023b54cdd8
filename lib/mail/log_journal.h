/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_LOG_JOURNAL_H
#define MXONLY_LOG_JOURNAL_H

/*
 * log_journal - an entry of the systemd journal as journalctl prints it: with -o json one flat object a line, with -o export
 * lines NAME=VALUE (log_entry puts the lines of an entry together)
 *
 * Memory:    what the fields of an object say is written into the caller's room; else they are slices of the entry
 * Limits:    of a field that is there several times the first counts; a MESSAGE that is no text comes as a list of bytes
 * Tested by: t/unit/test_log_line.c, t/fuzz/fuzz_log_line.c
 */

#include <stdbool.h>

#include "base/text.h"

enum log_field {
	LOG_FIELD_TIME, /* "__REALTIME_TIMESTAMP": microseconds since 1970 */
	LOG_FIELD_HOST,
	LOG_FIELD_IDENT,
	LOG_FIELD_PID,
	LOG_FIELD_MESSAGE,
	LOG_FIELDS
};

enum { LOG_ROOM = 65536 };

/* Where the texts of a field lie; what does not fit makes the entry unreadable. */
struct log_room {
	char at[LOG_ROOM];
};

/* A field that is not there is empty. false: no object, or one that does not fit. */
bool log_journal_read(struct text field[LOG_FIELDS], struct text line, struct log_room *room);

/* The same of an entry of -o export; false: it is cut off. */
bool log_export_read(struct text field[LOG_FIELDS], struct text entry);

/* Whether an entry of that kind begins so: journalctl puts its cursor first. */
bool log_export_begins(struct text line);

#endif
