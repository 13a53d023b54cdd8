/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_DOMAIN_H
#define MXONLY_DOMAIN_H

/*
 * domain - names of domains as they are compared: A-labels in lower case, no dot at the end
 *
 * Limits:    names that are pure ASCII never pass through libidn2; others do (IDNA 2008 with TR46, non-transitional), whole, else
 *            label by label; a label that libidn2 refuses stays as it is, but for the case of its letters
 * Errors:    as each function says; RFC 5890, RFC 1035
 * Tested by: t/unit/test_domain.c, t/fuzz/fuzz_domain.c
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/text.h"

enum { DOMAIN_MAX = 255 }; /* bytes of the longest name that a configuration can hold */

/*
 * The form in which names are compared: ASCII case folded, dots at the end cut, U-labels to A-labels.
 * Writes at most cap bytes to `to` and returns the length the name has; longer than cap: it was cut, and equals no configured name.
 */
size_t domain_normalise(struct text name, char *to, size_t cap);

/*
 * A name of a configuration: normalised into to, NUL-terminated. -1 with what is wrong and what was probably meant: an
 * address, a literal, a mail address, a wildcard, an empty label, a bad character, a label over 63 or a name over 253 bytes, what
 * is no UTF-8.
 * leading_dot: ".example.net" (every name below) is allowed and keeps its dot.
 */
int domain_parse(struct text name, bool leading_dot, char to[DOMAIN_MAX + 1], struct err *e);

/* A normalised name that is not pure ASCII, or would not be with U-labels. */
bool domain_is_foreign(struct text name);

/* Bytes of DOMAIN_MAX characters, and a NUL. */
enum { DOMAIN_LETTERS = 4 * DOMAIN_MAX + 1 };

/*
 * How Postfix asks its tables for a domain that is not written in A-labels: in letters, folded. name: normalised, perhaps with a leading dot.
 * false: that is the name itself. to is NUL-terminated.
 */
bool domain_letters(struct text name, char to[DOMAIN_LETTERS]);

/*
 * The other name by which Postfix takes a domain of the configuration, as it folds letters that IDNA keeps: strasse.test for straße.test.
 * name: normalised, perhaps with a leading dot. false: there is none. to is NUL-terminated.
 */
bool domain_folded(struct text name, char to[DOMAIN_MAX + 1]);

/* Two labels or more, of a name without a leading dot. */
bool domain_has_dot(struct text name);

/*
 * A name that a client gave (HELO) or that DNS gave, made ready for domain_within: one trailing dot cut, lower case,
 * A-labels; empty when it can match nothing (a literal, an empty label).
 */
size_t domain_of_host(struct text name, char *to, size_t cap);

/* host (by domain_of_host) is domain or below it, by whole labels; domain is normalised. */
bool domain_within(struct text host, struct text domain);

#endif
