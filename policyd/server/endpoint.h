/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_SERVER_ENDPOINT_H
#define MXONLY_SERVER_ENDPOINT_H

/*
 * endpoint - where a server listens and a client asks: unix:/path, inet:host:port, inet:[::1]:port, taken apart and connected to
 *
 * What is allowed stands in policy/endpoint.h; a relative path is one from the current folder.
 *
 * Errors:    -1 with e naming the endpoint and what was probably meant
 * Tested by: t/unit/test_endpoint.c
 */

#include <stdbool.h>

#include "base/err.h"
#include "base/text.h"

enum { ENDPOINT_PATH = 108, ENDPOINT_HOST = 256 };

struct endpoint {
	bool local; /* a UNIX socket: path; otherwise host and port */
	char path[ENDPOINT_PATH]; /* this and the others end with a NUL */
	char host[ENDPOINT_HOST];
	char port[6];
};

int endpoint_read(struct endpoint *p, struct text t, struct err *e);

/* A connected, blocking stream socket (close-on-exec), or -1. */
int endpoint_connect(struct text t, struct err *e);

#endif
