/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_SANDBOX_H
#define MXONLY_SANDBOX_H

/*
 * sandbox - each process gives up what its work does not need, for good: no_new_privs, seccomp (errors, never kills), Landlock
 *
 * Life:      once a process, after it has all that it needs; children inherit it and can only give up more
 * Errors:    none: what the kernel does not have is left out and told in `missing`, so that a server starts anywhere
 * Tested by: t/unit/test_sandbox.c, t/live/confined.t
 */

#include <stddef.h>

enum sandbox_role {
	SANDBOX_SUPERVISOR, /* reads configurations, makes processes, removes its sockets; no programs, no networks */
	SANDBOX_LOGGER, /* writes to what it has open, and to the sockets of syslog and the journal */
	SANDBOX_WORKER, /* talks over sockets that it has or accepts */
	SANDBOX_SINGLE /* mxonlyd -i: talks over what it has, and waits for its logger at the end */
};

enum { SANDBOX_WORDS = 256 };

/*
 * missing (SANDBOX_WORDS bytes): what could not be given up and why, "" when all was. removable: n folders in which a supervisor
 * removes its sockets (and files) at the end.
 */
void sandbox_enter(enum sandbox_role role, const char *const *removable, size_t n, char *missing);

#endif
