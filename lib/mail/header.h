/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_HEADER_H
#define MXONLY_HEADER_H

/*
 * header - the fields of a message that tell how it came, in their order
 *
 * Lines are put in one after the other; those of other fields are passed over, so that a header may be of any length, and
 * what is left is small enough, and plain enough, to be handed to GMime. (Of a whole header GMime reads addresses too, and
 * a "To:" of nested groups ends it with a stack overflow.)
 *
 * Life:      header_start -> header_line ... -> header_end; the fields are valid until header_start or header_free
 * Memory:    owns the fields; HEADER_MAX bytes of lines
 * Errors:    none: a header that is no header has no fields, and says so
 * Tested by: t/unit/test_mailbox.c, t/fuzz/fuzz_mailbox.c
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/text.h"

enum { HEADER_MAX = 256 * 1024 };

enum field_name {
	FIELD_RECEIVED,
	FIELD_DELIVERED_TO,
	FIELD_X_ORIGINAL_TO,
	FIELD_ENVELOPE_TO,
	FIELD_RETURN_PATH,
	FIELD_NAMES
};

struct field {
	enum field_name name;
	struct text value; /* as it was written, folded and all */
};

struct header {
	struct field *fields;
	size_t count;
	bool headless; /* the first line is the rest of one: what was above it is cut off */
	bool cut; /* fields behind the last are missing: there were more than HEADER_MAX bytes */
	bool open; /* the last field's line has no end */
	struct buf lines;
	void *message; /* GMime's, which owns the values */
	bool begun, keeps; /* while lines are put in: there was one; the field is one of ours */
};

void header_start(struct header *h);

/*
 * A line with its end, or a piece of a long one; begins: its first piece. A line that is neither a field nor indented goes on
 * with the one above: so headers look that were copied from a page. Above the first field it is passed over.
 */
void header_line(struct header *h, struct text piece, bool begins);

void header_end(struct header *h);

void header_free(struct header *h);

#endif
