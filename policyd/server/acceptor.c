/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/acceptor.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "server/clock.h"

enum { BATCH = 256, LAST_BATCH = 4096, MINUTE = 60 };
static const double PAUSE = 0.1; /* seconds until it looks whether others have made room */

static void pause_accepting(struct acceptor *a)
{
	if (a->paused)
		return;
	for (size_t i = 0; i < a->listeners->count; i++)
		ev_io_stop(a->office->loop, &a->io[i]);
	a->paused = true;
	ev_timer_again(a->office->loop, &a->again);
}

static void resume(struct acceptor *a)
{
	if (!a->paused)
		return;
	for (size_t i = 0; i < a->listeners->count; i++)
		ev_io_start(a->office->loop, &a->io[i]);
	a->paused = false;
	ev_timer_stop(a->office->loop, &a->again);
}

static void no_place(struct acceptor *a)
{
	if (counters_seldom(a->counters, SELDOM_CONNECTIONS, clock_ms(), MINUTE))
		log_warning("max_connections = %llu is reached: further clients wait (this is said once a minute)",
			(unsigned long long)a->max);
	pause_accepting(a);
}

static void no_means(struct acceptor *a, const char *why)
{
	if (counters_seldom(a->counters, SELDOM_DESCRIPTORS, clock_ms(), MINUTE))
		log_warning("cannot accept a client: %s; further clients wait (this is said once a minute)", why);
	pause_accepting(a);
}

enum accepted { ACCEPTED, NOBODY, PAUSED };

/* Errors of accept4(2) that concern one client that has gone already. */
static bool client_gone(int why)
{
	return why == ECONNABORTED || why == EINTR || why == EPROTO || why == ENETDOWN || why == ENOPROTOOPT ||
	       why == EHOSTDOWN || why == EHOSTUNREACH || why == ENETUNREACH || why == ENONET || why == EPERM;
}

static enum accepted accept_one(struct acceptor *a, int listener)
{
	int fd, why;

	if (!counters_open(a->counters, a->own, a->workers, a->max)) {
		no_place(a);
		return PAUSED;
	}
	fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0 && connection_start(a->office, fd) == 0) {
		counters_add(&a->own->connections, 1);
		return ACCEPTED;
	}
	why = fd < 0 ? errno : ENOMEM;
	counters_close(a->own);
	if (fd >= 0)
		close(fd);
	if (why == EAGAIN)
		return NOBODY;
	if (client_gone(why))
		return ACCEPTED;
	no_means(a, strerror(why));
	return PAUSED;
}

/*
 * A bounded number, so that clients that connect do not hold up those that ask; the socket stays readable. Not few: between two
 * batches all who ask are served, and of a crowd of thousands the last would wait for that many times.
 */
static void on_client(struct ev_loop *loop, ev_io *io, int events)
{
	struct acceptor *a = io->data;

	(void)loop;
	(void)events;
	for (int i = 0; i < BATCH; i++)
		if (accept_one(a, io->fd) != ACCEPTED)
			return;
}

static void on_again(struct ev_loop *loop, ev_timer *t, int events)
{
	(void)loop;
	(void)events;
	acceptor_room(t->data);
}

void acceptor_room(struct acceptor *a)
{
	if (a->paused && counters_open_total(a->counters, a->workers) < a->max)
		resume(a);
}

void acceptor_start(struct acceptor *a)
{
	a->paused = false;
	ev_timer_init(&a->again, on_again, 0, PAUSE);
	a->again.data = a;
	for (size_t i = 0; i < a->listeners->count; i++) {
		ev_io_init(&a->io[i], on_client, a->listeners->at[i].fd, EV_READ);
		a->io[i].data = a;
		ev_io_start(a->office->loop, &a->io[i]);
	}
}

void acceptor_stop(struct acceptor *a)
{
	resume(a);
	for (size_t i = 0; i < a->listeners->count; i++)
		for (int n = 0; n < LAST_BATCH && accept_one(a, a->listeners->at[i].fd) == ACCEPTED; n++)
			continue;
	for (size_t i = 0; i < a->listeners->count; i++)
		ev_io_stop(a->office->loop, &a->io[i]);
	ev_timer_stop(a->office->loop, &a->again);
	listeners_close(a->listeners);
	a->paused = false;
}
