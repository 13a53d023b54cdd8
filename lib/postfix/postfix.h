/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_POSTFIX_H
#define MXONLY_POSTFIX_H

/*
 * postfix - how a Postfix is set up, as its own postconf(1) tells
 *
 * Life:      postfix_read -> look -> postfix_free
 * Memory:    owns everything
 * Errors:    -1 with e: there is no postconf, or it cannot read that folder
 * Tested by: t/live/check_postfix.t
 */

#include "base/buf.h"
#include "base/err.h"
#include "postfix/services.h"

struct postfix {
	struct params main; /* every parameter, $names put in */
	struct params set; /* those that main.cf sets, as it sets them */
	struct services services;
	struct buf said; /* what postconf(1) warned of, lines */
	const char *directory; /* config_directory, in main */
	const char *queue; /* queue_directory, in main */
};

/* directory NULL: that of the running Postfix. */
int postfix_read(struct postfix *p, const char *directory, struct err *e);

/* smtpd(8) of this service runs in a chroot(2). */
bool postfix_chrooted(const struct postfix *p, const struct service *s);

void postfix_free(struct postfix *p);

#endif
