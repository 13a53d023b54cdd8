/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_SYSLOG_SOCKET_H
#define MXONLY_SYSLOG_SOCKET_H

/*
 * syslog_socket - lines for the syslog daemon, as syslog(3) sends them, and whether it took them, which syslog(3) does not tell
 *
 * Life:      syslog_socket_open -> syslog_socket_send, which connects again when the daemon was restarted
 * Errors:    false: there is no daemon; the line is lost. A daemon that hangs is waited for.
 * Tested by: t/live/fault_log.t, t/live/server_daemon.t
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct syslog_socket {
	int fd; /* -1: not connected */
	int type; /* SOCK_DGRAM; SOCK_STREAM where the daemon wants that */
};

void syslog_socket_open(struct syslog_socket *s);

/* level: LOG_ERR and so on; pid: as whose the line is written. */
bool syslog_socket_send(struct syslog_socket *s, int level, pid_t pid, const char *words, size_t n);

#endif
