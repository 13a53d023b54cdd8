/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_ENTRIES_H
#define MXONLY_ENTRIES_H

/*
 * entries - the logical lines of an ini file: section lines, and keys with their values, continuation lines joined
 *
 * The text rules of mxonly.ini(5): a comment begins with ; or # at the start of a line, or with ; after white space; an indented
 * line continues the value above it. libinih(3) knows none of this as it is meant here, so it only ever sees what
 * config.c makes of an entry.
 *
 * Life:      entries_start -> entries_next until ENTRY_END -> entries_free; an entry lives until the next call
 * Errors:    faults go to faults, each once: what follows from a faulty line is swallowed
 * Tested by: t/unit/test_lines.c, t/fuzz/fuzz_config.c
 */

#include "base/buf.h"
#include "base/fault.h"
#include "policy/lines.h"

enum entry_kind {
	ENTRY_END,
	ENTRY_SECTION,
	ENTRY_KEY,
	ENTRY_LOST_SECTION, /* a line that was a fault already; it was to begin a section */
	ENTRY_LOST_KEY
};

/* Where a physical line begins in a joined value. */
struct mark {
	size_t at;
	unsigned line;
};

struct entry {
	enum entry_kind kind;
	unsigned line;
	struct text name; /* the key; of a section the whole line, from its "[" on */
	struct text value; /* trimmed */
	bool damaged; /* some of its lines were faults: the value is not whole */
	bool indented; /* was a fault for its white space, and is taken as it was meant */
};

struct physical {
	struct text text; /* without comment, trimmed */
	unsigned number;
	bool indented;
	bool recovered; /* indented is a fault that was reported */
	const char *wrong;
};

struct entries {
	struct lines lines;
	const char *file;
	struct faults *faults;
	struct physical held; /* a line that was looked at and not taken */
	bool holding;
	bool swallowing; /* indented lines here belong to a faulty one */
	struct text above; /* the key that an indented line would continue; empty: none */
	struct buf value;
	struct mark *marks;
	size_t mark_count;
};

/* file must live as long as r. */
void entries_start(struct entries *r, struct text bytes, const char *file, struct faults *faults);
enum entry_kind entries_next(struct entries *r, struct entry *e);

/* The line of the file that holds this byte of the current entry's value. */
unsigned entries_line(const struct entries *r, const char *at);

void entries_free(struct entries *r);

/* What stands between the brackets of a section line, trimmed; *closed: there is a "]"; *behind: what follows it. */
struct text section_inside(struct text line, bool *closed, struct text *behind);

/* A key that stands before a colon ("relays: filter"), known or nearly so; NULL: none. */
const char *key_before_colon(struct text t);

#endif
