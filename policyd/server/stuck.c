/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/stuck.h"

#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

static volatile sig_atomic_t turned;

static void on_tick(int signal)
{
	(void)signal;
	if (!turned)
		_exit(STUCK_STATUS);
	turned = 0;
}

void stuck_watch(unsigned milliseconds)
{
	const struct timeval tick = { .tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000 };
	const struct itimerval each = { tick, tick };
	const struct sigaction act = { .sa_handler = on_tick, .sa_flags = SA_RESTART };

	turned = 1;
	sigaction(SIGPROF, &act, NULL);
	setitimer(ITIMER_PROF, &each, NULL);
}

void stuck_turn(void)
{
	turned = 1;
}
