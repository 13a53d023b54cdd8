/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_RESTRICTIONS_H
#define MXONLY_RESTRICTIONS_H

/*
 * restrictions - smtpd's lists of restrictions, taken apart into steps
 *
 * Life:      steps_read -> look -> steps_free
 * Memory:    steps are slices of the parameters that were given
 * Limits:    classes within classes as deep as CLASS_DEPTH; STEPS_MAX words
 * Tested by: t/unit/test_postfix.c, t/fuzz/fuzz_postfix.c
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "postfix/params.h"

enum restriction_list {
	LIST_CLIENT,
	LIST_HELO,
	LIST_SENDER,
	LIST_RELAY,
	LIST_RECIPIENT,
	LIST_DATA,
	LIST_END_OF_DATA,
	LIST_ETRN,
	LISTS
};

enum { CLASS_DEPTH = 8, STEPS_MAX = 10000 };

extern const char *const restriction_list_name[LISTS]; /* "smtpd_client_restrictions", ... */

/* One restriction, a class's in place of its name. */
struct step {
	struct text verb, argument; /* argument: empty when it takes none */
	bool warns; /* behind warn_if_reject */
};

struct steps {
	struct step *at;
	size_t count;
	size_t words; /* that were read, at most STEPS_MAX */
};

/* Appends the steps of a list (its value); classes are those of the parameters. */
void steps_read(struct steps *to, struct text list, const struct params *p);

bool step_is(const struct step *s, const char *verb);
bool step_is_one_of(const struct step *s, const char *const *verbs); /* NULL behind the last */

/* check_..._access */
bool step_is_table(const struct step *s);

/* Whoever comes so far goes no further: permit, reject, ... */
bool step_permits_all(const struct step *s);
bool step_refuses_all(const struct step *s);

/* Mail for one's own domains goes no further. */
bool step_permits_own(const struct step *s);

void steps_free(struct steps *s);

/* check_policy_service's argument: "unix:path", or { unix:path, name=value, ... } */
struct policy_call {
	struct text endpoint, attributes;
};

struct policy_call policy_call_read(struct text argument);

/* The value of an attribute of the call; false: it is not there. */
bool policy_call_get(const struct policy_call *c, const char *name, struct text *value);

/* The verb of a restriction that takes the next word as its argument. */
bool verb_takes_argument(struct text verb);

#endif
