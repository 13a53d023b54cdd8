/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_RESOLVER_H
#define MXONLY_RESOLVER_H

/*
 * resolver - many questions to the DNS at once, answered in bounded time; the one file that includes unbound.h
 *
 * Life:      resolver_new -> resolver_ask ... -> resolver_free; for the tool, never in a server
 * Memory:    answers belong to their questions: dns_free
 * Errors:    a question that failed says why; -1 only for the resolver itself
 * Limits:    RESOLVER_AT_ONCE questions at a time, RESOLVER_SECONDS each; DNSSEC is not validated; names of private use
 *            (.test, home.arpa, 10.in-addr.arpa) are asked about as any other
 * Tested by: t/live/check_dns.t
 */

#include <stddef.h>

#include "base/err.h"

enum { RESOLVER_AT_ONCE = 64, RESOLVER_SECONDS = 10 };

enum dns_type { DNS_A = 1, DNS_MX = 15, DNS_TXT = 16, DNS_AAAA = 28 };

enum dns_status {
	DNS_FOUND,
	DNS_NO_DATA, /* the name is there, but has no such record */
	DNS_NO_NAME, /* NXDOMAIN */
	DNS_FAILED /* a time-out, SERVFAIL, REFUSED: nothing is known */
};

/* One record. Names are in lower case, without their last dot: the root is "". */
struct dns_record {
	unsigned preference; /* of an MX */
	char *text; /* MX: the host; A, AAAA: the address; TXT: its strings put together */
};

struct dns_question {
	const char *name;
	enum dns_type type;
	enum dns_status status; /* this and all below: the answer */
	char *alias_of; /* the name at the end of CNAMEs, NULL without any */
	struct dns_record *records; /* MX: by preference, then by name; else by text */
	size_t count;
};

struct resolver;

/* server: ADDRESS[@PORT], or NULL: the name servers of resolv.conf(5). */
struct resolver *resolver_new(const char *server, struct err *e);

/* Asks all of them and waits for every answer. When no server answers at all, the rest fails at once. */
int resolver_ask(struct resolver *r, struct dns_question *questions, size_t count, struct err *e);

/* What the answers hold, not the questions. */
void dns_free(struct dns_question *questions, size_t count);

void resolver_free(struct resolver *r);

#endif
