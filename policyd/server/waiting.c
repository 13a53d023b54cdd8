/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/waiting.h"

#include "base/log.h"
#include "server/clock.h"

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
void waiting_due(struct office *o)
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

void waiting_in(struct office *o, struct connection *c, bool hurried)
{
	bool alone;

	if (!hurried && !c->hurried && clock_ms() - c->since < WAITING_GRAIN)
		return;
	queue_leave(queue_of(o, c), c);
	c->hurried = hurried;
	alone = queue_of(o, c)->first == NULL;
	queue_join(queue_of(o, c), c);
	if (alone)
		waiting_due(o);
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
		connection_end(o, c);
	}
}

static void on_late(struct ev_loop *loop, ev_timer *t, int events)
{
	struct office *o = ev_userdata(loop);

	(void)t;
	(void)events;
	close_late(o, &o->hurried, o->hurried_ms);
	close_late(o, &o->idle, o->idle_ms);
	if (!office_empty(o))
		waiting_due(o);
}

void waiting_join(struct office *o, struct connection *c)
{
	queue_join(&o->idle, c);
	if (o->idle.first == c)
		waiting_due(o);
}

void waiting_leave(struct office *o, struct connection *c)
{
	queue_leave(queue_of(o, c), c);
}

void waiting_start(struct office *o)
{
	ev_timer_init(&o->late, on_late, 0, 0);
}
