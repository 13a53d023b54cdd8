/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_FACTS_H
#define MXONLY_FACTS_H

/*
 * facts - what a request says about its client, each worked out once and only when it is asked for
 *
 * Life:      facts_start -> questions -> nothing to free; the request's bytes must stay
 * Memory:    the caller's (some 33 KiB, touched only as far as names are long)
 * Tested by: t/unit/test_decide.c
 */

#include <stdbool.h>

#include "net/ip.h"
#include "policy/request.h"
#include "policy/snapshot.h"
#include "policy/wire.h"

enum fact_name { FACT_HELO, FACT_CLIENT_NAME, FACT_REVERSE_NAME, FACT_NAMES };

struct fact_host {
	size_t len; /* 0: matches nothing */
	char at[WIRE_LINE];
};

struct facts {
	const struct snapshot *s;
	const struct request *rq;
	bool has_ip; /* client_address is one */
	struct ip ip;
	bool fingerprints_ready, recipient_ready, host_ready[FACT_NAMES];
	unsigned fingerprint_count;
	struct fingerprint fingerprints[2];
	struct fact_host host[FACT_NAMES];
	size_t local_len, cut_len, whole_len; /* of whole: the local part, the same without extension, the address */
	char whole[WIRE_LINE + 1]; /* the recipient: local part in lower case, "@", domain normalised */
};

void facts_start(struct facts *f, const struct snapshot *s, const struct request *rq);

/* client_name is missing or `unknown`: Postfix could not verify one, for whatever reason. */
bool facts_unknown_name(const struct facts *f);

/* A name is at or below one of a relay's domains. */
bool facts_name_within(struct facts *f, enum fact_name name, const struct snap_relay *relay);

/* The factor of the relay holds; *found: the merged range of an address that does. */
bool facts_factor(struct facts *f, const struct snap_relay *relay, enum factor factor, struct range *found);

/* The recipient is one of the policy's exempt_recipients. */
bool facts_exempt_recipient(struct facts *f, const struct snap_policy *p);

#endif
