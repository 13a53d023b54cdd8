/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_LISTENER_H
#define MXONLY_LISTENER_H

/*
 * listener - the sockets on which clients are accepted: made, shared by all workers, removed
 *
 * Life:      listeners_open, listeners_adopt -> (forks) -> listeners_remove in the supervisor -> listeners_close in every process
 * Memory:    an inet endpoint becomes a listener for each address of its host
 * Errors:    -1 with e naming the endpoint and what to do; what was opened before stays open: remove and close it
 * Processes: waits up to LISTENER_PATIENCE for the one who still serves a path or a port
 * Tested by: t/live/server_sockets.t
 */

#include <stddef.h>
#include <sys/types.h>

#include "server/endpoint.h"

enum { LISTENER_PATIENCE = 5 /* seconds */, LISTENERS_MAX = 64 };

struct listener {
	int fd;
	struct endpoint endpoint;
	bool adopted; /* somebody else made it, and removes it */
	dev_t dev; /* of a UNIX socket's file: only our own one is removed */
	ino_t ino;
};

struct listeners {
	struct listener at[LISTENERS_MAX];
	size_t count;
};

/* Of UNIX sockets: the mode; and the group, or (gid_t)-1 to leave it as created. */
struct listener_rights {
	mode_t mode;
	gid_t group;
};

/* key: the setting that names it, for messages. */
int listeners_open(
	struct listeners *l, const char *key, struct text name, const struct listener_rights *rights, struct err *e);

/* A socket that was handed over: it must listen for streams; it does not block from now on, and closes on exec. */
int listeners_adopt(struct listeners *l, int fd, struct err *e);

/* The folder of unix:/path can take a socket; otherwise e says why not. */
int listener_check_folder(struct text name, struct err *e);

/* As `listen` would have it; to ends with a NUL. */
void listener_name(const struct listener *l, char *to, size_t cap);

/* Removes the files of UNIX sockets, so that nobody connects any more; the sockets stay open. */
void listeners_remove(const struct listeners *l);

void listeners_close(struct listeners *l);

#endif
