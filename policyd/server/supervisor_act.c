/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "server/clock.h"
#include "server/notify.h"
#include "server/supervisor_parts.h"

static void begin_load(struct supervisor *s)
{
	s->settled = false;
	notify_reloading(s->start.notify);
	if (renewal_begin(&s->renewal) < 0)
		supervisor_raise(s, (struct supervisor_event){ .kind = EVENT_LOAD_FAULTY });
}

static void spawn(struct supervisor *s, unsigned n)
{
	if (crew_spawn(&s->crew, n, supervisor_on_message) == 0)
		return;
	log_error("worker %u cannot be started: %s", n, strerror(errno));
	supervisor_raise(s, (struct supervisor_event){ .kind = EVENT_DIED, .worker = n });
}

static void send_snapshot(struct supervisor *s, unsigned n)
{
	const struct message m = { .word = CHANNEL_SERVE, .generation = s->state.generation };

	crew_send(&s->crew, n, &m, s->start.fd);
}

/* First nobody can find the sockets any more, then those who share them let go. */
static void stop_workers(struct supervisor *s)
{
	const struct message m = { .word = CHANNEL_STOP };

	notify_send(s->start.notify, "STOPPING=1\nSTATUS=Stopping\n");
	control_close(&s->control);
	for (int i = 0; i < 2; i++) {
		listeners_remove(i == 0 ? s->start.listeners : s->start.control);
		listeners_close(i == 0 ? s->start.listeners : s->start.control);
	}
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

static void all_serve(struct supervisor *s, uint32_t generation)
{
	atomic_store(&s->start.counters->generation, generation);
	s->served = time(NULL);
	if (generation == s->state.generation)
		supervisor_let_go(s);
	log_info("all workers serve generation %u of %s", generation, s->start.config);
}

/* Whoever asked for a reload hears what was found, in the words of a start. */
static void tell(struct supervisor *s, unsigned asker)
{
	FILE *to = control_text(&s->control, asker);

	if (to != NULL)
		faults_print(&s->renewal.faults, to);
}

static void answer(struct supervisor *s, const struct supervisor_action *a)
{
	FILE *to = control_text(&s->control, a->asker);

	if (to != NULL && a->status == 0)
		fprintf(to, "generation %u of %s: served by %u worker%s\n", a->generation, s->start.config,
			s->crew.workers, s->crew.workers == 1 ? "" : "s");
	else if (to != NULL && a->status == 2)
		fprintf(to, "still serving generation %u\n", a->generation);
	else if (to != NULL)
		fputs("the server is stopping\n", to);
	control_answer(&s->control, a->asker, a->status);
}

void supervisor_carry_out(struct supervisor *s, const struct supervisor_action *a)
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
		renewal_cancel(&s->renewal);
		break;
	case ACT_ALL_SERVE:
		all_serve(s, a->generation);
		break;
	case ACT_STILL_SERVES:
		counters_add(&s->start.counters->reloads_refused, 1);
		log_error("%s was not taken over: still serving generation %u", s->start.config, a->generation);
		break;
	case ACT_TELL:
		tell(s, a->asker);
		break;
	case ACT_ANSWER:
		answer(s, a);
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
	case ACT_LEAVE_BEHIND:
		log_error("workers that were killed have not ended in %d s: left behind", KILL_PATIENCE / 1000);
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
