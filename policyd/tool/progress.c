/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/progress.h"

#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

enum { EVERY = 200, WIDTH = 60 };

/* For the signal handler alone. */
static struct source_watch *watched;

static void ring(int number)
{
	(void)number; /* only to interrupt read(2) */
}

/* A read that begins just now is not interrupted by this signal: but by the next ring. */
static void stop(int number)
{
	(void)number;
	watched->stop = 1;
	setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 100000 }, { 0, 100000 } }, NULL);
}

void progress_start(struct progress *p, struct source_watch *watch)
{
	const struct sigaction interrupt = { .sa_handler = stop, .sa_flags = (int)SA_RESETHAND };
	const struct sigaction alarm = { .sa_handler = ring };

	*p = (struct progress){ .watch = watch, .terminal = isatty(STDERR_FILENO) };
	watched = watch;
	sigaction(SIGALRM, &alarm, NULL);
	sigaction(SIGINT, &interrupt, NULL);
}

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void progress_tell(struct progress *p, uint64_t messages)
{
	char line[WIDTH + 1], grouped[TEXT_GROUPED];

	if (!p->terminal || now() < p->next)
		return;
	p->next = now() + EVERY;
	p->shown = true;
	snprintf(line, sizeof line, "%s message%s, %.1f MB", text_grouped(messages, grouped), messages == 1 ? "" : "s",
		(double)p->watch->read / 1e6);
	fprintf(stderr, "\r%-*s", WIDTH, line);
	fflush(stderr);
}

void progress_clear(struct progress *p)
{
	if (p->shown)
		fprintf(stderr, "\r%*s\r", WIDTH, "");
	p->shown = false;
}

void progress_end(struct progress *p)
{
	setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 0 }, { 0, 0 } }, NULL);
	progress_clear(p);
}
