/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_JOURNAL_H
#define MXONLY_JOURNAL_H

/*
 * journal - lines for systemd's journal as entries of its own protocol, each key of a decision a field: MXONLY_REASON=...
 *
 * An entry is a datagram of FIELD=value lines: https://systemd.io/JOURNAL_NATIVE_PROTOCOL/
 *
 * Life:      journal_open, before confinement -> journal_send, which finds a journal that was restarted
 * Errors:    false: there is no journal, or it does not take this line: the caller writes it elsewhere. One that hangs is waited for.
 * Tested by: t/unit/test_journal.c, t/fuzz/fuzz_journal.c, t/live/journal.t, t/live/fault_journal.t
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/log.h"
#include "base/text.h"

enum {
	JOURNAL_HEAD = 1024, /* what every entry has, and names */
	JOURNAL_ENTRY = 2 * LOG_LINE + JOURNAL_HEAD /* the line, and its values once more */
};

struct journal {
	int fd; /* -1: there is none to be had */
};

/* Standard error leads to the journal. */
bool journal_reads_stderr(void);

void journal_open(struct journal *j);

/* level: LOG_ERR and so on; pid: as whose the line is written; words: at most LOG_LINE bytes. */
bool journal_send(const struct journal *j, int level, pid_t pid, struct text words);

/*
 * The bytes of an entry: MESSAGE is the words, and when these are a decision (policy/report.h), of text or JSON, each of its
 * keys is a field. Values are as line_plain writes them.
 */
size_t journal_entry(char entry[JOURNAL_ENTRY], int level, pid_t pid, struct text words);

#endif
