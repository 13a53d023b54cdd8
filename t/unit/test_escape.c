/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/escape.h"
#include "unit.h"

enum form { VALUE, PLAIN, JSON };

static void put(struct line *l, enum form form, struct text t)
{
	if (form == VALUE)
		line_value(l, t);
	else if (form == PLAIN)
		line_plain(l, t);
	else
		line_json(l, t);
}

#define BYTES(s)                 \
	{                        \
		s, sizeof(s) - 1 \
	}

static const struct {
	const char *name;
	struct text foreign;
	const char *value, *plain, *json;
} rows[] = {
	{ "empty", BYTES(""), "", "", "\"\"" },
	{ "word", BYTES("mx1.relay.example"), "mx1.relay.example", "mx1.relay.example", "\"mx1.relay.example\"" },
	{ "space", BYTES("a b"), "\"a b\"", "a b", "\"a b\"" },
	{ "equals", BYTES("a=b"), "\"a=b\"", "a=b", "\"a=b\"" },
	{ "quote", BYTES("a\"b"), "\"a\\\"b\"", "a\"b", "\"a\\\"b\"" },
	{ "backslash", BYTES("a\\b"), "\"a\\\\b\"", "a\\b", "\"a\\\\b\"" },
	{ "backslash that looks like an escape", BYTES("\\x41\\"), "\"\\\\x41\\\\\"", "\\x5cx41\\",
		"\"\\\\x5cx41\\\\\"" },
	{ "NUL", BYTES("a\0b"), "a\\x00b", "a\\x00b", "\"a\\\\x00b\"" },
	{ "newline", BYTES("a\nb"), "a\\x0ab", "a\\x0ab", "\"a\\\\x0ab\"" },
	{ "escape, space", BYTES("\x1b[2J x"), "\"\\x1b[2J x\"", "\\x1b[2J x", "\"\\\\x1b[2J x\"" },
	{ "delete", BYTES("\x7f"), "\\x7f", "\\x7f", "\"\\\\x7f\"" },
	{ "UTF-8", BYTES("\xc3\xbc"), "\\xc3\\xbc", "\\xc3\\xbc", "\"\\\\xc3\\\\xbc\"" },
	{ "byte 255", BYTES("\xff"), "\\xff", "\\xff", "\"\\\\xff\"" },
};

START_TEST(forms)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *want[] = { rows[i].value, rows[i].plain, rows[i].json };
		for (enum form form = VALUE; form <= JSON; form++) {
			char got[100];
			struct line l;
			line_start(&l, got, sizeof got);
			put(&l, form, rows[i].foreign);
			row_str(rows[i].name, got, want[form]);
			row_int(rows[i].name, l.len, strlen(got));
			row_ok(rows[i].name, !l.full);
		}
	}
}
END_TEST

/* In every too small buffer: what is there is the beginning of the whole, ends between two escapes, and is terminated. */
START_TEST(cut)
{
	static const char whole[] = "ab\\x0acd";
	char at[16];

	for (size_t cap = 1; cap <= sizeof whole; cap++) {
		struct line l;
		memset(at, '#', sizeof at);
		line_start(&l, at, cap);
		line_plain(&l, text_of("ab\ncd"));
		ck_assert_uint_eq(l.len, strlen(at));
		ck_assert(l.len < cap);
		ck_assert(strncmp(at, whole, l.len) == 0);
		ck_assert_msg(l.len <= 2 || l.len >= 6, "half an escape: %s", at);
		ck_assert_int_eq(l.full, cap < sizeof whole);
		ck_assert_msg(at[cap] == '#', "written behind the end");
	}
}
END_TEST

START_TEST(cut_value_stays_one_value)
{
	char at[32];
	struct line l;

	for (size_t cap = 1; cap < 12; cap++) {
		memset(at, '#', sizeof at);
		line_start(&l, at, cap);
		line_json(&l, text_of("abc\"defgh\x01"));
		ck_assert(l.full);
		ck_assert(l.len < cap);
		ck_assert(at[cap] == '#');
		ck_assert_uint_eq(l.len, strlen(at));
		if (l.len > 0)
			ck_assert_msg(l.len > 1 && at[0] == '"' && at[l.len - 1] == '"', "no string: %s", at);
		ck_assert_msg(l.len < 3 || at[l.len - 2] != '\\', "half an escape: %s", at);
	}
}
END_TEST

START_TEST(full_stays_full)
{
	char at[8];
	struct line l;

	line_start(&l, at, sizeof at);
	line_str(&l, "abc");
	line_text(&l, text_of("too long"));
	ck_assert(l.full);
	ck_assert_str_eq(at, "abc");
	line_str(&l, "d");
	line_format(&l, "%d", 1);
	line_value(&l, text_of("e"));
	line_json(&l, text_of(""));
	ck_assert_str_eq(at, "abc");
}
END_TEST

START_TEST(format)
{
	char at[8];
	struct line l;

	line_start(&l, at, sizeof at);
	line_format(&l, "%s=%d", "ab", 1234);
	ck_assert_str_eq(at, "ab=1234");
	ck_assert(!l.full);
	line_start(&l, at, sizeof at);
	line_str(&l, "x");
	line_format(&l, "%s", "1234567");
	ck_assert_str_eq(at, "x");
	ck_assert(l.full);
}
END_TEST

int main(void)
{
	return unit_run("escape", UNIT_TESTS(forms, cut, cut_value_stays_one_value, full_stays_full, format));
}
