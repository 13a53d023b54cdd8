/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_RECIPIENT_H
#define MXONLY_RECIPIENT_H

/*
 * recipient - the domains that a recipient address stands for, however it is dressed up
 *
 * Postfix asks a policy server before it resolves the address: u%victim.test@off.test is delivered to victim.test. So a
 * recipient has candidates, found as mxonly.ini(5), "Which domains a recipient stands for", says.
 *
 * Life:      recipient_start -> recipient_next until false; the address must stay until then
 * Memory:    allocates nothing (libidn2 does, for names that are not ASCII)
 * Tested by: t/unit/test_recipient.c, t/fuzz/fuzz_recipient.c, t/live/rcpt_fuzz
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

enum { RECIPIENT_MAX = 8192 }; /* bytes of an address; what is longer never gets here (policy/wire.h) */

enum recipient_rule { RECIPIENT_STRICT, RECIPIENT_IGNORE_ROUTES };

/* Whether a name without a dot has a section of its own ([domain NAME] or in a [domains LABEL]); the name is normalised. */
typedef bool recipient_has_section(const void *context, struct text name);

struct recipient {
	size_t len; /* of clean */
	size_t end; /* what is right of it has been looked at */
	bool no_domain_due; /* "no domain" is a candidate: for the last */
	bool counted;
	enum recipient_rule rule;
	recipient_has_section *has_section;
	const void *context;
	size_t folded_len;
	char clean[RECIPIENT_MAX]; /* the address without what Postfix takes out again */
	char folded[RECIPIENT_MAX]; /* a second form of the piece that counted last, when it has one */
};

void recipient_start(struct recipient *r, struct text address, enum recipient_rule rule,
	recipient_has_section *has_section, const void *context);

/*
 * The next candidate, from right to left, normalised into name (cap bytes; a longer one is cut, *len tells its full length);
 * *len 0: "no domain". false when there is none left.
 */
bool recipient_next(struct recipient *r, char *name, size_t cap, size_t *len);

#endif
