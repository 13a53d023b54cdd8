/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/endpoint.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "policy/endpoint.h"

/* whole has been through endpoint_parse: only the parts are still to be found. */
static void take_apart(struct endpoint *p, const char *whole)
{
	const char *host = whole + 5, *colon = strrchr(host, ':');
	bool brackets = *host == '[';

	if (p->local) {
		snprintf(p->path, sizeof(p->path), "%s", host);
		return;
	}
	snprintf(p->host, sizeof(p->host), "%.*s", (int)(colon - host) - 2 * brackets, host + brackets);
	snprintf(p->port, sizeof(p->port), "%s", colon + 1);
}

int endpoint_read(struct endpoint *p, struct text t, struct err *e)
{
	char *whole = endpoint_parse(t, "", e);

	if (whole == NULL)
		return -1;
	memset(p, 0, sizeof(*p));
	p->local = strncmp(whole, "unix:", 5) == 0;
	take_apart(p, whole);
	free(whole);
	return 0;
}

static int connect_local(const struct endpoint *p, struct err *e)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_set(e, "socket: %s", strerror(errno));
	memcpy(to.sun_path, p->path, sizeof(to.sun_path));
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	if (errno == ECONNREFUSED || errno == ENOENT)
		err_set(e, "no server is there: %s", strerror(errno));
	else
		err_set(e, "cannot connect: %s", strerror(errno));
	close(fd);
	return -1;
}

static int connect_inet(const struct endpoint *p, struct err *e)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *all;
	int fd = -1, rc = getaddrinfo(p->host, p->port, &hints, &all);

	if (rc != 0)
		return err_set(e, "cannot find the host: %s", rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
	for (const struct addrinfo *a = all; a != NULL && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) == 0)
			break;
		err_set(e, "cannot connect: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	freeaddrinfo(all);
	return fd;
}

int endpoint_connect(struct text t, struct err *e)
{
	struct endpoint p;
	int fd;

	if (endpoint_read(&p, t, e) < 0)
		return -1;
	fd = p.local ? connect_local(&p, e) : connect_inet(&p, e);
	return fd < 0 ? err_wrap(e, "%.*s", (int)t.len, t.at) : fd;
}
