/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* The file that is open is still the one of that name: who has just left may have removed it. */
static bool is_there(const struct pidfile *p)
{
	struct stat own, there;

	return fstat(p->fd, &own) == 0 && lstat(p->path, &there) == 0 && own.st_dev == there.st_dev &&
	       own.st_ino == there.st_ino;
}

static int open_and_lock(struct pidfile *p, struct err *e)
{
	for (;;) {
		p->fd = open(p->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0644);
		if (p->fd < 0)
			return err_set(e, "%s", strerror(errno));
		if (flock(p->fd, LOCK_EX | LOCK_NB) < 0) {
			err_set(e, "%s",
				errno == EWOULDBLOCK ? "the server that it names is running" : strerror(errno));
			close(p->fd);
			return -1;
		}
		if (is_there(p))
			return 0;
		close(p->fd);
	}
}

int pidfile_take(struct pidfile *p, const char *path, struct err *e)
{
	p->path = path;
	if (open_and_lock(p, e) < 0)
		return err_wrap(e, "-p %s", path);
	fchmod(p->fd, 0644);
	if (ftruncate(p->fd, 0) == 0 && dprintf(p->fd, "%d\n", (int)getpid()) > 0)
		return 0;
	err_set(e, "-p %s: %s", path, strerror(errno));
	pidfile_remove(p);
	return -1;
}

void pidfile_remove(const struct pidfile *p)
{
	if (is_there(p))
		unlink(p->path);
	close(p->fd);
}
