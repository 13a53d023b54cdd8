/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_CLIENT_H
#define MXONLY_CLIENT_H

/*
 * client - many connections to a policy server, each as one Postfix smtpd: it asks, waits for the answer, asks the next
 *
 * Life:      clients_open -> clients_serve until enough -> the process ends
 * Errors:    of a connection: counted, the first one remembered, and it is opened again; else die (requests.h)
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "histogram.h"
#include "requests.h"

struct target {
	struct sockaddr_storage address;
	socklen_t len;
	int family;
};

struct client;

struct clients {
	struct target target;
	struct requests requests;
	bool churn; /* a new connection for every request */
	bool once; /* each asks once, and stays */
	bool measuring; /* answers count from now on */
	uint64_t limit; /* requests that are asked in all; UINT64_MAX: no limit */

	struct client *at;
	unsigned count, in_flight;
	int ep;
	uint64_t started;
	struct histogram times;
	uint64_t dunno, reject, defer, other, errors;
	unsigned refused; /* connects that failed, one after another */
	char first_error[160];
};

/* unix:/path or inet:host:port */
void target_parse(struct target *t, const char *text);

/* Everything before `at` is set; each connection sends its first request. */
void clients_open(struct clients *all, unsigned count);

/* Takes what comes within so many milliseconds. */
void clients_serve(struct clients *all, int ms);

uint64_t now_ns(void);

#endif
