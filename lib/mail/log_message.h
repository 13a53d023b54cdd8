/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_LOG_MESSAGE_H
#define MXONLY_LOG_MESSAGE_H

/*
 * log_message - what a program of Postfix says in a log line, behind "postfix/smtpd[123]: "
 *
 * For mail/log_line.c alone, whose header tells what clients can write there and what not.
 *
 * Tested by: t/unit/test_log_line.c, t/fuzz/fuzz_log_line.c
 */

#include "mail/log_line.h"

/* Sets kind, times, why, has_helo and the texts from queue_id on. false: no program whose lines are of use. */
bool log_message_read(struct log_line *l, struct text program, struct text message);

/* Takes `words` off the head of t. */
bool log_take(struct text *t, const char *words);

/* What of t begins at `at`. */
struct text log_behind(struct text t, const char *at);

#endif
