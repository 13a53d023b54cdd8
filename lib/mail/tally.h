/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_TALLY_H
#define MXONLY_TALLY_H

/*
 * tally - findings, counted: what a report says of any number of deliveries
 *
 *	struct tally *t = tally_new();
 *	tally_add(t, &finding); ...             tally_skip(t) for each message or line that could not be read
 *	counts = tally_counts(t);               the sums
 *	n = tally_top(t, TALLY_NETWORKS, rows, 10, &others);
 *	report_html_write(path, &report, t, &e);
 *	tally_free(t);
 *
 * Life:      tally_new -> tally_add ... -> questions, at any time -> tally_free; what a question returns is valid until the
 *            next tally_add
 * Memory:    bounded, some 10 MB, whatever comes: a full table forgets the lesser half of its rows and says so
 * Errors:    out of memory ends the process with a message
 * Limits:    keys and texts are cut to TALLY_TEXT bytes; they are as their senders wrote them (base/escape.h, mail/html.h)
 * Tested by: t/unit/test_tally.c
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/text.h"
#include "mail/finding.h"
#include "net/ip.h"

enum { TALLY_TEXT = 255, TALLY_MESSAGES = 100 };

struct tally;

/* Some of the findings, by what they are. */
struct tally_sums {
	uint64_t all;
	uint64_t way[WAY_COUNT];
	uint64_t outcome[OUTCOMES]; /* of the judged ones */
	uint64_t rejected; /* of the direct ones: turned away at the time already */
	uint64_t forged;
};

struct tally_counts {
	struct tally_sums sums;
	uint64_t reason[REASONS]; /* of the judged ones */
	uint64_t judged, without_helo;
	uint64_t skipped; /* told by tally_skip: no findings */
	uint64_t undated;
	time_t first, last; /* dates of findings; both 0: none had one */
};

/* The tables, and what they count; direct: WAY_DIRECT, what a server that enforces would not let pass. */
enum tally_table {
	TALLY_POLICIES, /* every judged one: "default", "domain example.org" */
	TALLY_DOMAINS, /* every judged one: the candidate that decided */
	TALLY_CLIENTS, /* every judged one: networks of clients, as TALLY_NETWORKS has them */
	TALLY_RECIPIENTS, /* direct: addresses in lower case */
	TALLY_NETWORKS, /* direct: "203.0.113.0/24", "2001:db8:7::/48" */
	TALLY_NAMES, /* direct: verified names in lower case, "unknown" */
	TALLY_TABLES
};

struct tally_row {
	struct text key;
	struct text
		example; /* TALLY_CLIENTS, TALLY_NETWORKS: a verified name there; TALLY_NAMES: one of its addresses; TALLY_DOMAINS: a policy */
	struct tally_sums sums;
	time_t first, last; /* 0: no date */
};

/* A client that is nearly a relay's: REASON_NAME_UNVERIFIED, mismatches, REASON_NEAR_MISS. */
struct tally_near {
	enum reason reason;
	struct text name; /* verified, in lower case; empty: none */
	struct text helo; /* the first claim */
	struct text relay; /* nearly this one's */
	struct text address;
	struct tally_sums sums;
	time_t first, last;
};

/* What a list of rows does not show; its sums and those of the rows add up to those of all that the table counts. */
struct tally_others {
	size_t rows; /* rows that are kept, but were not asked for */
	bool forgot; /* rows were forgotten: more there are than `rows`, and a count says "at least" */
	struct tally_sums sums;
};

/* A day with findings; day: since 1970-01-01, in local time. */
struct tally_day {
	int32_t day;
	struct tally_sums sums;
};

struct tally *tally_new(void);
void tally_free(struct tally *t); /* t may be NULL */

/* The finding's texts are copied. */
void tally_add(struct tally *t, const struct finding *f);

/* A message or line that could not be read. */
void tally_skip(struct tally *t);

const struct tally_counts *tally_counts(const struct tally *t);

/*
 * The first n rows of a table: those with the most direct ones, then with the most of all, then by key; returns how many
 * there are. others may be NULL.
 */
size_t tally_top(
	const struct tally *t, enum tally_table table, struct tally_row *rows, size_t n, struct tally_others *others);

/* The first n clients that are nearly a relay's: near misses first, then by count. */
size_t tally_near(const struct tally *t, struct tally_near *near, size_t n, struct tally_others *others);

/* Adds from to to. */
void tally_merge(struct tally_sums *to, const struct tally_sums *from);

/* The days, in order; returns how many. */
size_t tally_days(const struct tally *t, const struct tally_day **days);

/* The latest TALLY_MESSAGES direct ones, latest first; i from 0, NULL behind the last. */
const struct finding *tally_message(const struct tally *t, size_t i);

#endif
