/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/report_html_parts.h"

static const char *const meanings[WAY_COUNT] = {
	[WAY_RELAYED] = "came through the service",
	[WAY_DIRECT] = "came past it",
	[WAY_EXEMPT] = "networks, recipients or domains that the configuration exempts",
	[WAY_AUTHENTICATED] = "sent by users who had logged in",
	[WAY_LOCAL] = "never left your own hosts",
	[WAY_UNKNOWN] = "no line of your own hosts tells where they came from",
};

static void sentence(struct buf *b, const struct report_html *r, const struct tally_counts *c)
{
	uint64_t direct = c->sums.way[WAY_DIRECT];

	if (c->sums.all == 0) {
		buf_format(b, "No %s was found.", words_unit(r, 1));
		return;
	}
	if (c->sums.way[WAY_UNKNOWN] == c->sums.all) {
		buf_str(b, "Where ");
		words_units(b, r, c->sums.all);
		buf_str(b, " came from cannot be told.");
		return;
	}
	if (direct == 0)
		buf_str(b, "<em class=\"good\">None</em>");
	else
		html_count(b, "<em>", direct, "</em>");
	buf_str(b, " of ");
	words_units(b, r, c->sums.all);
	words_period(b, r, c);
	buf_str(b, direct == 0 ? " came directly, past " : " <em>came directly</em>, past ");
	words_services(b, r->snapshot);
	buf_str(b, ".");
}

static void cost(struct buf *b, const struct tally_counts *c)
{
	uint64_t direct = c->sums.way[WAY_DIRECT];

	if (direct == 0)
		return;
	buf_str(b, "<p class=\"lead\">That is ");
	words_share(b, direct, c->sums.all);
	html_count(b, ". A server that enforces this configuration would have refused ",
		c->sums.outcome[OUTCOME_REFUSE], "");
	html_count(b, " and deferred ", c->sums.outcome[OUTCOME_DEFER], ".");
	if (c->sums.rejected > 0)
		html_count(b, " Postfix turned ", c->sums.rejected, " of them away at the time anyway.");
	buf_str(b, "</p>\n");
}

/* What the answer does not rest on. */
static void reservations(struct buf *b, const struct report_html *r, const struct tally_counts *c)
{
	uint64_t unknown = c->sums.way[WAY_UNKNOWN];

	if (unknown > 0 && unknown < c->sums.all) {
		buf_str(b, "<p class=\"lead\">Where ");
		words_units(b, r, unknown);
		buf_str(b, " came from cannot be told.</p>\n");
	}
	if (r->interrupted)
		buf_str(b,
			"<p class=\"soft\">The run was stopped before its end: these are the counts up to then.</p>\n");
	if (c->skipped > 0)
		html_count(b,
			r->kind == REPORT_AUDIT ? "<p class=\"soft\">Messages or files that could not be read: "
						: "<p class=\"soft\">Lines that could not be read: ",
			c->skipped, ". They are not counted; standard error named them.</p>\n");
	if (c->without_helo > 0)
		html_count(b,
			r->kind == REPORT_AUDIT
				? "<p class=\"soft\">Judged without HELO, which their lines do not tell: "
				: "<p class=\"soft\">Judged without HELO, which the log does not tell: ",
			c->without_helo, ". It counts as matching.</p>\n");
}

void report_answer(struct buf *b, const struct report_html *r, const struct tally *t)
{
	const struct tally_counts *c = tally_counts(t);

	buf_str(b, "<h1>");
	sentence(b, r, c);
	buf_str(b, "</h1>\n");
	cost(b, c);
	reservations(b, r, c);
}

static const char *colour(enum way w)
{
	return w == WAY_DIRECT ? "direct" : w == WAY_RELAYED ? "relayed" : "rest";
}

/* One bar, cut where the ways meet. */
static void share(struct buf *b, const struct tally_sums *s)
{
	double at = 0, all = (double)s->all;

	buf_str(b, "<svg class=\"share\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
	for (int i = 0; i < WAY_COUNT; i++) {
		double wide = 1000 * (double)s->way[i] / all;
		if (s->way[i] > 0)
			buf_format(b, "<rect class=\"%s\" x=\"%.1f\" width=\"%.1f\" height=\"10\"/>",
				colour((enum way)i), at, wide);
		at += wide;
	}
	buf_str(b, "</svg>\n");
}

void report_counts(struct buf *b, const struct tally *t)
{
	const struct tally_sums *s = &tally_counts(t)->sums;

	if (s->all == 0)
		return;
	buf_str(b, "<section aria-label=\"Counts\">\n");
	share(b, s);
	buf_str(b, "<ul class=\"plain legend\">\n");
	for (int i = 0; i < WAY_COUNT; i++) {
		if (s->way[i] == 0)
			continue;
		buf_format(b, "<li class=\"%s\">", colour((enum way)i));
		html_count(b, "<b>", s->way[i], "</b> ");
		buf_format(b, "%s, ", way_name((enum way)i));
		words_share(b, s->way[i], s->all);
		buf_format(b, "<span>%s</span></li>\n", meanings[i]);
	}
	buf_str(b, "</ul>\n</section>\n");
}
