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
#include "server/clock.h"
#include "server/journal.h"
#include "server/sandbox.h"
#include "server/syslog_socket.h"

enum { QUEUE_BYTES = 4 * 1024 * 1024, GATHER = 4 * LOGGER_PACKET, BEFORE_LINE = 64, REPORT_MS = 1000 };

/*
 * Nanoseconds for which lines gather once there were none. A worker at its limit fills the queue in seven times that where the
 * kernel gives least room for it (net.core.wmem_max as it comes).
 */
enum { LINGER = 500000 };

struct record {
	int32_t pid; /* of its sender: the logger fills it in */
	uint16_t len;
	uint8_t level;
	uint8_t way : 2, json : 1;
};

struct logger {
	struct counters *counters;
	int64_t reported_at;
	struct record last; /* how a line of the logger's own is to be written */
	pid_t sender; /* of the packet */
	struct syslog_socket syslog;
	struct journal journal;
	bool torn; /* standard error has got a part of a line only */
	unsigned lines; /* in `out` */
	size_t len;
	pid_t named; /* by name */
	size_t name_len;
	char name[32]; /* "mxonlyd[PID]: " */
	char out[GATHER]; /* lines that leave together */
};

int logger_open(struct log_queue *q)
{
	const int bytes = QUEUE_BYTES, on = 1;
	int ends[2];

	/* A datagram socket would not tell the logger that the last sender has gone. */
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
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
	struct record r = { .level = (uint8_t)level, .way = s->way & 3, .json = s->json };

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

/* One write(2) for all lines that have come; those of others do not come between. Bytes written: fewer when there is no room. */
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

static void put(struct logger *g, const char *at, size_t n)
{
	memcpy(g->out + g->len, at, n);
	g->len += n;
}

static void put_name(struct logger *g, pid_t pid)
{
	if (g->named != pid)
		g->name_len = (size_t)snprintf(g->name, sizeof(g->name), "mxonlyd[%d]: ", (int)pid);
	g->named = pid;
	put(g, g->name, g->name_len);
}

static void put_line(struct logger *g, const struct record *r, const char *level, const char *words)
{
	if (sizeof(g->out) - g->len < BEFORE_LINE + (size_t)r->len)
		count_lost(g, write_lines(g));
	if (!r->json)
		put_name(g, r->pid);
	if (*level != '\0') {
		put(g, level, strlen(level));
		put(g, ": ", 2);
	}
	put(g, words, r->len);
	put(g, "\n", 1);
	g->lines++;
}

/* To the syslog daemon, or to the journal. */
static bool put_datagram(struct logger *g, const struct record *r, const char *level, const char *words)
{
	static const int priority[] = { LOG_ERR, LOG_WARNING, LOG_INFO };
	char line[LOG_LINE + 1];
	struct text t = text_cut(words, r->len);

	if (*level != '\0')
		t = text_cut(line, (size_t)snprintf(line, sizeof line, "%s: %.*s", level, (int)r->len, words));
	if (t.len > LOG_LINE)
		t.len = LOG_LINE;
	if (r->way == LOGGER_JOURNAL)
		return journal_send(&g->journal, priority[r->level], r->pid, t);
	return syslog_socket_send(&g->syslog, priority[r->level], r->pid, t.at, t.len);
}

/* false: it is lost. What goes to standard error, because no journal takes it, is not written before write_lines. */
static bool take_record(struct logger *g, const struct record *r, const char *words)
{
	const char *level = r->json || r->level == LOG_LEVEL_INFO ? "" : log_level_name(r->level);

	if (r->way != LOGGER_STDERR && put_datagram(g, r, level, words))
		return true;
	if (r->way == LOGGER_SYSLOG)
		return false;
	put_line(g, r, level, words);
	return true;
}

static bool is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

/* Bytes up to the first control character; eight at once. */
static size_t harmless(const char *at, size_t n)
{
	const uint64_t ones = 0x0101010101010101u;
	uint64_t word;
	size_t i = 0;

	for (; n - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, at + i, sizeof(word));
		uint64_t del = word ^ ones * 0x7f;
		/* The high bit is set where a byte is under 0x20, or where 0 is left of a DEL. */
		if ((((word - ones * ' ') & ~word) | ((del - ones) & ~del)) & (ones * 0x80))
			break;
	}
	while (i < n && !is_control(at[i]))
		i++;
	return i;
}

/* All senders have done so; one that somebody has got hold of has not. */
static void make_harmless(char *words, size_t n)
{
	for (size_t i = harmless(words, n); i < n; i += harmless(words + i, n - i))
		words[i++] = '?';
}

static void write_packet(struct logger *g, char *packet, size_t n)
{
	struct record r;

	while (n >= sizeof(r)) {
		memcpy(&r, packet, sizeof(r));
		if (r.len > n - sizeof(r) || r.level > LOG_LEVEL_INFO)
			break; /* no sender of ours makes such a record */
		r.pid = g->sender;
		make_harmless(packet + sizeof(r), r.len);
		if (!take_record(g, &r, packet + sizeof(r)))
			count_lost(g, 1);
		g->last = r;
		packet += sizeof(r) + r.len;
		n -= sizeof(r) + r.len;
	}
}

/* Behind the lines that have come. false: there is something to tell, and it cannot be told now. */
static bool report_dropped(struct logger *g)
{
	uint64_t dropped, reported = atomic_load(&g->counters->lines_reported);
	struct record r = g->last;
	char words[192];
	const char *before = r.json ? "{\"level\":\"warning\",\"message\":\"" : "", *behind = r.json ? "\"}" : "";

	count_lost(g, write_lines(g));
	dropped = counters_dropped_total(g->counters);
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

/* Who has sent it, the kernel says, so that nobody can speak in another's name. */
static ssize_t receive(struct logger *g, int out, char *packet)
{
	union {
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { packet, LOGGER_PACKET };
	struct msghdr h = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes)
	};
	const ssize_t n = recvmsg(out, &h, MSG_DONTWAIT);
	const struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&h) : NULL;
	struct ucred sender = { .pid = 0 };

	if (c != NULL && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS)
		memcpy(&sender, CMSG_DATA(c), sizeof(sender));
	g->sender = sender.pid;
	return n;
}

/*
 * The next packet; 0 when the last sender has gone. While nothing comes it says what was dropped. What comes right behind gathers
 * for a moment: else each packet wakes this process, and has a write(2) of its own.
 */
static ssize_t next_packet(struct logger *g, int out, char *packet)
{
	struct pollfd p = { .fd = out, .events = POLLIN };
	ssize_t n = receive(g, out, packet);

	while (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		report_dropped(g);
		nanosleep(&(struct timespec){ .tv_nsec = LINGER }, NULL);
		if (poll(&p, 1, REPORT_MS) == 0 && report_dropped(g))
			poll(&p, 1, -1);
		n = receive(g, out, packet);
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
	journal_open(&g.journal);
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

static bool stderr_is_file(void)
{
	struct stat st;

	return fstat(STDERR_FILENO, &st) == 0 && S_ISREG(st.st_mode);
}

struct logger_ways logger_ways(bool detached)
{
	struct logger_ways w = { .of = { [LOG_TARGET_AUTO] = LOGGER_SYSLOG, [LOG_TARGET_SYSLOG] = LOGGER_SYSLOG } };

	w.of[LOG_TARGET_STDERR] = detached && !stderr_is_file() ? LOGGER_SYSLOG : LOGGER_STDERR;
	if (!detached && journal_reads_stderr())
		w.of[LOG_TARGET_AUTO] = LOGGER_JOURNAL;
	else if (!detached && isatty(STDERR_FILENO))
		w.of[LOG_TARGET_AUTO] = LOGGER_STDERR;
	return w;
}

const char *logger_way_name(enum logger_way way)
{
	static const char *const names[] = { "standard error", "syslog", "the journal" };

	return names[way];
}
