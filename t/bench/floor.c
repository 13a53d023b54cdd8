/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * floor - the least a policy server can do: finds the end of a request, answers a constant: floor [-p WORKERS] /path/of/socket
 *
 * The reference of every ratio. It understands one outstanding request a connection and no error.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { DESCRIPTORS = 65536, BUFFER = 8192, EVENTS = 64, BACKLOG = 4096 };

/* By descriptor: the last byte of what came before, which is all that matters. */
static char last_byte[DESCRIPTORS];

static void wait_for(int ep, int fd, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.fd = fd };

	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
}

static void take_client(int ep, int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (fd >= DESCRIPTORS) {
		close(fd);
		return;
	}
	last_byte[fd] = 0;
	wait_for(ep, fd, EPOLLIN);
}

static void answer(int fd)
{
	static const char reply[] = "action=DUNNO\n\n";
	static char buf[BUFFER];
	ssize_t n = recv(fd, buf, sizeof buf, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		close(fd);
		return;
	}
	/* One request is outstanding, so it ends where the bytes end. */
	char before = n > 1 ? buf[n - 2] : last_byte[fd];
	last_byte[fd] = buf[n - 1];
	if (before != '\n' || buf[n - 1] != '\n')
		return;
	last_byte[fd] = 0;
	if (send(fd, reply, sizeof reply - 1, MSG_NOSIGNAL) < 0)
		close(fd);
}

static _Noreturn void serve(int listener)
{
	struct epoll_event events[EVENTS];
	int ep = epoll_create1(EPOLL_CLOEXEC);

	wait_for(ep, listener, EPOLLIN | EPOLLEXCLUSIVE);
	for (;;) {
		int n = epoll_wait(ep, events, EVENTS, -1);
		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == listener)
				take_client(ep, listener);
			else
				answer(events[i].data.fd);
		}
	}
}

static int listen_on(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof a.sun_path)
		return -1;
	strcpy(a.sun_path, path);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(fd, BACKLOG) < 0)
		return -1;
	return fd;
}

static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int main(int argc, char **argv)
{
	int workers = 1, o;

	while ((o = getopt(argc, argv, "p:")) == 'p')
		workers = atoi(optarg);
	if (o != -1 || optind + 1 != argc || workers < 1) {
		fputs("usage: floor [-p WORKERS] /path/of/socket\n", stderr);
		return 2;
	}
	raise_limit();
	int listener = listen_on(argv[optind]);
	if (listener < 0) {
		perror(argv[optind]);
		return 1;
	}
	for (int i = 1; i < workers; i++) {
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGTERM);
			break;
		}
	}
	serve(listener);
}
