/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/load.h"

#include <stddef.h>
#include <sys/stat.h>

#include "load_folder.h"
#include "unit.h"

START_TEST(ini_is_loaded)
{
	struct faults f = { 0 };

	start();
	is_served(load(ini_with("a.ini", load_good), &f));
	ck_assert_uint_eq(f.errors, 0);
	no_child_is_left();
	finish();
}
END_TEST

START_TEST(text_is_loaded_in_this_process)
{
	struct faults f = { 0 };
	struct buf b = { 0 };
	struct err e;

	is_served(load_text(text_of(load_good), "a.ini", &f));
	ck_assert_int_eq(load_text(text_of("[relay]\n"), "a.ini", &f), -1);
	ck_assert_uint_gt(f.errors, 0);
	faults_free(&f);

	int fd = load_text(text_of(load_good), "a.ini", &f);
	char path[40];
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	ck_assert_int_eq(file_read(path, &b, NULL, &e), 0);
	close(fd);
	is_served(load_text(text_cut(b.at, b.len), "a.mxs", &f));
	b.at[b.len - 9] ^= 1;
	ck_assert_int_eq(load_text(text_cut(b.at, b.len), "a.mxs", &f), -1);
	row_has("damaged", only_fault(&f), "a.mxs: damaged: ");
	faults_free(&f);
	buf_free(&b);
}
END_TEST

START_TEST(faults_and_warnings_travel)
{
	struct faults f = { 0 };

	start();
	ck_assert_int_eq(
		load(ini_with("bad.ini", "[relay a]\nranges = 192.0.2.0/33\n\n[domain example.org]\nmod = off\n"), &f),
		-1);
	ck_assert_uint_ge(f.errors, 2);
	row_has("range", f.list[0].words, "bad.ini:2: ");
	row_has("key", f.list[1].words, "bad.ini:5: ");
	faults_free(&f);

	is_served(load(ini_with("warned.ini", "[default]\nexempt_networks = 192.0.2.0/24\n[relay a]\nranges = "
					      "192.0.2.1\n[domain example.org]\nmode = off\n"),
		&f));
	ck_assert_uint_eq(f.errors, 0);
	ck_assert_uint_ge(f.warnings, 1);
	row_has("loopback", f.list[0].words, "warned.ini:2: ");
	faults_free(&f);
	finish();
}
END_TEST

START_TEST(more_faults_than_a_socket_holds_travel)
{
	struct faults f = { 0 };
	struct buf ini = { 0 };

	for (int i = 0; i < 5000; i++)
		buf_format(&ini, "[domain d%d.example]\nmode = %01000d\n", i, i);
	start();
	ck_assert_int_eq(load(ini_with("many.ini", ini.at), &f), -1);
	ck_assert_uint_ge(f.errors, 5000);
	ck_assert_uint_eq(f.count, FAULTS_KEPT + f.warnings);
	faults_free(&f);
	buf_free(&ini);
	finish();
}
END_TEST

START_TEST(paths_that_cannot_be_read)
{
	char want[200];
	struct faults f = { 0 };
	const char *path;

	start();
	path = path_of("missing.ini");
	ck_assert_int_eq(load(path, &f), -1);
	snprintf(want, sizeof want, "%s: No such file or directory", path);
	ck_assert_str_eq(only_fault(&f), want);
	faults_free(&f);
	ck_assert_int_eq(load(folder, &f), -1);
	snprintf(want, sizeof want, "%s: Is a directory", folder);
	ck_assert_str_eq(only_fault(&f), want);
	faults_free(&f);
	finish();
}
END_TEST

/* The bytes of a compiled file. */
static struct buf compiled(void)
{
	struct faults f = { 0 };
	struct buf b = { 0 };
	struct err e;
	char path[40];
	int fd = load_text(text_of(load_good), "a.ini", &f);

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	ck_assert_msg(file_read(path, &b, NULL, &e) == 0, "%s", e.text);
	close(fd);
	faults_free(&f);
	return b;
}

static const struct {
	const char *row;
	size_t at; /* what is changed there: one bit */
	int longer;
	const char *words;
} files[] = {
	{ "whole", 0, 0, NULL },
	{ "another format", offsetof(struct snapshot, format), 0, "compiled by another version (format " },
	{ "a bit", 900, 0, "damaged: " },
	{ "cut in the header", 0, -1000, "cut off: " },
	{ "cut at the end", 0, -1, "cut off: " },
	{ "longer", 0, 8, "damaged: " },
};

START_TEST(compiled_files_are_loaded)
{
	struct buf b = compiled();

	start();
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct faults f = { 0 };
		struct buf copy = { 0 };
		buf_add(&copy, b.at, b.len);
		buf_add(&copy, "\0\0\0\0\0\0\0", 8);
		copy.at[files[i].at] ^= files[i].at > 0;
		const char *path = file_with("a.mxs", copy.at, (size_t)((int)b.len + files[i].longer));
		int fd = load(path, &f);
		row_int(files[i].row, fd >= 0, files[i].words == NULL);
		if (fd >= 0)
			is_served(fd);
		else
			row_has(files[i].row, only_fault(&f), files[i].words);
		if (fd < 0)
			row_has(files[i].row, only_fault(&f), path);
		faults_free(&f);
		buf_free(&copy);
	}
	buf_free(&b);
	finish();
}
END_TEST

/* As a shell hands it over: mxonly check -c <(command). */
static void load_from_pipe(struct text bytes)
{
	struct faults f = { 0 };
	char path[40];
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(fd_write_all(ends[1], bytes.at, bytes.len, NULL), 0);
	close(ends[1]);
	snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
	is_served(load(path, &f));
	close(ends[0]);
}

START_TEST(pipes_are_loaded)
{
	struct buf b = compiled();

	load_from_pipe(text_of(load_good));
	load_from_pipe(text_cut(b.at, b.len));
	buf_free(&b);
}
END_TEST

/* Opened once only: whoever writes to it does so once. */
START_TEST(named_pipes_are_loaded)
{
	struct faults f = { 0 };
	const char *path;
	int status;

	start();
	path = path_of("pipe.ini");
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	pid_t writer = fork();
	if (writer == 0) {
		int fd = open(path, O_WRONLY);
		_exit(fd < 0 || fd_write_all(fd, load_good, strlen(load_good), NULL) < 0);
	}
	is_served(load(path, &f));
	ck_assert_int_eq(waitpid(writer, &status, 0), writer);
	ck_assert_int_eq(status, 0);
	finish();
}
END_TEST

int main(void)
{
	return unit_run("load", UNIT_TESTS(ini_is_loaded, text_is_loaded_in_this_process, faults_and_warnings_travel,
					more_faults_than_a_socket_holds_travel, paths_that_cannot_be_read,
					compiled_files_are_loaded, pipes_are_loaded, named_pipes_are_loaded));
}
