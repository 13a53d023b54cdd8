/* SPDX-License-Identifier: BSD-2-Clause */

/* mxonly query -s: a running server answers; the same bytes as Postfix's, one request after the other. */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "policy/action.h"
#include "server/endpoint.h"
#include "tool/query.h"

enum {
	PATIENCE = 10000, /* milliseconds for one answer */
	REPLY_MAX = 8192
};

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Until fd is ready; -1 when the time is over. */
static int wait_ready(int fd, short events, int64_t until, struct err *e)
{
	struct pollfd p = { .fd = fd, .events = events };
	int n;

	do {
		int64_t left = until - now();
		n = poll(&p, 1, left > 0 ? (int)left : 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set(e, "poll: %s", strerror(errno));
	if (n == 0)
		return err_set(e, "no answer within %d seconds", PATIENCE / 1000);
	return 0;
}

static int send_request(int fd, struct text bytes, int64_t until, struct err *e)
{
	while (bytes.len > 0) {
		if (wait_ready(fd, POLLOUT, until, e) < 0)
			return -1;
		ssize_t n = send(fd, bytes.at, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n < 0)
			return err_set(e, "the server takes no request: %s", strerror(errno));
		bytes = text_cut(bytes.at + n, bytes.len - (size_t)n);
	}
	return 0;
}

/* Up to and with the empty line that ends a reply. */
static int read_reply(int fd, char reply[REPLY_MAX], size_t *length, int64_t until, struct err *e)
{
	size_t have = 0;

	while (!memmem(reply, have, "\n\n", 2)) {
		if (have == REPLY_MAX)
			return err_set(e, "the answer does not end within %d bytes", REPLY_MAX);
		if (wait_ready(fd, POLLIN, until, e) < 0)
			return -1;
		ssize_t n = recv(fd, reply + have, REPLY_MAX - have, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n < 0)
			return err_set(e, "no answer: %s", strerror(errno));
		if (n == 0)
			return err_set(
				e, "the server closed the connection without %s answer", have ? "ending its" : "an");
		have += (size_t)n;
	}
	*length = have;
	return 0;
}

/* The first "action=" of a reply, as Postfix takes it. */
static int find_action(struct text reply, struct text *action, struct err *e)
{
	static const char name[] = "action=";
	const size_t skip = sizeof name - 1;

	while (reply.len > 0) {
		const char *end = text_find(reply, '\n');
		size_t n = end ? (size_t)(end - reply.at) : reply.len;
		if (n > skip && memcmp(reply.at, name, skip) == 0) {
			*action = text_cut(reply.at + skip, n - skip);
			return 0;
		}
		n += end != NULL;
		reply = text_cut(reply.at + n, reply.len - n);
	}
	return err_set(e, "the answer holds no action: is this a policy server?");
}

static void ring(int signal)
{
	(void)signal; /* only to interrupt connect(2) */
}

/* endpoint_connect waits as long as the kernel does: minutes. */
static int connect_in_time(const char *endpoint, struct err *e)
{
	struct sigaction interrupt = { .sa_handler = ring }, before;
	struct itimerval clock = { .it_value = { PATIENCE / 1000,
					   0 }, /* the interval: a name may have many addresses */
		.it_interval = { 0, 100000 } };
	int64_t until = now() + PATIENCE;

	sigaction(SIGALRM, &interrupt, &before);
	setitimer(ITIMER_REAL, &clock, NULL);
	int fd = endpoint_connect(text_of(endpoint), e);
	setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 0 }, { 0, 0 } }, NULL);
	sigaction(SIGALRM, &before, NULL);
	if (fd < 0 && now() >= until)
		return err_set(e, "no connection within %d seconds", PATIENCE / 1000);
	return fd;
}

static int talk(int fd, struct text bytes, bool *harms, struct err *e)
{
	char reply[REPLY_MAX];
	struct text action = { 0 };
	size_t length = 0;
	int64_t until = now() + PATIENCE;

	if (send_request(fd, bytes, until, e) < 0 || read_reply(fd, reply, &length, until, e) < 0)
		return -1;
	if (find_action(text_cut(reply, length), &action, e) < 0)
		return -1;
	put_plain(action);
	putchar('\n');
	*harms = !action_permits(action);
	return 0;
}

static int exchange(struct server_oracle *so, struct text bytes, bool *harms, struct err *e)
{
	if (so->fd < 0)
		so->fd = connect_in_time(so->endpoint, e);
	if (so->fd < 0)
		return -1; /* which names the endpoint */
	if (talk(so->fd, bytes, harms, e) == 0)
		return 0;
	server_oracle_end(so);
	return err_wrap(e, "%s", so->endpoint);
}

static int answer_there(struct oracle *o, const struct question *q, bool *harms, struct err *e)
{
	struct server_oracle *so = (struct server_oracle *)o; /* its first member */
	bool used = so->fd >= 0;

	if (exchange(so, q->bytes, harms, e) == 0)
		return 0;
	/* A server may close between requests, or was started anew: Postfix tries again as well. */
	return used ? exchange(so, q->bytes, harms, e) : -1;
}

void server_oracle(struct server_oracle *so, const char *endpoint)
{
	*so = (struct server_oracle){ { answer_there }, endpoint, -1 };
}

void server_oracle_end(struct server_oracle *so)
{
	if (so->fd >= 0)
		close(so->fd);
	so->fd = -1;
}
