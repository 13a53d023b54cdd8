/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_LOG_LINE_H
#define MXONLY_LOG_LINE_H

/*
 * log_line - one line of a mail log: who wrote it, and what Postfix tells with it of a message
 *
 * What Postfix writes stands at places that clients cannot move: the program before the message, the queue id before what is
 * said of it, NAME[ADDRESS] right behind "client=" or "RCPT from" (neither holds a bracket or a space). Addresses and HELO are
 * the client's words, and may imitate anything. An address is in quotes as soon as it could: it is read as such, never searched
 * through. The line of a rejected RCPT TO has the client's words in the middle too: it is read from its end, where HELO
 * stands without any space, bracket or quote; what cannot be read so is unclear, and never guessed at.
 *
 * Life:      slices into the line, or into room; valid as long as these are
 * Limits:    journal output as text, as JSON and as export; addresses as Postfix 3.5 and later write them (info_log_address_format =
 *            external); those of older ones look the same unless they hold quotes or spaces
 * Tested by: t/unit/test_log_line.c, t/fuzz/fuzz_log_line.c, t/live/replay_postfix.t
 */

#include <stdbool.h>

#include "base/text.h"
#include "mail/log_journal.h"

enum { LOG_ADDRESS = 4096 }; /* bytes of the longest address or HELO; Postfix itself takes half of that */

enum log_kind {
	LOG_CLIENT, /* smtpd took a first recipient of a message: queue_id, client_*, sasl_username, orig_* */
	LOG_LOCAL, /* a message from this machine: queue_id */
	LOG_MESSAGE_ID, /* queue_id, message_id */
	LOG_SENDER, /* qmgr has it: queue_id, sender */
	LOG_RECIPIENT, /* delivered or not: queue_id, recipient */
	LOG_REMOVED, /* it left the queue: queue_id */
	LOG_REJECT, /* a recipient was turned away: client_*, sender, recipient, helo (if has_helo), sasl_username */
	LOG_SCREENED, /* a recipient was turned away by postscreen */
	LOG_REVERSE_NAME, /* a name that was not verified: client_address, client_name */
	LOG_OTHER, /* nothing of the kind */
	LOG_UNCLEAR /* it cannot be read: why */
};

struct log_line {
	enum log_kind kind;
	bool postfix; /* one of Postfix's programs wrote it */
	bool submission; /* of a service for users who log in, by its name */
	bool has_helo;
	unsigned times; /* 1; more for what syslog did not repeat */
	const char *why;
	struct text stamp; /* of log_stamp.h */
	struct text host; /* that wrote it; may be empty */
	struct text instance; /* of Postfix: what stands before the first slash */
	struct text pid;
	struct text queue_id; /* empty: none yet (NOQUEUE) */
	struct text client_name, client_address, sasl_username, helo, sender, recipient, message_id;
	struct text orig_queue_id, orig_name, orig_address; /* XFORWARD's */
};

/* line: without its line end, or what log_entry has put together. */
void log_line_read(struct log_line *l, struct text line, struct log_room *room);

#endif
