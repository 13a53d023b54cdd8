/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_TALLY_DAYS_H
#define MXONLY_TALLY_DAYS_H

/*
 * tally_days - sums of each day that has any, in order
 *
 * For mail/tally.c and the words of reports; everybody else asks tally.h.
 *
 * Life:      {0} -> days_sums ... -> days_free
 * Memory:    bounded by the days that days_can takes, some 6 MB; a year takes 50 KB
 * Tested by: t/unit/test_tally.c
 */

#include "mail/tally.h"

enum { DAY_SECONDS = 86400 };

struct days {
	struct tally_day *list;
	size_t count, latest; /* latest: the index asked for last */
	time_t slot_begins; /* of latest's day; 0: none was asked for */
};

/* From 1980 to 2099: anything else is a clock or a header gone wrong. */
bool days_can(time_t date);

/* Of the date in local time, since 1970-01-01. */
int32_t day_of(time_t date);

/* The sums of the date's day in local time, made if need be; valid until the next call. */
struct tally_sums *days_sums(struct days *d, time_t date);

void days_free(struct days *d);

#endif
