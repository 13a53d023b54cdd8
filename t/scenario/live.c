/* SPDX-License-Identifier: BSD-2-Clause */
#include "side.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

enum { PATIENCE = 30000 }; /* ms until an answer counts as none */

struct live {
	const char *program;
	pid_t server;
	int connection; /* the one that stays, over all reloads */
	unsigned generation;
};

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void pause_shortly(void)
{
	nanosleep(&(struct timespec){ 0, 5000000 }, NULL);
}

static void server_log(const struct side *s, struct buf *to)
{
	struct buf path = { 0 };

	buf_format(&path, "%s/log", s->folder);
	file_read(path.at, to, NULL, NULL);
	buf_add(to, "", 1);
	to->len--;
	buf_free(&path);
}

/* Not as root: the configuration of a scenario need not name a user. */
static void become_nobody(void)
{
	struct passwd *p = getpwnam("nobody");

	if (geteuid() != 0)
		return;
	if (!p || setgroups(0, NULL) < 0 || setgid(p->pw_gid) < 0 || setuid(p->pw_uid) < 0)
		_exit(126);
}

/* The server's log is its standard error, as serve has the configuration say. */
static void run_server(const struct side *s, int program)
{
	char log[4096], config[4096], endpoint[4096];
	int fd;

	snprintf(log, sizeof(log), "%s/log", s->folder);
	snprintf(config, sizeof(config), "%s/live.ini", s->folder);
	snprintf(endpoint, sizeof(endpoint), "unix:%s/socket", s->folder);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0644);
	if (fd < 0 || fchmod(fd, 0644) < 0)
		_exit(126);
	dup2(fd, 1);
	dup2(fd, 2);
	become_nobody();
	fexecve(program,
		(char *const[]){ (char[]){ "mxonlyd" }, (char[]){ "-c" }, config, (char[]){ "-l" }, endpoint, NULL },
		environ);
	_exit(127);
}

static int try_connect(const struct side *s)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct timeval patience = { PATIENCE / 1000, 0 };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s/socket", s->folder);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		close(fd);
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

static int start(struct side *s, struct err *e)
{
	struct live *l = s->own;
	int program = open(l->program, O_RDONLY), status;
	long end = now() + PATIENCE;

	if (program < 0)
		return err_set(e, "%s: %s", l->program, strerror(errno));
	l->server = fork();
	if (l->server == 0)
		run_server(s, program);
	close(program);
	while ((l->connection = try_connect(s)) < 0) {
		if (waitpid(l->server, &status, WNOHANG) == l->server) {
			l->server = 0;
			return err_set(e, "mxonlyd ended at once (status %d)", status);
		}
		if (now() > end)
			return err_set(e, "mxonlyd does not listen");
		pause_shortly();
	}
	return 0;
}

/* Behind r->bytes whatever comes, until so many replies are whole or the connection ends. */
static int receive(int fd, unsigned replies, struct reply *r, struct err *e)
{
	unsigned whole = 0;
	size_t seen = r->bytes.len;

	while (whole < replies) {
		ssize_t n = recv(fd, buf_room(&r->bytes, 4096), 4096, 0);

		if (n < 0)
			return err_set(e, "no answer: %s", strerror(errno));
		r->bytes.len += (size_t)n;
		for (; seen + 1 < r->bytes.len; seen++)
			whole += r->bytes.at[seen] == '\n' && r->bytes.at[seen + 1] == '\n';
		r->closed = n == 0;
		if (n == 0)
			break;
	}
	return 0;
}

static int send_all(int fd, struct text bytes)
{
	while (bytes.len > 0) {
		ssize_t n = send(fd, bytes.at, bytes.len, MSG_NOSIGNAL);

		if (n < 0)
			return -1; /* closed on us: receive will tell */
		bytes = text_cut(bytes.at + n, bytes.len - (size_t)n);
	}
	return 0;
}

static int ask(struct side *s, struct text request, struct reply *r, struct err *e)
{
	struct live *l = s->own;

	send_all(l->connection, request);
	if (receive(l->connection, 1, r, e) < 0)
		return -1;
	return r->closed ? err_set(e, "the connection was closed in place of an answer") : 0;
}

/* A question that only the new configuration answers with its marker: an address that is none, under monitor. */
static bool answers_marker(struct side *s, struct err *e)
{
	struct live *l = s->own;
	struct buf request = { 0 }, want = { 0 };
	struct reply r = { 0 };
	bool found;

	buf_format(&request,
		"request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address=marker\n"
		"recipient=marker@marker-%u.scenario.test\n\n",
		l->generation);
	buf_format(&want, "action=INFO marker-%u\n\n", l->generation);
	found = ask(s, text_cut(request.at, request.len), &r, e) == 0 &&
		text_equal(text_cut(r.bytes.at, r.bytes.len), text_cut(want.at, want.len));
	buf_free(&request);
	buf_free(&want);
	reply_free(&r);
	return found;
}

/* "x.ini:3:" as the server calls it: live.ini:3: when x.ini is the file that it was given. */
static void live_place(const char *name, const char *place, struct buf *to)
{
	size_t n = strlen(name);

	if (strncmp(place, name, n) == 0 && place[n] == ':')
		buf_format(to, "/live.ini%s", place + n);
	else
		buf_format(to, "/%s", place);
}

/* Waits for what is expected: the marker, or the place of the fault in the log behind `from`. */
static int await(struct side *s, const char *name, const char *refusal, size_t from, struct buf *said, struct err *e)
{
	long end = now() + PATIENCE;
	struct buf place = { 0 };
	int done = -1;

	if (refusal)
		live_place(name, refusal, &place);
	while (done < 0 && now() < end) {
		said->len = 0;
		server_log(s, said);
		if (refusal && said->len > from && strstr(said->at + from, place.at))
			done = 0;
		else if (!refusal && answers_marker(s, e))
			done = 1;
		else
			pause_shortly();
	}
	if (done < 0)
		err_set(e, "%s is not %s", name, refusal ? "refused at its place" : "served");
	buf_free(&place);
	return done;
}

/* A second one would be a fault. */
static bool has_policyd(const struct side *s, const char *name)
{
	struct buf path = { 0 }, bytes = { 0 };
	bool found;

	buf_format(&path, "%s/%s", s->folder, name);
	found = file_read(path.at, &bytes, NULL, NULL) == 0 && bytes.len > 0 &&
		memmem(bytes.at, bytes.len, "[policyd]", strlen("[policyd]"));
	buf_free(&path);
	buf_free(&bytes);
	return found;
}

static int serve(struct side *s, const char *name, const char *refusal, struct buf *said, struct err *e)
{
	struct live *l = s->own;
	struct buf more = { 0 };
	size_t from;
	int done;

	l->generation++;
	buf_format(&more, "\n[domain marker-%u.scenario.test]\nmode = monitor\nmonitor_action = INFO marker-%u\n",
		l->generation, l->generation);
	if (!has_policyd(s, name))
		buf_str(&more, "[policyd]\nlog = stderr\n");
	done = side_copy(s, name, "live.ini", text_cut(more.at, more.len), e);
	buf_free(&more);
	if (done < 0)
		return -1;
	server_log(s, said);
	from = said->len;
	if (l->server == 0 && start(s, e) < 0) {
		said->len = 0;
		server_log(s, said);
		return refusal ? 0 : -1;
	}
	if (l->generation > 1)
		kill(l->server, SIGHUP);
	return await(s, name, refusal, from, said, e);
}

static int raw(struct side *s, struct text bytes, unsigned replies, bool closes, struct reply *r, struct err *e)
{
	static const char good[] = "request=smtpd_access_policy\n\n";
	int fd = try_connect(s), done;
	size_t len;

	if (fd < 0)
		return err_set(e, "connect: %s", strerror(errno));
	send_all(fd, bytes);
	done = receive(fd, closes ? UINT32_MAX : replies, r, e);
	len = r->bytes.len;
	if (done == 0 && !closes && !r->closed) { /* still open: it answers another one */
		send_all(fd, text_of(good));
		done = receive(fd, 1, r, e);
		r->bytes.len = len;
	}
	close(fd);
	return done;
}

/* Asks it to stop, and waits until it has; it must say that all is well. */
static void end(struct side *s)
{
	struct live *l = s->own;
	int status = 0;

	if (l->connection >= 0)
		close(l->connection);
	if (l->server) {
		kill(l->server, SIGTERM);
		waitpid(l->server, &status, 0);
		if (status != 0) {
			struct buf log = { 0 };

			server_log(s, &log);
			fprintf(stderr, "mxonlyd ended with status %d; its log:\n%s\n", status, log.at);
			exit(1);
		}
	}
	free(l);
}

void side_live(struct side *s, const char *folder, const char *program)
{
	struct live *l = must_alloc(sizeof(*l));
	struct passwd *p = getpwnam("nobody");

	if (geteuid() == 0 && (!p || chown(folder, p->pw_uid, p->pw_gid) < 0))
		fprintf(stderr, "%s: cannot be given to nobody\n", folder);
	*l = (struct live){ .program = program, .connection = -1 };
	*s = (struct side){ .name = "live", .folder = folder, .serve = serve, .ask = ask, .raw = raw, .end = end };
	s->own = l;
}
