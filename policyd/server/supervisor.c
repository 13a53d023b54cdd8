/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/supervisor.h"

#include <errno.h>
#include <ev.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "policy/load.h"
#include "server/clock.h"
#include "server/crew.h"
#include "server/fixed.h"

enum { WORKERS_AUTO_MAX = 4, PENDING = SUPERVISOR_WORKERS + 8 };
static const double LOGGER_PAUSE = 0.2; /* seconds before a logger that died is replaced */

enum { SIGNALS = 4 };

struct supervisor {
	struct supervisor_start start;
	struct ev_loop *loop;
	struct supervisor_state state;
	struct supervisor_event pending[PENDING]; /* what happened while actions were carried out */
	size_t pending_count;
	struct crew crew;
	struct fixed fixed;
	struct log_sender log;
	struct loading loading;
	ev_io loaded;
	ev_timer timer, logger_timer;
	ev_signal signal[SIGNALS];
	int status;
};

static void raise_event(struct supervisor *s, struct supervisor_event event)
{
	if (s->pending_count < PENDING)
		s->pending[s->pending_count++] = event;
}

static void use_log_settings(struct supervisor *s, const struct snapshot *snapshot)
{
	s->log.json = snapshot->policyd.log_json;
	s->log.syslog = logger_syslog(snapshot->policyd.log);
	log_json(snapshot->policyd.log_json);
}

static void log_faults(const struct faults *f)
{
	for (size_t i = 0; i < f->count; i++) {
		if (f->list[i].warning)
			log_warning("%s", f->list[i].words);
		else
			log_error("%s", f->list[i].words);
	}
}

static void begin_load(struct supervisor *s)
{
	struct err e;

	log_info("reloading %s", s->start.config);
	if (load_start(&s->loading, s->start.config, &e) < 0) {
		log_error("cannot reload: %s", e.text);
		raise_event(s, (struct supervisor_event){ .kind = EVENT_LOAD_FAULTY });
		return;
	}
	ev_io_set(&s->loaded, s->loading.socket, EV_READ);
	ev_io_start(s->loop, &s->loaded);
}

static void cancel_load(struct supervisor *s)
{
	if (!ev_is_active(&s->loaded))
		return;
	ev_io_stop(s->loop, &s->loaded);
	load_cancel(&s->loading);
}

static void spawn(struct supervisor *s, unsigned n);

static void send_snapshot(struct supervisor *s, unsigned n)
{
	const struct message m = { .word = CHANNEL_SERVE, .generation = s->state.generation };

	crew_send(&s->crew, n, &m, s->start.fd);
}

/* First nobody can find the sockets any more, then those who share them let go. */
static void stop_workers(struct supervisor *s)
{
	const struct message m = { .word = CHANNEL_STOP };

	listeners_remove(s->start.listeners);
	listeners_close(s->start.listeners);
	for (unsigned n = 0; n < s->crew.workers; n++)
		crew_send(&s->crew, n, &m, -1);
}

static void set_timer(struct supervisor *s, int64_t at)
{
	int64_t left = at - clock_ms();

	ev_timer_stop(s->loop, &s->timer);
	ev_timer_set(&s->timer, left > 0 ? (double)left / 1000 + 0.005 : 0, 0);
	ev_timer_start(s->loop, &s->timer);
}

static void carry_out(struct supervisor *s, const struct supervisor_action *a)
{
	switch (a->kind) {
	case ACT_SPAWN:
		spawn(s, a->worker);
		break;
	case ACT_SEND:
		send_snapshot(s, a->worker);
		break;
	case ACT_LOAD:
		begin_load(s);
		break;
	case ACT_CANCEL_LOAD:
		cancel_load(s);
		break;
	case ACT_ALL_SERVE:
		atomic_store(&s->start.counters->generation, a->generation);
		log_info("all workers serve generation %u of %s", a->generation, s->start.config);
		break;
	case ACT_STILL_SERVES:
		counters_add(&s->start.counters->reloads_refused, 1);
		log_error("%s was not taken over: still serving generation %u", s->start.config, a->generation);
		break;
	case ACT_GIVE_UP:
		log_error("every worker died at once %d times in a row: giving up", WORKER_LAST_TRY);
		break;
	case ACT_STOP_WORKERS:
		stop_workers(s);
		break;
	case ACT_KILL_WORKERS:
		log_warning("workers have not left in %d s: killed", STOP_PATIENCE / 1000);
		crew_signal(&s->crew, SIGKILL);
		break;
	case ACT_TIMER:
		set_timer(s, a->at);
		break;
	case ACT_EXIT:
		s->status = a->status;
		ev_break(s->loop, EVBREAK_ALL);
		break;
	}
}

static void carry_out_all(struct supervisor *s, const struct supervisor_actions *actions)
{
	for (size_t i = 0; i < actions->count; i++)
		carry_out(s, &actions->at[i]);
}

static void think(struct supervisor *s)
{
	struct supervisor_actions actions;

	for (size_t i = 0; i < s->pending_count; i++) {
		const struct supervisor_event event = s->pending[i];

		supervisor_event(&s->state, &event, clock_ms(), &actions);
		carry_out_all(s, &actions);
	}
	s->pending_count = 0;
}

/* Whatever happens comes through here. */
static void happened(struct supervisor *s, struct supervisor_event event)
{
	raise_event(s, event);
	think(s);
}

static void on_message(struct ev_loop *loop, ev_io *io, int events)
{
	struct supervisor *s = ev_userdata(loop);
	const struct member *member = io->data;
	struct message m;
	int fd, rc;

	(void)events;
	while ((rc = channel_receive(io->fd, &m, &fd)) > 0) {
		if (fd >= 0)
			close(fd);
		if (m.word == CHANNEL_SERVES)
			happened(s, (struct supervisor_event){ .kind = EVENT_ACKED,
					    .worker = (unsigned)(member - s->crew.worker),
					    .generation = m.generation });
	}
	if (rc == 0)
		ev_io_stop(loop, io); /* it is dying: SIGCHLD tells when it has */
}

static void spawn(struct supervisor *s, unsigned n)
{
	if (crew_spawn(&s->crew, n, on_message) == 0)
		return;
	log_error("worker %u cannot be started: %s", n, strerror(errno));
	raise_event(s, (struct supervisor_event){ .kind = EVENT_DIED, .worker = n });
}

static void take_over(struct supervisor *s, int fd, const struct snapshot *new)
{
	snapshot_unmap(s->start.snapshot);
	close(s->start.fd);
	s->start.snapshot = new;
	s->start.fd = fd;
	counters_add(&s->start.counters->reloads_good, 1);
	use_log_settings(s, new);
	fixed_compare(&s->fixed, new, s->start.own_listen);
}

static void on_loaded(struct ev_loop *loop, ev_io *io, int events)
{
	struct supervisor *s = ev_userdata(loop);
	struct supervisor_event event = { .kind = EVENT_LOAD_FAULTY };
	const struct snapshot *new;
	struct faults faults = { 0 };
	struct err e;
	int fd;

	(void)events;
	ev_io_stop(loop, io);
	fd = load_finish(&s->loading, s->start.config, &faults);
	log_faults(&faults);
	faults_free(&faults);
	if (fd >= 0 && snapshot_map(&new, fd, &e) < 0) {
		log_error("%s: %s", s->start.config, e.text);
		close(fd);
	} else if (fd >= 0) {
		take_over(s, fd, new);
		event.kind = EVENT_LOADED;
	}
	happened(s, event);
}

static void log_death(struct supervisor *s, unsigned n, int status)
{
	if (s->state.stopping)
		return;
	if (WIFSIGNALED(status))
		log_error("worker %u was ended by signal %d (%s): it is replaced", n, WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	else
		log_error("worker %u has left with status %d: it is replaced", n, WEXITSTATUS(status));
	counters_add(&s->start.counters->restarts, 1);
}

static void on_child(struct supervisor *s)
{
	int n, status;

	while ((n = crew_reap(&s->crew, &status)) >= 0) {
		log_death(s, (unsigned)n, status);
		happened(s, (struct supervisor_event){ .kind = EVENT_DIED, .worker = (unsigned)n });
	}
	if (crew_logger_died(&s->crew))
		ev_timer_again(s->loop, &s->logger_timer);
}

static void on_logger_timer(struct ev_loop *loop, ev_timer *t, int events)
{
	struct supervisor *s = ev_userdata(loop);

	(void)events;
	if (s->crew.logger == 0 && crew_spawn_logger(&s->crew) < 0)
		return; /* again after the same pause */
	ev_timer_stop(loop, t);
	log_warning("the process that writes the log had died, and was replaced");
}

static void on_timer(struct ev_loop *loop, ev_timer *t, int events)
{
	(void)t;
	(void)events;
	happened(ev_userdata(loop), (struct supervisor_event){ .kind = EVENT_TIMER });
}

static void on_signal(struct ev_loop *loop, ev_signal *w, int events)
{
	struct supervisor *s = ev_userdata(loop);

	(void)events;
	if (w->signum == SIGCHLD) {
		on_child(s);
		return;
	}
	if (w->signum != SIGHUP && !s->state.stopping)
		log_info("stopping: %s", strsignal(w->signum));
	happened(s, (struct supervisor_event){ .kind = w->signum == SIGHUP ? EVENT_RELOAD_ASKED : EVENT_STOP_ASKED });
}

/* In a child: libev must not think that these signals are still the supervisor's loop's. */
static void forked(void *context)
{
	struct supervisor *s = context;

	for (int i = 0; i < SIGNALS; i++)
		ev_signal_stop(s->loop, &s->signal[i]);
	log_to(NULL, NULL);
}

static void watch(struct supervisor *s)
{
	static const int numbers[SIGNALS] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };

	for (int i = 0; i < SIGNALS; i++) {
		ev_signal_init(&s->signal[i], on_signal, numbers[i]);
		ev_signal_start(s->loop, &s->signal[i]);
	}
	ev_init(&s->loaded, on_loaded);
	ev_init(&s->timer, on_timer);
	ev_timer_init(&s->logger_timer, on_logger_timer, 0, LOGGER_PAUSE);
}

static unsigned workers_wanted(const struct snapshot *s)
{
	cpu_set_t cpus;
	int n = 1;

	if (s->policyd.workers != 0)
		return s->policyd.workers;
	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
		n = CPU_COUNT(&cpus);
	return n < 1 ? 1 : n > WORKERS_AUTO_MAX ? WORKERS_AUTO_MAX : (unsigned)n;
}

static int set_up(struct supervisor *s, const struct supervisor_start *start)
{
	s->start = *start;
	s->loop = ev_loop_new(EVFLAG_NOENV);
	if (s->loop == NULL || logger_open(&s->crew.log) < 0) {
		log_error("cannot start: %s", strerror(errno));
		return -1;
	}
	ev_set_userdata(s->loop, s);
	watch(s);
	s->crew.loop = s->loop;
	s->crew.listeners = start->listeners;
	s->crew.counters = start->counters;
	s->crew.workers = workers_wanted(start->snapshot);
	s->crew.forked = forked;
	s->crew.context = s;
	if (crew_spawn_logger(&s->crew) < 0) {
		log_error("cannot start: fork: %s", strerror(errno));
		return -1;
	}
	s->log = (struct log_sender){ .fd = s->crew.log.in,
		.pid = getpid(),
		.dropped = &start->counters->slot[COUNTERS_SUPERVISOR].lines_dropped };
	use_log_settings(s, start->snapshot);
	log_to(logger_send, &s->log);
	fixed_keep(&s->fixed, start->snapshot);
	return 0;
}

int supervisor_run(const struct supervisor_start *start)
{
	static struct supervisor s;
	struct supervisor_actions actions;

	if (set_up(&s, start) < 0) {
		listeners_remove(start->listeners);
		return 1;
	}
	log_faults(start->faults);
	faults_free(start->faults);
	log_info("mxonlyd %s starts with %s: relays %u, domains %u, workers %u", MXONLY_VERSION, start->config,
		start->snapshot->relays.count, start->snapshot->domain_count, s.crew.workers);
	supervisor_begin(&s.state, s.crew.workers, clock_ms(), &actions);
	carry_out_all(&s, &actions);
	think(&s);
	ev_run(s.loop, 0);
	log_info("stopped");
	log_to(NULL, NULL);
	crew_end_logger(&s.crew);
	return s.status;
}
