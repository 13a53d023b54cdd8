/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/activation.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FIRST = 3, NAME_BYTES = 32 };

/* LISTEN_PID names this process: what a parent was given is not ours. */
static unsigned long count_handed(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	unsigned long own, n;

	if (pid == NULL || fds == NULL || !text_number(text_of(pid), 1UL << 30, &own) ||
		own != (unsigned long)getpid() || !text_number(text_of(fds), 1UL << 16, &n))
		return 0;
	return n;
}

/* The names are apart by colons; fewer than descriptors: the others have none. */
static struct text next_name(struct text *rest)
{
	const char *colon = memchr(rest->at, ':', rest->len);
	struct text name = text_cut(rest->at, colon != NULL ? (size_t)(colon - rest->at) : rest->len);
	size_t used = name.len + (colon != NULL);

	*rest = text_cut(rest->at + used, rest->len - used);
	return name;
}

static int take_one(struct activation *a, int fd, struct text name, struct err *e)
{
	bool control = text_is(name, "control");
	int rc = 0;

	if (control && a->control.count > 0)
		rc = err_set(e, "a second one named `control`");
	if (rc == 0)
		rc = listeners_adopt(control ? &a->control : &a->listen, fd, e);
	if (rc == 0 && control && !a->control.at[0].endpoint.local)
		rc = err_set(e, "`control` must be a UNIX socket");
	if (rc < 0)
		return err_wrap(e, "a socket from systemd (descriptor %d, name %.*s)", fd,
			(int)(name.len < NAME_BYTES ? name.len : NAME_BYTES), name.at);
	return 0;
}

int activation_take(struct activation *a, struct err *e)
{
	const char *names = getenv("LISTEN_FDNAMES");
	unsigned long n = count_handed();
	struct text rest = text_of(names != NULL ? names : "");
	int rc = 0;

	for (unsigned long i = 0; i < n && rc == 0; i++)
		rc = take_one(a, FIRST + (int)i, next_name(&rest), e);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return rc;
}
