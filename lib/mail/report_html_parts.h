/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_REPORT_HTML_PARTS_H
#define MXONLY_REPORT_HTML_PARTS_H

/*
 * report_html_parts - the sections of the page, in the order of reading; each leaves itself out when it has nothing to say
 *
 * For mail/report_html*.c alone; everybody else asks report_html.h.
 *
 * Memory:    append to b
 * Tested by: t/unit/test_html.c, t/fuzz/fuzz_html.c, t/live/report_html.t
 */

#include "mail/html.h"
#include "mail/report_html.h"

/* The style sheet, and its SHA-256 as the Content-Security-Policy wants it: the page allows this style and nothing else. */
extern const char report_style[], report_style_hash[];

void report_answer(struct buf *b, const struct report_html *r, const struct tally *t);
void report_counts(struct buf *b, const struct tally *t);
void report_near(struct buf *b, const struct report_html *r, const struct tally *t);
void report_advice(struct buf *b, const struct report_html *r, const struct tally *t);
void report_chart(struct buf *b, const struct report_html *r, const struct tally *t);
void report_senders(struct buf *b, const struct report_html *r, const struct tally *t);
void report_recipients(struct buf *b, const struct report_html *r, const struct tally *t);
void report_reasons(struct buf *b, const struct tally *t);
void report_messages(struct buf *b, const struct report_html *r, const struct tally *t);

/* "message" or "delivery", in the right number. */
const char *words_unit(const struct report_html *r, uint64_t n);

/* "1 message", "1,234 messages" */
void words_units(struct buf *b, const struct report_html *r, uint64_t n);

/* "of the last 30 days", "from 3 March 2019 to 1 May 2020"; nothing without dates. */
void words_period(struct buf *b, const struct report_html *r, const struct tally_counts *c);

/* "on 3 March 2026", "from 3 March to 1 May 2026"; nothing without dates. */
void words_span(struct buf *b, time_t first, time_t last);

/* "3 March 2026"; day since 1970-01-01. */
void words_day(struct buf *b, int32_t day);

/* The relays' domains as people know them: "relay.example", "a.example and b.example", "the 5 relays". */
void words_services(struct buf *b, const struct snapshot *s);

/* "2.0 %" */
void words_share(struct buf *b, uint64_t part, uint64_t whole);

#endif
