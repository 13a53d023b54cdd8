/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_PIDFILE_H
#define MXONLY_PIDFILE_H

/*
 * pidfile - a file that tells the number of this process, as long as it lives
 *
 * Life:      pidfile_take -> pidfile_remove
 * Errors:    -1 with e: it cannot be written, or the process that it names is another server that lives
 * Processes: the file is locked as long as its owner lives; a stale one is not, whatever number it tells
 * Tested by: t/live/server_daemon.t
 */

#include "base/err.h"

struct pidfile {
	const char *path;
	int fd;
};

int pidfile_take(struct pidfile *p, const char *path, struct err *e);

void pidfile_remove(const struct pidfile *p);

#endif
