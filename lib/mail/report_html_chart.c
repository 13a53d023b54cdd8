/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdlib.h>

#include "mail/report_html_parts.h"

enum { BARS_LEAST = 14, BARS_MOST = 62, HIGH = 100 };

/* Bars of equal width; the last ends with the last day. */
struct bars {
	int32_t first, width, count; /* first: the day that the first bar begins with; width in days */
	const char *each;
	struct tally_sums *sums;
	uint64_t most_direct, most;
	uint64_t outside; /* too far away from all others: not shown */
};

static const struct {
	int32_t days;
	const char *each;
} widths[] = {
	{ 1, "a day" },
	{ 7, "a week" },
	{ 28, "in four weeks" },
	{ 91, "in thirteen weeks" },
	{ 364, "a year" },
	{ 3640, "in ten years" },
};

/* The few that a wrong clock put far away from all others shall not make the rest invisible. */
static void leave_out(const struct tally_day *days, size_t *from, size_t *to)
{
	uint64_t all = 0, left = 0;

	for (size_t i = *from; i <= *to; i++)
		all += days[i].sums.all;
	while (*from < *to) {
		int32_t span = days[*to].day - days[*from].day, gap_first = days[*from + 1].day - days[*from].day;
		int32_t gap_last = days[*to].day - days[*to - 1].day;
		bool first = gap_first >= gap_last;
		left += days[first ? *from : *to].sums.all;
		if (span < BARS_MOST || (first ? gap_first : gap_last) < span / 3 || left > all / 100)
			return;
		if (first)
			++*from;
		else
			--*to;
	}
}

static void lay_out(struct bars *bars, const struct tally_day *days, size_t n)
{
	size_t from = 0, to = n - 1, w = 0;

	leave_out(days, &from, &to);
	int32_t span = days[to].day - days[from].day + 1;
	while (span > BARS_MOST * widths[w].days && w + 1 < sizeof widths / sizeof *widths)
		w++;
	bars->width = widths[w].days;
	bars->each = widths[w].each;
	bars->count = (span + bars->width - 1) / bars->width;
	if (bars->count < BARS_LEAST)
		bars->count = BARS_LEAST;
	bars->first = days[to].day + 1 - bars->count * bars->width;
}

static void fill(struct bars *bars, const struct tally_day *days, size_t n)
{
	bars->sums = must_alloc((size_t)bars->count * sizeof *bars->sums);
	memset(bars->sums, 0, (size_t)bars->count * sizeof *bars->sums);
	for (size_t i = 0; i < n; i++) {
		int32_t at = days[i].day - bars->first;
		if (at < 0 || at / bars->width >= bars->count)
			bars->outside += days[i].sums.all;
		else
			tally_merge(&bars->sums[at / bars->width], &days[i].sums);
	}
	for (int32_t i = 0; i < bars->count; i++) {
		const struct tally_sums *s = &bars->sums[i];
		if (s->all > bars->most)
			bars->most = s->all;
		if (s->way[WAY_DIRECT] > bars->most_direct)
			bars->most_direct = s->way[WAY_DIRECT];
	}
}

/* A piece of bar i that stands on what is below it; whatever is there can be seen. Returns its height. */
static double piece(struct buf *b, int32_t i, const char *colour, double below, uint64_t n, uint64_t most)
{
	double high = HIGH * (double)n / (double)most;

	if (n == 0)
		return 0;
	if (high < 1)
		high = 1;
	buf_format(b, "<rect class=\"%s\" x=\"%" PRId32 ".12\" y=\"%.2f\" width=\".76\" height=\"%.2f\"/>", colour, i,
		HIGH - below - high, high);
	return high;
}

static void bar_title(struct buf *b, const struct bars *bars, int32_t i)
{
	int32_t day = bars->first + i * bars->width;

	buf_str(b, "<title>");
	words_day(b, day);
	if (bars->width > 1) {
		buf_str(b, " to ");
		words_day(b, day + bars->width - 1);
	}
	html_count(b, ": ", bars->sums[i].way[WAY_DIRECT], " direct");
	html_count(b, " of ", bars->sums[i].all, "</title>");
}

static void draw(struct buf *b, const struct bars *bars, bool direct_alone)
{
	buf_format(b,
		"<svg class=\"%s\" viewBox=\"0 0 %" PRId32
		" %d\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"%s\">\n",
		direct_alone ? "tall" : "low", bars->count, HIGH,
		direct_alone ? "Direct ones over time" : "All over time");
	for (int32_t i = 0; i < bars->count; i++) {
		const struct tally_sums *s = &bars->sums[i];
		uint64_t direct = s->way[WAY_DIRECT], relayed = s->way[WAY_RELAYED];
		if (s->all == 0 || (direct_alone && direct == 0))
			continue;
		buf_str(b, "<g>");
		bar_title(b, bars, i);
		if (direct_alone)
			piece(b, i, "direct", 0, direct, bars->most_direct);
		else {
			double high = piece(b, i, "relayed", 0, relayed, bars->most);
			high += piece(b, i, "rest", high, s->all - relayed - direct, bars->most);
			piece(b, i, "direct", high, direct, bars->most);
		}
		buf_str(b, "</g>\n");
	}
	buf_str(b, "</svg>\n");
}

static void figure(struct buf *b, const struct bars *bars, bool direct_alone)
{
	html_count(b,
		direct_alone ? "<figure>\n<figcaption><span>Direct: at most "
			     : "<figure>\n<figcaption><span>All: at most ",
		direct_alone ? bars->most_direct : bars->most, " ");
	buf_format(b, "%s</span></figcaption>\n", bars->each);
	draw(b, bars, direct_alone);
	buf_str(b, "</figure>\n");
}

static void axis(struct buf *b, const struct bars *bars)
{
	buf_str(b, "<p class=\"days\"><span>");
	words_day(b, bars->first);
	buf_str(b, "</span><span>");
	words_day(b, bars->first + bars->count * bars->width - 1);
	buf_str(b, "</span></p>\n");
}

void report_chart(struct buf *b, const struct report_html *r, const struct tally *t)
{
	const struct tally_day *days;
	size_t n = tally_days(t, &days);
	struct bars bars = { 0 };

	if (n < 2)
		return;
	lay_out(&bars, days, n);
	fill(&bars, days, n);
	buf_str(b, "<section>\n<h2>Over time</h2>\n");
	if (bars.most_direct > 0)
		figure(b, &bars, true);
	figure(b, &bars, false);
	axis(b, &bars);
	if (bars.outside > 0) {
		html_count(
			b, "<p class=\"soft\">Not shown, for their dates are far from all others: ", bars.outside, " ");
		buf_str(b, words_unit(r, bars.outside));
		buf_str(b, ".</p>\n");
	}
	buf_str(b, "</section>\n");
	free(bars.sums);
}
