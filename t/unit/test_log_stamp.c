/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/log_stamp.h"

#include <stdio.h>

#include "unit.h"

enum { REFERENCE = 1795322460 }; /* 2026-11-22T04:41:00Z */

/* stamp: a line begins with it. time: 0 for none; in UTC, which is local time here. */
static const struct {
	const char *stamp;
	time_t time;
} rows[] = {
	{ "Nov 22 04:41:00", REFERENCE },
	{ "nov 22 04:41:00", REFERENCE },
	{ "Nov 22 04:41:00.999999", REFERENCE },
	{ "Nov  2 04:41:00", REFERENCE - 20 * 86400 },
	{ "Nov 02 04:41:00", REFERENCE - 20 * 86400 },
	{ "Nov 23 04:41:00", REFERENCE + 86400 }, /* clocks differ */
	{ "Nov 24 04:41:00", REFERENCE - 363 * 86400 }, /* last year's */
	{ "Dec 22 04:41:00", REFERENCE - 335 * 86400 },
	{ "Jan  1 00:00:00", 1767225600 },
	{ "Nov 22 24:00:00", 0 },
	{ "Nov 32 04:41:00", 0 },
	{ "Nov  0 04:41:00", 0 },
	{ "Foo 22 04:41:00", 0 },
	{ "2026-11-22T04:41:00", REFERENCE },
	{ "2026-11-22T04:41:00Z", REFERENCE },
	{ "2026-11-22T04:41:00.123Z", REFERENCE },
	{ "2026-11-22T04:41:00,123+00:00", REFERENCE },
	{ "2026-11-22T05:41:00+01:00", REFERENCE },
	{ "2026-11-22T05:41:00+0100", REFERENCE },
	{ "2026-11-21T23:11:00.5-05:30", REFERENCE },
	{ "2024-02-29T00:00:00Z", 1709164800 },
	{ "2000-03-01T00:00:00Z", 951868800 },
	{ "1970-01-01T00:00:01Z", 1 },
	{ "1969-12-31T23:59:59Z", -1 },
	{ "2026-13-22T04:41:00Z", 0 },
	{ "Sun 2026-11-22 04:41:00 UTC", REFERENCE },
	{ "Sun 2026-11-22 04:41:00.123 UTC", REFERENCE },
	{ "Sun 2026-11-22 04:41:60 UTC", REFERENCE + 60 },
	{ "1795322460.123456", REFERENCE },
};

START_TEST(stamps)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char bytes[64];
		struct text line = { bytes, 0 }, stamp = { "", 0 };
		struct log_clock clock;

		line.len = (size_t)snprintf(bytes, sizeof bytes, "%s  mx1 x", rows[i].stamp);
		log_clock_start(&clock, REFERENCE);
		row_ok(rows[i].stamp, log_stamp_take(&line, &stamp));
		row_ok(rows[i].stamp, text_is(stamp, rows[i].stamp));
		row_ok(rows[i].stamp, text_is(line, "mx1 x"));
		row_int(rows[i].stamp, log_clock_time(&clock, stamp), rows[i].time);
	}
}
END_TEST

START_TEST(none)
{
	const char *const lines[] = { "", " ", "Nov 22 04:41:00", "Nov 22 04:41:00mx1 x", "Nov 22 4:41:00 mx1",
		"2026-11-22 04:41:00 x", "2026-11-22T04:41 x", "123456.1 x", "1795322460 x", "1795322460. x",
		"2026-11-22T04:41:00+01 x" };

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct text line = text_of(lines[i]), stamp;
		row_ok(lines[i], !log_stamp_take(&line, &stamp));
	}
}
END_TEST

/* Hours are worked out once: the next one, and one of another day, must not be taken for it. */
START_TEST(hours)
{
	static const struct {
		const char *stamp;
		time_t time;
	} lines[] = { { "Nov 22 04:41:00", REFERENCE }, { "Nov 22 04:59:59", REFERENCE + 1139 },
		{ "Nov 22 05:00:00", REFERENCE + 1140 }, { "Nov 21 05:00:00", REFERENCE + 1140 - 86400 },
		{ "Oct 21 05:00:00", REFERENCE + 1140 - 32 * 86400 },
		{ "2025-10-21T05:00:00", REFERENCE + 1140 - 397 * 86400 } };
	struct log_clock clock;

	log_clock_start(&clock, REFERENCE);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		row_int(lines[i].stamp, log_clock_time(&clock, text_of(lines[i].stamp)), lines[i].time);
}
END_TEST

/* Local time: an hour of summer, an hour of winter. */
START_TEST(zone)
{
	struct log_clock clock;

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	log_clock_start(&clock, REFERENCE);
	ck_assert_int_eq(log_clock_time(&clock, text_of("Nov 22 05:41:00")), REFERENCE);
	ck_assert_int_eq(log_clock_time(&clock, text_of("Jul 22 06:41:00")), REFERENCE - 123 * 86400);
	ck_assert_int_eq(log_clock_time(&clock, text_of("2026-11-22T04:41:00Z")), REFERENCE);
}
END_TEST

int main(void)
{
	setenv("TZ", "UTC0", 1);
	tzset();
	return unit_run("log_stamp", UNIT_TESTS(stamps, none, hours, zone));
}
