/* SPDX-License-Identifier: BSD-2-Clause */
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "server/stuck.h"
#include "unit.h"

enum { TICK = 50 /* ms of processor time */ };

static double used(void)
{
	return (double)clock() / CLOCKS_PER_SEC * 1000;
}

/* Computes for so long, and turns every so often (0: never); waits for so long as well. */
static void play(double computes, double turns_every, unsigned waits)
{
	double until = used() + computes, turn = used() + turns_every;

	stuck_watch(TICK);
	while (used() < until)
		if (turns_every > 0 && used() >= turn) {
			stuck_turn();
			turn = used() + turns_every;
		}
	for (unsigned i = 0; i < waits; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
}

static int ended(double computes, double turns_every, unsigned waits)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		play(computes, turns_every, waits);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "%#x", status);
	return WEXITSTATUS(status);
}

START_TEST(without_a_turn)
{
	ck_assert_int_eq(ended(10 * TICK, 0, 0), STUCK_STATUS);
}
END_TEST

START_TEST(with_turns)
{
	ck_assert_int_eq(ended(10 * TICK, TICK / 5.0, 0), 0);
}
END_TEST

/* Nobody is stuck who does not compute, however long that takes. */
START_TEST(waiting)
{
	ck_assert_int_eq(ended(0, 0, 3 * TICK / 10), 0);
}
END_TEST

int main(void)
{
	return unit_run("stuck", UNIT_TESTS(without_a_turn, with_turns, waiting));
}
