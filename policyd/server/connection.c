/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "server/clock.h"

/* Milliseconds for which an idle connection keeps its place though it was asked: one that is busy is not moved for every request. */
enum { GRAIN = 100 };

/* Replies that the client has not read yet, and what it asked behind them. */
struct leftover {
	size_t out_at, out_len; /* in bytes[] */
	size_t in_at, in_len; /* behind them */
	char bytes[];
};

static struct office *office_of(struct ev_loop *loop)
{
	return ev_userdata(loop);
}

static void queue_leave(struct queue *q, struct connection *c)
{
	*(c->before != NULL ? &c->before->after : &q->first) = c->after;
	*(c->after != NULL ? &c->after->before : &q->last) = c->before;
}

static void queue_join(struct queue *q, struct connection *c)
{
	c->before = q->last;
	c->after = NULL;
	*(q->last != NULL ? &q->last->after : &q->first) = c;
	q->last = c;
	c->since = clock_ms();
}

static struct queue *queue_of(struct office *o, const struct connection *c)
{
	return c->hurried ? &o->hurried : &o->idle;
}

/* Milliseconds until the first of the queue is late; a long time when nobody waits there. */
static int64_t due_in(const struct queue *q, int64_t patience, int64_t now)
{
	if (q->first == NULL)
		return INT32_MAX;
	return q->first->since + patience - now;
}

/* Sees to it that the timer fires when the next connection is late, or before. */
static void set_timer(struct office *o)
{
	int64_t now = clock_ms(), idle = due_in(&o->idle, o->idle_ms, now),
		hurried = due_in(&o->hurried, o->hurried_ms, now);
	int64_t first = idle < hurried ? idle : hurried;
	double seconds = (double)(first < 0 ? 0 : first) / 1000 + 0.01;

	if (ev_is_active(&o->late) && ev_timer_remaining(o->loop, &o->late) <= seconds)
		return;
	ev_timer_stop(o->loop, &o->late);
	ev_timer_set(&o->late, seconds, 0);
	ev_timer_start(o->loop, &o->late);
}

static void wait_in(struct office *o, struct connection *c, bool hurried)
{
	bool alone;

	if (!hurried && !c->hurried && clock_ms() - c->since < GRAIN)
		return;
	queue_leave(queue_of(o, c), c);
	c->hurried = hurried;
	alone = queue_of(o, c)->first == NULL;
	queue_join(queue_of(o, c), c);
	if (alone)
		set_timer(o);
}

/* What the client has sent and nobody will read would make the kernel reset a TCP connection, and our last replies with it. */
static void discard_input(struct office *o, int fd)
{
	shutdown(fd, SHUT_WR);
	for (int i = 0; i < 16 && recv(fd, o->in, sizeof(o->in), MSG_DONTWAIT) > 0; i++)
		continue;
}

static void end(struct office *o, struct connection *c)
{
	ev_io_stop(o->loop, &c->io);
	queue_leave(queue_of(o, c), c);
	dialogue_end(&c->dialogue);
	free(c->left);
	close(c->io.fd);
	free(c);
	counters_close(o->counters);
	o->gone(o->context);
}

/* Keeps replies that could not be sent, and what was asked behind them. */
static int keep(struct connection *c, const char *out, size_t out_len, const char *in, size_t in_len)
{
	struct leftover *l = malloc(sizeof(*l) + out_len + in_len);

	if (l == NULL)
		return -1;
	*l = (struct leftover){ .out_len = out_len, .in_at = out_len, .in_len = in_len };
	memcpy(l->bytes, out, out_len);
	memcpy(l->bytes + out_len, in, in_len);
	c->left = l;
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

enum progress { ANSWERED, WAITS_FOR_READER, OVER };

/* Decides and answers n bytes of input, in as many rounds as the room for replies asks for. */
static enum progress answer(struct office *o, struct connection *c, const char *in, size_t n)
{
	enum dialogue_state state;
	size_t taken, replied;
	ssize_t sent;

	do {
		decisions_begin(o->decisions);
		state = dialogue_take(&c->dialogue, &o->desk, in, n, &taken, o->out, sizeof(o->out), &replied);
		in += taken;
		n -= taken;
		if (state == DIALOGUE_CLOSE) {
			c->ended = true;
			n = 0;
		}
		if (replied == 0)
			continue;
		o->replied = true;
		sent = send_some(c->io.fd, o->out, replied);
		if (sent < 0)
			return OVER;
		if ((size_t)sent < replied)
			return keep(c, o->out + sent, replied - (size_t)sent, in, n) == 0 ? WAITS_FOR_READER : OVER;
	} while (state == DIALOGUE_FULL);
	if (state == DIALOGUE_CLOSE)
		discard_input(o, c->io.fd);
	return c->ended ? OVER : ANSWERED;
}

/* The client does not read: what it asks next waits until it does. */
static void watch(struct office *o, struct connection *c, int events)
{
	if (c->io.events == events)
		return;
	ev_io_stop(o->loop, &c->io);
	ev_io_set(&c->io, c->io.fd, events);
	ev_io_start(o->loop, &c->io);
}

/* What comes after an event: the connection ends, or waits for the next one in the right queue. */
static void settle(struct office *o, struct connection *c, enum progress p)
{
	bool within = dialogue_within(&c->dialogue);

	if (p == OVER || (o->stopping && p == ANSWERED && !within)) {
		end(o, c);
		return;
	}
	watch(o, c, p == WAITS_FOR_READER ? EV_WRITE : EV_READ);
	/* A request that goes on keeps its place: else a byte now and then would put it off for ever. */
	if ((p == WAITS_FOR_READER || within) && c->hurried && !o->replied)
		return;
	wait_in(o, c, p == WAITS_FOR_READER || within);
}

/* One recv(2): what else there is brings the next event. */
static enum progress read_once(struct office *o, struct connection *c, ssize_t *got)
{
	do
		*got = recv(c->io.fd, o->in, sizeof(o->in), MSG_DONTWAIT);
	while (*got < 0 && errno == EINTR);
	if (*got > 0)
		return answer(o, c, o->in, (size_t)*got);
	return *got < 0 && errno == EAGAIN ? ANSWERED : OVER;
}

/* Sends what was left, then goes on with what was asked behind it. */
static enum progress write_left(struct office *o, struct connection *c)
{
	struct leftover *l = c->left;
	ssize_t sent = send_some(c->io.fd, l->bytes + l->out_at, l->out_len);
	enum progress p = ANSWERED;

	if (sent < 0)
		return OVER;
	o->replied = sent > 0;
	l->out_at += (size_t)sent;
	l->out_len -= (size_t)sent;
	if (l->out_len > 0)
		return WAITS_FOR_READER;
	c->left = NULL;
	if (l->in_len > 0)
		p = answer(o, c, l->bytes + l->in_at, l->in_len);
	else if (c->ended)
		p = OVER;
	if (p == OVER)
		discard_input(o, c->io.fd);
	free(l);
	return p;
}

static void on_event(struct ev_loop *loop, ev_io *io, int events)
{
	struct connection *c = io->data;
	struct office *o = office_of(loop);
	ssize_t got;

	(void)events;
	o->replied = false;
	settle(o, c, c->left != NULL ? write_left(o, c) : read_once(o, c, &got));
}

int connection_start(struct office *o, int fd)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return -1;
	ev_io_init(&c->io, on_event, fd, EV_READ);
	c->io.data = c;
	ev_io_start(o->loop, &c->io);
	queue_join(&o->idle, c);
	if (o->idle.first == c)
		set_timer(o);
	return 0;
}

static void close_late(struct office *o, struct queue *q, int64_t patience)
{
	const int64_t now = clock_ms();

	while (q->first != NULL && q->first->since + patience <= now) {
		struct connection *c = q->first;

		if (c->hurried && !o->stopping) {
			counters_add(&o->counters->timed_out, 1);
			log_warning(c->left != NULL ? "a client has not read its replies for %lld s: closed"
						    : "a request begun has not ended for %lld s: closed",
				(long long)(patience / 1000));
		}
		end(o, c);
	}
}

static void on_late(struct ev_loop *loop, ev_timer *t, int events)
{
	struct office *o = office_of(loop);

	(void)t;
	(void)events;
	close_late(o, &o->hurried, o->hurried_ms);
	close_late(o, &o->idle, o->idle_ms);
	if (!office_empty(o))
		set_timer(o);
}

void office_start(struct office *o, struct ev_loop *loop)
{
	o->loop = loop;
	ev_set_userdata(loop, o);
	ev_timer_init(&o->late, on_late, 0, 0);
}

void office_serve(struct office *o, const struct snapshot *s)
{
	if (o->desk.snapshot != NULL)
		snapshot_unmap(o->desk.snapshot);
	o->desk.snapshot = s;
	decisions_serve(o->decisions, s);
	o->idle_ms = (int64_t)s->policyd.idle_timeout * 1000 + GRAIN;
	if (!o->stopping)
		o->hurried_ms = (int64_t)s->policyd.request_timeout * 1000;
	if (!office_empty(o))
		set_timer(o);
}

/* All that was sent until now: it may be more than one recv(2) takes, but not more than a socket holds. */
static void answer_last(struct office *o, struct connection *c)
{
	enum progress p = c->left != NULL ? WAITS_FOR_READER : ANSWERED;
	ssize_t got = 1;

	o->replied = false;
	for (int i = 0; i < 256 && p == ANSWERED && got > 0; i++)
		p = read_once(o, c, &got);
	settle(o, c, p);
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
	/* Every one that is left has a request begun or replies unread; it has from now on. */
	for (c = o->hurried.first; c != NULL; c = c->after)
		c->since = clock_ms();
	o->hurried_ms = STOP_GRACE * 1000;
	if (!office_empty(o))
		set_timer(o);
}

bool office_empty(const struct office *o)
{
	return o->idle.first == NULL && o->hurried.first == NULL;
}
