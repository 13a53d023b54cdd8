/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/crew.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>
#include <sys/wait.h>

#include "server/descriptors.h"

enum { WORKERS_AUTO_MAX = 4 };

unsigned crew_size(unsigned configured)
{
	cpu_set_t cpus;
	int n = 1;

	if (configured != 0)
		return configured;
	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
		n = CPU_COUNT(&cpus);
	return n < 1 ? 1 : n > WORKERS_AUTO_MAX ? WORKERS_AUTO_MAX : (unsigned)n;
}

/* fork(2) with all signals blocked, so that none is taken by a handler of the supervisor's in the child. */
static pid_t fork_quietly(struct crew *c)
{
	sigset_t all, before;
	pid_t pid;
	int why;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	why = errno;
	if (pid == 0)
		c->forked(c->context);
	else
		sigprocmask(SIG_SETMASK, &before, NULL);
	errno = why;
	return pid;
}

static void be_worker(struct crew *c, unsigned n, int channel)
{
	struct worker_place place = { .number = n,
		.workers = c->workers,
		.channel = channel,
		.log = c->log.in,
		.ways = c->ways,
		.listeners = c->listeners,
		.counters = c->counters };

	_exit(worker_run(&place));
}

int crew_spawn(struct crew *c, unsigned n, void (*on_message)(struct ev_loop *, ev_io *, int))
{
	struct member *m = &c->worker[n];
	int ends[2], why;

	if (channel_open(ends) < 0)
		return -1;
	m->pid = fork_quietly(c);
	if (m->pid == 0)
		be_worker(c, n, ends[1]);
	why = errno;
	close(ends[1]);
	if (m->pid < 0) {
		close(ends[0]);
		m->pid = 0;
		errno = why;
		return -1;
	}
	m->channel = ends[0];
	ev_io_init(&m->io, on_message, m->channel, EV_READ);
	m->io.data = m;
	ev_io_start(c->loop, &m->io);
	return 0;
}

void crew_send(struct crew *c, unsigned n, const struct message *m, int fd)
{
	const struct member *to = &c->worker[n];

	if (to->pid != 0 && channel_send(to->channel, m, fd) < 0 && errno != EPIPE && errno != ECONNRESET)
		kill(to->pid, SIGKILL);
}

void crew_signal(const struct crew *c, int signal)
{
	for (unsigned n = 0; n < c->workers; n++)
		if (c->worker[n].pid != 0)
			kill(c->worker[n].pid, signal);
}

int crew_reap(struct crew *c, int *status)
{
	for (unsigned n = 0; n < c->workers; n++) {
		struct member *m = &c->worker[n];

		if (m->pid == 0 || waitpid(m->pid, status, WNOHANG) != m->pid)
			continue;
		m->pid = 0;
		ev_io_stop(c->loop, &m->io);
		close(m->channel);
		counters_clear_open(&c->counters->slot[n]);
		return (int)n;
	}
	return -1;
}

int crew_spawn_logger(struct crew *c)
{
	pid_t pid = fork_quietly(c);
	int keep[] = { c->log.out };
	sigset_t none;

	if (pid == 0) {
		descriptors_keep(keep, 1);
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		logger_run(c->log.out, c->counters);
		_exit(0);
	}
	c->logger = pid > 0 ? pid : 0;
	return pid > 0 ? 0 : -1;
}

bool crew_logger_died(struct crew *c)
{
	if (c->logger == 0 || waitpid(c->logger, NULL, WNOHANG) != c->logger)
		return false;
	c->logger = 0;
	return true;
}

void crew_end_logger(struct crew *c)
{
	if (c->logger == 0 && crew_spawn_logger(c) < 0)
		return;
	close(c->log.in);
	logger_wait(c->logger);
}
