/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_SERVICES_H
#define MXONLY_SERVICES_H

/*
 * services - master.cf, from the lines of `postconf -M` (a service each) and `postconf -P` (its parameters)
 *
 * Life:      services_read -> look -> services_free
 * Memory:    owns copies of the lines; everything points into them
 * Tested by: t/unit/test_postfix.c, t/fuzz/fuzz_postfix.c
 */

#include "postfix/params.h"

struct service {
	char *line; /* owned; the fields below are cut out of it */
	const char *name, *type; /* "smtp" "inet" */
	char unprivileged, chroot; /* 'y', 'n' or '-' */
	long processes; /* 0: any number; -1: default_process_limit */
	const char *command; /* "smtpd" */
	const char *arguments; /* what stands behind it */
	struct params set; /* -o name=value of its own */
	const struct params
		*params; /* all, $names put in; postfix.h fills it for smtpd and postscreen: main.cf's, or own */
	struct params own; /* all, where it sets some itself */
};

struct services {
	struct service *at;
	size_t count;
};

/* A line that is no service is skipped. */
void services_read(struct services *s, struct text services, struct text parameters);

/* The port or name that an inet service listens on, without a host. */
const char *service_port(const struct service *s);

/* The host of "host:port", or an empty text. */
struct text service_host(const struct service *s);

void services_free(struct services *s);

#endif
