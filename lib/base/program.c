/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/program.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

enum { OUTPUT_MAX = 1 << 30, NOT_STARTED = 127 };

/* In the child. An alarm outlives execve(2): who takes too long is killed by it. */
static void become(unsigned seconds, const char *const argv[], const int fds[3])
{
	const struct rlimit most = { OUTPUT_MAX, OUTPUT_MAX };
	char *arguments[64];
	size_t n = 0;
	struct buf path = { 0 };

	for (int i = 0; i < 3; i++)
		dup2(fds[i], i);
	setrlimit(RLIMIT_FSIZE, &most);
	signal(SIGALRM, SIG_DFL);
	alarm(seconds);
	for (; n < sizeof arguments / sizeof *arguments - 1 && argv[n]; n++)
		arguments[n] = must_strndup(argv[n], strlen(argv[n]));
	arguments[n] = NULL;
	/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): argv begins with a program */
	execvp(arguments[0], arguments);
	if (errno == ENOENT && !strchr(argv[0], '/')) {
		buf_format(&path, "/usr/sbin/%s", argv[0]);
		execv(path.at, arguments);
	}
	dprintf(STDERR_FILENO, "%s", strerror(errno));
	_exit(NOT_STARTED);
}

static int read_back(int fd, struct buf *b, struct err *e)
{
	return lseek(fd, 0, SEEK_SET) < 0 ? err_set(e, "lseek: %s", strerror(errno)) : fd_read_all(fd, b, NULL, e);
}

static int end_of(pid_t child, unsigned seconds, const char *name, struct err *e)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return err_set(e, "%s: waitpid: %s", name, strerror(errno));
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	if (WTERMSIG(status) == SIGALRM)
		return err_set(e, "%s: not done after %u seconds", name, seconds);
	return err_set(e, "%s: killed by signal %d", name, WTERMSIG(status));
}

static int run(unsigned seconds, const char *const argv[], const int fds[3], struct buf *output, struct buf *errors,
	struct err *e)
{
	size_t before = errors->len;
	pid_t child = fork();
	int status;

	if (child < 0)
		return err_set(e, "fork: %s", strerror(errno));
	if (child == 0)
		become(seconds, argv, fds);
	status = end_of(child, seconds, argv[0], e);
	if (status < 0 || read_back(fds[1], output, e) < 0 || read_back(fds[2], errors, e) < 0)
		return -1;
	if (status == NOT_STARTED)
		return err_set(e, "%s: %.*s", argv[0], (int)(errors->len - before), errors->at + before);
	return status;
}

int program_run_for(unsigned seconds, const char *const argv[], struct text input, struct buf *output,
	struct buf *errors, struct err *e)
{
	int fds[3] = { -1, -1, -1 }, status = -1;

	for (int i = 0; i < 3; i++)
		if ((fds[i] = memory_file(e)) < 0)
			goto out;
	if (fd_write_all(fds[0], input.at, input.len, e) < 0 || lseek(fds[0], 0, SEEK_SET) < 0)
		goto out;
	status = run(seconds, argv, fds, output, errors, e);
out:
	for (int i = 0; i < 3; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	return status;
}

int program_run(const char *const argv[], struct text input, struct buf *output, struct buf *errors, struct err *e)
{
	return program_run_for(PROGRAM_SECONDS, argv, input, output, errors, e);
}
