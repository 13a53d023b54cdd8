/* SPDX-License-Identifier: BSD-2-Clause */
#include "range_list_text.h"

START_TEST(split)
{
	static const struct {
		const char *list;
		unsigned min4, min6;
		const char *want;
	} rows[] = {
		{ "", 0, 0, "" },
		{ "192.0.2.0/24", 0, 0, "192.0.2.0/24" },
		{ "192.0.2.1", 0, 0, "192.0.2.1" },
		{ "192.0.2.1-192.0.2.6", 0, 0, "192.0.2.1 192.0.2.2/31 192.0.2.4/31 192.0.2.6" },
		{ "0.0.0.0-255.255.255.254", 30, 0, NULL },
		{ "255.255.255.254-255.255.255.255", 0, 0, "255.255.255.254/31" },
		{ "0.0.0.0/0", 0, 0, "0.0.0.0/0" },
		{ "::/0", 0, 0, "::/0" },
		{ "::1-::2", 0, 0, "::1 ::2" },
		{ "192.0.2.0/23", 24, 0, "192.0.2.0/24 192.0.3.0/24" },
		{ "192.0.2.0/31", 32, 0, "192.0.2.0 192.0.2.1" },
		{ "2001:db8::/31", 0, 32, "2001:db8::/32 2001:db9::/32" },
		{ "2001:db8::/32", 0, 128, NULL },
		{ "::ffff:ffff:ffff:ffff-0:0:0:1::", 0, 0, "::ffff:ffff:ffff:ffff 0:0:0:1::" },
		{ "8000::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 0, 0, "8000::/1" },
		{ "0.0.0.1-127.255.255.255", 0, 0,
			"0.0.0.1 0.0.0.2/31 0.0.0.4/30 0.0.0.8/29 0.0.0.16/28 0.0.0.32/27 0.0.0.64/26 0.0.0.128/25 "
			"0.0.1.0/24 "
			"0.0.2.0/23 0.0.4.0/22 0.0.8.0/21 0.0.16.0/20 0.0.32.0/19 0.0.64.0/18 0.0.128.0/17 0.1.0.0/16 "
			"0.2.0.0/15 "
			"0.4.0.0/14 0.8.0.0/13 0.16.0.0/12 0.32.0.0/11 0.64.0.0/10 0.128.0.0/9 1.0.0.0/8 2.0.0.0/7 "
			"4.0.0.0/6 "
			"8.0.0.0/5 16.0.0.0/4 32.0.0.0/3 64.0.0.0/2" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct range_list from = list_of(rows[i].list), to = { 0 };
		struct err e;
		int result = ranges_split(&to, &from, rows[i].min4, rows[i].min6, &e);
		row_int(rows[i].list, result, rows[i].want ? 0 : -1);
		if (rows[i].want) {
			char *got = printed(&to);
			row_str(rows[i].list, got, rows[i].want);
			free(got);
		} else {
			row_has(rows[i].list, e.text, "makes more than");
		}
		range_list_free(&from);
		range_list_free(&to);
	}
}
END_TEST

static uint64_t state = 88172645463325252u; /* xorshift: the same numbers in every run */

static uint64_t random_number(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static struct ip random_ip(void)
{
	unsigned shift = random_number() % 64;

	if (random_number() % 2)
		return (struct ip){ .low = (uint32_t)random_number() >> shift % 32 };
	return (struct ip){ random_number() >> shift, random_number() >> (random_number() % 64), true };
}

/* Whatever the range: its prefixes are prefixes, in order, touch each other, and begin and end where it does. */
START_TEST(split_at_random)
{
	for (int i = 0; i < 20000; i++) {
		struct ip a = random_ip(), z = random_ip();
		if (a.v6 != z.v6)
			continue;
		struct range r = ip_compare(&a, &z) < 0 ? (struct range){ a, z } : (struct range){ z, a };
		struct range_list from = { .at = &r, .count = 1 }, to = { 0 };
		ck_assert_int_eq(ranges_split(&to, &from, 0, 0, NULL), 0);
		ck_assert(to.count > 0 && to.count <= (r.first.v6 ? 254 : 62));
		ck_assert_int_eq(ip_compare(&to.at[0].first, &r.first), 0);
		ck_assert_int_eq(ip_compare(&to.at[to.count - 1].last, &r.last), 0);
		for (size_t k = 0; k < to.count; k++) {
			char text[RANGE_TEXT];
			ck_assert_ptr_null(strchr(range_print(&to.at[k], text), '-'));
			ck_assert(k == 0 || ip_compare(&to.at[k - 1].last, &to.at[k].first) < 0);
		}
		ranges_merge(&to);
		ck_assert_uint_eq(to.count, 1);
		range_list_free(&to);
	}
}
END_TEST

START_TEST(minus)
{
	static const struct {
		const char *from, *less, *want;
	} rows[] = {
		{ "192.0.2.0/24", "", "192.0.2.0/24" },
		{ "10.1.0.0/16", "10.0.0.0/8", "" },
		{ "10.0.0.0/8", "10.0.0.0/8", "" },
		{ "10.0.0.0/8", "10.0.0.0/9", "10.128.0.0/9" },
		{ "10.0.0.0/8", "10.128.0.0/9", "10.0.0.0/9" },
		{ "9.0.0.0-12.0.0.0", "10.0.0.0/8 11.0.0.5", "9.0.0.0/8 11.0.0.0-11.0.0.4 11.0.0.6-12.0.0.0" },
		{ "10.0.0.0/8 fc00::1", "127.0.0.0/8 fc00::/7", "10.0.0.0/8" },
		{ "::-::ffff", "10.0.0.0/8 ::1", ":: ::2-::ffff" },
		{ "255.255.255.0/24", "255.255.255.255", "255.255.255.0-255.255.255.254" },
		{ "2001:db8::/32", "2001:db8:0:1::/64",
			"2001:db8::/64 2001:db8:0:2::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct range_list from = list_of(rows[i].from), less = list_of(rows[i].less);
		struct range_list left;
		ranges_merge(&from);
		ranges_merge(&less);
		left = ranges_minus(&from, &less);
		char *got = printed(&left);
		row_str(rows[i].from, got, rows[i].want);
		free(got);
		range_list_free(&from);
		range_list_free(&less);
		range_list_free(&left);
	}
}
END_TEST

int main(void)
{
	return unit_run("export_ranges", UNIT_TESTS(split, split_at_random, minus));
}
