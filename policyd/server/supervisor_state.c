/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/supervisor_state.h"

#include <string.h>

static struct supervisor_action *act(struct supervisor_actions *out, enum supervisor_action_kind kind)
{
	struct supervisor_action *a = &out->at[out->count++];

	*a = (struct supervisor_action){ .kind = kind };
	return a;
}

static void act_on(struct supervisor_actions *out, enum supervisor_action_kind kind, unsigned worker)
{
	act(out, kind)->worker = worker;
}

static void start(struct supervisor_state *s, unsigned n, int64_t now, struct supervisor_actions *out)
{
	struct supervisor_worker *w = &s->worker[n];

	w->life = WORKER_STARTING;
	w->generation = 0;
	w->started = now;
	act_on(out, ACT_SPAWN, n);
	act_on(out, ACT_SEND, n);
}

/* The timer is due when the first absent worker is to be started; while stopping, when patience ends, and a last time. */
static void arm(struct supervisor_state *s, int64_t at, struct supervisor_actions *out)
{
	if (at == s->armed)
		return;
	s->armed = at;
	if (at != INT64_MAX)
		act(out, ACT_TIMER)->at = at;
}

static void arm_for_restarts(struct supervisor_state *s, struct supervisor_actions *out)
{
	int64_t first = INT64_MAX;

	for (unsigned n = 0; n < s->workers; n++)
		if (s->worker[n].life == WORKER_ABSENT && s->worker[n].restart < first)
			first = s->worker[n].restart;
	arm(s, first, out);
}

static bool all_gone(const struct supervisor_state *s)
{
	for (unsigned n = 0; n < s->workers; n++)
		if (s->worker[n].life != WORKER_ABSENT)
			return false;
	return true;
}

static void exit_when_gone(struct supervisor_state *s, struct supervisor_actions *out)
{
	if (all_gone(s))
		act(out, ACT_EXIT)->status = s->status;
}

static void answer(
	struct supervisor_state *s, unsigned asker, int status, uint32_t generation, struct supervisor_actions *out)
{
	struct supervisor_action *a = act(out, ACT_ANSWER);

	a->asker = asker;
	a->status = status;
	a->generation = generation;
	s->asker[asker].waits = ASKER_NONE;
}

static void stop(struct supervisor_state *s, int status, int64_t now, struct supervisor_actions *out)
{
	if (s->stopping)
		return;
	s->stopping = true;
	s->status = status;
	if (s->loading)
		act(out, ACT_CANCEL_LOAD);
	s->loading = s->reload_again = false;
	for (unsigned n = 0; n < SUPERVISOR_ASKERS; n++)
		if (s->asker[n].waits != ASKER_NONE)
			answer(s, n, 1, s->generation, out);
	act(out, ACT_STOP_WORKERS);
	arm(s, now + STOP_PATIENCE, out);
	exit_when_gone(s, out);
}

/* One that lives is better than none: it goes on until they all have failed. */
static bool hopeless(const struct supervisor_state *s, int64_t now)
{
	for (unsigned n = 0; n < s->workers; n++) {
		const struct supervisor_worker *w = &s->worker[n];

		if (w->deaths < WORKER_LAST_TRY || (w->life == WORKER_SERVING && now - w->started >= WORKER_YOUNG))
			return false;
	}
	return true;
}

/* The first who dies at once may have had bad luck; then each pause is twice the one before. */
static int64_t pause_after(unsigned deaths)
{
	int64_t pause = RESTART_FIRST;

	if (deaths <= 1)
		return 0;
	while (--deaths > 1 && pause < RESTART_LONGEST)
		pause *= 2;
	return pause < RESTART_LONGEST ? pause : RESTART_LONGEST;
}

static void died(struct supervisor_state *s, unsigned n, int64_t now, struct supervisor_actions *out)
{
	struct supervisor_worker *w = &s->worker[n];

	w->deaths = now - w->started < WORKER_YOUNG || w->life != WORKER_SERVING ? w->deaths + 1 : 0;
	w->life = WORKER_ABSENT;
	if (s->stopping) {
		exit_when_gone(s, out);
		return;
	}
	if (hopeless(s, now)) {
		act(out, ACT_GIVE_UP);
		stop(s, 1, now, out);
		return;
	}
	w->restart = now + pause_after(w->deaths);
	if (w->restart == now)
		start(s, n, now, out);
	arm_for_restarts(s, out);
}

/* The generation that every worker serves, or a later one; 0 while one of them serves nothing. */
static uint32_t served_by_all(const struct supervisor_state *s)
{
	uint32_t least = UINT32_MAX;

	for (unsigned n = 0; n < s->workers; n++) {
		const struct supervisor_worker *w = &s->worker[n];

		if (w->life != WORKER_SERVING)
			return 0;
		if (w->generation < least)
			least = w->generation;
	}
	return least;
}

static void acked(struct supervisor_state *s, unsigned worker, uint32_t generation, struct supervisor_actions *out)
{
	struct supervisor_worker *w = &s->worker[worker];
	uint32_t all;

	if (w->life == WORKER_ABSENT || generation > s->generation)
		return;
	w->life = WORKER_SERVING;
	w->generation = generation;
	all = served_by_all(s);
	if (all <= s->announced)
		return;
	s->announced = all;
	act(out, ACT_ALL_SERVE)->generation = all;
	for (unsigned n = 0; n < SUPERVISOR_ASKERS; n++)
		if (s->asker[n].waits == ASKER_WORKERS && s->asker[n].number <= all)
			answer(s, n, 0, all, out);
}

static void reload(struct supervisor_state *s, struct supervisor_actions *out)
{
	if (s->stopping)
		return;
	s->reload_again = s->loading;
	if (s->loading)
		return;
	act(out, ACT_LOAD);
	s->loading = true;
	s->loads++;
}

static void awaited(struct supervisor_state *s, unsigned asker, struct supervisor_actions *out)
{
	if (s->stopping) {
		answer(s, asker, 1, s->generation, out);
		return;
	}
	reload(s, out);
	/* One that has begun already may have read the file before it was changed. */
	s->asker[asker] = (struct supervisor_asker){ ASKER_LOAD, s->loads + s->reload_again };
}

static void tell_askers(struct supervisor_state *s, bool good, struct supervisor_actions *out)
{
	for (unsigned n = 0; n < SUPERVISOR_ASKERS; n++) {
		struct supervisor_asker *a = &s->asker[n];

		if (a->waits != ASKER_LOAD || a->number != s->loads)
			continue;
		act(out, ACT_TELL)->asker = n;
		if (good)
			*a = (struct supervisor_asker){ ASKER_WORKERS, s->generation };
		else
			answer(s, n, 2, s->generation, out);
	}
}

static void loaded(struct supervisor_state *s, bool good, struct supervisor_actions *out)
{
	if (s->stopping || !s->loading)
		return;
	s->loading = false;
	if (good)
		s->generation++;
	else
		act(out, ACT_STILL_SERVES)->generation = s->generation;
	for (unsigned n = 0; good && n < s->workers; n++)
		if (s->worker[n].life != WORKER_ABSENT)
			act_on(out, ACT_SEND, n);
	tell_askers(s, good, out);
	if (s->reload_again)
		reload(s, out);
}

/* Who has not left is killed; whose end is not seen even then is left behind: whatever happened, the server ends. */
static void end_patience(struct supervisor_state *s, int64_t now, struct supervisor_actions *out)
{
	if (s->killed) {
		act(out, ACT_LEAVE_BEHIND);
		act(out, ACT_EXIT)->status = 1;
		return;
	}
	s->killed = true;
	act(out, ACT_KILL_WORKERS);
	arm(s, now + KILL_PATIENCE, out);
}

static void timer(struct supervisor_state *s, int64_t now, struct supervisor_actions *out)
{
	s->armed = INT64_MAX;
	if (s->stopping) {
		end_patience(s, now, out);
		return;
	}
	for (unsigned n = 0; n < s->workers; n++)
		if (s->worker[n].life == WORKER_ABSENT && s->worker[n].restart <= now)
			start(s, n, now, out);
	arm_for_restarts(s, out);
}

void supervisor_begin(struct supervisor_state *s, unsigned workers, int64_t now, struct supervisor_actions *out)
{
	memset(s, 0, sizeof(*s));
	s->workers = workers;
	s->generation = 1;
	s->armed = INT64_MAX;
	out->count = 0;
	for (unsigned n = 0; n < workers; n++)
		start(s, n, now, out);
}

void supervisor_event(
	struct supervisor_state *s, const struct supervisor_event *event, int64_t now, struct supervisor_actions *out)
{
	out->count = 0;
	switch (event->kind) {
	case EVENT_ACKED:
		acked(s, event->worker, event->generation, out);
		break;
	case EVENT_DIED:
		died(s, event->worker, now, out);
		break;
	case EVENT_RELOAD_ASKED:
		reload(s, out);
		break;
	case EVENT_RELOAD_AWAITED:
		awaited(s, event->asker, out);
		break;
	case EVENT_ASKER_GONE:
		s->asker[event->asker].waits = ASKER_NONE;
		break;
	case EVENT_LOADED:
	case EVENT_LOAD_FAULTY:
		loaded(s, event->kind == EVENT_LOADED, out);
		break;
	case EVENT_STOP_ASKED:
		stop(s, 0, now, out);
		break;
	case EVENT_TIMER:
		timer(s, now, out);
		break;
	}
}

bool supervisor_settled(const struct supervisor_state *s)
{
	return !s->loading && s->announced == s->generation;
}
