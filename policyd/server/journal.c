/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/journal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* systemd tells the device and inode of the stream that leads to the journal: standard error may have been sent elsewhere since. */
bool journal_reads_stderr(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	/* NOLINTNEXTLINE(cert-err34-c): systemd's numbers fit */
	return stream != NULL && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
	       st.st_dev == dev && st.st_ino == ino;
}

void journal_open(struct journal *j)
{
	j->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

bool journal_send(const struct journal *j, int level, pid_t pid, struct text words)
{
	/* Never connected: whoever is there now gets it, were it restarted or not. */
	static const struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket" };
	char entry[JOURNAL_ENTRY];
	size_t n;
	ssize_t rc;

	if (j->fd < 0)
		return false;
	n = journal_entry(entry, level, pid, words);
	do
		rc = sendto(j->fd, entry, n, MSG_NOSIGNAL, (const struct sockaddr *)&to, sizeof(to));
	while (rc < 0 && errno == EINTR);
	return rc == (ssize_t)n;
}
