/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_SINGLE_H
#define MXONLY_SINGLE_H

/*
 * single - one client, on standard input and output, as Postfix's spawn(8) wants it (mxonlyd -i)
 *
 * Life:      single_run -> the exit status: 0 when the client has left, was too slow, or SIGTERM has come
 * Errors:    in the log; when standard error leads to the client, as spawn(8) has it, in syslog
 * Processes: itself, and one that writes the log
 * Tested by: t/live/server_single.t, t/live/postfix_spawn.t
 */

int single_run(const char *config);

#endif
