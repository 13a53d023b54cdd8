/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "unit.h"

START_TEST(beside)
{
	static const struct {
		const char *from, *path, *want;
	} rows[] = {
		{ "/etc/mxonly/a.ini", "x", "/etc/mxonly/x" },
		{ "/etc/mxonly/a.ini", "sub/x", "/etc/mxonly/sub/x" },
		{ "/etc/mxonly/a.ini", "../x", "/etc/mxonly/../x" },
		{ "/etc/mxonly/a.ini", "/x", "/x" },
		{ "a.ini", "x", "x" },
		{ "./a.ini", "x", "./x" },
		{ "/a.ini", "x", "/x" },
		{ "a.ini", "/x", "/x" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *got = path_beside(rows[i].from, text_of(rows[i].path));
		row_str(rows[i].want, got, rows[i].want);
		free(got);
	}
	char *got = path_beside("/etc/a.ini", text_cut("x.domains, y", 9));
	ck_assert_str_eq(got, "/etc/x.domains");
	free(got);
}
END_TEST

static void write_file(const char *path, const void *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fd_write_all(fd, bytes, n, NULL), 0);
	close(fd);
}

START_TEST(regular_files)
{
	static const size_t sizes[] = { 0, 1, 65535, 65536, 65537, 1000000 };
	char path[] = "/tmp/mxonly-test-XXXXXX", *bytes = malloc(1000000);
	struct timespec times[2] = { { .tv_sec = 1 }, { .tv_sec = 1234567890 } };

	close(mkstemp(path));
	for (size_t i = 0; i < 1000000; i++)
		bytes[i] = (char)(i * 7 + i / 256);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct buf b = { 0 };
		struct err e;
		time_t modified = 0;
		write_file(path, bytes, sizes[i]);
		utimensat(AT_FDCWD, path, times, 0);
		buf_str(&b, "before");
		ck_assert_msg(file_read(path, &b, &modified, &e) == 0, "%s", e.text);
		ck_assert_uint_eq(b.len, 6 + sizes[i]);
		ck_assert(memcmp(b.at, "before", 6) == 0 && memcmp(b.at + 6, bytes, sizes[i]) == 0);
		ck_assert_int_eq(modified, 1234567890);
		ck_assert_int_eq(b.at[b.len], 0);
		buf_free(&b);
	}
	unlink(path);
	free(bytes);
}
END_TEST

START_TEST(pipes)
{
	struct buf b = { 0 };
	struct err e;
	int ends[2];
	char path[40];

	ck_assert_int_eq(pipe(ends), 0);
	snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
	pid_t child = fork();
	if (child == 0) {
		char *bytes = calloc(1, 300000);
		int result = fd_write_all(ends[1], bytes, 300000, NULL);
		free(bytes);
		_exit(result == 0 ? 0 : 1);
	}
	close(ends[1]);
	ck_assert_msg(file_read(path, &b, NULL, &e) == 0, "%s", e.text);
	ck_assert_uint_eq(b.len, 300000);
	waitpid(child, NULL, 0);
	close(ends[0]);
	buf_free(&b);
}
END_TEST

START_TEST(what_cannot_be_read)
{
	struct buf b = { 0 };
	struct err e;

	buf_str(&b, "kept");
	ck_assert_int_eq(file_read("/nowhere/mxonly.ini", &b, NULL, &e), -1);
	ck_assert_str_eq(e.text, "/nowhere/mxonly.ini: No such file or directory");
	ck_assert_int_eq(file_read("/", &b, NULL, &e), -1);
	ck_assert_str_eq(e.text, "/: Is a directory");
	ck_assert_uint_eq(b.len, 4);
	ck_assert_int_eq(file_read("/nowhere", &b, NULL, NULL), -1);
	buf_free(&b);
}
END_TEST

/* None of them is waited for. */
START_TEST(what_is_no_regular_file)
{
	char folder[] = "/tmp/mxonly-test-XXXXXX", path[64], want[128];
	struct buf b = { 0 };
	struct err e;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/pipe", folder);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(file_read_regular(path, &b, NULL, &e), -1);
	snprintf(want, sizeof want, "%s: is a pipe, not a file", path);
	ck_assert_str_eq(e.text, want);
	unlink(path);
	write_file(path, "text", 4);
	ck_assert_int_eq(file_read_regular(path, &b, NULL, &e), 0);
	ck_assert_str_eq(b.at, "text");
	ck_assert_int_eq(file_read_regular("/dev/zero", &b, NULL, &e), -1);
	ck_assert_str_eq(e.text, "/dev/zero: is a device, not a file");
	ck_assert_int_eq(file_read_regular(folder, &b, NULL, &e), -1);
	row_has("folder", e.text, ": Is a directory");
	ck_assert_uint_eq(b.len, 4);
	unlink(path);
	rmdir(folder);
	buf_free(&b);
}
END_TEST

START_TEST(sealed)
{
	struct err e;
	char got[8] = "";
	int fd = sealed_file("snapshot", 8, &e);

	ck_assert_msg(fd >= 0, "%s", e.text);
	ck_assert_int_eq(pread(fd, got, 8, 0), 8);
	ck_assert_int_eq(memcmp(got, "snapshot", 8), 0);
	ck_assert_int_eq(pwrite(fd, "x", 1, 0), -1);
	ck_assert_int_eq(ftruncate(fd, 4), -1);
	ck_assert_int_eq(ftruncate(fd, 400), -1);
	ck_assert_int_eq(fcntl(fd, F_GET_SEALS), F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
	ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	close(fd);
}
END_TEST

START_TEST(lists_and_buffers)
{
	struct buf b = { 0 };
	int *list = NULL;

	for (size_t i = 0; i < 5000; i++) {
		list = must_grow(list, i, sizeof *list);
		list[i] = (int)i;
	}
	for (int i = 0; i < 5000; i++)
		ck_assert_int_eq(list[i], i);
	free(list);
	for (int i = 0; i < 1000; i++)
		buf_format(&b, "%d,", i % 10);
	ck_assert_uint_eq(b.len, 2000);
	ck_assert_uint_eq(strlen(b.at), 2000);
	buf_add(&b, "a\0b", 3);
	ck_assert_uint_eq(b.len, 2003);
	ck_assert_int_eq(memcmp(b.at + 1998, "9,a\0b", 6), 0);
	buf_free(&b);
	ck_assert(b.len == 0 && !b.at);
}
END_TEST

START_TEST(arenas)
{
	enum { COUNT = 20000 };
	struct arena *a = arena_new();
	char **copies = malloc(COUNT * sizeof *copies), *big = calloc(1, 1 << 20);

	for (int i = 0; i < COUNT; i++) {
		char words[40];
		int n = snprintf(words, sizeof words, "host%d.relay.example", i);
		copies[i] = arena_strndup(a, words, i % 1000 ? (size_t)n : 0);
		if (i % 5000 == 0)
			ck_assert_int_eq(arena_strndup(a, big, 1 << 20)[1 << 20], 0);
	}
	for (int i = 0; i < COUNT; i++) {
		char words[40];
		snprintf(words, sizeof words, "host%d.relay.example", i);
		ck_assert_str_eq(copies[i], i % 1000 ? words : "");
	}
	ck_assert_int_eq(memcmp(arena_strndup(a, "a\0b", 3), "a\0b", 4), 0);
	arena_free(a);
	arena_free(NULL);
	free(copies);
	free(big);
}
END_TEST

int main(void)
{
	return unit_run("file", UNIT_TESTS(beside, regular_files, pipes, what_cannot_be_read, what_is_no_regular_file,
					sealed, lists_and_buffers, arenas));
}
