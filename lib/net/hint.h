/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_HINT_H
#define MXONLY_HINT_H

/*
 * hint - what somebody probably meant who wrote something that is almost an address
 *
 * Errors:    hint_address always fails: it is called when the answer is no, and says why
 * Tested by: t/unit/test_range.c
 */

#include <stdbool.h>

#include "base/err.h"
#include "base/text.h"
#include "net/ip.h"

/*
 * t as a dotted quad, when it is nearly one: fewer than four numbers (192.0.2, 192.0.2., 192.0.2.*), or leading zeros.
 * Returns how many numbers t had, 0 when it is something else.
 */
unsigned hint_quad(struct text t, char to[IP_TEXT]);

/* Says why t is no address, as part of the range `whole`; returns -1. */
int hint_address(struct text t, struct text whole, struct err *e);

/* How a foreign text is quoted in words: printf's "%.*s", cut. */
#define HINT_QUOTED "\"%.*s\""
#define HINT_TEXT(t) ((t).len < 100 ? (int)(t).len : 100), (t).at

#endif
