/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_NOTIFY_H
#define MXONLY_NOTIFY_H

/*
 * notify - tells whoever manages services how the server is (sd_notify(3), in a few lines of our own)
 *
 * Life:      notify_open before root is dropped: its folder may be root's alone -> the others, at any time
 * Errors:    none: without $NOTIFY_SOCKET, or when nobody reads there, nothing is told
 * Processes: the supervisor's; waits for its reader a second at most
 * Tested by: t/live/server_systemd.t
 */

/* The socket; -1: nobody wants to know. */
int notify_open(void);

/* Lines of NAME=VALUE, as sd_notify(3) has them. */
void notify_send(int notify, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* RELOADING=1, with the time that it asks for. */
void notify_reloading(int notify);

#endif
