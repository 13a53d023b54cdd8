/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_ADDRESS_PATTERN_H
#define MXONLY_ADDRESS_PATTERN_H

/*
 * address_pattern - the texts of a prefix's addresses as a POSIX extended regular expression
 *
 * For filters that see an address only as text. Of IPv6 every form with one "::" is known, in hexadecimal digits of lower
 * case without leading zeros, as inet_ntop(3) writes them.
 *
 * Tested by: t/live/export_mailers.t
 */

#include "base/buf.h"
#include "net/range.h"

/* prefix: by ranges_split, not /0. A backslash is written twice, for the string of a language that takes it so. */
void address_pattern(struct buf *b, const struct range *prefix);

#endif
