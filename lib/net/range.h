/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_RANGE_H
#define MXONLY_RANGE_H

/*
 * range - a first and a last address of one family, and the strict gate before libcidr
 *
 * Errors:    range_parse returns -1 and says what is wrong and what was probably meant, with the text, without a place
 * Limits:    the forms of mxonly.ini(5): address, address/prefix, IPv4/netmask, first-last; nothing else reaches libcidr(3)
 * Tested by: t/unit/test_range.c, t/fuzz/fuzz_range.c
 */

#include <stdbool.h>

#include "base/err.h"
#include "base/text.h"
#include "net/ip.h"

struct range {
	struct ip first, last; /* of one family; first <= last */
};

enum { RANGE_TEXT = 2 * IP_TEXT };

int range_parse(struct range *r, struct text t, struct err *e);

/* The shortest form that range_parse takes back to the same range: address, prefix, else first-last; returns to. */
const char *range_print(const struct range *r, char to[RANGE_TEXT]);

/* More addresses than an IPv4 prefix of length prefix4, or an IPv6 prefix of length prefix6, holds. */
bool range_wider(const struct range *r, unsigned prefix4, unsigned prefix6);

static inline bool range_holds(const struct range *r, const struct ip *ip)
{
	return r->first.v6 == ip->v6 && ip_compare(&r->first, ip) <= 0 && ip_compare(ip, &r->last) <= 0;
}

#endif
