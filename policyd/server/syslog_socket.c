/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/syslog_socket.h"

#include <errno.h>
#include <paths.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

enum { HEAD = 64 };

static void disconnect(struct syslog_socket *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

static bool connect_as(struct syslog_socket *s, int type)
{
	static const struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = _PATH_LOG };

	s->type = type;
	s->fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		return false;
	if (connect(s->fd, (const struct sockaddr *)&to, sizeof to) == 0)
		return true;
	type = errno;
	disconnect(s);
	errno = type;
	return false;
}

static bool connect_to_daemon(struct syslog_socket *s)
{
	return connect_as(s, SOCK_DGRAM) || (errno == EPROTOTYPE && connect_as(s, SOCK_STREAM));
}

void syslog_socket_open(struct syslog_socket *s)
{
	tzset(); /* later it may read no file */
	connect_to_daemon(s);
}

static bool send_line(struct syslog_socket *s, const char *line, size_t n)
{
	size_t more = s->type == SOCK_STREAM ? 1 : 0; /* a NUL ends each line in a stream */
	ssize_t rc;

	do
		rc = send(s->fd, line, n + more, MSG_NOSIGNAL);
	while (rc < 0 && errno == EINTR);
	return rc == (ssize_t)(n + more);
}

bool syslog_socket_send(struct syslog_socket *s, int level, pid_t pid, const char *words, size_t n)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char line[HEAD + LOG_LINE + 1];
	const time_t now = time(NULL);
	struct tm t;
	size_t len;

	localtime_r(&now, &t);
	len = (size_t)snprintf(line, HEAD, "<%d>%.3s %2d %02d:%02d:%02d mxonlyd[%d]: ", LOG_MAIL | level,
		months + 3 * t.tm_mon, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, (int)pid);
	n = n < LOG_LINE ? n : LOG_LINE;
	memcpy(line + len, words, n);
	line[len + n] = '\0';
	if (s->fd >= 0 && send_line(s, line, len + n))
		return true;
	disconnect(s); /* it was restarted, or there was none: once more */
	return connect_to_daemon(s) && send_line(s, line, len + n);
}
