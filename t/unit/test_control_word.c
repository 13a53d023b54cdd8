/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/control_word.h"
#include "unit.h"

#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define LONGEST HUNDRED HUNDRED TEN TEN TEN TEN TEN "012345" /* 256 bytes */

static const struct {
	const char *bytes;
	int want;
} rows[] = {
	{ "status\n", CONTROL_STATUS },
	{ "reload\n", CONTROL_RELOAD },
	{ "stats\n", CONTROL_STATS },
	{ "health\n", CONTROL_HEALTH },
	{ "status\nreload\n", CONTROL_STATUS },
	{ "reload\nrubbish", CONTROL_RELOAD },
	{ "", CONTROL_MORE },
	{ "status", CONTROL_MORE },
	{ "\n", CONTROL_UNKNOWN },
	{ "statu\n", CONTROL_UNKNOWN },
	{ "statuss\n", CONTROL_UNKNOWN },
	{ "STATUS\n", CONTROL_UNKNOWN },
	{ "status \n", CONTROL_UNKNOWN },
	{ "status\r\n", CONTROL_UNKNOWN },
	{ " status\n", CONTROL_UNKNOWN },
	{ LONGEST, CONTROL_MORE },
	{ LONGEST "\n", CONTROL_UNKNOWN },
	{ LONGEST "6", CONTROL_UNKNOWN },
};

START_TEST(table)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct control_reader whole = { 0 }, bytewise = { 0 };
		size_t n = strlen(rows[i].bytes), k = 0;
		enum control_word got = CONTROL_MORE;

		row_int(rows[i].bytes, control_read(&whole, rows[i].bytes, n), rows[i].want);
		while (k < n && got == CONTROL_MORE)
			got = control_read(&bytewise, rows[i].bytes + k++, 1);
		row_int(rows[i].bytes, got, rows[i].want);
	}
}
END_TEST

START_TEST(nul)
{
	struct control_reader r = { 0 };

	ck_assert_int_eq(control_read(&r, "status\0\n", 8), CONTROL_UNKNOWN);
}
END_TEST

int main(void)
{
	return unit_run("control_word", UNIT_TESTS(table, nul));
}
