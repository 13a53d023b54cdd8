/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "server/supervisor_parts.h"
#include "unit.h"

enum { STEPS = 24 };

/* Short names for the table. */
enum {
	ACKED = EVENT_ACKED,
	DIED = EVENT_DIED,
	HUP = EVENT_RELOAD_ASKED,
	CTL = EVENT_RELOAD_AWAITED,
	GONE = EVENT_ASKER_GONE,
	GOOD = EVENT_LOADED,
	FAULTY = EVENT_LOAD_FAULTY,
	STOP = EVENT_STOP_ASKED,
	TIMER = EVENT_TIMER
};

struct step {
	int64_t now;
	int kind;
	unsigned worker; /* or the asker */
	uint32_t generation;
	const char *want; /* the actions, as print_actions writes them; NULL: the end of the steps */
};

static const struct {
	const char *name;
	unsigned workers;
	const char *begin;
	struct step steps[STEPS];
} rows[] = {
	{ "all serve", 2, "spawn0 send0 spawn1 send1",
		{ { 1, ACKED, 1, 1, "" }, { 2, ACKED, 0, 1, "all1" }, { 3, ACKED, 0, 1, "" } } },
	{ "a reload", 2, "spawn0 send0 spawn1 send1",
		{ { 1, ACKED, 0, 1, "" }, { 1, ACKED, 1, 1, "all1" }, { 9, HUP, 0, 0, "load" },
			{ 10, GOOD, 0, 0, "send0 send1" }, { 11, ACKED, 0, 2, "" }, { 12, ACKED, 1, 2, "all2" } } },
	{ "a generation that is yet to come is served by nobody", 1, "spawn0 send0",
		{ { 1, ACKED, 0, 7, "" }, { 2, ACKED, 0, 1, "all1" }, { 3, ACKED, 0, 7, "" }, { 4, HUP, 0, 0, "load" },
			{ 5, GOOD, 0, 0, "send0" }, { 6, ACKED, 0, 2, "all2" } } },
	{ "a faulty reload keeps what is served", 1, "spawn0 send0",
		{ { 1, ACKED, 0, 1, "all1" }, { 2, HUP, 0, 0, "load" }, { 3, FAULTY, 0, 0, "still1" },
			{ 4, HUP, 0, 0, "load" }, { 5, GOOD, 0, 0, "send0" }, { 6, ACKED, 0, 2, "all2" } } },
	{ "many reloads asked meanwhile are one more", 1, "spawn0 send0",
		{ { 1, ACKED, 0, 1, "all1" }, { 2, HUP, 0, 0, "load" }, { 3, HUP, 0, 0, "" }, { 4, HUP, 0, 0, "" },
			{ 5, GOOD, 0, 0, "send0 load" }, { 6, GOOD, 0, 0, "send0" }, { 7, ACKED, 0, 2, "all2" },
			{ 8, ACKED, 0, 3, "all3" } } },
	{ "a reload asked meanwhile comes after a faulty one too", 1, "spawn0 send0",
		{ { 2, HUP, 0, 0, "load" }, { 3, HUP, 0, 0, "" }, { 5, FAULTY, 0, 0, "still1 load" },
			{ 6, GOOD, 0, 0, "send0" } } },
	{ "a worker that has lived is replaced at once, ever again", 1, "spawn0 send0",
		{ { 1, ACKED, 0, 1, "all1" }, { 5000, DIED, 0, 0, "spawn0 send0" }, { 5001, ACKED, 0, 1, "" },
			{ 7000, DIED, 0, 0, "spawn0 send0" } } },
	{ "one that dies at once waits, from the second time on, twice as long each time", 2,
		"spawn0 send0 spawn1 send1",
		{ { 1, ACKED, 1, 1, "" }, { 2, DIED, 0, 0, "spawn0 send0" }, { 3, DIED, 0, 0, "timer@103" },
			{ 103, TIMER, 0, 0, "spawn0 send0" }, { 104, DIED, 0, 0, "timer@304" },
			{ 304, TIMER, 0, 0, "spawn0 send0" }, { 305, DIED, 0, 0, "timer@705" },
			{ 705, TIMER, 0, 0, "spawn0 send0" }, { 706, ACKED, 0, 1, "all1" },
			{ 9000, DIED, 0, 0, "spawn0 send0" } } },
	{ "two that wait: the timer is the first one's", 2, "spawn0 send0 spawn1 send1",
		{ { 1, DIED, 0, 0, "spawn0 send0" }, { 2, DIED, 0, 0, "timer@102" }, { 3, DIED, 1, 0, "spawn1 send1" },
			{ 4, DIED, 1, 0, "" }, { 102, TIMER, 0, 0, "spawn0 send0 timer@104" },
			{ 104, TIMER, 0, 0, "spawn1 send1" } } },
	{ "the pause has an end", 2, "spawn0 send0 spawn1 send1",
		{ { 1, ACKED, 1, 1, "" }, { 1, ACKED, 0, 1, "all1" }, { 1, DIED, 0, 0, "spawn0 send0" },
			{ 2, DIED, 0, 0, "timer@102" }, { 102, TIMER, 0, 0, "spawn0 send0" },
			{ 102, DIED, 0, 0, "timer@302" }, { 302, TIMER, 0, 0, "spawn0 send0" },
			{ 302, DIED, 0, 0, "timer@702" }, { 702, TIMER, 0, 0, "spawn0 send0" },
			{ 702, DIED, 0, 0, "timer@1502" }, { 1502, TIMER, 0, 0, "spawn0 send0" },
			{ 1502, DIED, 0, 0, "timer@3102" }, { 3102, TIMER, 0, 0, "spawn0 send0" },
			{ 3102, DIED, 0, 0, "timer@6302" }, { 6302, TIMER, 0, 0, "spawn0 send0" },
			{ 6302, DIED, 0, 0, "timer@12702" }, { 12702, TIMER, 0, 0, "spawn0 send0" },
			{ 12702, DIED, 0, 0, "timer@22702" }, { 22702, TIMER, 0, 0, "spawn0 send0" },
			{ 22702, DIED, 0, 0, "timer@32702" } } },
	{ "none ever lives: it gives up", 1, "spawn0 send0",
		{ { 0, DIED, 0, 0, "spawn0 send0" }, { 0, DIED, 0, 0, "timer@100" },
			{ 100, TIMER, 0, 0, "spawn0 send0" }, { 100, DIED, 0, 0, "timer@300" },
			{ 300, TIMER, 0, 0, "spawn0 send0" }, { 300, DIED, 0, 0, "timer@700" },
			{ 700, TIMER, 0, 0, "spawn0 send0" }, { 700, DIED, 0, 0, "timer@1500" },
			{ 1500, TIMER, 0, 0, "spawn0 send0" }, { 1500, DIED, 0, 0, "timer@3100" },
			{ 3100, TIMER, 0, 0, "spawn0 send0" }, { 3100, DIED, 0, 0, "timer@6300" },
			{ 6300, TIMER, 0, 0, "spawn0 send0" },
			{ 6300, DIED, 0, 0, "giveup stop timer@11300 exit1" } } },
	{ "one of two never lives: the other goes on", 2, "spawn0 send0 spawn1 send1",
		{ { 0, DIED, 0, 0, "spawn0 send0" }, { 0, DIED, 0, 0, "timer@100" }, { 1, ACKED, 1, 1, "" },
			{ 100, TIMER, 0, 0, "spawn0 send0" }, { 100, DIED, 0, 0, "timer@300" },
			{ 300, TIMER, 0, 0, "spawn0 send0" }, { 300, DIED, 0, 0, "timer@700" },
			{ 700, TIMER, 0, 0, "spawn0 send0" }, { 700, DIED, 0, 0, "timer@1500" },
			{ 1500, TIMER, 0, 0, "spawn0 send0" }, { 1500, DIED, 0, 0, "timer@3100" },
			{ 3100, TIMER, 0, 0, "spawn0 send0" }, { 3100, DIED, 0, 0, "timer@6300" },
			{ 6300, TIMER, 0, 0, "spawn0 send0" }, { 6300, DIED, 0, 0, "timer@12700" },
			{ 12700, TIMER, 0, 0, "spawn0 send0" }, { 12701, ACKED, 0, 1, "all1" } } },
	{ "a new worker gets the newest", 2, "spawn0 send0 spawn1 send1",
		{ { 1, ACKED, 0, 1, "" }, { 1, ACKED, 1, 1, "all1" }, { 2, HUP, 0, 0, "load" },
			{ 3, GOOD, 0, 0, "send0 send1" }, { 4, DIED, 1, 0, "spawn1 send1" }, { 5, ACKED, 0, 2, "" },
			{ 6, ACKED, 1, 2, "all2" } } },
	{ "an absent worker is sent nothing", 2, "spawn0 send0 spawn1 send1",
		{ { 1, DIED, 0, 0, "spawn0 send0" }, { 1, DIED, 0, 0, "timer@101" }, { 2, HUP, 0, 0, "load" },
			{ 3, GOOD, 0, 0, "send1" }, { 4, ACKED, 1, 2, "" }, { 101, TIMER, 0, 0, "spawn0 send0" },
			{ 102, ACKED, 0, 2, "all2" } } },
	{ "who waits for a reload hears when all serve it", 2, "spawn0 send0 spawn1 send1",
		{ { 1, ACKED, 0, 1, "" }, { 1, ACKED, 1, 1, "all1" }, { 2, CTL, 5, 0, "load" },
			{ 3, GOOD, 0, 0, "send0 send1 tell5" }, { 4, ACKED, 1, 2, "" },
			{ 5, ACKED, 0, 2, "all2 answer5:0@2" }, { 6, ACKED, 0, 2, "" } } },
	{ "who waits for a faulty one hears at once", 1, "spawn0 send0",
		{ { 1, ACKED, 0, 1, "all1" }, { 2, CTL, 0, 0, "load" }, { 3, FAULTY, 0, 0, "still1 tell0 answer0:2@1" },
			{ 4, CTL, 0, 0, "load" }, { 5, GOOD, 0, 0, "send0 tell0" },
			{ 6, ACKED, 0, 2, "all2 answer0:0@2" } } },
	{ "a second one waits for a load that began after it asked", 1, "spawn0 send0",
		{ { 1, ACKED, 0, 1, "all1" }, { 2, CTL, 0, 0, "load" }, { 3, CTL, 1, 0, "" },
			{ 4, FAULTY, 0, 0, "still1 tell0 answer0:2@1 load" }, { 5, GOOD, 0, 0, "send0 tell1" },
			{ 6, ACKED, 0, 2, "all2 answer1:0@2" } } },
	{ "two that asked meanwhile share the next load; a signal's load serves them too", 1, "spawn0 send0",
		{ { 1, ACKED, 0, 1, "all1" }, { 2, HUP, 0, 0, "load" }, { 3, CTL, 3, 0, "" }, { 3, CTL, 15, 0, "" },
			{ 4, GOOD, 0, 0, "send0 load" }, { 5, ACKED, 0, 2, "all2" },
			{ 6, GOOD, 0, 0, "send0 tell3 tell15" },
			{ 7, ACKED, 0, 3, "all3 answer3:0@3 answer15:0@3" } } },
	{ "the first is answered while the second one's load runs, and its faults are not the second one's", 1,
		"spawn0 send0",
		{ { 1, ACKED, 0, 1, "all1" }, { 2, CTL, 0, 0, "load" }, { 3, CTL, 1, 0, "" },
			{ 4, GOOD, 0, 0, "send0 tell0 load" }, { 5, ACKED, 0, 2, "all2 answer0:0@2" },
			{ 6, FAULTY, 0, 0, "still2 tell1 answer1:2@2" } } },
	{ "a worker that skips a generation has served it", 1, "spawn0 send0",
		{ { 1, ACKED, 0, 1, "all1" }, { 2, CTL, 0, 0, "load" }, { 3, CTL, 1, 0, "" },
			{ 4, GOOD, 0, 0, "send0 tell0 load" }, { 5, GOOD, 0, 0, "send0 tell1" },
			{ 6, ACKED, 0, 3, "all3 answer0:0@3 answer1:0@3" } } },
	{ "a worker that dies meanwhile counts once it serves", 2, "spawn0 send0 spawn1 send1",
		{ { 1, ACKED, 0, 1, "" }, { 1, ACKED, 1, 1, "all1" }, { 2000, CTL, 0, 0, "load" },
			{ 2001, GOOD, 0, 0, "send0 send1 tell0" }, { 2002, ACKED, 0, 2, "" },
			{ 2003, DIED, 1, 0, "spawn1 send1" }, { 2004, ACKED, 1, 2, "all2 answer0:0@2" } } },
	{ "one that had acknowledged, and died, is waited for again", 2, "spawn0 send0 spawn1 send1",
		{ { 1, ACKED, 0, 1, "" }, { 1, ACKED, 1, 1, "all1" }, { 2000, CTL, 0, 0, "load" },
			{ 2001, GOOD, 0, 0, "send0 send1 tell0" }, { 2002, ACKED, 0, 2, "" },
			{ 2003, DIED, 0, 0, "spawn0 send0" }, { 2004, ACKED, 1, 2, "" },
			{ 2005, ACKED, 0, 2, "all2 answer0:0@2" } } },
	{ "who has gone is not answered", 1, "spawn0 send0",
		{ { 1, ACKED, 0, 1, "all1" }, { 2, CTL, 0, 0, "load" }, { 3, GONE, 0, 0, "" },
			{ 4, GOOD, 0, 0, "send0" }, { 5, CTL, 0, 0, "load" }, { 6, GOOD, 0, 0, "send0 tell0" },
			{ 7, GONE, 0, 0, "" }, { 8, ACKED, 0, 3, "all3" } } },
	{ "who waits when the end comes hears that", 1, "spawn0 send0",
		{ { 1, ACKED, 0, 1, "all1" }, { 2, CTL, 0, 0, "load" }, { 3, CTL, 1, 0, "" },
			{ 4, STOP, 0, 0, "cancel answer0:1@1 answer1:1@1 stop timer@5004" },
			{ 5, CTL, 2, 0, "answer2:1@1" }, { 6, DIED, 0, 0, "exit0" } } },
	{ "a stop", 2, "spawn0 send0 spawn1 send1",
		{ { 5, STOP, 0, 0, "stop timer@5005" }, { 6, DIED, 0, 0, "" }, { 6, STOP, 0, 0, "" },
			{ 6, HUP, 0, 0, "" }, { 7, DIED, 1, 0, "exit0" } } },
	{ "a stop during a load", 1, "spawn0 send0",
		{ { 1, HUP, 0, 0, "load" }, { 5, STOP, 0, 0, "cancel stop timer@5005" }, { 6, GOOD, 0, 0, "" },
			{ 7, DIED, 0, 0, "exit0" } } },
	{ "a stop that a worker does not obey", 1, "spawn0 send0",
		{ { 5, STOP, 0, 0, "stop timer@5005" }, { 5005, TIMER, 0, 0, "kill timer@15005" },
			{ 5006, DIED, 0, 0, "exit0" } } },
	{ "a stop, and a worker whose end is never seen", 2, "spawn0 send0 spawn1 send1",
		{ { 5, STOP, 0, 0, "stop timer@5005" }, { 5005, TIMER, 0, 0, "kill timer@15005" },
			{ 5006, DIED, 1, 0, "" }, { 15005, TIMER, 0, 0, "leave exit1" } } },
	{ "a stop while a restart is due", 1, "spawn0 send0",
		{ { 1, DIED, 0, 0, "spawn0 send0" }, { 2, DIED, 0, 0, "timer@102" },
			{ 3, STOP, 0, 0, "stop timer@5003 exit0" } } },
};

static void print_action(char *to, size_t cap, const struct supervisor_action *a)
{
	static const char *const words[] = { [ACT_SPAWN] = "spawn",
		[ACT_SEND] = "send",
		[ACT_LOAD] = "load",
		[ACT_CANCEL_LOAD] = "cancel",
		[ACT_ALL_SERVE] = "all",
		[ACT_STILL_SERVES] = "still",
		[ACT_TELL] = "tell",
		[ACT_ANSWER] = "answer",
		[ACT_GIVE_UP] = "giveup",
		[ACT_STOP_WORKERS] = "stop",
		[ACT_KILL_WORKERS] = "kill",
		[ACT_LEAVE_BEHIND] = "leave",
		[ACT_TIMER] = "timer@",
		[ACT_EXIT] = "exit" };
	char number[32] = "";

	if (a->kind == ACT_SPAWN || a->kind == ACT_SEND)
		snprintf(number, sizeof number, "%u", a->worker);
	else if (a->kind == ACT_ALL_SERVE || a->kind == ACT_STILL_SERVES)
		snprintf(number, sizeof number, "%u", a->generation);
	else if (a->kind == ACT_TELL)
		snprintf(number, sizeof number, "%u", a->asker);
	else if (a->kind == ACT_ANSWER)
		snprintf(number, sizeof number, "%u:%d@%u", a->asker, a->status, a->generation);
	else if (a->kind == ACT_EXIT)
		snprintf(number, sizeof number, "%d", a->status);
	else if (a->kind == ACT_TIMER)
		snprintf(number, sizeof number, "%lld", (long long)a->at);
	snprintf(to, cap, "%s%s", words[a->kind], number);
}

static void print_actions(char *to, size_t cap, const struct supervisor_actions *out)
{
	size_t len = 0;

	*to = '\0';
	for (size_t i = 0; i < out->count; i++) {
		if (i > 0)
			to[len++] = ' ';
		print_action(to + len, cap - len, &out->at[i]);
		len += strlen(to + len);
	}
}

START_TEST(table)
{
	static struct supervisor_state s;
	struct supervisor_actions out;
	char got[1024], name[200];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		supervisor_begin(&s, rows[i].workers, 0, &out);
		print_actions(got, sizeof got, &out);
		row_str(rows[i].name, got, rows[i].begin);
		for (const struct step *step = rows[i].steps; step->want != NULL; step++) {
			const struct supervisor_event event = { .kind = (enum supervisor_event_kind)step->kind,
				.worker = step->worker,
				.asker = step->worker,
				.generation = step->generation };

			snprintf(name, sizeof name, "%s, step %td", rows[i].name, step - rows[i].steps + 1);
			supervisor_event(&s, &event, step->now, &out);
			print_actions(got, sizeof got, &out);
			row_str(name, got, step->want);
		}
	}
}
END_TEST

/* What a whole life is watched for. */
struct life {
	bool alive[SUPERVISOR_WORKERS], waits[SUPERVISOR_ASKERS], loading, left_behind, over;
	int64_t now;
};

static void watch_action(struct life *l, const struct supervisor_state *s, const struct supervisor_action *a)
{
	ck_assert(!l->over);
	ck_assert(a->kind != ACT_SPAWN || !l->alive[a->worker]);
	ck_assert(a->kind != ACT_SEND || l->alive[a->worker] || s->worker[a->worker].life != WORKER_ABSENT);
	ck_assert(a->kind != ACT_LOAD || !l->loading);
	ck_assert(a->kind != ACT_CANCEL_LOAD || l->loading);
	ck_assert((a->kind != ACT_TELL && a->kind != ACT_ANSWER) || l->waits[a->asker]);
	if (a->kind == ACT_SPAWN)
		l->alive[a->worker] = true;
	if (a->kind == ACT_LOAD || a->kind == ACT_CANCEL_LOAD)
		l->loading = a->kind == ACT_LOAD;
	if (a->kind == ACT_ANSWER)
		l->waits[a->asker] = false;
	l->left_behind |= a->kind == ACT_LEAVE_BEHIND;
	l->over = a->kind == ACT_EXIT;
}

/* Something that can happen now. */
static struct supervisor_event any_event(struct life *l, const struct supervisor_state *s, unsigned *seed, int step)
{
	struct supervisor_event event = { .worker = (unsigned)rand_r(seed) % s->workers,
		.asker = (unsigned)rand_r(seed) % SUPERVISOR_ASKERS,
		.generation = s->generation };

	event.kind = (enum supervisor_event_kind)(rand_r(seed) % (step > 40 ? EVENT_TIMER + 1 : EVENT_STOP_ASKED));
	if ((event.kind == EVENT_DIED || event.kind == EVENT_ACKED) && !l->alive[event.worker])
		event.kind = EVENT_TIMER;
	if ((event.kind == EVENT_LOADED || event.kind == EVENT_LOAD_FAULTY) && !l->loading)
		event.kind = EVENT_RELOAD_ASKED;
	if (event.kind == EVENT_RELOAD_AWAITED && l->waits[event.asker])
		event.kind = EVENT_ASKER_GONE;
	if (event.kind == EVENT_DIED)
		l->alive[event.worker] = false;
	if (event.kind == EVENT_LOADED || event.kind == EVENT_LOAD_FAULTY)
		l->loading = false;
	if (event.kind == EVENT_RELOAD_AWAITED || event.kind == EVENT_ASKER_GONE)
		l->waits[event.asker] = event.kind == EVENT_RELOAD_AWAITED;
	l->now += rand_r(seed) % 1500;
	return event;
}

/*
 * Whatever happens in whatever order: at most one load at a time, nothing is sent to nobody, nobody who waits is forgotten,
 * one exit, and it is the last.
 */
START_TEST(any_order)
{
	static struct supervisor_state s;
	struct supervisor_actions out;
	unsigned seed = 1;

	for (int round = 0; round < 2000; round++) {
		struct life l = { .now = 0 };

		supervisor_begin(&s, 1 + (unsigned)rand_r(&seed) % 5, l.now, &out);
		for (int step = 0; step < 60 && !l.over; step++) {
			for (size_t i = 0; i < out.count; i++)
				watch_action(&l, &s, &out.at[i]);
			for (unsigned n = 0; n < SUPERVISOR_ASKERS; n++)
				ck_assert_int_eq(l.waits[n], s.asker[n].waits != ASKER_NONE);
			if (!l.over) {
				const struct supervisor_event event = any_event(&l, &s, &seed, step);
				supervisor_event(&s, &event, l.now, &out);
			}
		}
		for (unsigned n = 0; l.over && n < s.workers; n++)
			ck_assert_msg(!l.alive[n] || l.left_behind, "it left before worker %u", n);
		for (unsigned n = 0; l.over && n < SUPERVISOR_ASKERS; n++)
			ck_assert_msg(!l.waits[n], "it left without an answer to %u", n);
	}
}
END_TEST

/*
 * No worker can be started, one failure leading to the next as in supervisor.c: what waits to be thought of never exceeds its
 * room, and afterwards nobody is taken for one that starts.
 */
START_TEST(none_can_be_started)
{
	static struct supervisor_state s;
	static unsigned failed[3 * SUPERVISOR_WORKERS];
	struct supervisor_actions out;
	size_t first = 0, count = 0;

	supervisor_begin(&s, SUPERVISOR_WORKERS, 0, &out);
	for (;;) {
		for (size_t i = 0; i < out.count; i++)
			if (out.at[i].kind == ACT_SPAWN)
				failed[count++] = out.at[i].worker;
		ck_assert_uint_le(count - first, SUPERVISOR_PENDING);
		if (first == count)
			break;
		supervisor_event(
			&s, &(struct supervisor_event){ .kind = EVENT_DIED, .worker = failed[first++] }, 0, &out);
	}
	ck_assert_uint_eq(count, 2 * SUPERVISOR_WORKERS);
	for (unsigned n = 0; n < s.workers; n++)
		ck_assert_msg(s.worker[n].life == WORKER_ABSENT, "worker %u", n);
}
END_TEST

START_TEST(settled)
{
	static struct supervisor_state s;
	struct supervisor_actions out;
	static const struct {
		enum supervisor_event_kind kind;
		uint32_t generation;
		bool want;
	} steps[] = { { EVENT_ACKED, 1, true }, { EVENT_RELOAD_ASKED, 0, false }, { EVENT_LOADED, 0, false },
		{ EVENT_RELOAD_ASKED, 0, false }, { EVENT_ACKED, 2, false }, { EVENT_LOAD_FAULTY, 0, true },
		{ EVENT_DIED, 0, true } };

	supervisor_begin(&s, 1, 0, &out);
	ck_assert(!supervisor_settled(&s));
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		const struct supervisor_event event = { .kind = steps[i].kind, .generation = steps[i].generation };

		supervisor_event(&s, &event, 1, &out);
		ck_assert_msg(supervisor_settled(&s) == steps[i].want, "step %zu", i);
	}
}
END_TEST

int main(void)
{
	return unit_run("supervisor_state", UNIT_TESTS(table, any_order, none_can_be_started, settled));
}
