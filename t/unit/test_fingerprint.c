/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/fingerprint.h"

#include "unit.h"

#define HEX16 "00112233445566778899aAbBcCdDeEfF"
#define COLON16 "00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff"

static const struct {
	const char *text;
	int len; /* 0: none */
} rows[] = {
	{ HEX16, 16 },
	{ COLON16, 16 },
	{ HEX16 "00112233", 20 },
	{ HEX16 HEX16, 32 },
	{ HEX16 HEX16 HEX16, 48 },
	{ HEX16 HEX16 HEX16 HEX16, 64 },
	{ COLON16 ":" COLON16, 32 },
	{ "", 0 },
	{ HEX16 "0", 0 },
	{ HEX16 "00", 0 },
	{ COLON16 ":", 0 },
	{ COLON16 ":0", 0 },
	{ "0011223344556677:8899aabbccddeeff", 0 },
	{ "00:1122:3344:55:66:77:88:99:aa:bb:cc:dd:ee:ff", 0 },
	{ "00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee-ff", 0 },
	{ "g0112233445566778899aAbBcCdDeEfF", 0 },
	{ " 0112233445566778899aAbBcCdDeEfF", 0 },
};

START_TEST(hex_with_or_without_colons)
{
	for (int i = 0; i < (int)(sizeof rows / sizeof *rows); i++) {
		struct fingerprint f, same;
		bool ok = fingerprint_parse(&f, text_of(rows[i].text));

		ck_assert_msg(ok == (rows[i].len > 0) && (!ok || f.len == rows[i].len), "row %d (%s)", i, rows[i].text);
		if (rows[i].len == 16) {
			ck_assert(fingerprint_parse(&same, text_of(HEX16)));
			ck_assert_int_eq(fingerprint_compare(&f, &same), 0);
		}
	}
}
END_TEST

START_TEST(order_is_by_length_then_bytes)
{
	struct fingerprint a, b, c;

	ck_assert(fingerprint_parse(&a, text_of(HEX16)));
	ck_assert(fingerprint_parse(&b, text_of("01112233445566778899aabbccddeeff")));
	ck_assert(fingerprint_parse(&c, text_of(HEX16 "00112233")));
	ck_assert_int_lt(fingerprint_compare(&a, &b), 0);
	ck_assert_int_gt(fingerprint_compare(&b, &a), 0);
	ck_assert_int_lt(fingerprint_compare(&b, &c), 0);
}
END_TEST

int main(void)
{
	return unit_run("fingerprint", UNIT_TESTS(hex_with_or_without_colons, order_is_by_length_then_bytes));
}
