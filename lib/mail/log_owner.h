/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_LOG_OWNER_H
#define MXONLY_LOG_OWNER_H

/*
 * log_owner - the instances of Postfix that write a log, each the owner of a queue
 *
 * A service of an instance may log under a name of its own (syslog_name = mx-in): that owns no queue, as nobody who works on one
 * is ever heard under that name, so its queue ids are those of any other instance on its host.
 *
 * For mail/log_join.c alone.
 *
 * Life:      {0} -> log_owner ...; nothing to free
 * Limits:    OWNERS of them; further ones are taken for one
 * Tested by: t/unit/test_log_join.c
 */

#include <stdbool.h>
#include <stdint.h>

#include "mail/log_line.h"

enum { OWNERS = 64, OWNER_TEXT = 128 };

struct owners {
	struct owner {
		char host[OWNER_TEXT], instance[OWNER_TEXT];
		uint8_t host_len, instance_len;
		bool has_queue; /* pickup, qmgr or a delivery was heard */
	} list[OWNERS];
	uint8_t count, latest;
};

/* The index of the line's. */
uint8_t log_owner(struct owners *o, const struct log_line *l);

/* A message of owner a may be in the queue of b. */
bool log_owner_shares(const struct owners *o, uint8_t a, uint8_t b);

#endif
