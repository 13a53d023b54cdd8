/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_LOG_STAMP_H
#define MXONLY_LOG_STAMP_H

/*
 * log_stamp - the time at the head of a log line, however it is written
 *
 *	Nov 22 04:41:00          syslog, journalctl -o short; with fractions of a second too
 *	2026-11-22T04:41:00Z     RFC 3339, journalctl -o short-iso; with fractions, +01:00, +0100 or nothing behind it
 *	Sun 2026-11-22 04:41:00 UTC   journalctl -o short-full
 *	1795322460.123456        journalctl -o short-unix
 *
 * Limits:    a stamp without a year is of the year that ends with a reference; one without a zone is in local time
 * Tested by: t/unit/test_log_stamp.c, t/fuzz/fuzz_log_line.c
 */

#include <stdbool.h>
#include <time.h>

#include "base/text.h"

/* Takes the stamp and the white space behind it off *line; false when there is none. */
bool log_stamp_take(struct text *line, struct text *stamp);

/* Makes times of stamps; most lines of a log are of the same hour as the one before. */
struct log_clock {
	time_t reference; /* when the log was written last; no line is much later */
	int32_t year; /* of the reference; 0: not looked at yet */
	int32_t month, day;
	int32_t hour_year, hour_month, hour_day, hour; /* what hour_begins is the time of */
	time_t hour_begins;
	bool hour_known;
};

void log_clock_start(struct log_clock *c, time_t reference);

/* 0 for what is no time; stamp as log_stamp_take gave it. */
time_t log_clock_time(struct log_clock *c, struct text stamp);

#endif
