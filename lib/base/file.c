/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A device such as /dev/zero has no end; a stream longer than this is taken for one. */
enum { READ = 64 * 1024, STREAM_MAX = 1 << 30 };

/* errno 0, or why it cannot be read as a file. */
static int read_to_end(int fd, const struct stat *s, struct buf *b)
{
	size_t begun = b->len, want = S_ISREG(s->st_mode) && s->st_size > 0 ? (size_t)s->st_size + 1 : READ;

	for (;;) {
		ssize_t n = read(fd, buf_room(b, want), want);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (n == 0)
			return 0;
		b->len += (size_t)n;
		want = READ;
		if (!S_ISREG(s->st_mode) && b->len - begun > STREAM_MAX)
			return EFBIG;
	}
}

int fd_read_all(int fd, struct buf *b, time_t *modified, struct err *e)
{
	size_t begun = b->len;
	struct stat s;
	int why = fstat(fd, &s) < 0 ? errno : read_to_end(fd, &s, b);

	if (why != 0) {
		b->len = begun;
		return err_set(e, "%s", strerror(why));
	}
	*buf_room(b, 0) = '\0';
	if (modified)
		*modified = s.st_mtime;
	return 0;
}

static const char *not_regular(int fd)
{
	struct stat s;

	if (fstat(fd, &s) < 0)
		return strerror(errno);
	switch (s.st_mode & S_IFMT) {
	case S_IFREG:
		return NULL;
	case S_IFDIR:
		return strerror(EISDIR);
	case S_IFIFO:
		return "is a pipe, not a file";
	default:
		return "is a device, not a file";
	}
}

static int read_path(const char *path, bool regular, struct buf *b, time_t *modified, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (regular ? O_NONBLOCK : 0)), result;
	const char *why;

	if (fd < 0)
		return err_set(e, "%s: %s", path, strerror(errno));
	why = regular ? not_regular(fd) : NULL;
	if (why)
		result = err_set(e, "%s: %s", path, why);
	else if ((result = fd_read_all(fd, b, modified, e)) < 0)
		err_wrap(e, "%s", path);
	close(fd);
	return result;
}

int file_read(const char *path, struct buf *b, time_t *modified, struct err *e)
{
	return read_path(path, false, b, modified, e);
}

int file_read_regular(const char *path, struct buf *b, time_t *modified, struct err *e)
{
	return read_path(path, true, b, modified, e);
}

int fd_write_all(int fd, const void *bytes, size_t n, struct err *e)
{
	const char *at = bytes;

	while (n > 0) {
		ssize_t written = write(fd, at, n);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return err_set(e, "cannot write: %s", strerror(errno));
		at += written;
		n -= (size_t)written;
	}
	return 0;
}

char *path_beside(const char *from, struct text path)
{
	const char *slash = strrchr(from, '/');
	struct buf b = { 0 };

	if (slash && !(path.len > 0 && path.at[0] == '/'))
		buf_add(&b, from, (size_t)(slash + 1 - from));
	buf_add(&b, path.at, path.len);
	return b.at;
}

int memory_file(struct err *e)
{
	int fd = memfd_create("mxonly", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		err_set(e, "cannot make a memory file: %s", strerror(errno));
	return fd;
}

int memory_file_seal(int fd, int written, struct err *e)
{
	if (fd < 0 ||
		(written == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0))
		return fd;
	if (written == 0)
		err_set(e, "cannot seal a memory file: %s", strerror(errno));
	close(fd);
	return -1;
}

int sealed_file(const void *bytes, size_t n, struct err *e)
{
	int fd = memory_file(e);

	return fd < 0 ? -1 : memory_file_seal(fd, fd_write_all(fd, bytes, n, e), e);
}
