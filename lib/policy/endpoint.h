/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_ENDPOINT_H
#define MXONLY_ENDPOINT_H

/*
 * endpoint - unix:/path and inet:host:port, as mxonly.ini(5) and the command lines have them
 *
 * Errors:    NULL, and e says what is wrong and what was probably meant
 * Limits:    a path of UNIX_PATH bytes; a numeric port from 1 to 65535; no abstract sockets
 * Tested by: t/unit/test_config.c
 */

#include "base/err.h"
#include "base/text.h"

enum { UNIX_PATH = 107 }; /* sockaddr_un's sun_path without its NUL */

/* The endpoint with its path resolved (a relative one stands beside the file `beside`); malloc'ed. */
char *endpoint_parse(struct text t, const char *beside, struct err *e);

#endif
