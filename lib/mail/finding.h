/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_FINDING_H
#define MXONLY_FINDING_H

/*
 * finding - what was found of one delivery of the past: a message that lies in a mailbox, or a line of a mail log
 *
 * Life:      made by audit or replay, handed to whoever prints or counts it; its texts are valid during that call
 * Limits:    every text is as its sender wrote it: whoever prints it makes it harmless (base/escape.h, html.h)
 * Tested by: t/unit/test_tally.c
 */

#include <stdbool.h>
#include <time.h>

#include "base/text.h"
#include "net/ip.h"
#include "policy/terms.h"

/* How it came in, in the order of reports. */
enum way {
	WAY_RELAYED, /* by a relay */
	WAY_DIRECT, /* past it: a server that enforces would refuse or defer */
	WAY_EXEMPT,
	WAY_AUTHENTICATED,
	WAY_LOCAL, /* from within */
	WAY_UNKNOWN, /* nothing of ours tells */
	WAY_COUNT
};

struct finding {
	enum way way;
	enum outcome outcome; /* what the server would answer, as if enforced */
	enum reason reason; /* meaningless for WAY_LOCAL and WAY_UNKNOWN */
	const char *why; /* for these two: why, in a word; else NULL */
	bool judged; /* decide was asked: outcome and reason hold */
	bool forged; /* direct, and lower lines name the relay */
	bool without_helo; /* judged as if HELO matched, for the log does not tell it */
	bool rejected; /* refused or deferred at the time already, by whatever: the log of a reject */
	bool has_address;
	struct ip address; /* of the peer that decided */
	struct text name, helo; /* its verified name (empty: unknown), its claim */
	struct text relay; /* that matched or nearly did */
	struct text policy; /* "domain example.org"; empty: none */
	struct text domain; /* the candidate that decided */
	struct text sender, recipient;
	struct text path; /* PATH or PATH#n; the log's FILE:LINE */
	unsigned received; /* number of the deciding line from the top, from 1; 0: none */
	time_t date; /* of the delivery; 0: not known */
};

/* "relayed", "direct", ... */
const char *way_name(enum way w);

#endif
