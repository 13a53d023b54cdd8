/* SPDX-License-Identifier: BSD-2-Clause */
#include <limits.h>

#include "base/text.h"
#include "base/err.h"
#include "unit.h"

START_TEST(trim)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "", "" }, { "  ", "" }, { "a", "a" }, { " \t a b \r\n", "a b" }, { "\v\fx\v\f", "x" },
		{ "\xa0x", "\xa0x" }, /* white space of a locale is none */
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		row_ok(rows[i].text, text_is(text_trim(text_of(rows[i].text)), rows[i].want));
}
END_TEST

START_TEST(word_list)
{
	static const struct {
		const char *list, *want; /* want: the words with bars between them */
	} rows[] = {
		{ "", "" },
		{ " ,, \t", "" },
		{ "a", "a" },
		{ "a,b", "a|b" },
		{ "a b\tc\nd\re", "a|b|c|d|e" },
		{ ", a , ,b,", "a|b" },
		{ "192.0.2.1-192.0.2.9,2001:db8::/32", "192.0.2.1-192.0.2.9|2001:db8::/32" },
		{ "a;b", "a;b" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct text rest = text_of(rows[i].list), word;
		char got[100] = "";
		while (text_next_word(&rest, &word)) {
			if (*got)
				strcat(got, "|");
			strncat(got, word.at, word.len);
		}
		row_str(rows[i].list, got, rows[i].want);
		row_int(rows[i].list, rest.len, 0);
	}
	struct text nothing = { NULL, 0 }, word;
	ck_assert(!text_next_word(&nothing, &word));
}
END_TEST

START_TEST(numbers)
{
	static const struct {
		const char *text;
		unsigned long max;
		long want; /* -1: none */
	} rows[] = {
		{ "0", 0, 0 },
		{ "1", 0, -1 },
		{ "007", 7, 7 },
		{ "255", 255, 255 },
		{ "256", 255, -1 },
		{ "", 9, -1 },
		{ "-1", 9, -1 },
		{ "+1", 9, -1 },
		{ " 1", 9, -1 },
		{ "1 ", 9, -1 },
		{ "1x", 9, -1 },
		{ "0x1", 9, -1 },
		{ "5", 3, -1 },
		{ "9223372036854775807", LONG_MAX, LONG_MAX },
		{ "9223372036854775808", LONG_MAX, -1 },
		{ "18446744073709551616", ULONG_MAX, -1 },
		{ "99999999999999999999999", ULONG_MAX, -1 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unsigned long n = 42;
		bool is = text_number(text_of(rows[i].text), rows[i].max, &n);
		row_int(rows[i].text, is ? (long)n : -1, rows[i].want);
	}
}
END_TEST

START_TEST(grouped)
{
	static const struct {
		uint64_t n;
		const char *want;
	} rows[] = {
		{ 0, "0" },
		{ 999, "999" },
		{ 1000, "1,000" },
		{ 12345, "12,345" },
		{ 1234567, "1,234,567" },
		{ UINT64_MAX, "18,446,744,073,709,551,615" },
	};
	char to[TEXT_GROUPED];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		row_str(rows[i].want, text_grouped(rows[i].n, to), rows[i].want);
}
END_TEST

START_TEST(equality)
{
	ck_assert(text_equal_nocase(text_of("Relay.Example"), text_of("rELAY.eXAMPLE")));
	ck_assert(!text_equal_nocase(text_of("a"), text_of("ab")));
	ck_assert(!text_equal_nocase(text_of("@"), text_of("`"))); /* 32 apart, but no letters */
	ck_assert(!text_equal_nocase(text_of("["), text_of("{")));
	ck_assert(!text_equal_nocase(text_of("\xc4"), text_of("\xe4")));
	ck_assert(text_equal(text_cut(NULL, 0), text_of("")));
	ck_assert(text_begins(text_of("HELO=x"), "helo="));
	ck_assert(text_begins(text_of("helo="), "helo="));
	ck_assert(!text_begins(text_of("helo"), "helo="));
	ck_assert(!text_begins(text_of("xhelo="), "helo="));
	ck_assert(text_begins(text_of(""), ""));
}
END_TEST

START_TEST(distance)
{
	static const struct {
		const char *a, *b;
		unsigned want;
	} rows[] = {
		{ "", "", 0 },
		{ "", "abc", 3 },
		{ "abc", "", 3 },
		{ "ranges", "ranges", 0 },
		{ "range", "ranges", 1 },
		{ "rnages", "ranges", 1 }, /* two neighbours in the other order */
		{ "ca", "abc", 3 }, /* optimal string alignment: no edit within a swap */
		{ "kitten", "sitting", 3 },
		{ "Ranges", "ranges", 1 },
	};
	char longer[66];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		row_int(rows[i].a, text_distance(text_of(rows[i].a), text_of(rows[i].b)), rows[i].want);
	memset(longer, 'a', sizeof longer);
	ck_assert_uint_eq(text_distance(text_cut(longer, 64), text_cut(longer, 64)), 0);
	ck_assert_uint_eq(text_distance(text_cut(longer, 65), text_cut(longer, 65)), UINT_MAX);
	ck_assert_uint_eq(text_distance(text_of(""), text_cut(longer, 65)), UINT_MAX);
}
END_TEST

START_TEST(nearest)
{
	static const char *const keys[] = { "listen", NULL, "mode", "relays", "ranges", "ranges_file", "on_mismatch" };
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "rangs", "ranges" },
		{ "RANGES", "ranges" },
		{ "relay", "relays" },
		{ "mod", "mode" },
		{ "ranges-file", "ranges_file" },
		{ "onmismatch", "on_mismatch" },
		{ "on_missmatches", "on_mismatch" },
		{ "colour", NULL },
		{ "x", NULL },
		{ "", NULL },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *got = text_nearest(text_of(rows[i].text), keys, sizeof keys / sizeof *keys);
		row_str(rows[i].text, got ? got : "none", rows[i].want ? rows[i].want : "none");
	}
	ck_assert_ptr_null(text_nearest(text_of("a"), (const char *const[]){ "b" }, 1)); /* nothing of it is left */
}
END_TEST

START_TEST(errors)
{
	struct err e;
	char words[3000];

	ck_assert_int_eq(err_set(&e, "line %d", 7), -1);
	ck_assert_int_eq(err_wrap(&e, "%s", "mxonly.ini"), -1);
	ck_assert_str_eq(e.text, "mxonly.ini: line 7");
	err_set(&e, "again: %s", e.text);
	ck_assert_str_eq(e.text, "again: mxonly.ini: line 7");
	ck_assert_int_eq(err_set(NULL, "nobody asks"), -1);
	ck_assert_int_eq(err_wrap(NULL, "nobody asks"), -1);
	memset(words, 'w', sizeof words - 1);
	words[sizeof words - 1] = '\0';
	err_set(&e, "%s", words);
	ck_assert_uint_eq(strlen(e.text), 1023);
	err_wrap(&e, "%s", words);
	ck_assert_uint_eq(strlen(e.text), 1023);
}
END_TEST

/* Each byte at each place of a word, beside neighbours that an addition could carry into. */
START_TEST(lower)
{
	char from[20], to[20];

	for (int c = 0; c < 256; c++) {
		for (size_t n = 1; n < sizeof from; n++) {
			memset(from, c ^ 0x80, sizeof from);
			from[n / 2] = (char)c;
			text_lower(to, from, n);
			for (size_t i = 0; i < n; i++)
				ck_assert_msg(to[i] == ascii_lower(from[i]), "byte %d of %zu, place %zu", c, n, i);
		}
	}
}
END_TEST

int main(void)
{
	return unit_run(
		"text", UNIT_TESTS(lower, trim, word_list, numbers, grouped, equality, distance, nearest, errors));
}
