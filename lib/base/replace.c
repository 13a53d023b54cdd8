/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"

/* A file whose beginning cannot be read is not taken for ours. */
static bool has_mark(const char *path, const char *mark)
{
	char begin[4096];
	ssize_t n = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0) {
		n = read(fd, begin, sizeof begin);
		close(fd);
	}
	return n == 0 || (n > 0 && memmem(begin, (size_t)n, mark, strlen(mark)) != NULL);
}

int replace_check(const char *path, const char *config, const char *mark, struct err *e)
{
	struct stat to, from;

	if (stat(path, &to) < 0)
		return errno == ENOENT ? 0 : err_set(e, "%s: %s", path, strerror(errno));
	if (S_ISDIR(to.st_mode))
		return err_set(e, "%s is a folder: name a file in it", path);
	if (!S_ISREG(to.st_mode))
		return err_set(e, "%s is no ordinary file, which a new one could replace", path);
	if (config && stat(config, &from) == 0 && from.st_dev == to.st_dev && from.st_ino == to.st_ino)
		return err_set(e, "%s is the configuration itself: what is written would replace it", path);
	if (mark && !has_mark(path, mark))
		return err_set(e, "%s is there, and not by mxonly: move it away, or name another file", path);
	return 0;
}

/* Everything is on the disk before the name leads there: a crash leaves the old file or the new one. */
static int write_whole(int fd, const void *bytes, size_t n, struct err *e)
{
	mode_t mask = umask(0);

	umask(mask);
	if (fd_write_all(fd, bytes, n, e) < 0)
		return -1;
	if (fchmod(fd, 0644 & ~mask) < 0 || fsync(fd) < 0)
		return err_set(e, "cannot write: %s", strerror(errno));
	return 0;
}

/* A new file beside the target, for only there rename(2) is sure to reach it. */
int replace_file(const char *path, const void *bytes, size_t n, struct err *e)
{
	struct buf name = { 0 };
	int fd, result = -1;
	char *real = realpath(path, NULL); /* NULL: nothing is there yet */

	buf_format(&name, "%s.XXXXXX", real ? real : path);
	fd = mkostemp(name.at, O_CLOEXEC);
	if (fd < 0) {
		err_set(e, "cannot make a file beside it: %s", strerror(errno));
		goto out;
	}
	result = write_whole(fd, bytes, n, e);
	if (close(fd) < 0 && result == 0)
		result = err_set(e, "cannot write: %s", strerror(errno));
	if (result == 0 && rename(name.at, real ? real : path) < 0)
		result = err_set(e, "cannot rename: %s", strerror(errno));
	if (result < 0)
		unlink(name.at);
out:
	buf_free(&name);
	free(real);
	return result < 0 ? err_wrap(e, "%s", path) : 0;
}
