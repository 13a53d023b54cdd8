/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/entries.h"
#include "unit.h"

/* What entries_next makes of a text, a line an entry: "S line [text", "K line key|value", "s line", "k line"; then the faults. */
static char *entries_of(const char *bytes, size_t n)
{
	struct faults faults = { 0 };
	struct entries r;
	struct entry e;
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	entries_start(&r, text_cut(bytes, n), "f", &faults);
	while (entries_next(&r, &e) != ENTRY_END) {
		if (e.kind == ENTRY_SECTION)
			fprintf(to, "S %u %.*s\n", e.line, (int)e.name.len, e.name.at);
		else if (e.kind == ENTRY_KEY)
			fprintf(to, "K %u %.*s|%.*s%s%s\n", e.line, (int)e.name.len, e.name.at, (int)e.value.len,
				e.value.at, e.damaged ? " damaged" : "", e.indented ? " indented" : "");
		else
			fprintf(to, "%c %u\n", e.kind == ENTRY_LOST_SECTION ? 's' : 'k', e.line);
	}
	entries_free(&r);
	faults_print(&faults, to);
	faults_free(&faults);
	fclose(to);
	return text;
}

START_TEST(text_rules)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "", "" },
		{ "; c\n# c\n \t; c\n  # c\n\n \n", "" },
		{ "[a]\nk=v", "S 1 [a]\nK 2 k|v\n" },
		{ "[a] ; comment\n", "S 1 [a]\n" },
		{ "[a ; x]\n", "S 1 [a\n" },
		{ "k = v ; comment\n", "K 1 k|v\n" },
		{ "k = v;w\n", "K 1 k|v;w\n" },
		{ "k = v # w\n", "K 1 k|v # w\n" },
		{ "k = v;w ;x ;y\n", "K 1 k|v;w\n" },
		{ "k =;v\n", "K 1 k|;v\n" },
		{ "k = ; v\n", "K 1 k|\n" },
		{ "k = a = b\n", "K 1 k|a = b\n" },
		{ "k\t=\tv\t\n", "K 1 k|v\n" },
		{ "= v\n", "K 1 |v\n" },
		{ "k = a\n b ; c\n\tc;d\n", "K 1 k|a b c;d\n" },
		{ "k = a\n\n# c\n; c\n  ; c\n  # c\n \n b\n", "K 1 k|a b\n" },
		{ "k =\n a\n", "K 1 k|a\n" },
		{ "k = a\n b = c\n", "K 1 k|a b = c\n" },
		{ "k = a\n x[1]\n", "K 1 k|a x[1]\n" },
		{ "k = a\n [x] y\n", "K 1 k|a [x] y\n" },
		{ "\xef\xbb\xbfk = v\r\n\r\n w\r\n[a]\r\n", "K 1 k|v w\nS 4 [a]\n" },
		{ "k = v\r", "K 1 k|v\n" },
		{ "k = a\n [x]\n", "K 1 k|a\nS 2 [x]\nf:2: indented: it would continue `k`\n" },
		{ "k = a\n [relay x\n", "K 1 k|a\nS 2 [relay x\nf:2: indented: it would continue `k`\n" },
		{ "relays = a\n\n  mode = off\n  x\n",
			"K 1 relays|a\nK 3 mode|off x indented\nf:3: indented: it would continue `relays`\n" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *got = entries_of(rows[i].text, strlen(rows[i].text));
		row_str(rows[i].text, got, rows[i].want);
		free(got);
	}
}
END_TEST

START_TEST(faults_of_lines)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "  a\n  b\n", "k 1\nf:1: indented, and there is no value above that it could continue\n" },
		{ "[a]\n  b\n", "S 1 [a]\nk 2\nf:2: indented, and there is no value above that it could continue\n" },
		{ "[a]\n  mode = off\n", "S 1 [a]\nK 2 mode|off indented\n"
					 "f:2: indented, and there is no value above that it could continue: `mode = "
					 "off` at the start of the line meant?\n" },
		{ "a\n b\n c\nk = v\n", "k 1\nK 4 k|v\nf:1: no `=`: neither a section nor `key = value`\n" },
		{ "mode: off\n", "k 1\nf:1: no `=`: `mode = off` meant?\n" },
		{ "mod : off\n", "k 1\nf:1: no `=`: `mode = off` meant?\n" },
		{ "mode off\n", "k 1\nf:1: no `=`: `mode = off` meant?\n" },
		{ "relay x\n", "k 1\nf:1: no `=`: `[relay x]` meant?\n" },
		{ "k = v\nw\n", "K 1 k|v\nk 2\nf:2: no `=`: neither a section nor `key = value` (a line that continues "
				"`k` is indented)\n" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *got = entries_of(rows[i].text, strlen(rows[i].text));
		row_str(rows[i].text, got, rows[i].want);
		free(got);
	}
}
END_TEST

START_TEST(nul_bytes)
{
#define NUL "f:%u: a NUL byte: this is no text file, or not in UTF-8\n"
	static const struct {
		const char *bytes;
		size_t n;
		const char *want;
		unsigned line;
	} rows[] = {
		{ "k\0 = v\n w\nl = v", 15, "k 1\nK 3 l|v\n", 1 },
		{ "[a\0]\nk = v", 10, "s 1\nK 2 k|v\n", 1 },
		{ "k = v\n a\0b\n c\n", 14, "K 1 k|v c damaged\n", 2 },
		{ "k = v\n; a\0b\n c\n", 15, "K 1 k|v c\n", 2 },
		{ " \0\n x\nk = v", 11, "k 1\nK 3 k|v\n", 1 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *got = entries_of(rows[i].bytes, rows[i].n), want[200];
		int n = snprintf(want, sizeof want, "%s", rows[i].want);
		snprintf(want + n, sizeof want - (size_t)n, NUL, rows[i].line);
		row_str(rows[i].want, got, want);
		free(got);
	}
}
END_TEST

/* A line of exactly so many bytes is taken or not; CRLF does not count. */
START_TEST(long_lines)
{
	static const struct {
		size_t n;
		const char *end;
		bool taken;
	} rows[] = { { 65535, "\n", true }, { 65535, "\r\n", true }, { 65535, "", true }, { 65536, "\n", false },
		{ 65536, "\r\n", false }, { 65536, "", false }, { 200000, "\n", false } };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *text = malloc(rows[i].n + 3), *got;
		memset(text, 'v', rows[i].n);
		memcpy(text, "k=", 2);
		strcpy(text + rows[i].n, rows[i].end);
		got = entries_of(text, strlen(text));
		if (rows[i].taken)
			ck_assert_uint_eq(strlen(got), strlen("K 1 k|\n") + rows[i].n - 2);
		else
			ck_assert_str_eq(got, "k 1\nf:1: a line over 65,535 bytes\n");
		free(got);
		free(text);
	}
}
END_TEST

START_TEST(lines_of_values)
{
	static const char text[] = "k = aa\n\n bb\n;\n cc dd\n";
	struct faults faults = { 0 };
	struct entries r;
	struct entry e;

	entries_start(&r, text_of(text), "f", &faults);
	ck_assert_int_eq(entries_next(&r, &e), ENTRY_KEY);
	ck_assert_uint_eq(entries_line(&r, e.value.at), 1);
	ck_assert_uint_eq(entries_line(&r, e.value.at + 3), 3);
	ck_assert_uint_eq(entries_line(&r, e.value.at + 6), 5);
	ck_assert_uint_eq(entries_line(&r, e.value.at + 10), 5);
	entries_free(&r);
}
END_TEST

START_TEST(list_items)
{
	static const struct {
		const char *line, *want;
	} rows[] = { { "a", "a" }, { " a ", "a" }, { "# a", "" }, { "  # a", "" }, { "a # b", "a" }, { "a\t#b", "a" },
		{ "a#b", "a#b" }, { "a#b #c", "a#b" }, { "", "" }, { "a ; b", "a ; b" } };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct text item = lines_list_item(text_of(rows[i].line));
		row_ok(rows[i].line, text_is(item, rows[i].want));
	}
}
END_TEST

int main(void)
{
	return unit_run(
		"lines", UNIT_TESTS(text_rules, faults_of_lines, nul_bytes, long_lines, lines_of_values, list_items));
}
