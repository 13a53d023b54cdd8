/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "server/clock.h"
#include "server/stuck.h"
#include "server/waiting.h"

enum { SHARE = OFFICE_BUFFER / OFFICE_ROUND, CACHE_LINE = 64 };

_Static_assert((size_t)SHARE >= (size_t)DIALOGUE_REPLY, "every connection of a round has room for a reply");

/* Replies that the client has not read yet, and what it asked behind them. */
struct leftover {
	size_t out_at, out_len; /* in bytes[] */
	size_t in_at, in_len; /* behind them */
	char bytes[];
};

enum progress { ANSWERED, WAITS_FOR_READER, OVER };

/* A connection that is served in this round. */
struct visit {
	struct connection *of;
	const char *in; /* what it said and is not decided yet */
	size_t in_len;
	char *out; /* its replies */
	size_t room, out_len;
	enum dialogue_state state; /* after the last decision */
	bool gone; /* it says nothing any more */
	bool answered; /* it got a reply */
	enum progress progress;
};

static struct office *office_of(struct ev_loop *loop)
{
	return ev_userdata(loop);
}

/* What the client has sent and nobody will read would make the kernel reset a TCP connection, and our last replies with it. */
static void discard_input(int fd)
{
	char rest[4096];

	for (int i = 0; i < 256 && recv(fd, rest, sizeof(rest), MSG_DONTWAIT) > 0; i++)
		continue;
}

/* First, because libev tells of the last event first: served in its order, some would always be the last of a crowd. */
static void ready_join(struct office *o, struct connection *c)
{
	c->next_ready = o->ready;
	if (c->next_ready != NULL)
		c->next_ready->ready_at = &c->next_ready;
	c->ready_at = &o->ready;
	o->ready = c;
}

static void ready_leave(struct connection *c)
{
	if (c->ready_at == NULL)
		return;
	*c->ready_at = c->next_ready;
	if (c->next_ready != NULL)
		c->next_ready->ready_at = c->ready_at;
	c->ready_at = NULL;
}

void connection_end(struct office *o, struct connection *c)
{
	ready_leave(c);
	ev_io_stop(o->loop, &c->io);
	waiting_leave(o, c);
	dialogue_end(&c->dialogue);
	free(c->left);
	close(c->io.fd);
	free(c);
	counters_close(o->counters);
	o->gone(o->context);
}

/* Keeps replies that could not be sent, and what was asked behind them. */
static int keep(const struct visit *v, size_t sent)
{
	const size_t out_len = v->out_len - sent;
	struct leftover *l = malloc(sizeof(*l) + out_len + v->in_len);

	if (l == NULL)
		return -1;
	*l = (struct leftover){ .out_len = out_len, .in_at = out_len, .in_len = v->in_len };
	memcpy(l->bytes, v->out + sent, out_len);
	memcpy(l->bytes + out_len, v->in, v->in_len);
	v->of->left = l;
	return 0;
}

/* Bytes sent: all, fewer when the client does not read, -1 when it has gone. */
static ssize_t send_some(int fd, const char *at, size_t n)
{
	ssize_t rc;

	do
		rc = send(fd, at, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (rc < 0 && errno == EINTR);
	if (rc < 0 && (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM))
		return 0;
	return rc;
}

/* One recv(2): what else there is brings the next event. false: nothing new. */
static bool hear(struct visit *v, char *in, size_t n)
{
	ssize_t got;

	do
		got = recv(v->of->io.fd, in, n, MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	v->in = in;
	v->in_len = got > 0 ? (size_t)got : 0;
	v->gone = got == 0 || (got < 0 && errno != EAGAIN);
	return got > 0;
}

/* As much as there is room for replies to. */
static void decide_some(struct office *o, struct visit *v)
{
	size_t taken;

	decisions_begin(o->decisions);
	v->state = dialogue_take(&v->of->dialogue, &o->desk, v->in, v->in_len, &taken, v->out, v->room, &v->out_len);
	v->in += taken;
	v->in_len -= taken;
}

/* Sends the replies to what was decided, then decides and sends what there was no room for. */
static enum progress answer(struct office *o, struct visit *v)
{
	struct connection *c = v->of;

	for (;; decide_some(o, v)) {
		if (v->state == DIALOGUE_CLOSE)
			c->ended = true;
		if (v->out_len > 0) {
			ssize_t sent = send_some(c->io.fd, v->out, v->out_len);
			if (sent < 0)
				return OVER;
			v->answered = true;
			if ((size_t)sent < v->out_len)
				return keep(v, (size_t)sent) == 0 ? WAITS_FOR_READER : OVER;
		}
		if (v->state != DIALOGUE_FULL)
			break;
	}
	if (c->ended)
		discard_input(c->io.fd);
	return c->ended ? OVER : ANSWERED;
}

/* Sends what was left, then goes on with what was asked behind it. */
static enum progress write_left(struct office *o, struct visit *v)
{
	struct connection *c = v->of;
	struct leftover *l = c->left;
	ssize_t sent = send_some(c->io.fd, l->bytes + l->out_at, l->out_len);

	if (sent < 0)
		return OVER;
	v->answered = sent > 0;
	l->out_at += (size_t)sent;
	l->out_len -= (size_t)sent;
	if (l->out_len > 0)
		return WAITS_FOR_READER;
	c->left = NULL;
	v->in = l->bytes + l->in_at;
	v->in_len = l->in_len;
	decide_some(o, v);
	enum progress p = answer(o, v);
	free(l);
	return p;
}

/* What the client does not read is waited for; what it asks next waits too. */
static void watch(struct office *o, struct connection *c, int events)
{
	if (c->io.events == events)
		return;
	ev_io_stop(o->loop, &c->io);
	ev_io_set(&c->io, c->io.fd, events);
	ev_io_start(o->loop, &c->io);
}

/* What comes after a visit: the connection ends, or waits for the next one in the right queue. */
static void settle(struct office *o, struct connection *c, enum progress p, bool answered)
{
	c->asked |= answered;
	/* Who has just come is about to ask: to close then would cost it an answer. */
	bool hurried = p == WAITS_FOR_READER || dialogue_within(&c->dialogue) || (o->stopping && !c->asked);

	if (p == OVER || (o->stopping && !hurried)) {
		connection_end(o, c);
		return;
	}
	watch(o, c, p == WAITS_FOR_READER ? EV_WRITE : EV_READ);
	/* A request that goes on keeps its place: else a byte now and then would put it off for ever. At an end every one does. */
	if (hurried && c->hurried && (!answered || o->stopping))
		return;
	waiting_in(o, c, hurried);
}

/* Visits those that come first, and reads from them: all that is there from one alone, else a share from each. */
static unsigned begin_round(struct office *o, struct visit round[])
{
	size_t share = o->ready->next_ready == NULL ? OFFICE_BUFFER : SHARE;
	unsigned n;

	for (n = 0; n < OFFICE_ROUND && o->ready != NULL; n++) {
		round[n] = (struct visit){ .of = o->ready, .out = o->out + n * share, .room = share };
		ready_leave(o->ready);
		if (round[n].of->left == NULL)
			hear(&round[n], o->in + n * share, share);
	}
	return n;
}

void office_work(struct office *o)
{
	struct visit round[OFFICE_ROUND], *v;

	for (; o->ready != NULL; stuck_turn()) {
		unsigned n = begin_round(o, round);
		for (v = round; v < round + n; v++)
			if (v->in_len > 0)
				decide_some(o, v);
		for (v = round; v < round + n; v++)
			v->progress = v->of->left != NULL ? write_left(o, v) : v->gone ? OVER : answer(o, v);
		for (v = round; v < round + n; v++)
			settle(o, v->of, v->progress, v->answered);
	}
}

static void on_event(struct ev_loop *loop, ev_io *io, int events)
{
	(void)events;
	ready_join(office_of(loop), io->data);
}

int connection_start(struct office *o, int fd)
{
	struct connection *c = aligned_alloc(CACHE_LINE, (sizeof(*c) + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);

	if (c == NULL)
		return -1;
	memset(c, 0, sizeof(*c));
	ev_io_init(&c->io, on_event, fd, EV_READ);
	c->io.data = c;
	ev_io_start(o->loop, &c->io);
	waiting_join(o, c);
	return 0;
}

void office_start(struct office *o, struct ev_loop *loop)
{
	o->loop = loop;
	ev_set_userdata(loop, o);
	waiting_start(o);
}

void office_serve(struct office *o, const struct snapshot *s)
{
	if (o->desk.snapshot != NULL)
		snapshot_unmap(o->desk.snapshot);
	o->desk.snapshot = s;
	decisions_serve(o->decisions, s);
	o->idle_ms = (int64_t)s->policyd.idle_timeout * 1000 + WAITING_GRAIN;
	if (!o->stopping)
		o->hurried_ms = (int64_t)s->policyd.request_timeout * 1000;
	if (!office_empty(o))
		waiting_due(o);
}

/* All that was sent until now: it may be more than one recv(2) takes, but not more than a socket holds. */
static void answer_last(struct office *o, struct connection *c)
{
	enum progress p = c->left != NULL ? WAITS_FOR_READER : ANSWERED;
	struct visit v = { .of = c, .out = o->out, .room = OFFICE_BUFFER };

	for (int i = 0; i < 256 && p == ANSWERED && hear(&v, o->in, OFFICE_BUFFER); i++) {
		stuck_turn();
		decide_some(o, &v);
		p = answer(o, &v);
	}
	if (v.gone)
		p = OVER;
	settle(o, c, p, v.answered);
}

void office_stop(struct office *o)
{
	struct connection *c, *next;

	o->stopping = true;
	for (c = o->hurried.first; c != NULL; c = next) {
		next = c->after;
		answer_last(o, c);
	}
	for (c = o->idle.first; c != NULL; c = next) {
		next = c->after;
		answer_last(o, c);
	}
	/* Every one that is left has a request begun, or coming, or replies unread; it has from now on. */
	for (c = o->hurried.first; c != NULL; c = c->after)
		c->since = clock_ms();
	o->hurried_ms = STOP_GRACE * 1000;
	if (!office_empty(o))
		waiting_due(o);
}

bool office_empty(const struct office *o)
{
	return o->idle.first == NULL && o->hurried.first == NULL;
}
