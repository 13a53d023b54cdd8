/* SPDX-License-Identifier: BSD-2-Clause */
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/counters.h"
#include "unit.h"

START_TEST(places)
{
	struct counters *c = counters_new();

	ck_assert(counters_open(c, &c->slot[0], 2, 3));
	ck_assert(counters_open(c, &c->slot[1], 2, 3));
	ck_assert(counters_open(c, &c->slot[1], 2, 3));
	ck_assert(!counters_open(c, &c->slot[0], 2, 3));
	ck_assert_uint_eq(counters_open_total(c, 2), 3);
	counters_close(&c->slot[1]);
	ck_assert(counters_open(c, &c->slot[0], 2, 3));
	counters_clear_open(&c->slot[0]);
	ck_assert_uint_eq(counters_open_total(c, 2), 1);
}
END_TEST

/* Counts, in memory that both share, what both hold; returns how many it was at most. */
static uint64_t race_for_places(struct counters *c, struct slot *own)
{
	enum { MAX = 3, ROUNDS = 1000000 };
	counter *held = &c->restarts;
	uint64_t mine = 0, now, worst = 0;

	atomic_fetch_add(&c->reloads_good, 1); /* both are ready: now */
	while (atomic_load(&c->reloads_good) < 2)
		sched_yield();
	for (int i = 0; i < ROUNDS; i++) {
		if (mine < MAX && counters_open(c, own, 2, MAX)) {
			mine++;
			now = atomic_fetch_add(held, 1) + 1;
			worst = now > worst ? now : worst;
		} else if (mine > 0) {
			mine--;
			atomic_fetch_sub(held, 1);
			counters_close(own);
		}
	}
	for (; mine > 0; mine--) {
		atomic_fetch_sub(held, 1);
		counters_close(own);
	}
	return worst;
}

START_TEST(race)
{
	struct counters *c = counters_new();
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit((int)race_for_places(c, &c->slot[1]));
	ck_assert_uint_le(race_for_places(c, &c->slot[0]), 3);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_le(WEXITSTATUS(status), 3);
	ck_assert_uint_eq(counters_open_total(c, 2), 0);
}
END_TEST

START_TEST(dropped)
{
	struct counters *c = counters_new();

	counters_add(&c->slot[0].lines_dropped, 2);
	counters_add(&c->slot[COUNTERS_SUPERVISOR].lines_dropped, 3);
	counters_add(&c->lines_lost, 4);
	ck_assert_uint_eq(counters_dropped_total(c), 9);
}
END_TEST

START_TEST(seldom)
{
	struct counters *c = counters_new();

	ck_assert(counters_seldom(c, SELDOM_CONTEXT, 0, 60));
	ck_assert(!counters_seldom(c, SELDOM_CONTEXT, 59999, 60));
	ck_assert(counters_seldom(c, SELDOM_CONNECTIONS, 59999, 60));
	ck_assert(counters_seldom(c, SELDOM_CONTEXT, 60001, 60));
	ck_assert(!counters_seldom(c, SELDOM_CONTEXT, 60002, 60));
}
END_TEST

int main(void)
{
	return unit_run("counters", UNIT_TESTS(places, race, dropped, seldom));
}
