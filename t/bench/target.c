/* SPDX-License-Identifier: BSD-2-Clause */
#include <netdb.h>
#include <string.h>
#include <sys/un.h>

#include "client.h"

static void parse_unix(struct target *t, const char *path)
{
	struct sockaddr_un *u = (struct sockaddr_un *)&t->address;

	if (strlen(path) >= sizeof u->sun_path)
		die("%s: too long for a socket", path);
	u->sun_family = AF_UNIX;
	strcpy(u->sun_path, path);
	t->len = sizeof *u;
	t->family = AF_UNIX;
}

/* host:port or [address]:port */
static void parse_inet(struct target *t, const char *text)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *ai;
	const char *colon = strrchr(text, ':');
	char host[256];
	char *h = host;

	if (colon == NULL || (size_t)(colon - text) >= sizeof host)
		die("%s: host:port is missing", text);
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = '\0';
	size_t len = strlen(h);
	if (len > 1 && h[0] == '[' && h[len - 1] == ']') {
		h[len - 1] = '\0';
		h++;
	}
	int rc = getaddrinfo(h, colon + 1, &hints, &ai);
	if (rc != 0)
		die("%s: %s", text, gai_strerror(rc));
	memcpy(&t->address, ai->ai_addr, ai->ai_addrlen);
	t->len = ai->ai_addrlen;
	t->family = ai->ai_family;
	freeaddrinfo(ai);
}

void target_parse(struct target *t, const char *text)
{
	if (strncmp(text, "unix:", 5) == 0)
		parse_unix(t, text + 5);
	else if (strncmp(text, "inet:", 5) == 0)
		parse_inet(t, text + 5);
	else
		die("%s: unix:/path or inet:host:port is meant", text);
}
