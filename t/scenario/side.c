/* SPDX-License-Identifier: BSD-2-Clause */
#include "side.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

int side_copy(const struct side *s, const char *from, const char *to, struct text more, struct err *e)
{
	struct buf path = { 0 }, bytes = { 0 };
	int fd, done = -1;

	buf_format(&path, "%s/%s", s->folder, from);
	if (file_read(path.at, &bytes, NULL, e) < 0)
		goto out;
	buf_add(&bytes, more.at, more.len);
	path.len = 0;
	buf_format(&path, "%s/%s", s->folder, to);
	fd = open(path.at, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0) {
		err_set(e, "%s: %s", path.at, strerror(errno));
		goto out;
	}
	done = fd_write_all(fd, bytes.at, bytes.len, e);
	close(fd);
out:
	buf_free(&path);
	buf_free(&bytes);
	return done;
}

void reply_free(struct reply *r)
{
	buf_free(&r->bytes);
	buf_free(&r->object);
}
