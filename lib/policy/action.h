/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_ACTION_H
#define MXONLY_ACTION_H

/*
 * action - access(5) actions with variables: which are allowed, and what they become on the wire
 *
 * Postfix takes "action=" with nothing behind it, or with a bare number, for a PERMIT; so a text that could become either
 * is refused here, when a configuration or a snapshot is read.
 *
 * Limits:    ACTION_MAX bytes behind "action=", printable ASCII, no \r, no space first; what a client sent is cut to 64 bytes each
 * Tested by: t/unit/test_action.c, t/fuzz/fuzz_action.c
 */

#include "base/err.h"
#include "base/text.h"

enum { ACTION_MAX = 200 };

enum action_use { ACTION_REFUSE, ACTION_DEFER, ACTION_MONITOR, ACTION_USES };

enum action_variable {
	VAR_CLIENT_ADDRESS,
	VAR_CLIENT_NAME,
	VAR_HELO_NAME,
	VAR_SENDER,
	VAR_RECIPIENT,
	VAR_RECIPIENT_DOMAIN,
	VAR_REASON,
	VAR_POLICY,
	VAR_COUNT
};

/*
 * 0 when t may be used so: verb or code allowed, of the right shape, known variables only, a constant word in the text.
 * -1 says what is wrong and what was probably meant. *acts_on_message (may be NULL): HOLD or DISCARD, which deserve a warning.
 */
int action_check(struct text t, enum action_use use, bool *acts_on_message, struct err *e);

/* t (which action_check takes) with its variables put in; returns the length, 1..ACTION_MAX. to is not NUL-terminated. */
size_t action_render(struct text t, const struct text variables[VAR_COUNT], char to[ACTION_MAX]);

/* An access(5) action by its first word: true when it lets the recipient pass (DUNNO, OK, INFO, WARN, PREPEND). */
bool action_permits(struct text action);

/* The default of each use, section 5 of the manual. */
extern const char *const action_default[ACTION_USES];

#endif
