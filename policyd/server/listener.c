/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { BACKLOG = 4096, RETRY_MS = 50 };

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void wait_a_moment(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = RETRY_MS * 1000000L }, NULL);
}

/* The name of the user that this process runs as, for messages; to has n bytes. */
static const char *own_name(char *to, size_t n)
{
	const struct passwd *pw = getpwuid(geteuid());

	if (pw != NULL)
		snprintf(to, n, "%s", pw->pw_name);
	else
		snprintf(to, n, "the user %u", (unsigned)geteuid());
	return to;
}

static void folder_of(const char *path, char folder[ENDPOINT_PATH])
{
	char copy[ENDPOINT_PATH];

	snprintf(copy, sizeof(copy), "%s", path);
	snprintf(folder, ENDPOINT_PATH, "%s", dirname(copy));
}

/* Says why the folder of a socket cannot take it; 0 when it can. */
static int check_folder(const char *path, struct err *e)
{
	char folder[ENDPOINT_PATH], user[64];
	struct stat st;

	folder_of(path, folder);
	own_name(user, sizeof(user));
	if (stat(folder, &st) < 0 && errno == ENOENT)
		return err_set(e,
			"the folder %s does not exist: create it for %s, setgid to the group of those who may ask, for "
			"example: "
			"install -d -o %s -g postfix -m 2750 %s",
			folder, user, user, folder);
	if (access(folder, W_OK | X_OK) < 0)
		return err_set(e, "the folder %s must be writable to %s, as whom the server runs: %s", folder, user,
			strerror(errno));
	return 0;
}

/* Two servers that start at once must not remove one another's socket: whoever has the folder's lock looks and binds. */
static int lock_folder(const char *path)
{
	char folder[ENDPOINT_PATH];
	int fd;

	folder_of(path, folder);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		flock(fd, LOCK_EX);
	return fd; /* -1: a folder that cannot be read is not locked */
}

enum { PATH_FREE, PATH_SERVED };

/* PATH_FREE (a stale socket is removed), PATH_SERVED, or -1. */
static int clear_path(const char *path, struct err *e)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct stat st;
	int fd, rc, why;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? PATH_FREE : err_set(e, "%s", strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, "something else is in its place that is not a socket: move it away");
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set(e, "socket: %s", strerror(errno));
	memcpy(to.sun_path, path, strlen(path) + 1);
	rc = connect(fd, (const struct sockaddr *)&to, sizeof(to));
	why = errno;
	close(fd);
	if (rc == 0 || why == EAGAIN || why == EINPROGRESS)
		return PATH_SERVED;
	if (why == ENOENT)
		return PATH_FREE;
	if (why != ECONNREFUSED)
		return err_set(
			e, "a socket is there already, and whether it is served cannot be told: %s", strerror(why));
	if (unlink(path) < 0 && errno != ENOENT)
		return err_set(e, "the stale socket cannot be removed: %s", strerror(errno));
	return PATH_FREE;
}

/* Before listen(2) nobody can connect: so there is no moment at which the wrong group could. */
static int set_rights(const char *path, const struct listener_rights *rights, struct err *e)
{
	char user[64];
	const struct group *gr;

	if (rights->group != (gid_t)-1 && lchown(path, (uid_t)-1, rights->group) < 0) {
		const int why = errno;

		gr = getgrgid(rights->group);
		own_name(user, sizeof(user));
		return err_set(e,
			"cannot give the socket to socket_group = %s: %s; %s must be a member of it: adduser %s %s",
			gr != NULL ? gr->gr_name : "?", strerror(why), user, user, gr != NULL ? gr->gr_name : "?");
	}
	if (chmod(path, rights->mode) < 0)
		return err_set(e, "cannot set socket_mode: %s", strerror(errno));
	return 0;
}

static int bind_path(struct listener *l, const struct listener_rights *rights, struct err *e)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	const char *path = l->endpoint.path;
	struct stat st;
	mode_t mask;
	int rc;

	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0)
		return err_set(e, "socket: %s", strerror(errno));
	memcpy(at.sun_path, path, strlen(path) + 1);
	mask = umask(0777);
	rc = bind(l->fd, (const struct sockaddr *)&at, sizeof(at));
	umask(mask);
	if (rc < 0) {
		err_set(e, "bind: %s", strerror(errno));
	} else if (lstat(path, &st) < 0) {
		rc = err_set(e, "the socket vanished: %s", strerror(errno));
	} else {
		l->dev = st.st_dev;
		l->ino = st.st_ino;
		rc = set_rights(path, rights, e);
		if (rc == 0 && listen(l->fd, BACKLOG) < 0)
			rc = err_set(e, "listen: %s", strerror(errno));
		if (rc < 0)
			unlink(path);
	}
	if (rc < 0)
		close(l->fd);
	return rc;
}

static int open_local(
	struct listeners *l, const struct endpoint *p, const struct listener_rights *rights, struct err *e)
{
	const int64_t until = now_ms() + LISTENER_PATIENCE * 1000;
	struct listener *new = &l->at[l->count];
	int lock, state, rc = -1;

	if (check_folder(p->path, e) < 0)
		return -1;
	new->endpoint = *p;
	for (;;) {
		lock = lock_folder(p->path);
		state = clear_path(p->path, e);
		if (state == PATH_FREE)
			rc = bind_path(new, rights, e);
		if (lock >= 0)
			close(lock);
		if (state != PATH_SERVED)
			break;
		if (now_ms() >= until)
			return err_set(e, "%s is served by another process", p->path);
		wait_a_moment();
	}
	if (rc == 0)
		l->count++;
	return rc;
}

/* Accepted connections inherit these: replies leave at once, and a vanished client is noticed some day. */
static void set_inherited(int fd)
{
	const int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

/* A socket that listens on one address, or -1 with errno. */
static int listen_on(const struct addrinfo *a)
{
	const int on = 1;
	int why, fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	set_inherited(fd);
	if (a->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	why = errno;
	close(fd);
	errno = why;
	return -1;
}

static bool same_as_before(const struct addrinfo *all, const struct addrinfo *a)
{
	for (; all != a; all = all->ai_next)
		if (all->ai_addrlen == a->ai_addrlen && memcmp(all->ai_addr, a->ai_addr, a->ai_addrlen) == 0)
			return true;
	return false;
}

static int listen_patiently(const struct addrinfo *a, int64_t until)
{
	int fd;

	while ((fd = listen_on(a)) < 0 && errno == EADDRINUSE && now_ms() < until)
		wait_a_moment();
	return fd;
}

/* Every address of the host, except of a family that this machine does not have (localhost without IPv6). */
static int open_addresses(struct listeners *l, const struct endpoint *p, const struct addrinfo *all, struct err *e)
{
	const int64_t until = now_ms() + LISTENER_PATIENCE * 1000;
	size_t before = l->count;
	int fd;

	for (const struct addrinfo *a = all; a != NULL && l->count < LISTENERS_MAX; a = a->ai_next) {
		if (same_as_before(all, a))
			continue;
		fd = listen_patiently(a, until);
		if (fd >= 0)
			l->at[l->count++] = (struct listener){ .fd = fd, .endpoint = *p };
		else if (errno == EADDRINUSE)
			return err_set(e, "the port is served by another process");
		else if (errno != EADDRNOTAVAIL && errno != EAFNOSUPPORT)
			return err_set(e, "%s", strerror(errno));
		else
			err_set(e, "%s", strerror(errno));
	}
	return l->count > before ? 0 : -1;
}

static int open_inet(struct listeners *l, const struct endpoint *p, struct err *e)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *all;
	int rc = getaddrinfo(p->host, p->port, &hints, &all);

	if (rc != 0)
		return err_set(e, "cannot find the host: %s", rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
	rc = open_addresses(l, p, all, e);
	freeaddrinfo(all);
	return rc;
}

/* The address of a socket, as an endpoint. */
static int read_address(struct endpoint *p, int fd, struct err *e)
{
	union {
		struct sockaddr any;
		struct sockaddr_un local;
		struct sockaddr_storage room;
	} a = { .room = { 0 } };
	socklen_t len = sizeof(a);

	*p = (struct endpoint){ 0 };
	if (getsockname(fd, &a.any, &len) < 0)
		return err_set(e, "%s", strerror(errno));
	p->local = a.any.sa_family == AF_UNIX;
	if (p->local)
		snprintf(p->path, sizeof(p->path), "%.*s", (int)sizeof(a.local.sun_path), a.local.sun_path);
	else if (getnameinfo(&a.any, len, p->host, sizeof(p->host), p->port, sizeof(p->port),
			 NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return err_set(e, "neither a UNIX socket nor one of TCP");
	return 0;
}

int listeners_adopt(struct listeners *l, int fd, struct err *e)
{
	struct listener *new = &l->at[l->count];
	int type = 0, listens = 0;
	socklen_t len = sizeof(int);

	if (l->count == LISTENERS_MAX)
		return err_set(e, "more than %d sockets to listen on", LISTENERS_MAX);
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0)
		return err_set(e, "%s", strerror(errno));
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) < 0 || type != SOCK_STREAM || !listens)
		return err_set(e, "not a stream socket that listens (ListenStream=, and Accept=no)");
	if (read_address(&new->endpoint, fd, e) < 0)
		return -1;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
		return err_set(e, "%s", strerror(errno));
	if (!new->endpoint.local)
		set_inherited(fd);
	new->fd = fd;
	new->adopted = true;
	l->count++;
	return 0;
}

int listeners_open(
	struct listeners *l, const char *key, struct text name, const struct listener_rights *rights, struct err *e)
{
	struct endpoint p;

	if (endpoint_read(&p, name, e) < 0)
		return -1;
	if (l->count == LISTENERS_MAX)
		return err_set(e, "more than %d sockets to listen on", LISTENERS_MAX);
	if ((p.local ? open_local(l, &p, rights, e) : open_inet(l, &p, e)) < 0)
		return err_wrap(e, "%s = %.*s", key, (int)name.len, name.at);
	return 0;
}

int listener_check_folder(struct text name, struct err *e)
{
	struct endpoint p;

	return endpoint_read(&p, name, e) < 0 ? -1 : check_folder(p.path, e);
}

void listeners_remove(const struct listeners *l)
{
	struct stat st;

	for (size_t i = 0; i < l->count; i++) {
		const struct listener *one = &l->at[i];

		if (one->endpoint.local && !one->adopted && lstat(one->endpoint.path, &st) == 0 &&
			st.st_dev == one->dev && st.st_ino == one->ino)
			unlink(one->endpoint.path);
	}
}

void listeners_close(struct listeners *l)
{
	for (size_t i = 0; i < l->count; i++)
		close(l->at[i].fd);
	l->count = 0;
}

void listener_name(const struct listener *l, char *to, size_t cap)
{
	const struct endpoint *p = &l->endpoint;
	bool colons = strchr(p->host, ':') != NULL;

	if (p->local)
		snprintf(to, cap, "unix:%s", p->path);
	else
		snprintf(to, cap, "inet:%s%s%s:%s", colons ? "[" : "", p->host, colons ? "]" : "", p->port);
}
