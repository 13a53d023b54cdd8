/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_IP_H
#define MXONLY_IP_H

/*
 * ip - an IPv4 or IPv6 address as a number
 *
 * Limits:    texts are those that inet_pton(3) takes, nothing else; an IPv4-mapped IPv6 address (RFC 4291, 2.5.5.2) is
 *            its IPv4 address
 * Tested by: t/unit/test_ip.c, t/fuzz/fuzz_ip.c
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct ip {
	uint64_t high, low; /* host byte order; IPv4: high 0, low the 32 bits */
	bool v6;
};

enum { IP_TEXT = 46 }; /* bytes that the longest text and its NUL take */

/* false when t is no address. IPv4-mapped addresses come out as IPv4. No scope id, no brackets. */
bool ip_parse(struct ip *ip, struct text t);

/* As Postfix and others send it: as ip_parse, but an IPv6 scope id (%eth0) is cut off first. */
bool ip_parse_client(struct ip *ip, struct text t);

/* RFC 5952 text; returns to. */
const char *ip_print(const struct ip *ip, char to[IP_TEXT]);

/* As memcmp(3): IPv4 before IPv6, then by number. */
int ip_compare(const struct ip *a, const struct ip *b);

#endif
