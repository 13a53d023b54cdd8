/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>

#include "mail/report_html_parts.h"
#include "mail/tally_days.h"

enum { NAMED = 3, RECENT = 90 }; /* services; days */

const char *words_unit(const struct report_html *r, uint64_t n)
{
	if (r->kind == REPORT_AUDIT)
		return n == 1 ? "message" : "messages";
	return n == 1 ? "delivery" : "deliveries";
}

void words_units(struct buf *b, const struct report_html *r, uint64_t n)
{
	html_count(b, "", n, " ");
	buf_str(b, words_unit(r, n));
}

void words_day(struct buf *b, int32_t day)
{
	time_t date = (time_t)day * DAY_SECONDS;
	char words[64];
	struct tm tm;

	gmtime_r(&date, &tm);
	strftime(words, sizeof words, "%-d %B %Y", &tm);
	buf_str(b, words);
}

void words_period(struct buf *b, const struct report_html *r, const struct tally_counts *c)
{
	int32_t first, last, today = day_of(r->now);

	if (c->first == 0)
		return;
	first = day_of(c->first);
	last = day_of(c->last);
	if (last + 2 < today || last > today) {
		buf_str(b, first == last ? " of " : " from ");
		words_day(b, first);
		if (first != last) {
			buf_str(b, " to ");
			words_day(b, last);
		}
	} else if (today - first >= RECENT) {
		buf_str(b, " since ");
		words_day(b, first);
	} else if (today == first)
		buf_str(b, " of today");
	else
		buf_format(b, " of the last %" PRId32 " days", today - first + 1);
}

void words_span(struct buf *b, time_t first, time_t last)
{
	if (first == 0)
		return;
	buf_str(b, day_of(first) == day_of(last) ? " on " : " from ");
	words_day(b, day_of(first));
	if (day_of(first) == day_of(last))
		return;
	buf_str(b, " to ");
	words_day(b, day_of(last));
}

/* The first domain of a relay, else its name. */
static struct text service(const struct snapshot *s, uint32_t i)
{
	const struct snap_relay *relay = snap_relay(s, i);

	return relay->domains.count > 0 ? snap_item(s, relay->domains, 0) : snap_text(s, relay->name);
}

void words_services(struct buf *b, const struct snapshot *s)
{
	uint32_t n = s->relays.count;

	if (n > NAMED) {
		buf_format(b, "the %" PRIu32 " relays", n);
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		html_text(b, i == 0 ? "" : i + 1 < n ? ", " : " and ", service(s, i), "");
}

void words_share(struct buf *b, uint64_t part, uint64_t whole)
{
	double percent = whole > 0 ? 100.0 * (double)part / (double)whole : 0;

	if (part > 0 && percent < 0.1)
		buf_str(b, "less than 0.1 %");
	else
		buf_format(b, "%.1f %%", percent);
}
