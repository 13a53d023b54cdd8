/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the server tells the one that was started. */
enum { SAYS_DETACHED = 'D', SAYS_READY = 'R' };

static _Noreturn void wait_for_server(pid_t server, int pipe)
{
	char word, last = 0;
	ssize_t n;
	int status;

	while (last != SAYS_READY && ((n = read(pipe, &word, 1)) > 0 || (n < 0 && errno == EINTR)))
		last = n > 0 ? word : last;
	if (last == SAYS_READY)
		_exit(EXIT_SUCCESS);
	while (waitpid(server, &status, 0) < 0 && errno == EINTR)
		continue;
	if (WIFSIGNALED(status))
		fprintf(stderr, "mxonlyd: the server was ended by signal %d (%s) before it was ready\n",
			WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (last == SAYS_DETACHED)
		fprintf(stderr, "mxonlyd: the server has ended before it was ready: its log tells why\n");
	_exit(WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : EXIT_FAILURE);
}

int daemon_begin(struct daemon *d, struct err *e)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		return err_set(e, "cannot start a process: %s", strerror(errno));
	if (pid > 0) {
		close(ends[1]);
		wait_for_server(pid, ends[0]);
	}
	close(ends[0]);
	d->pipe = ends[1];
	setsid();
	if (chdir("/") < 0)
		return err_set(e, "chdir: /: %s", strerror(errno));
	return 0;
}

static void say(const struct daemon *d, char word)
{
	while (write(d->pipe, &word, 1) < 0 && errno == EINTR)
		continue; /* nobody waits any more: SIGPIPE is ignored */
}

void daemon_detach(const struct daemon *d, bool keep_error)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct stat st;

	keep_error = keep_error && fstat(STDERR_FILENO, &st) == 0 && S_ISREG(st.st_mode);
	say(d, SAYS_DETACHED);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	if (!keep_error)
		dup2(null, STDERR_FILENO);
	close(null);
}

void daemon_ready(void *context)
{
	struct daemon *d = context;

	say(d, SAYS_READY);
	close(d->pipe);
}
