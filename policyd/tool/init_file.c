/* SPDX-License-Identifier: BSD-2-Clause */

/* mxonly init: the file that the configuration goes to. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "policy/lines.h"
#include "tool/init.h"

/* Nothing but comments and [policyd], and nothing that leads to other files. */
static bool is_blank(struct text bytes)
{
	struct text line;
	const char *wrong;
	struct lines l;

	lines_start(&l, bytes);
	while (lines_next(&l, &line, &wrong)) {
		line = text_trim(line);
		if (wrong || (line.len >= 7 && memcmp(line.at, "include", 7) == 0))
			return false;
		if (line.len > 0 && line.at[0] == '[' && !(line.len >= 9 && memcmp(line.at, "[policyd]", 9) == 0))
			return false;
	}
	return true;
}

int init_place(const char *path, struct buf *there, struct err *e)
{
	struct stat s;

	if (lstat(path, &s) < 0)
		return errno == ENOENT ? 1 : err_set(e, "%s: %s", path, strerror(errno));
	if (file_read_regular(path, there, NULL, e) < 0)
		return -1;
	if (is_blank(text_cut(there->at ? there->at : "", there->len)))
		return 0;
	return err_set(
		e, "%s is there already, and is never written over: name another file with -c, or move it away", path);
}

int init_write(const char *path, bool new, struct text text, struct err *e)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | (new ? O_CREAT | O_EXCL : 0), 0644);
	int status = -1;

	if (fd < 0)
		return err_set(e, "%s: %s", path, strerror(errno));
	if (fd_write_all(fd, text.at, text.len, e) < 0)
		err_wrap(e, "%s", path);
	else if (fsync(fd) < 0)
		err_set(e, "%s: %s", path, strerror(errno));
	else
		status = 0;
	close(fd);
	return status;
}
