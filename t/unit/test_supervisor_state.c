/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "server/supervisor_state.h"
#include "unit.h"

enum { STEPS = 24 };

/* Short names for the table. */
enum {
	ACKED = EVENT_ACKED,
	DIED = EVENT_DIED,
	HUP = EVENT_RELOAD_ASKED,
	GOOD = EVENT_LOADED,
	FAULTY = EVENT_LOAD_FAULTY,
	STOP = EVENT_STOP_ASKED,
	TIMER = EVENT_TIMER
};

struct step {
	int64_t now;
	int kind;
	unsigned worker;
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
	{ "a faulty reload keeps what is served", 1, "spawn0 send0",
		{ { 1, ACKED, 0, 1, "all1" }, { 2, HUP, 0, 0, "load" }, { 3, FAULTY, 0, 0, "still1" },
			{ 4, HUP, 0, 0, "load" }, { 5, GOOD, 0, 0, "send0" }, { 6, ACKED, 0, 2, "all2" } } },
	{ "many reloads asked meanwhile are one more", 1, "spawn0 send0",
		{ { 1, ACKED, 0, 1, "all1" }, { 2, HUP, 0, 0, "load" }, { 3, HUP, 0, 0, "" }, { 4, HUP, 0, 0, "" },
			{ 5, GOOD, 0, 0, "send0 load" }, { 6, GOOD, 0, 0, "send0" }, { 7, ACKED, 0, 2, "" },
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
		{ { 1, ACKED, 1, 1, "" }, { 1, DIED, 0, 0, "spawn0 send0" }, { 2, DIED, 0, 0, "timer@102" },
			{ 102, TIMER, 0, 0, "spawn0 send0" }, { 102, DIED, 0, 0, "timer@302" },
			{ 302, TIMER, 0, 0, "spawn0 send0" }, { 302, DIED, 0, 0, "timer@702" },
			{ 702, TIMER, 0, 0, "spawn0 send0" }, { 702, DIED, 0, 0, "timer@1502" },
			{ 1502, TIMER, 0, 0, "spawn0 send0" }, { 1502, DIED, 0, 0, "timer@3102" },
			{ 3102, TIMER, 0, 0, "spawn0 send0" }, { 3102, DIED, 0, 0, "timer@6302" },
			{ 6302, TIMER, 0, 0, "spawn0 send0" }, { 6302, DIED, 0, 0, "timer@12702" },
			{ 12702, TIMER, 0, 0, "spawn0 send0" }, { 12702, DIED, 0, 0, "timer@22702" },
			{ 22702, TIMER, 0, 0, "spawn0 send0" }, { 22702, DIED, 0, 0, "timer@32702" } } },
	{ "none ever lives: it gives up", 1, "spawn0 send0",
		{ { 0, DIED, 0, 0, "spawn0 send0" }, { 0, DIED, 0, 0, "timer@100" },
			{ 100, TIMER, 0, 0, "spawn0 send0" }, { 100, DIED, 0, 0, "timer@300" },
			{ 300, TIMER, 0, 0, "spawn0 send0" }, { 300, DIED, 0, 0, "timer@700" },
			{ 700, TIMER, 0, 0, "spawn0 send0" }, { 700, DIED, 0, 0, "timer@1500" },
			{ 1500, TIMER, 0, 0, "spawn0 send0" }, { 1500, DIED, 0, 0, "timer@3100" },
			{ 3100, TIMER, 0, 0, "spawn0 send0" }, { 3100, DIED, 0, 0, "timer@6300" },
			{ 6300, TIMER, 0, 0, "spawn0 send0" },
			{ 6300, DIED, 0, 0, "giveup stop timer@11300 exit1" } } },
	{ "a new worker gets the newest", 2, "spawn0 send0 spawn1 send1",
		{ { 1, ACKED, 0, 1, "" }, { 1, ACKED, 1, 1, "all1" }, { 2, HUP, 0, 0, "load" },
			{ 3, GOOD, 0, 0, "send0 send1" }, { 4, DIED, 1, 0, "spawn1 send1" }, { 5, ACKED, 0, 2, "" },
			{ 6, ACKED, 1, 2, "all2" } } },
	{ "an absent worker is sent nothing", 2, "spawn0 send0 spawn1 send1",
		{ { 1, DIED, 0, 0, "spawn0 send0" }, { 1, DIED, 0, 0, "timer@101" }, { 2, HUP, 0, 0, "load" },
			{ 3, GOOD, 0, 0, "send1" }, { 4, ACKED, 1, 2, "" }, { 101, TIMER, 0, 0, "spawn0 send0" },
			{ 102, ACKED, 0, 2, "all2" } } },
	{ "a stop", 2, "spawn0 send0 spawn1 send1",
		{ { 5, STOP, 0, 0, "stop timer@5005" }, { 6, DIED, 0, 0, "" }, { 6, STOP, 0, 0, "" },
			{ 6, HUP, 0, 0, "" }, { 7, DIED, 1, 0, "exit0" } } },
	{ "a stop during a load", 1, "spawn0 send0",
		{ { 1, HUP, 0, 0, "load" }, { 5, STOP, 0, 0, "cancel stop timer@5005" }, { 6, GOOD, 0, 0, "" },
			{ 7, DIED, 0, 0, "exit0" } } },
	{ "a stop that a worker does not obey", 1, "spawn0 send0",
		{ { 5, STOP, 0, 0, "stop timer@5005" }, { 5005, TIMER, 0, 0, "kill" },
			{ 5006, DIED, 0, 0, "exit0" } } },
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
		[ACT_GIVE_UP] = "giveup",
		[ACT_STOP_WORKERS] = "stop",
		[ACT_KILL_WORKERS] = "kill",
		[ACT_TIMER] = "timer@",
		[ACT_EXIT] = "exit" };
	char number[32] = "";

	if (a->kind == ACT_SPAWN || a->kind == ACT_SEND)
		snprintf(number, sizeof number, "%u", a->worker);
	else if (a->kind == ACT_ALL_SERVE || a->kind == ACT_STILL_SERVES)
		snprintf(number, sizeof number, "%u", a->generation);
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
				.generation = step->generation };

			snprintf(name, sizeof name, "%s, step %td", rows[i].name, step - rows[i].steps + 1);
			supervisor_event(&s, &event, step->now, &out);
			print_actions(got, sizeof got, &out);
			row_str(name, got, step->want);
		}
	}
}
END_TEST

/* Whatever happens in whatever order: at most one load at a time, nothing is sent to nobody, one exit, and it is the last. */
START_TEST(any_order)
{
	static struct supervisor_state s;
	struct supervisor_actions out;
	unsigned seed = 1, workers;

	for (int round = 0; round < 2000; round++) {
		bool alive[SUPERVISOR_WORKERS] = { false }, loading = false, over = false;
		int64_t now = 0;

		workers = 1 + (unsigned)rand_r(&seed) % 5;
		supervisor_begin(&s, workers, now, &out);
		for (int step = 0; step < 60 && !over; step++) {
			struct supervisor_event event = { .worker = (unsigned)rand_r(&seed) % workers,
				.generation = s.generation };

			for (size_t i = 0; i < out.count; i++) {
				const struct supervisor_action *a = &out.at[i];

				ck_assert(!over);
				ck_assert(a->kind != ACT_SPAWN || !alive[a->worker]);
				ck_assert(a->kind != ACT_SEND || alive[a->worker] ||
					  s.worker[a->worker].life != WORKER_ABSENT);
				ck_assert(a->kind != ACT_LOAD || !loading);
				ck_assert(a->kind != ACT_CANCEL_LOAD || loading);
				if (a->kind == ACT_SPAWN)
					alive[a->worker] = true;
				if (a->kind == ACT_LOAD || a->kind == ACT_CANCEL_LOAD)
					loading = a->kind == ACT_LOAD;
				over = a->kind == ACT_EXIT;
			}
			if (over)
				break;
			event.kind = (enum supervisor_event_kind)(
				rand_r(&seed) % (step > 40 ? EVENT_TIMER + 1 : EVENT_STOP_ASKED));
			if ((event.kind == EVENT_DIED || event.kind == EVENT_ACKED) && !alive[event.worker])
				event.kind = EVENT_TIMER;
			if ((event.kind == EVENT_LOADED || event.kind == EVENT_LOAD_FAULTY) && !loading)
				event.kind = EVENT_RELOAD_ASKED;
			if (event.kind == EVENT_DIED)
				alive[event.worker] = false;
			if (event.kind == EVENT_LOADED || event.kind == EVENT_LOAD_FAULTY)
				loading = false;
			now += rand_r(&seed) % 1500;
			supervisor_event(&s, &event, now, &out);
		}
		for (unsigned n = 0; over && n < workers; n++)
			ck_assert_msg(!alive[n], "it left before worker %u", n);
	}
}
END_TEST

int main(void)
{
	return unit_run("supervisor_state", UNIT_TESTS(table, any_order));
}
