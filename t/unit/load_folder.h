/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_LOAD_FOLDER_H
#define MXONLY_LOAD_FOLDER_H

/*
 * load_folder - a folder with configuration files, and what tests of loading say of the result
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"
#include "policy/snapshot.h"
#include "unit.h"

/* Without a warning, whatever port 25 of this host listens to. */
static const char load_good[] =
	"[relay filter]\nranges = 192.0.2.0/24 2001:db8:25::/48\n[domain example.org]\nmode = off\n";

/* A folder of our own, and files in it. */
static char folder[] = "/tmp/mxonly-test-load-XXXXXX";

static void start(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void finish(void)
{
	char command[80];

	snprintf(command, sizeof command, "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

static inline const char *path_of(const char *name)
{
	static char path[4][80];
	static int turn;
	char *to = path[turn++ % 4];

	snprintf(to, sizeof path[0], "%s/%s", folder, name);
	return to;
}

static inline const char *file_with(const char *name, const void *bytes, size_t n)
{
	const char *path = path_of(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fd_write_all(fd, bytes, n, NULL), 0);
	close(fd);
	return path;
}

static inline const char *ini_with(const char *name, const char *text)
{
	return file_with(name, text, strlen(text));
}

static void is_served(int fd)
{
	const struct snapshot *s;
	struct err e = { "" };
	char title[80];

	ck_assert_msg(fd >= 0 && snapshot_map(&s, fd, &e) == 0, "descriptor %d: %s", fd, e.text);
	size_t n = snapshot_policy_title(s, snap_policy(s, snapshot_policy_of(s, text_of("example.org"))), title, 80);
	ck_assert(text_is(text_cut(title, n), "domain example.org"));
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	snapshot_unmap(s);
	close(fd);
}

/* The one fault there is. */
static inline const char *only_fault(const struct faults *f)
{
	ck_assert_uint_eq(f->errors, 1);
	for (size_t i = 0; i < f->count; i++)
		if (!f->list[i].warning)
			return f->list[i].words;
	return "";
}

static void no_child_is_left(void)
{
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
}

#endif
