/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_REPORT_HTML_H
#define MXONLY_REPORT_HTML_H

/*
 * report_html - a tally as one page for people: the answer first, no script, nothing fetched, nothing of a sender's as markup
 *
 * Errors:    -1 with e naming the path and why; an older file of that name is then as it was
 * Limits:    some 60 KB, 2 MB when senders try, whatever was counted
 * Tested by: t/unit/test_html.c, t/fuzz/fuzz_html.c, t/live/report_html.t
 */

#include <stdbool.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "mail/tally.h"
#include "policy/snapshot.h"

enum report_kind { REPORT_AUDIT, REPORT_REPLAY };

struct report_html {
	enum report_kind kind;
	const struct snapshot *snapshot; /* what was asked: its relays are named, its modes told */
	const char *config; /* the configuration's path */
	const char *const *sources; /* the PATHs or LOGs that were read, in order */
	size_t source_count;
	bool interrupted; /* the user stopped it: the page says so */
	time_t now;
};

/* Whether the page may be written there; ask before the hours of work that fill a tally. As replace_check; "-" always may. */
int report_html_check(const char *path, const char *config, struct err *e);

/* Writes the page by rename (base/replace.h), or to standard output for "-". */
int report_html_write(const char *path, const struct report_html *r, const struct tally *t, struct err *e);

/* The page itself, behind what b holds. */
void report_html(struct buf *b, const struct report_html *r, const struct tally *t);

#endif
