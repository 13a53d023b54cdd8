/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_MAILBOX_H
#define MXONLY_MAILBOX_H

/*
 * mailbox - the headers of messages, wherever they lie: a file with one, an mbox, a Maildir, a folder of any of these
 *
 * A file that begins with "From ", perhaps below empty lines, is an mbox (separator.h). A folder with cur and new is a Maildir,
 * whose subfolders are the Maildirs in it with names that begin with a dot; of others every file counts, and every folder in
 * it, but those whose names begin with a dot.
 *
 * Life:      mailbox_read calls back for each message, in the order of the mbox, of the file names in a folder
 * Memory:    one header, one piece of a file, 65,536 names of a folder; nothing of bodies; whatever the size of the mailbox
 * Errors:    what cannot be read is told to failed, and the rest is read
 * Limits:    folders 32 deep; compressed by gzip or not
 * Tested by: t/unit/test_mailbox.c, t/fuzz/fuzz_mailbox.c, t/live/tool_audit.t
 */

#include "base/err.h"
#include "base/text.h"
#include "mail/header.h"
#include "mail/source.h"

struct mailbox_reader {
	/* path: PATH, or PATH#n in an mbox */
	void (*message)(struct mailbox_reader *r, struct text path, const struct header *h);
	void (*failed)(struct mailbox_reader *r, struct text path, const char *why);
	struct source_watch watch;
};

/* "-": standard input. Returns when all is read, or the watch says to stop. */
void mailbox_read(struct mailbox_reader *r, const char *path);

#endif
