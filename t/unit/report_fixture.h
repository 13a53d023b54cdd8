/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_REPORT_FIXTURE_H
#define MXONLY_REPORT_FIXTURE_H

/*
 * report_fixture - a finding, and the page of a tally, for tests of what reports
 */

#include "mail/report_html.h"
#include "policy_fixture.h"

#define REPORT_INI                                                         \
	"[relay filter]\nranges = 192.0.2.0/24\ndomains = relay.example\n" \
	"[default]\nmode = monitor\n[domain example.org]\nmode = enforce\n"

enum { REPORT_NOW = 1795324200 }; /* 2026-11-22 04:30 UTC */

/* A message that came directly from 203.0.113.9 for u@example.org. */
static inline struct finding report_direct(void)
{
	struct finding f = { .way = WAY_DIRECT,
		.outcome = OUTCOME_REFUSE,
		.reason = REASON_UNKNOWN_ADDRESS,
		.judged = true,
		.has_address = true,
		.name = text_of("mail.isp.example"),
		.helo = text_of("helo.isp.example"),
		.policy = text_of("domain example.org"),
		.domain = text_of("example.org"),
		.sender = text_of("s@isp.example"),
		.recipient = text_of("u@example.org"),
		.path = text_of("mbox#3"),
		.received = 2,
		.date = REPORT_NOW - 3600 };

	ip_parse(&f.address, text_of("203.0.113.9"));
	return f;
}

/* NUL-terminated; the caller's to free. */
static inline char *report_page(const struct report_html *r, const struct tally *t)
{
	struct buf b = { 0 };

	report_html(&b, r, t);
	*buf_room(&b, 0) = '\0';
	return b.at;
}

#endif
