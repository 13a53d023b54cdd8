/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_LOG_JOIN_H
#define MXONLY_LOG_JOIN_H

/*
 * log_join - the lines of a log that belong together: who brought a message, for whom it was
 *
 * smtpd tells the client, qmgr the sender, whoever delivers the recipients; what they share is the queue id, and the instance
 * of Postfix whose queue that is. The lines of a reject tell all at once.
 *
 * Life:      log_join_new -> log_join_add for each line, in order -> log_join_end -> log_join_counts -> log_join_free
 * Memory:    bounded by the room given: beyond it the message that was heard of least recently is forgotten, and counted if it
 *            had no recipient yet; 64 Ki messages take 40 MB, their recipients 32 MB at most
 * Errors:    out of memory ends the process with a message
 * Limits:    texts of a message are cut to some 500 bytes together, client and name before all others
 * Tested by: t/unit/test_log_join.c, t/live/replay_postfix.t
 */

#include <stdint.h>

#include "mail/log_line.h"
#include "mail/log_stamp.h"

/* One recipient of one message that came by SMTP, or one that was rejected. A text that is not known is empty. */
struct log_delivery {
	struct text client_address, client_name, reverse_name, sasl_username;
	struct text sender, recipient; /* as the log has them: in quotes where need be */
	struct text helo, queue_id, message_id;
	bool has_helo, rejected;
	time_t date; /* when it came; 0: not known */
};

struct log_counts {
	uint64_t messages; /* taken by smtpd */
	uint64_t deliveries; /* their recipients, each once a message */
	uint64_t rejects; /* recipients that were turned away */
	uint64_t silent; /* messages without a recipient in the log: refused later, or still on their way */
	uint64_t forgotten; /* of these, to stay within memory */
	uint64_t reinjected; /* messages that came back from a content filter: they count as what they were before */
	uint64_t
		submitted; /* messages and rejects of submission services, of nobody who had logged in: no policy server is asked there */
	uint64_t screened; /* recipients that postscreen turned away: a policy server is asked by smtpd, behind it */
	uint64_t local; /* messages that came another way than by SMTP */
	uint64_t unknown; /* messages that came before the log begins */
};

struct log_join;

typedef void log_found(void *context, const struct log_delivery *d);

enum { LOG_JOIN_MESSAGES = 65536 };

/* messages: how many are remembered at a time. */
struct log_join *log_join_new(uint32_t messages, log_found *found, void *context);

/* found is called, if anybody was found, before it returns. */
void log_join_add(struct log_join *j, const struct log_line *l, struct log_clock *clock);

/* No more lines: counts what is left. */
void log_join_end(struct log_join *j);

const struct log_counts *log_join_counts(const struct log_join *j);
void log_join_free(struct log_join *j);

#endif
