/* SPDX-License-Identifier: BSD-2-Clause */
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 256, REFUSED_MAX = 100, REPLY = 4096 };

struct client {
	int fd;
	bool connecting, wait_out, done;
	uint64_t asked_at;
	const struct asked *asked;
	size_t sent, got;
	char in[REPLY];
};

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void note_error(struct clients *all, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void note_error(struct clients *all, const char *format, ...)
{
	va_list args;

	all->errors++;
	if (all->first_error[0] != '\0')
		return;
	va_start(args, format);
	vsnprintf(all->first_error, sizeof all->first_error, format, args);
	va_end(args);
}

static void watch(const struct clients *all, struct client *c, uint32_t events, int op)
{
	struct epoll_event e = { .events = events, .data.ptr = c };

	if (epoll_ctl(all->ep, op, c->fd, &e) < 0)
		die("epoll_ctl: %s", strerror(errno));
}

static void hang_up(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->connecting = c->wait_out = false;
}

static void could_not_connect(struct clients *all, struct client *c, int why)
{
	hang_up(c);
	if (++all->refused > REFUSED_MAX)
		die("connect: %s", strerror(why));
	note_error(all, "connect: %s", strerror(why));
}

/* A UNIX socket whose backlog is full answers EAGAIN to a connect that does not block, where smtpd waits: so this one blocks. */
static bool dial(struct clients *all, struct client *c)
{
	const struct target *t = &all->target;
	const int one = 1;
	int rc;

	c->fd = socket(t->family, SOCK_STREAM | SOCK_CLOEXEC | (t->family == AF_UNIX ? 0 : SOCK_NONBLOCK), 0);
	if (c->fd < 0)
		die("socket: %s", strerror(errno));
	if (t->family != AF_UNIX)
		setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	do
		rc = connect(c->fd, (const struct sockaddr *)&t->address, t->len);
	while (rc < 0 && errno == EINTR);
	if (rc < 0 && errno != EINPROGRESS) {
		could_not_connect(all, c, errno);
		return false;
	}
	c->connecting = c->wait_out = rc < 0;
	if (t->family == AF_UNIX)
		fcntl(c->fd, F_SETFL, O_NONBLOCK);
	if (!c->connecting)
		all->refused = 0;
	watch(all, c, c->connecting ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_ADD);
	return true;
}

/* Sends what is left of the request; false when the connection failed. */
static bool send_on(const struct clients *all, struct client *c)
{
	bool waited = c->wait_out;

	c->wait_out = false;
	while (c->sent < c->asked->len && !c->wait_out) {
		ssize_t n = send(c->fd, c->asked->bytes + c->sent, c->asked->len - c->sent, MSG_NOSIGNAL);
		if (n >= 0)
			c->sent += (size_t)n;
		else if (errno == EAGAIN)
			c->wait_out = true;
		else if (errno != EINTR)
			return false;
	}
	if (c->wait_out != waited)
		watch(all, c, c->wait_out ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
	return true;
}

/* Begins the next request, opening the connection where needed; with churn the connect is part of its time. */
static void ask(struct clients *all, struct client *c, uint64_t now)
{
	for (int tries = 0; tries < 3; tries++) {
		if (all->started >= all->limit) {
			hang_up(c);
			return;
		}
		c->asked_at = now;
		if (c->fd < 0 && !dial(all, c))
			continue;
		c->asked = requests_next(&all->requests);
		c->sent = c->got = 0;
		all->started++;
		all->in_flight++;
		if (c->connecting || send_on(all, c))
			return;
		all->in_flight--;
		note_error(all, "send: %s", strerror(errno));
		hang_up(c);
	}
}

static void fail(struct clients *all, struct client *c, const char *what, int why)
{
	all->in_flight--;
	if (why != 0)
		note_error(all, "%s: %s", what, strerror(why));
	else
		note_error(all, "%s", what);
	hang_up(c);
	ask(all, c, now_ns());
}

/* Counts a reply of len bytes with its empty line; false: it is none. */
static bool classify(struct clients *all, const char *reply, size_t len)
{
	const char *end = reply + len - 2, *action = NULL;

	for (const char *line = reply; line < end;) {
		const char *next = memchr(line, '\n', (size_t)(end + 1 - line));
		if (next == NULL || memchr(line, '=', (size_t)(next - line)) == NULL)
			return false;
		if (strncmp(line, "action=", 7) == 0)
			action = line + 7;
		line = next + 1;
	}
	if (action == NULL || !all->measuring)
		return action != NULL;
	if (strncasecmp(action, "DUNNO", 5) == 0)
		all->dunno++;
	else if (strncasecmp(action, "REJECT", 6) == 0 || *action == '5')
		all->reject++;
	else if (strncasecmp(action, "DEFER", 5) == 0 || *action == '4')
		all->defer++;
	else
		all->other++;
	return true;
}

/* The reply's length with its empty line; 0: not whole, or wrong and the connection has been given up. */
static size_t whole_reply(struct clients *all, struct client *c, size_t n)
{
	size_t from = c->got > 0 ? c->got - 1 : 0;

	c->got += n;
	const char *end = memmem(c->in + from, c->got - from, "\n\n", 2);
	size_t len = end == NULL ? 0 : (size_t)(end - c->in) + 2;
	if (end == NULL && c->got == sizeof c->in)
		fail(all, c, "a reply that is too long", 0);
	else if (end == NULL && c->in[0] == '\n')
		fail(all, c, "an empty reply", 0);
	else if (end != NULL && (len != c->got || c->sent < c->asked->len))
		fail(all, c, "bytes after the reply, or a reply before the request's end", 0);
	else
		return len;
	return 0;
}

static void hear(struct clients *all, struct client *c)
{
	ssize_t n = recv(c->fd, c->in + c->got, sizeof c->in - c->got, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	uint64_t now = now_ns();
	if (n < 0) {
		fail(all, c, "recv", errno);
		return;
	}
	if (n == 0) {
		if (c->done)
			hang_up(c);
		else
			fail(all, c, c->got > 0 ? "closed inside a reply" : "closed instead of a reply", 0);
		return;
	}
	size_t len = whole_reply(all, c, (size_t)n);
	if (len == 0)
		return;
	if (!classify(all, c->in, len)) {
		fail(all, c, "a malformed reply", 0);
		return;
	}
	all->in_flight--;
	if (all->measuring)
		histogram_add(&all->times, now - c->asked_at);
	if (all->churn)
		hang_up(c);
	c->done = all->once;
	if (!c->done)
		ask(all, c, now);
}

/* The connect(2) that was under way has ended; false: badly. */
static bool connected(struct clients *all, struct client *c)
{
	int why = 0;
	socklen_t len = sizeof why;

	getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &why, &len);
	c->connecting = why != 0;
	if (why == 0) {
		all->refused = 0;
		return true;
	}
	all->in_flight--;
	could_not_connect(all, c, why);
	ask(all, c, now_ns());
	return false;
}

static void on_event(struct clients *all, struct client *c, uint32_t events)
{
	if (c->fd < 0)
		return;
	if (c->connecting && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) && !connected(all, c))
		return;
	if ((events & EPOLLOUT) && c->wait_out && !send_on(all, c)) {
		fail(all, c, "send", errno);
		return;
	}
	if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
		hear(all, c);
}

void clients_open(struct clients *all, unsigned count)
{
	all->ep = epoll_create1(EPOLL_CLOEXEC);
	all->at = calloc(count, sizeof *all->at);
	all->count = count;
	if (all->ep < 0 || all->at == NULL)
		die("cannot begin: %s", strerror(errno));
	for (unsigned i = 0; i < count; i++)
		all->at[i].fd = -1;
	for (unsigned i = 0; i < count; i++)
		ask(all, &all->at[i], now_ns());
}

void clients_serve(struct clients *all, int ms)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(all->ep, events, EVENTS, ms);

	for (int i = 0; i < n; i++)
		on_event(all, events[i].data.ptr, events[i].events);
}
