/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/single.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "policy/load.h"
#include "server/connection.h"
#include "server/descriptors.h"
#include "server/logger.h"
#include "server/sandbox.h"
#include "server/server.h"

enum { PIECE = 4096 /* bytes that a pipe takes without blocking, once it is writable */ };

struct single {
	int signals; /* readable: the end is asked for */
	bool stopping;
	int64_t stop_at; /* clock_ms(); while stopping: until then a request begun may end */
	int64_t idle_ms, request_ms;
	struct dialogue dialogue;
	struct desk desk;
	struct decisions decisions;
	struct counters *counters;
	struct log_queue queue;
	struct log_sender log;
	pid_t logger;
	bool mute; /* standard error leads to the client */
	char in[OFFICE_BUFFER], out[OFFICE_BUFFER];
};

enum waited { WAITED_READY, WAITED_LATE, WAITED_STOP };

/* Until fd is ready, at most until then (clock_ms()). */
static enum waited wait_for(struct single *s, int fd, short events, int64_t until)
{
	struct pollfd p[] = { { .fd = fd, .events = events },
		{ .fd = s->stopping ? -1 : s->signals, .events = POLLIN } };
	int64_t left;

	logger_flush(&s->log);
	do
		left = until - clock_ms();
	while (poll(p, 2, left > 0 ? (int)left : 0) < 0 && errno == EINTR);
	if (p[1].revents != 0) {
		s->stopping = true;
		s->stop_at = clock_ms() + STOP_GRACE * 1000;
		return WAITED_STOP;
	}
	return p[0].revents != 0 ? WAITED_READY : WAITED_LATE;
}

static void too_slow(struct single *s, const char *how)
{
	if (s->stopping)
		return;
	counters_add(&s->counters->slot[0].timed_out, 1);
	log_warning("%s for %lld s: closed", how, (long long)(s->request_ms / 1000));
}

/* false: the client has gone, or does not read. */
static bool send_all(struct single *s, const char *at, size_t n)
{
	int64_t until = clock_ms() + s->request_ms;
	enum waited waited;
	ssize_t rc;

	while (n > 0) {
		waited = wait_for(s, STDOUT_FILENO, POLLOUT, s->stopping && s->stop_at < until ? s->stop_at : until);
		if (waited == WAITED_STOP)
			continue;
		if (waited == WAITED_LATE) {
			too_slow(s, "a client has not read its replies");
			return false;
		}
		rc = write(STDOUT_FILENO, at, n < PIECE ? n : PIECE);
		if (rc < 0 && errno != EINTR && errno != EAGAIN)
			return false;
		at += rc > 0 ? rc : 0;
		n -= rc > 0 ? (size_t)rc : 0;
	}
	return true;
}

/* false: it is over. *replied: there was at least one request. */
static bool answer(struct single *s, const char *in, size_t n, bool *replied)
{
	enum dialogue_state state;
	size_t taken, len;

	*replied = false;
	do {
		decisions_begin(&s->decisions);
		state = dialogue_take(&s->dialogue, &s->desk, in, n, &taken, s->out, sizeof(s->out), &len);
		in += taken;
		n -= taken;
		*replied = *replied || len > 0;
		if (!send_all(s, s->out, len))
			return false;
	} while (state == DIALOGUE_FULL);
	return state != DIALOGUE_CLOSE;
}

/* Until when the client may say nothing: since when it has. */
static int64_t patience(const struct single *s, int64_t since)
{
	bool within = dialogue_within(&s->dialogue);

	if (s->stopping)
		return within ? s->stop_at : 0; /* 0: only what is there already */
	return since + (within ? s->request_ms : s->idle_ms);
}

static void serve(struct single *s)
{
	int64_t since = clock_ms();
	bool within, replied;
	ssize_t n;

	for (;;) {
		switch (wait_for(s, STDIN_FILENO, POLLIN, patience(s, since))) {
		case WAITED_STOP:
			continue;
		case WAITED_LATE:
			if (dialogue_within(&s->dialogue))
				too_slow(s, "a request begun has not ended");
			return;
		case WAITED_READY:
			break;
		}
		n = read(STDIN_FILENO, s->in, sizeof(s->in));
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		within = dialogue_within(&s->dialogue);
		if (n <= 0 || !answer(s, s->in, (size_t)n, &replied))
			return;
		/* A request that goes on keeps its time: else a byte now and then would put its end off for ever. */
		if (!within || replied)
			since = clock_ms();
	}
}

/* spawn(8) has standard error lead to the client too: a line of the log there would be taken for a reply. */
static bool leads_to_client(int fd)
{
	struct stat client, st;

	return fstat(STDOUT_FILENO, &client) == 0 && fstat(fd, &st) == 0 && !isatty(fd) && st.st_dev == client.st_dev &&
	       st.st_ino == client.st_ino && !S_ISCHR(st.st_mode);
}

static void lead_nowhere(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	dup2(null, fd);
	close(null);
}

static void be_logger(struct single *s)
{
	int keep[] = { s->queue.out };

	lead_nowhere(STDIN_FILENO);
	lead_nowhere(STDOUT_FILENO);
	descriptors_keep(keep, 1);
	logger_run(s->queue.out, s->counters);
	_exit(EXIT_SUCCESS);
}

static int start_log(struct single *s)
{
	s->mute = leads_to_client(STDERR_FILENO);
	if (s->mute)
		lead_nowhere(STDERR_FILENO);
	s->counters = counters_new();
	if (s->counters == NULL || logger_open(&s->queue) < 0 || (s->logger = fork()) < 0) {
		log_error("cannot start: %s", strerror(errno));
		return -1;
	}
	if (s->logger == 0)
		be_logger(s);
	close(s->queue.out);
	s->log = (struct log_sender){ .fd = s->queue.in,
		.gather = true,
		.way = s->mute ? LOGGER_SYSLOG : LOGGER_STDERR,
		.dropped = &s->counters->slot[0].lines_dropped };
	log_to(logger_send, &s->log);
	return 0;
}

static void end_log(struct single *s)
{
	logger_flush(&s->log);
	log_to(NULL, NULL);
	close(s->queue.in);
	logger_wait(s->logger);
}

/* SIGTERM and SIGINT are read like input, so that they come between two requests. */
static int block_signals(void)
{
	sigset_t ends;

	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	return signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int load_configuration(struct single *s, const char *config)
{
	struct faults faults = { 0 };
	const struct snapshot *snapshot;
	struct err e;
	int fd = load(config, &faults);

	logger_faults(&faults);
	faults_free(&faults);
	if (fd < 0) {
		log_error("%s is not fit to serve", config);
		return -1;
	}
	if (snapshot_map(&snapshot, fd, &e) < 0) {
		log_error("%s: %s", config, e.text);
		return -1;
	}
	close(fd);
	s->log.way = s->mute ? LOGGER_SYSLOG : logger_ways(false).of[snapshot->policyd.log];
	s->log.json = snapshot->policyd.log_json;
	log_json(snapshot->policyd.log_json);
	s->idle_ms = (int64_t)snapshot->policyd.idle_timeout * 1000;
	s->request_ms = (int64_t)snapshot->policyd.request_timeout * 1000;
	s->decisions = (struct decisions){
		.counters = s->counters, .own = &s->counters->slot[0], .relay = s->counters->relay[0], .workers = 1
	};
	decisions_desk(&s->desk, &s->decisions);
	decisions_serve(&s->decisions, snapshot);
	s->desk.snapshot = snapshot;
	return 0;
}

int single_run(const char *config)
{
	static struct single s;
	char missing[SANDBOX_WORDS]; /* there would be a line of it for every connection */

	descriptors_standard();
	s.signals = block_signals();
	if (start_log(&s) < 0)
		return EXIT_FAILURE;
	if (load_configuration(&s, config) < 0) {
		end_log(&s);
		return EXIT_CONFIGURATION;
	}
	sandbox_enter(SANDBOX_SINGLE, NULL, 0, missing);
	serve(&s);
	dialogue_end(&s.dialogue);
	end_log(&s);
	_exit(EXIT_SUCCESS); /* what a sanitizer does at an end is not allowed any more */
}
