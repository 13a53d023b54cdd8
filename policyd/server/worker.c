/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/worker.h"

#include <errno.h>
#include <ev.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "server/acceptor.h"
#include "server/channel.h"
#include "server/connection.h"
#include "server/decisions.h"
#include "server/descriptors.h"
#include "server/logger.h"
#include "server/sandbox.h"
#include "server/stuck.h"

struct worker {
	struct worker_place place;
	struct ev_loop *loop;
	struct office office;
	struct acceptor acceptor;
	struct decisions decisions;
	struct log_sender log;
	ev_io channel;
	ev_signal term, interrupt;
	ev_prepare before_waiting;
	int status;
};

static void leave_when_empty(struct worker *w)
{
	if (w->office.stopping && office_empty(&w->office))
		ev_break(w->loop, EVBREAK_ALL);
}

/* First nobody can come any more, then everybody who has asked is answered. */
static void stop(struct worker *w)
{
	if (w->office.stopping)
		return;
	if (w->office.desk.snapshot != NULL)
		acceptor_stop(&w->acceptor);
	office_stop(&w->office);
	leave_when_empty(w);
}

static void gone(void *context)
{
	struct worker *w = context;

	if (w->office.stopping)
		leave_when_empty(w);
	else
		acceptor_room(&w->acceptor);
}

static void serve(struct worker *w, uint32_t generation, int fd)
{
	const struct message ack = { .word = CHANNEL_SERVES, .generation = generation };
	bool first = w->office.desk.snapshot == NULL;
	const struct snapshot *s;
	struct err e;
	int rc = snapshot_map(&s, fd, &e);

	close(fd);
	if (rc < 0) {
		/* Another worker takes over, rather than that two configurations are served. */
		log_error("worker %u cannot take over generation %u, and leaves: %s", w->place.number, generation,
			e.text);
		w->status = 1;
		stop(w);
		return;
	}
	w->log.json = s->policyd.log_json;
	w->log.way = w->place.ways.of[s->policyd.log];
	log_json(s->policyd.log_json);
	w->acceptor.max = s->policyd.max_connections;
	office_serve(&w->office, s);
	if (first)
		acceptor_start(&w->acceptor);
	else
		acceptor_room(&w->acceptor);
	channel_send(w->place.channel, &ack, -1);
}

static void on_message(struct ev_loop *loop, ev_io *io, int events)
{
	struct worker *w = io->data;
	struct message m;
	int fd, rc;

	(void)events;
	while ((rc = channel_receive(io->fd, &m, &fd)) > 0) {
		if (m.word == CHANNEL_SERVE && fd >= 0 && !w->office.stopping)
			serve(w, m.generation, fd);
		else if (fd >= 0)
			close(fd);
		if (m.word == CHANNEL_STOP)
			stop(w);
	}
	if (rc == 0) {
		ev_io_stop(loop, io);
		stop(w);
	}
}

static void on_signal(struct ev_loop *loop, ev_signal *s, int events)
{
	(void)loop;
	(void)events;
	stop(s->data);
}

static void on_before_waiting(struct ev_loop *loop, ev_prepare *p, int events)
{
	struct worker *w = p->data;

	(void)loop;
	(void)events;
	stuck_turn();
	office_work(&w->office);
	logger_flush(&w->log);
}

static void keep_descriptors(const struct worker_place *place)
{
	int keep[DESCRIPTORS_KEPT];
	size_t n = 0;

	keep[n++] = place->channel;
	keep[n++] = place->log;
	for (size_t i = 0; i < place->listeners->count; i++)
		keep[n++] = place->listeners->at[i].fd;
	descriptors_keep(keep, n);
}

static void watch(struct worker *w)
{
	ev_io_init(&w->channel, on_message, w->place.channel, EV_READ);
	w->channel.data = w;
	ev_io_start(w->loop, &w->channel);
	ev_signal_init(&w->term, on_signal, SIGTERM);
	ev_signal_init(&w->interrupt, on_signal, SIGINT);
	w->term.data = w->interrupt.data = w;
	ev_signal_start(w->loop, &w->term);
	ev_signal_start(w->loop, &w->interrupt);
	ev_prepare_init(&w->before_waiting, on_before_waiting);
	w->before_waiting.data = w;
	ev_prepare_start(w->loop, &w->before_waiting);
}

static void set_up(struct worker *w, const struct worker_place *place)
{
	struct slot *own = &place->counters->slot[place->number];

	w->place = *place;
	w->log = (struct log_sender){ .fd = place->log, .gather = true, .dropped = &own->lines_dropped };
	log_to(logger_send, &w->log);
	w->decisions = (struct decisions){ .counters = place->counters,
		.own = own,
		.relay = place->counters->relay[place->number],
		.workers = place->workers };
	decisions_desk(&w->office.desk, &w->decisions);
	w->office.decisions = &w->decisions;
	w->office.counters = own;
	w->office.gone = gone;
	w->office.context = w;
	w->acceptor = (struct acceptor){ .office = &w->office,
		.counters = place->counters,
		.own = own,
		.workers = place->workers,
		.listeners = place->listeners };
}

int worker_run(const struct worker_place *place)
{
	static struct worker w;
	char missing[SANDBOX_WORDS]; /* the supervisor has told it already */
	sigset_t none;

	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	keep_descriptors(place);
	set_up(&w, place);
	w.loop = ev_loop_new(EVFLAG_NOENV);
	if (w.loop == NULL) {
		log_error("worker %u has no event loop: %s", place->number, strerror(errno));
		logger_flush(&w.log);
		return 1;
	}
	office_start(&w.office, w.loop);
	watch(&w);
	stuck_watch(STUCK_SECONDS * 1000);
	sandbox_enter(SANDBOX_WORKER, NULL, 0, missing);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	ev_run(w.loop, 0);
	logger_flush(&w.log);
	return w.status;
}
