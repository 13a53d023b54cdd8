/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"
#include "unit.h"

/* What faults_print writes; malloc'ed. */
static char *printed(const struct faults *f)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	faults_print(f, to);
	fclose(to);
	return text;
}

static void expect(const struct faults *f, const char *want)
{
	char *got = printed(f);

	ck_assert_str_eq(got, want);
	free(got);
}

START_TEST(order_and_places)
{
	struct faults f = { 0 };

	fault_add(&f, "mxonly.ini", 3, "unknown key `%s`", "colour");
	warning_add(&f, "mxonly.ini", 2, "unused");
	fault_add(&f, "mxonly.ini", 0, "no relay at all");
	fault_add(&f, NULL, 0, "out of luck");
	warning_add(&f, NULL, 0, "careful");
	ck_assert_uint_eq(f.errors, 3);
	ck_assert_uint_eq(f.warnings, 2);
	ck_assert_str_eq(f.list[0].words, "mxonly.ini:3: unknown key `colour`");
	ck_assert_str_eq(f.list[1].words, "mxonly.ini:2: unused");
	expect(&f, "mxonly.ini:3: unknown key `colour`\n"
		   "mxonly.ini:2: warning: unused\n"
		   "mxonly.ini: no relay at all\n"
		   "out of luck\n"
		   "warning: careful\n");
	faults_free(&f);
	ck_assert_ptr_null(f.list);
}
END_TEST

START_TEST(foreign_bytes)
{
	static const struct {
		const char *words, *want;
	} rows[] = {
		{ "stra\xc3\x9f"
		  "e.test",
			"stra\xc3\x9f"
			"e.test" },
		{ "\xe2\x82\xac \xf0\x9f\x93\xa7", "\xe2\x82\xac \xf0\x9f\x93\xa7" },
		{ "a\nb\tc\x1b[2J", "a\\x0ab\\x09c\\x1b[2J" },
		{ "\x7f", "\\x7f" },
		{ "\xc3", "\\xc3" }, /* cut short */
		{ "\xc3(", "\\xc3(" },
		{ "\xc0\xaf", "\\xc0\\xaf" }, /* longer than needed */
		{ "\xe0\x9f\xbf", "\\xe0\\x9f\\xbf" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" }, /* half of a pair */
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" }, /* above U+10FFFF */
		{ "\xc2\x9b", "\\xc2\\x9b" }, /* a terminal's CSI */
		{ "a\xe2\x80\xae"
		  "b",
			"a\\xe2\\x80\\xaeb" }, /* text turned around */
		{ "\xff\xfe", "\\xff\\xfe" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct faults f = { 0 };
		fault_add(&f, NULL, 0, "%s", rows[i].words);
		row_str(rows[i].want, f.list[0].words, rows[i].want);
		faults_free(&f);
		fault_add(&f, rows[i].words, 1, "x");
		row_int(rows[i].want, strncmp(f.list[0].words, rows[i].want, strlen(rows[i].want)), 0);
		row_str(rows[i].want, f.list[0].words + strlen(rows[i].want), ":1: x");
		faults_free(&f);
	}
}
END_TEST

START_TEST(long_words)
{
	struct faults f = { 0 };
	char words[5000];

	memset(words, '\x01', sizeof words - 1);
	words[sizeof words - 1] = '\0';
	fault_add(&f, words, 1, "%s", words);
	fault_add(&f, "a", 1, "%s", words);
	for (size_t i = 0; i < f.count; i++) {
		size_t n = strlen(f.list[i].words);
		ck_assert(n <= 2047 && n > 2000);
		ck_assert_str_eq(f.list[i].words + n - 4, "\\x01");
	}
	faults_free(&f);
}
END_TEST

static void add_many(struct faults *f)
{
	for (unsigned i = 1; i <= FAULTS_KEPT + 5; i++) {
		fault_add(f, "a", i, "x");
		if (i <= FAULTS_KEPT + 2)
			warning_add(f, "a", i, "y");
	}
}

START_TEST(too_many)
{
	struct faults f = { 0 };

	add_many(&f);
	ck_assert_uint_eq(f.count, 2 * FAULTS_KEPT);
	ck_assert_uint_eq(f.errors, FAULTS_KEPT + 5);
	char *got = printed(&f);
	ck_assert_ptr_nonnull(strstr(got, "a:1000: x\na:1000: warning: y\nand 5 more faults\nand 2 more warnings\n"));
	free(got);
	faults_free(&f);
}
END_TEST

static int scratch_file(void)
{
	int fd = memfd_create("test", 0);

	ck_assert_int_ge(fd, 0);
	return fd;
}

START_TEST(from_one_process_to_another)
{
	struct faults f = { 0 }, g = { 0 };
	int fd = scratch_file();

	fault_add(&f, "a b:c.ini", 3,
		"stra\xc3\x9f"
		"e");
	warning_add(&f, NULL, 0, "%s", "");
	add_many(&f);
	ck_assert_int_eq(faults_write(&f, fd), 0);
	lseek(fd, 0, SEEK_SET);
	faults_read(&g, fd);
	ck_assert_uint_eq(g.errors, f.errors);
	ck_assert_uint_eq(g.warnings, f.warnings);
	char *want = printed(&f);
	expect(&g, want);
	free(want);
	faults_free(&f);
	faults_free(&g);
	close(fd);
	ck_assert_int_eq(faults_write(&(struct faults){ 0 }, -1), 0);
}
END_TEST

START_TEST(a_write_that_fails)
{
	struct faults f = { 0 };

	fault_add(&f, NULL, 0, "x");
	errno = 0;
	ck_assert_int_eq(faults_write(&f, -1), -1);
	ck_assert_int_eq(errno, EBADF);
	faults_free(&f);
}
END_TEST

START_TEST(damaged_records)
{
	static const struct {
		const char *bytes, *want;
	} rows[] = {
		{ "", "" },
		{ "E 0 1 x\n", "x\n" },
		{ "E 3 4 a: x\n", "a: x\n" },
		{ "W 3 4 a: x\n", "a: warning: x\n" },
		{ "E 0 1 x", "" }, /* cut short */
		{ "E 0 5 x\nE 0 1 y\n", "y\n" }, /* another length */
		{ "E 9 1 x\nE 0 1 y\n", "y\n" }, /* a place beyond the end */
		{ "E -1 1 x\n", "" },
		{ "E 0 99999999999999999999 x\n", "" },
		{ "X 0 1 x\nE 0 1 y\n", "y\n" },
		{ "\n\nE\nE \nE 0\nE 0 1\nE 0 1 y\n", "y\n" },
		{ "E 0 2 \x1b[\n", "\\x1b[\n" }, /* the writer is not trusted */
		{ "e 7 0 \n", "" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct faults f = { 0 };
		int fd = scratch_file();
		fd_write_all(fd, rows[i].bytes, strlen(rows[i].bytes), NULL);
		lseek(fd, 0, SEEK_SET);
		faults_read(&f, fd);
		char *got = printed(&f);
		row_str(rows[i].bytes, got, rows[i].want);
		free(got);
		faults_free(&f);
		close(fd);
	}
}
END_TEST

int main(void)
{
	return unit_run("fault", UNIT_TESTS(order_and_places, foreign_bytes, long_words, too_many,
					 from_one_process_to_another, a_write_that_fails, damaged_records));
}
