/* SPDX-License-Identifier: BSD-2-Clause */

/* Where a check_policy_service leads: to a socket that mxonlyd listens on, to mxonlyd -i under spawn(8), or elsewhere. */

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "postfix/advice_parts.h"

static bool begins(struct text t, const char *with)
{
	return t.len >= strlen(with) && memcmp(t.at, with, strlen(with)) == 0;
}

static struct text behind(struct text t, size_t n)
{
	return text_cut(t.at + n, t.len - n);
}

char *advice_socket_path(const struct advice *a, const struct service *sv, struct text endpoint)
{
	struct text path = behind(endpoint, strlen("unix:"));
	struct buf b = { 0 };

	if (!begins(path, "/"))
		buf_format(&b, "%s/", a->p->queue);
	else if (postfix_chrooted(a->p, sv))
		buf_str(&b, a->p->queue);
	buf_add(&b, path.at, path.len);
	*buf_room(&b, 0) = '\0';
	return b.at;
}

static bool same_file(const char *one, const char *other)
{
	struct stat a, b;

	if (strcmp(one, other) == 0)
		return true;
	return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

const struct service *advice_spawned(const struct advice *a, struct text endpoint)
{
	struct text path = begins(endpoint, "unix:") ? behind(endpoint, strlen("unix:")) : endpoint;
	const char *slash = text_find(path, '/');

	if (!slash || !(begins(path, "private/") || begins(path, "public/")))
		return NULL;
	struct text name = behind(path, (size_t)(slash + 1 - path.at));
	for (size_t i = 0; i < a->p->services.count; i++) {
		const struct service *s = &a->p->services.at[i];
		if (strcmp(s->type, "unix") == 0 && text_is(name, s->name) && strcmp(s->command, "spawn") == 0)
			return strstr(s->arguments, "mxonlyd") ? s : NULL;
	}
	return NULL;
}

/* host:port of "inet:host:port"; of a host its brackets are cut. */
static void cut_inet(struct text t, struct text *host, struct text *port)
{
	const char *colon;

	t = behind(t, strlen("inet:"));
	colon = t.len > 0 ? memrchr(t.at, ':', t.len) : NULL;
	*host = text_cut(t.at, colon ? (size_t)(colon - t.at) : 0);
	*port = colon ? behind(t, host->len + 1) : t;
	if (host->len > 1 && host->at[0] == '[')
		*host = text_cut(host->at + 1, host->len - 2);
}

static bool same_host(struct text listens, struct text asked)
{
	bool any = text_is(listens, "0.0.0.0") || text_is(listens, "::");
	bool local = text_is(listens, "127.0.0.1") || text_is(listens, "::1") || text_is(listens, "localhost");

	return any || text_equal_nocase(listens, asked) || (local && text_is(asked, "localhost"));
}

static bool same_inet(struct text listens, struct text asked, bool *port_too)
{
	struct text host[2], port[2];

	cut_inet(listens, &host[0], &port[0]);
	cut_inet(asked, &host[1], &port[1]);
	*port_too = text_equal(port[0], port[1]);
	return *port_too && same_host(host[0], host[1]);
}

static struct text last_part(struct text path)
{
	const char *slash = path.len > 0 ? memrchr(path.at, '/', path.len) : NULL;

	return slash ? behind(path, (size_t)(slash + 1 - path.at)) : path;
}

static enum endpoint_kind compare(
	const struct advice *a, const struct service *sv, struct text listens, struct text asked)
{
	enum endpoint_kind kind = ENDPOINT_OTHER;
	bool near = false;

	if (begins(listens, "inet:") && begins(asked, "inet:")) {
		if (same_inet(listens, asked, &near))
			return ENDPOINT_OURS;
		return near ? ENDPOINT_MEANT : ENDPOINT_OTHER;
	}
	if (!begins(listens, "unix:") || !begins(asked, "unix:"))
		return ENDPOINT_OTHER;
	char *path = advice_socket_path(a, sv, asked);
	char *ours = must_strndup(listens.at + strlen("unix:"), listens.len - strlen("unix:"));
	if (same_file(ours, path))
		kind = ENDPOINT_OURS;
	else if (text_equal(last_part(listens), last_part(asked)))
		kind = ENDPOINT_MEANT;
	free(path);
	free(ours);
	return kind;
}

enum endpoint_kind advice_endpoint(const struct advice *a, const struct service *sv, struct text endpoint)
{
	const struct span listen = a->s->policyd.listen;
	enum endpoint_kind best = memmem(endpoint.at, endpoint.len, "mxonly", 6) ? ENDPOINT_MEANT : ENDPOINT_OTHER;

	if (advice_spawned(a, endpoint))
		return ENDPOINT_OURS;
	for (uint32_t i = 0; i < listen.count; i++) {
		enum endpoint_kind kind = compare(a, sv, snap_item(a->s, listen, i), endpoint);
		if (kind < best)
			best = kind;
	}
	return best;
}

char *advice_our_endpoint(const struct advice *a, const struct service *sv)
{
	struct text listens = snap_item(a->s, a->s->policyd.listen, 0);
	size_t queue = strlen(a->p->queue);

	if (begins(listens, "unix:")) {
		struct text path = behind(listens, strlen("unix:"));
		struct buf b = { 0 };
		if (path.len > queue && memcmp(path.at, a->p->queue, queue) == 0 && path.at[queue] == '/')
			path = behind(path, queue + 1);
		else if (sv && postfix_chrooted(a->p, sv))
			return NULL;
		buf_str(&b, "unix:");
		buf_add(&b, path.at, path.len);
		*buf_room(&b, 0) = '\0';
		return b.at;
	}
	return must_strndup(listens.at, listens.len);
}

enum endpoint_kind advice_kind(const struct advice *a, const struct service *sv, const struct step *s)
{
	if (!step_is(s, "check_policy_service"))
		return ENDPOINT_OTHER;
	return advice_endpoint(a, sv, policy_call_read(s->argument).endpoint);
}
