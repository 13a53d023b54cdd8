/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/replace.h"
#include "unit.h"

static char folder[] = "/tmp/mxonly-test-XXXXXX";
static char path[64], other[64];

static void begin(void)
{
	ck_assert(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/file", folder);
	snprintf(other, sizeof other, "%s/other", folder);
}

static void end(void)
{
	unlink(path);
	unlink(other);
	ck_assert_msg(rmdir(folder) == 0, "something was left in %s", folder);
}

static void holds(const char *at, const char *want)
{
	struct buf b = { 0 };

	ck_assert_int_eq(file_read(at, &b, NULL, NULL), 0);
	ck_assert_str_eq(b.at, want);
	buf_free(&b);
}

START_TEST(replaced)
{
	struct stat st;
	struct err e;

	begin();
	umask(027);
	ck_assert_int_eq(replace_check(path, NULL, "mark", &e), 0);
	ck_assert_int_eq(replace_file(path, "old", 3, &e), 0);
	ck_assert_int_eq(link(path, other), 0);
	ck_assert_int_eq(replace_check(path, "/etc/passwd", "ol", &e), 0);
	ck_assert_int_eq(replace_file(path, "new", 3, &e), 0);
	holds(path, "new");
	holds(other, "old"); /* who had it open keeps what there was */
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0640);
	end();
}
END_TEST

START_TEST(refused)
{
	static const struct {
		const char *path, *says;
	} rows[] = {
		{ "/tmp", "/tmp is a folder" },
		{ "/dev/null", "/dev/null is no ordinary file" },
		{ "/etc/passwd/x", "/etc/passwd/x: Not a directory" },
	};
	struct err e;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		row_int(rows[i].path, replace_check(rows[i].path, NULL, NULL, &e), -1);
		row_has(rows[i].path, e.text, rows[i].says);
	}
	begin();
	ck_assert_int_eq(replace_file(path, "old", 3, &e), 0);
	ck_assert_int_eq(symlink("file", other), 0);
	ck_assert_int_eq(replace_check(other, path, NULL, &e), -1);
	ck_assert(strstr(e.text, "is the configuration itself"));
	ck_assert_int_eq(replace_check(other, NULL, "old", &e), 0);
	ck_assert_int_eq(replace_check(other, NULL, "new", &e), -1);
	ck_assert(strstr(e.text, "is there, and not by mxonly"));
	ck_assert_int_eq(replace_file(other, "", 0, &e), 0); /* what the link leads to */
	holds(path, "");
	ck_assert_int_eq(replace_check(path, NULL, "new", &e), 0); /* an empty file is nobody's loss */
	ck_assert_int_eq(replace_file(path, "old", 3, &e), 0);
	holds(other, "old");
	unlink(other);
	ck_assert_int_eq(mkdir(other, 0700), 0);
	ck_assert_int_eq(replace_file(other, "x", 1, &e), -1); /* and leaves nothing beside it */
	ck_assert(strstr(e.text, other));
	rmdir(other);
	holds(path, "old");
	end();
	ck_assert_int_eq(replace_file(path, "x", 1, &e), -1);
	ck_assert(strstr(e.text, path) && strstr(e.text, "cannot make a file beside it: No such file"));
}
END_TEST

int main(void)
{
	return unit_run("replace", UNIT_TESTS(replaced, refused));
}
