/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/load.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "policy/compile.h"
#include "policy/config.h"
#include "policy/snapshot.h"

enum { CHILD_SOCKET = 3, CHILD_SOURCE = 4, CHILD_FIRST_FREE = 5, SAID_MAX = 512, COPY = 1 << 18 };

/* What the child says first: whether a snapshot's descriptor comes with it; then faults. */
enum { VERDICT_SNAPSHOT = 'S', VERDICT_NONE = 'N' };

static bool has_magic(const char *at, size_t n)
{
	return n >= sizeof SNAPSHOT_MAGIC - 1 && memcmp(at, SNAPSHOT_MAGIC, sizeof SNAPSHOT_MAGIC - 1) == 0;
}

/* A regular file with our magic: nothing must be taken out of a pipe. */
static bool is_compiled(int fd)
{
	char first[sizeof SNAPSHOT_MAGIC - 1];
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && pread(fd, first, sizeof first, 0) == sizeof first &&
	       has_magic(first, sizeof first);
}

/* All of fd into a memory file; bounded, because fd may grow meanwhile. */
static int copy_bytes(int to, int from, struct err *e)
{
	char *block = must_alloc(COPY);
	uint64_t total = 0;
	ssize_t n;
	int result = 0;

	while (result == 0 && (n = read(from, block, COPY)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			result = err_set(e, "cannot read: %s", strerror(errno));
		else if ((total += (uint64_t)n) > UINT32_MAX)
			result = err_set(e, "over 4 GiB: no snapshot is");
		else
			result = fd_write_all(to, block, (size_t)n, e);
	}
	free(block);
	return result;
}

static int copy_sealed(int from, struct err *e)
{
	int fd = memory_file(e);

	return fd < 0 ? -1 : memory_file_seal(fd, copy_bytes(fd, from, e), e);
}

/* The ranges' age goes on when they are compiled (config_warn.c warns of an ini's). */
static void warn_of_old_files(const struct snapshot *s, struct faults *f)
{
	const time_t now = time(NULL);
	char place[512];

	for (uint32_t i = 0; i < s->relays.count; i++) {
		const struct snap_relay *r = snap_relay(s, i);
		const struct snap_file *files = snap_at(s, r->files);
		snapshot_place(s, r->place, place, sizeof place);
		for (uint32_t j = 0; r->max_age > 0 && j < r->files.count; j++) {
			struct text name = snap_text(s, files[j].name);
			if (now - files[j].modified > (time_t)r->max_age)
				warning_add(f, place, 0, "ranges_file: `%.*s` is older than max_age: %ld days",
					(int)name.len, name.at, (long)(now - files[j].modified) / 86400);
		}
	}
}

/* The full check of a snapshot that somebody else made: fd, or -1 and fd is closed. */
static int check_snapshot(int fd, const char *path, struct faults *f)
{
	const struct snapshot *s;
	struct err e;
	int result = snapshot_map(&s, fd, &e);

	if (result == 0) {
		result = snapshot_check(s, (size_t)s->length, &e);
		if (result == 0)
			warn_of_old_files(s, f);
		snapshot_unmap(s);
	}
	if (result == 0)
		return fd;
	fault_add(f, path, 0, "%s", e.text);
	close(fd);
	return -1;
}

/* What we compile is checked as strictly as what we are given: a fault of ours must not reach a server either. */
static int compile_sealed(struct config *c, const char *path, struct faults *f)
{
	struct buf out = { 0 };
	struct err e;
	int fd = -1;

	if (compile(c, &out, &e) == 0) {
		if (snapshot_check(out.at, out.len, &e) < 0)
			err_wrap(&e, "the snapshot that was made of it is not fit to serve (a fault of this program: "
				     "please report it)");
		else
			fd = sealed_file(out.at, out.len, &e);
	}
	buf_free(&out);
	if (fd < 0)
		fault_add(f, path, 0, "%s", e.text);
	return fd;
}

static int read_and_compile(struct text ini, const char *path, struct faults *f)
{
	struct config c = { .files = { NULL, 0 } };
	int fd = -1;

	config_read_text(&c, ini, path, f);
	if (f->errors == 0)
		fd = compile_sealed(&c, path, f);
	config_free(&c);
	return fd;
}

int load_text(struct text bytes, const char *path, struct faults *f)
{
	struct err e;
	int fd;

	if (!has_magic(bytes.at, bytes.len))
		return read_and_compile(bytes, path, f);
	fd = sealed_file(bytes.at, bytes.len, &e);
	if (fd >= 0)
		return check_snapshot(fd, path, f);
	fault_add(f, path, 0, "%s", e.text);
	return -1;
}

/* From a configuration of either kind that is a file, a pipe or whatever else: the snapshot, or -1. */
static int load_from(int from, const char *path, struct faults *f)
{
	struct buf bytes = { 0 };
	struct err e;
	int fd;

	if (is_compiled(from)) {
		fd = copy_sealed(from, &e);
		if (fd >= 0)
			return check_snapshot(fd, path, f);
	} else if (fd_read_all(from, &bytes, NULL, &e) == 0) {
		fd = load_text(text_cut(bytes.at, bytes.len), path, f);
		buf_free(&bytes);
		return fd;
	}
	fault_add(f, path, 0, "%s", e.text);
	return -1;
}

/* The child */

static void reset_signals(void)
{
	static const int ours[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGPIPE, SIGCHLD, SIGALRM,
		SIGXFSZ };
	struct sigaction usual = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		sigaction(ours[i], &usual, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Everything is let go of but the socket, the configuration (or -1) and standard error. */
static void let_go(int socket, int source)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* Out of the way first: any of them may have one of the numbers that are given next. */
	socket = fcntl(socket, F_DUPFD, CHILD_FIRST_FREE);
	source = source < 0 ? -1 : fcntl(source, F_DUPFD, CHILD_FIRST_FREE);
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
	}
	dup2(socket, CHILD_SOCKET);
	if (source >= 0)
		dup2(source, CHILD_SOURCE);
	close_range(CHILD_FIRST_FREE, ~0u, 0);
}

static int say_verdict(int fd)
{
	char verdict = fd >= 0 ? VERDICT_SNAPSHOT : VERDICT_NONE;
	struct iovec iov = { &verdict, 1 };
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .bytes = "" };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (fd >= 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof control.bytes;
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(c), &fd, sizeof fd);
	}
	do
		n = sendmsg(CHILD_SOCKET, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n == 1 ? 0 : -1;
}

/* A file system that hangs, or a pipe that nobody writes to, must not hold up whoever asks: the alarm ends this process. */
static _Noreturn void be_child(pid_t parent, int socket, int said, const char *path, unsigned seconds)
{
	struct faults f = { 0 };
	int source, why, fd = -1;

	reset_signals();
	alarm(seconds);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	dup2(said, STDERR_FILENO);
	source = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	why = errno;
	let_go(socket, source);
	if (source < 0)
		fault_add(&f, path, 0, "%s", strerror(why));
	else
		fd = load_from(CHILD_SOURCE, path, &f);
	if (say_verdict(fd) < 0 || faults_write(&f, CHILD_SOCKET) < 0)
		_exit(EXIT_FAILURE);
	_exit(EXIT_SUCCESS);
}

/* The process that asks */

/* With every signal blocked until the child has let go of our handlers. */
static pid_t fork_child(int socket, int said, const char *path, unsigned seconds)
{
	pid_t parent = getpid(), child;
	sigset_t all, before;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	child = fork();
	if (child == 0)
		be_child(parent, socket, said, path, seconds);
	int why = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = why;
	return child;
}

int load_start(struct loading *l, const char *path, unsigned seconds, struct err *e)
{
	int pair[2] = { -1, -1 };

	l->said = memfd_create("mxonly-said", MFD_CLOEXEC);
	if (l->said < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0 ||
		(l->child = fork_child(pair[1], l->said, path, seconds)) < 0) {
		err_set(e, "%s: cannot start a process to read it: %s", path, strerror(errno));
		close(l->said);
		close(pair[0]);
		close(pair[1]);
		return -1;
	}
	close(pair[1]);
	l->socket = pair[0];
	return 0;
}

/* The verdict, 0 when the child ended without one; *fd: the snapshot or -1. */
static char hear_verdict(int socket, int *fd)
{
	char verdict = 0;
	struct iovec iov = { &verdict, 1 };
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes
	};
	ssize_t n;

	*fd = -1;
	do
		n = recvmsg(socket, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		return 0;
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof *fd))
		memcpy(fd, CMSG_DATA(c), sizeof *fd);
	return verdict;
}

/* The wait status; 0 when somebody else reaped the child. */
static int reap(struct loading *l)
{
	int status = 0;

	while (waitpid(l->child, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static void add_end(struct loading *l, int status, const char *path, struct faults *f)
{
	char words[SAID_MAX + 1] = "";
	ssize_t n = pread(l->said, words, SAID_MAX, 0);
	struct text said = text_trim(text_cut(words, n > 0 ? (size_t)n : 0));
	const char *colon = said.len > 0 ? ": " : "";

	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		fault_add(f, path, 0,
			"reading it took too long: is it, or a file that it names, where nothing can be read now?");
	else if (WIFSIGNALED(status))
		fault_add(f, path, 0, "the process that read it was ended by signal %d (%s)%s%s%.*s", WTERMSIG(status),
			strsignal(WTERMSIG(status)), WTERMSIG(status) == SIGKILL ? ": out of memory?" : "", colon,
			(int)said.len, said.at);
	else
		fault_add(f, path, 0, "the process that read it ended without a result%s%.*s", colon, (int)said.len,
			said.at);
}

int load_finish(struct loading *l, const char *path, struct faults *f)
{
	int fd, status;
	char verdict = hear_verdict(l->socket, &fd);

	faults_read(f, l->socket);
	status = reap(l);
	if (fd >= 0 && (verdict != VERDICT_SNAPSHOT || status != 0 || f->errors > 0)) {
		close(fd);
		fd = -1;
	}
	if (fd < 0 && (status != 0 || f->errors == 0))
		add_end(l, status, path, f);
	close(l->socket);
	close(l->said);
	return fd;
}

void load_cancel(struct loading *l)
{
	kill(l->child, SIGKILL);
	reap(l);
	close(l->socket);
	close(l->said);
}

int load(const char *path, struct faults *f)
{
	struct loading l;
	struct err e;

	if (load_start(&l, path, LOAD_SECONDS, &e) == 0)
		return load_finish(&l, path, f);
	fault_add(f, NULL, 0, "%s", e.text);
	return -1;
}
