/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_RECEIVED_H
#define MXONLY_RECEIVED_H

/*
 * received - one Received field (RFC 5321, 4.4, and what servers really write) in its parts
 *
 *	from HELO (NAME [ADDRESS]) by HOST with PROTOCOL id ID for <RECIPIENT>; DATE
 *
 * What the server saw is kept apart from what the client said: an address counts only where the kind of server that wrote
 * the line puts the one of the connection. A client chooses its HELO, its ident, the names in its certificate, the sender and
 * the recipient: none of them can stand for an address, a host or a protocol here.
 *
 * Some servers write what a client said unchanged, so that it may end a comment and go on with a whole line of its own, behind
 * which it hides the real one: in a comment, a string, a date. However it does so, the `by` of the real one is left, and is
 * the second.
 *
 * Life:      the texts of a struct received point into the value that was read
 * Memory:    allocates nothing; cannot fail
 * Limits:    white space is folded or not; any bytes; time grows with the length alone; a line with a part of more than
 *            RECEIVED_WORD bytes is odd, but of a HELO the first so many are told
 * Tested by: t/unit/test_received.c, t/fuzz/fuzz_received.c, t/mail
 */

#include <stdbool.h>

#include "base/text.h"
#include "net/ip.h"

enum { RECEIVED_WORD = 1024 };

struct received {
	bool has_from; /* a peer is told of; if not, the line tells of a step within a host */
	bool odd; /* in a form that no server writes: nothing of it is to be believed */
	bool doubtful; /* the client may have written what was read here: only that it came directly is to be believed */
	bool has_address;
	struct ip address; /* of the peer, as the server saw it */
	struct text helo; /* the peer's claim */
	bool helo_untold; /* the line has no place for it: not the same as a client that gave none */
	struct text name; /* of the address, verified; empty: unknown */
	struct text reverse; /* of the address, from DNS, not verified; empty: unknown */
	struct text by; /* the host that wrote the line; empty: it does not say */
	struct text protocol; /* the first word behind `with` */
	struct text recipient; /* of the `for` clause, without <> */
	struct text tls; /* "TLSv1.3", or the protocol that says so ("ESMTPS"); empty: none */
	struct text user; /* who logged in; "authenticated" where the line has no name; empty: nobody */
	struct text date; /* behind the semicolon */
};

void received_parse(struct received *r, struct text value);

#endif
