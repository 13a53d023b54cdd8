/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "server/clock.h"
#include "server/notify.h"
#include "server/sandbox.h"
#include "server/stuck.h"
#include "server/supervisor_parts.h"
#include "server/view.h"

static const double LOGGER_PAUSE = 0.2; /* seconds before a logger that died is replaced */

void supervisor_raise(struct supervisor *s, struct supervisor_event event)
{
	if (s->pending_count == SUPERVISOR_PENDING) {
		log_error("an event is lost (a fault of mxonlyd: please report it)");
		return;
	}
	s->pending[(s->pending_first + s->pending_count++) % SUPERVISOR_PENDING] = event;
}

static void carry_out_all(struct supervisor *s, const struct supervisor_actions *actions)
{
	for (size_t i = 0; i < actions->count; i++)
		supervisor_carry_out(s, &actions->at[i]);
}

/* After a start and after each reload, whatever became of it. */
static void notify_settled(struct supervisor *s)
{
	if (s->settled || s->state.stopping || !supervisor_settled(&s->state))
		return;
	s->settled = true;
	notify_send(s->start.notify, "READY=1\nSTATUS=%s generation %u with %u worker%s\n",
		s->renewal.faults.errors > 0 ? "The last reload was refused; still serving" : "Serving",
		s->state.generation, s->crew.workers, s->crew.workers == 1 ? "" : "s");
}

static void think(struct supervisor *s)
{
	struct supervisor_actions actions;

	while (s->pending_count > 0) {
		const struct supervisor_event event = s->pending[s->pending_first];

		s->pending_first = (s->pending_first + 1) % SUPERVISOR_PENDING;
		s->pending_count--;
		supervisor_event(&s->state, &event, clock_ms(), &actions);
		carry_out_all(s, &actions);
	}
	notify_settled(s);
}

/* Whatever happens comes through here. */
static void happened(struct supervisor *s, struct supervisor_event event)
{
	supervisor_raise(s, event);
	think(s);
}

/* One that answers is enough for whoever waits for the start: that another cannot is told in the log, again and again. */
static void first_serves(struct supervisor *s)
{
	s->answers = true;
	if (s->start.ready != NULL)
		s->start.ready(s->start.context);
	if (!s->settled)
		notify_send(s->start.notify, "READY=1\nSTATUS=Serving generation 1; some workers are yet to start\n");
}

void supervisor_on_message(struct ev_loop *loop, ev_io *io, int events)
{
	struct supervisor *s = ev_userdata(loop);
	const struct member *member = io->data;
	struct message m;
	int fd, rc = channel_receive(io->fd, &m, &fd); /* one a turn: who talks without an end holds up nobody */

	(void)events;
	if (fd >= 0)
		close(fd);
	if (rc == 0) {
		/* It is dying, and SIGCHLD tells when it has; without its channel it could not be told anything. */
		ev_io_stop(loop, io);
		kill(member->pid, SIGKILL);
	}
	if (rc <= 0 || m.word != CHANNEL_SERVES)
		return;
	happened(s, (struct supervisor_event){ .kind = EVENT_ACKED,
			    .worker = (unsigned)(member - s->crew.worker),
			    .generation = m.generation });
	if (!s->answers)
		first_serves(s);
}

static void use_settings(struct supervisor *s, const struct snapshot *snapshot)
{
	s->log.json = snapshot->policyd.log_json;
	s->log.way = s->crew.ways.of[snapshot->policyd.log];
	log_json(snapshot->policyd.log_json);
	for (uint32_t i = 0; i < snapshot->relays.count; i++)
		relay_names_add(&s->start.counters->names, snap_text(snapshot, snap_relay(snapshot, i)->name));
}

void supervisor_let_go(struct supervisor *s)
{
	if (s->before != NULL)
		snapshot_unmap(s->before);
	s->before = NULL;
}

static void take_over(struct supervisor *s, int fd, const struct snapshot *new)
{
	/* Who lets go of it last has its memory to free, up to some milliseconds of work: not a worker, whose clients wait. */
	supervisor_let_go(s);
	s->before = s->start.snapshot;
	close(s->start.fd);
	s->start.snapshot = new;
	s->start.fd = fd;
	counters_add(&s->start.counters->reloads_good, 1);
	use_settings(s, new);
	fixed_compare(&s->fixed, new, s->start.own_listen, s->start.own_control, s->start.config, &s->renewal.faults);
}

static void on_loaded(void *context, int fd, const struct snapshot *new)
{
	struct supervisor *s = context;

	if (fd >= 0)
		take_over(s, fd, new);
	happened(s, (struct supervisor_event){ .kind = fd >= 0 ? EVENT_LOADED : EVENT_LOAD_FAULTY });
}

static struct view look(const struct supervisor *s)
{
	struct view v = { .config = s->start.config,
		.snapshot = s->start.snapshot,
		.counters = s->start.counters,
		.state = &s->state,
		.listeners = s->start.listeners,
		.faults = &s->renewal.faults,
		.now = time(NULL),
		.clock = clock_ms(),
		.began = s->began,
		.served = s->served,
		.loaded = s->renewal.ended,
		.way = s->log.way,
		.pid = getpid() };

	for (unsigned n = 0; n < s->crew.workers; n++)
		v.worker[n] = s->crew.worker[n].pid;
	return v;
}

static void on_asked(void *context, unsigned client, enum control_word word)
{
	struct supervisor *s = context;
	struct view v;
	FILE *to;

	if (word == CONTROL_RELOAD) {
		happened(s, (struct supervisor_event){ .kind = EVENT_RELOAD_AWAITED, .asker = client });
		return;
	}
	to = control_text(&s->control, client);
	v = look(s);
	if (to == NULL)
		return control_answer(&s->control, client, 0);
	if (word == CONTROL_HEALTH)
		return control_answer(&s->control, client, health_print(to, &v));
	(word == CONTROL_STATUS ? status_print : stats_print)(to, &v);
	control_answer(&s->control, client, 0);
}

static void on_asker_gone(void *context, unsigned client)
{
	happened(context, (struct supervisor_event){ .kind = EVENT_ASKER_GONE, .asker = client });
}

static void log_death(struct supervisor *s, unsigned n, int status)
{
	if (s->state.stopping)
		return;
	if (WIFSIGNALED(status))
		log_error("worker %u was ended by signal %d (%s): it is replaced", n, WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) == STUCK_STATUS)
		log_error("worker %u computed for more than %d s without an end (a fault of mxonlyd: please report "
			  "it): it is replaced",
			n, STUCK_SECONDS);
	else
		log_error("worker %u has left with status %d: it is replaced", n, WEXITSTATUS(status));
	counters_add(&s->start.counters->restarts, 1);
	counters_add(&s->start.counters->slot[n].restarts, 1);
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
	if (s->crew.logger == 0) {
		crew_spawn_logger(&s->crew);
		return; /* again after the same pause: when it has taken from the queue, which may be full, or could not be started */
	}
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

	for (int i = 0; i < SUPERVISOR_SIGNALS; i++)
		ev_signal_stop(s->loop, &s->signal[i]);
	log_to(NULL, NULL);
	/* Else a child would hold the memory of the snapshot of its birth for all its life. */
	supervisor_let_go(s);
	snapshot_unmap(s->start.snapshot);
}

static void watch(struct supervisor *s)
{
	static const int numbers[SUPERVISOR_SIGNALS] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };
	sigset_t awaited;

	sigemptyset(&awaited);
	for (int i = 0; i < SUPERVISOR_SIGNALS; i++) {
		ev_signal_init(&s->signal[i], on_signal, numbers[i]);
		ev_signal_start(s->loop, &s->signal[i]);
		sigaddset(&awaited, numbers[i]);
	}
	sigprocmask(SIG_UNBLOCK, &awaited, NULL); /* what was asked for during the start comes now */
	ev_init(&s->timer, on_timer);
	ev_timer_init(&s->logger_timer, on_logger_timer, 0, LOGGER_PAUSE);
}

/* Everything that a loop calls, once the log goes where it will stay. */
static void start_parts(struct supervisor *s)
{
	s->renewal.loop = s->control.loop = s->loop;
	s->renewal.context = s->control.context = s;
	s->renewal.config = s->start.config;
	s->renewal.done = on_loaded;
	renewal_start(&s->renewal, s->start.faults);
	s->control.asked = on_asked;
	s->control.gone = on_asker_gone;
	control_start(&s->control, s->start.control->count > 0 ? s->start.control->at[0].fd : -1);
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
	s->crew.workers = crew_size(start->snapshot->policyd.workers);
	s->crew.ways = logger_ways(start->detached);
	s->crew.forked = forked;
	s->crew.context = s;
	if (crew_spawn_logger(&s->crew) < 0) {
		log_error("cannot start: fork: %s", strerror(errno));
		return -1;
	}
	s->log = (struct log_sender){ .fd = s->crew.log.in,
		.dropped = &start->counters->slot[COUNTERS_SUPERVISOR].lines_dropped };
	use_settings(s, start->snapshot);
	log_to(logger_send, &s->log);
	fixed_keep(&s->fixed, start->snapshot);
	return 0;
}

/* The folder of path, in to; returns to. */
static const char *folder_of(const char *path, char to[ENDPOINT_PATH])
{
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - path) + 1;

	if (len >= ENDPOINT_PATH)
		len = 0;
	memcpy(to, path, len);
	memcpy(to + len, ".", 2);
	return to;
}

/* From here on it only does what a reload and the end ask for: read files, fork, remove its sockets. */
static void confine(const struct supervisor_start *start)
{
	static char name[2 * LISTENERS_MAX + 1][ENDPOINT_PATH + 1];
	const char *folders[2 * LISTENERS_MAX + 1];
	const struct listeners *all[] = { start->listeners, start->control };
	char missing[SANDBOX_WORDS];
	size_t n = 0;

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		for (size_t j = 0; j < all[i]->count; j++, n++)
			folders[n] = folder_of(all[i]->at[j].endpoint.path, name[n]);
	if (start->pidfile != NULL) {
		folders[n] = folder_of(start->pidfile, name[n]);
		n++;
	}
	sandbox_enter(SANDBOX_SUPERVISOR, folders, n, missing);
	if (missing[0] != '\0')
		log_warning("confined as far as this kernel lets it; without: %s", missing);
}

int supervisor_run(const struct supervisor_start *start)
{
	static struct supervisor s;
	struct supervisor_actions actions;

	s.began = time(NULL);
	if (set_up(&s, start) < 0) {
		listeners_remove(start->listeners);
		listeners_remove(start->control);
		return 1;
	}
	start_parts(&s);
	confine(start);
	log_info("mxonlyd %s starts with %s: relays %u, domains %u, workers %u", MXONLY_VERSION, start->config,
		start->snapshot->relays.count, start->snapshot->domain_count, s.crew.workers);
	supervisor_begin(&s.state, s.crew.workers, clock_ms(), &actions);
	carry_out_all(&s, &actions);
	think(&s);
	ev_run(s.loop, 0);
	control_stop(&s.control);
	log_info("stopped");
	log_to(NULL, NULL);
	crew_end_logger(&s.crew);
	return s.status;
}
