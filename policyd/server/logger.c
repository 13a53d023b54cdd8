/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/logger.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "base/escape.h"
#include "policy/config.h"
#include "server/clock.h"
#include "server/sandbox.h"
#include "server/syslog_socket.h"

enum { QUEUE_BYTES = 4 * 1024 * 1024, GATHER = 4 * LOGGER_PACKET, BEFORE_LINE = 64, REPORT_MS = 1000 };

struct record {
	int32_t pid;
	uint16_t len;
	uint8_t level;
	uint8_t syslog : 1, json : 1;
};

struct logger {
	struct counters *counters;
	int64_t reported_at;
	struct record last; /* how a line of the logger's own is to be written */
	struct syslog_socket syslog;
	bool torn; /* standard error has got a part of a line only */
	unsigned lines; /* in `out` */
	size_t len;
	char out[GATHER]; /* the lines of a packet, which leave together */
};

int logger_open(struct log_queue *q)
{
	const int bytes = QUEUE_BYTES;
	int ends[2];

	/* A datagram socket would not tell the logger that the last sender has gone. */
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	q->in = ends[0];
	q->out = ends[1];
	return 0;
}

void logger_flush(struct log_sender *s)
{
	ssize_t rc;

	if (s->lines == 0)
		return;
	do
		rc = send(s->fd, s->packet, s->len, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (rc < 0 && errno == EINTR);
	if (rc < 0)
		atomic_fetch_add_explicit(s->dropped, s->lines, memory_order_relaxed);
	s->lines = 0;
	s->len = 0;
}

void logger_send(void *context, enum log_level level, const char *line)
{
	struct log_sender *s = context;
	struct record r = { .pid = s->pid, .level = (uint8_t)level, .syslog = s->syslog, .json = s->json };

	r.len = (uint16_t)strnlen(line, LOG_LINE);
	if (s->len + sizeof(r) + r.len > sizeof(s->packet))
		logger_flush(s);
	memcpy(s->packet + s->len, &r, sizeof(r));
	memcpy(s->packet + s->len + sizeof(r), line, r.len);
	s->len += sizeof(r) + r.len;
	s->lines++;
	if (!s->gather)
		logger_flush(s);
}

/* One write(2) for all lines of a packet; those of others do not come between. Bytes written: fewer when there is no room. */
static size_t write_all(const char *at, size_t n)
{
	size_t written = 0;
	ssize_t rc;

	while (written < n) {
		rc = write(STDERR_FILENO, at + written, n - written);
		if (rc < 0 && errno == EAGAIN)
			poll(&(struct pollfd){ .fd = STDERR_FILENO, .events = POLLOUT }, 1, -1);
		else if (rc < 0 && errno != EINTR)
			break;
		written += rc > 0 ? (size_t)rc : 0;
	}
	return written;
}

/* How many lines could not be written. What is left of one that was torn gets a line of its own. */
static unsigned write_lines(struct logger *g)
{
	unsigned lost = 0;
	size_t written = 0;

	if (g->lines == 0)
		return 0;
	if (!g->torn || write_all("\n", 1) == 1) {
		written = write_all(g->out, g->len);
		g->torn = written > 0 ? g->out[written - 1] != '\n' : false;
	}
	for (size_t i = written; i < g->len; i++)
		lost += g->out[i] == '\n';
	g->len = 0;
	g->lines = 0;
	return lost;
}

static void count_lost(struct logger *g, unsigned lines)
{
	atomic_fetch_add_explicit(&g->counters->lines_lost, lines, memory_order_relaxed);
}

static void put_line(struct logger *g, const struct record *r, const char *level, const char *words)
{
	if (sizeof(g->out) - g->len < BEFORE_LINE + (size_t)r->len)
		count_lost(g, write_lines(g));
	if (!r->json)
		g->len += (size_t)snprintf(g->out + g->len, BEFORE_LINE, "mxonlyd[%d]: %s%s", (int)r->pid, level,
			*level == '\0' ? "" : ": ");
	memcpy(g->out + g->len, words, r->len);
	g->len += r->len;
	g->out[g->len++] = '\n';
	g->lines++;
}

static bool put_syslog(struct logger *g, const struct record *r, const char *level, const char *words)
{
	static const int priority[] = { LOG_ERR, LOG_WARNING, LOG_INFO };
	char line[LOG_LINE + 1];
	int n;

	if (*level == '\0')
		return syslog_socket_send(&g->syslog, priority[r->level], r->pid, words, r->len);
	n = snprintf(line, sizeof line, "%s: %.*s", level, (int)r->len, words);
	return syslog_socket_send(&g->syslog, priority[r->level], r->pid, line, (size_t)n);
}

/* false: it is lost. What goes to standard error is not written before write_lines. */
static bool take_record(struct logger *g, const struct record *r, const char *words)
{
	const char *level = r->json || r->level == LOG_LEVEL_INFO ? "" : log_level_name(r->level);

	if (r->syslog)
		return put_syslog(g, r, level, words);
	put_line(g, r, level, words);
	return true;
}

static void write_packet(struct logger *g, const char *packet, size_t n)
{
	struct record r;

	while (n >= sizeof(r)) {
		memcpy(&r, packet, sizeof(r));
		if (r.len > n - sizeof(r) || r.level > LOG_LEVEL_INFO)
			break; /* no sender of ours makes such a record */
		if (!take_record(g, &r, packet + sizeof(r)))
			count_lost(g, 1);
		g->last = r;
		packet += sizeof(r) + r.len;
		n -= sizeof(r) + r.len;
	}
	count_lost(g, write_lines(g));
}

/* false: there is something to tell, and it cannot be told now. */
static bool report_dropped(struct logger *g)
{
	uint64_t dropped = counters_dropped_total(g->counters), reported = atomic_load(&g->counters->lines_reported);
	struct record r = g->last;
	char words[192];
	const char *before = r.json ? "{\"level\":\"warning\",\"message\":\"" : "", *behind = r.json ? "\"}" : "";

	g->reported_at = clock_ms();
	if (dropped == reported)
		return true;
	snprintf(words, sizeof(words), "%s%llu log lines were dropped: they came faster than they could be written%s",
		before, (unsigned long long)(dropped - reported), behind);
	r.pid = getpid();
	r.level = LOG_LEVEL_WARNING;
	r.len = (uint16_t)strlen(words);
	if (!take_record(g, &r, words) || write_lines(g) > 0)
		return false;
	atomic_store(&g->counters->lines_reported, dropped);
	return true;
}

/* The next packet; 0 when the last sender has gone. While nothing comes it says what was dropped. */
static ssize_t next_packet(struct logger *g, int out, char *packet)
{
	struct pollfd p = { .fd = out, .events = POLLIN };
	ssize_t n = recv(out, packet, LOGGER_PACKET, MSG_DONTWAIT);

	while (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		report_dropped(g);
		if (poll(&p, 1, REPORT_MS) == 0 && report_dropped(g))
			poll(&p, 1, -1);
		n = recv(out, packet, LOGGER_PACKET, MSG_DONTWAIT);
	}
	return n;
}

void logger_run(int out, struct counters *c)
{
	static struct logger g;
	char missing[SANDBOX_WORDS]; /* the supervisor tells it */
	static char packet[LOGGER_PACKET];
	ssize_t n;

	/* It outlives the signals that end the others: their last words are yet to come. */
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	g.counters = c;
	syslog_socket_open(&g.syslog);
	sandbox_enter(SANDBOX_LOGGER, NULL, 0, missing);
	while ((n = next_packet(&g, out, packet)) > 0) {
		write_packet(&g, packet, (size_t)n);
		if (clock_ms() - g.reported_at >= REPORT_MS)
			report_dropped(&g);
	}
	report_dropped(&g);
}

void logger_faults(const struct faults *f)
{
	for (size_t i = 0; i < f->count; i++) {
		if (f->list[i].warning)
			log_warning("%s", f->list[i].words);
		else
			log_error("%s", f->list[i].words);
	}
}

void logger_wait(pid_t logger)
{
	const int64_t until = clock_ms() + LOGGER_PATIENCE;

	while (waitpid(logger, NULL, WNOHANG) == 0) {
		if (clock_ms() >= until)
			kill(logger, SIGKILL); /* who reads the log does not: nothing can be done for the last lines */
		nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
	}
}

/* systemd tells the device and inode of the stream that leads to the journal: standard error may have been sent elsewhere since. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	/* NOLINTNEXTLINE(cert-err34-c): systemd's numbers fit */
	return stream != NULL && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
	       st.st_dev == dev && st.st_ino == ino;
}

static bool stderr_is_file(void)
{
	struct stat st;

	return fstat(STDERR_FILENO, &st) == 0 && S_ISREG(st.st_mode);
}

bool logger_syslog(unsigned target, bool detached)
{
	if (target == LOG_TARGET_SYSLOG)
		return true;
	if (detached)
		return target == LOG_TARGET_AUTO || !stderr_is_file();
	return target == LOG_TARGET_AUTO && !isatty(STDERR_FILENO) && !stderr_is_journal();
}
