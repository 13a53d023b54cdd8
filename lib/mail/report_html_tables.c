/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/report_html_parts.h"
#include "mail/tally_days.h"

enum { ROWS = 10, RECENT = 300 * DAY_SECONDS };

/* Three columns: what key says, how many direct ones, what last says. */
static void table_begin(struct buf *b, const char *caption, const char *key, const char *last)
{
	buf_format(b, "<div><table>\n<caption>%s</caption>\n<thead><tr><th>%s</th>", caption, key);
	buf_format(b, "<th class=\"n\">direct</th><th class=\"n\">%s</th></tr></thead>\n<tbody>\n", last);
}

/* What the table does not show, said honestly; all: its last column counts all, not direct ones alone. */
static void others_row(struct buf *b, const struct tally_others *o, bool all)
{
	if (o->sums.all == 0)
		return;
	html_count(b, o->forgot ? "<tr class=\"others\"><td>more than " : "<tr class=\"others\"><td>", o->rows,
		o->rows == 1 ? " other</td>" : " others</td>");
	html_count(b, "<td class=\"n\">", o->sums.way[WAY_DIRECT], "</td><td class=\"n\">");
	if (all)
		html_count(b, "", o->sums.all, "");
	buf_str(b, "</td></tr>\n");
}

static void table_end(struct buf *b, const struct tally_others *o, bool all)
{
	others_row(b, o, all);
	buf_str(b, "</tbody>\n</table>\n");
	if (o->forgot)
		buf_str(b,
			"<p class=\"soft\">There were too many to keep them all: each count means “at least”.</p>\n");
	buf_str(b, "</div>\n");
}

/* "21 Nov", a longer time ago "Nov 2024": short, for phones. */
static void cell_day(struct buf *b, time_t now, time_t date)
{
	char day[32] = "";
	struct tm tm;

	if (date != 0 && localtime_r(&date, &tm)) {
		if (date <= now && now - date < RECENT)
			strftime(day, sizeof day, "%-d %b", &tm);
		else
			strftime(day, sizeof day, "%b %Y", &tm);
	}
	html_text(b, "<td class=\"n\">", text_of(day), "</td>");
}

/* Key and what is beside it, how many direct ones, the day of the last. */
static void direct_table(struct buf *b, const struct report_html *r, const struct tally *t, enum tally_table table,
	const char *caption, const char *key)
{
	struct tally_row rows[ROWS];
	struct tally_others others;
	size_t n = tally_top(t, table, rows, ROWS, &others);

	if (n == 0)
		return;
	table_begin(b, caption, key, "last");
	for (size_t i = 0; i < n; i++) {
		bool unnamed = table == TALLY_NAMES && text_is(rows[i].key, "unknown");
		html_text(b, "<tr><td>", unnamed ? text_of("none that it could verify") : rows[i].key, "");
		if (rows[i].example.len > 0 && !unnamed && !text_is(rows[i].example, "unknown"))
			html_text(b, "<span>", rows[i].example, "</span>");
		html_count(b, "</td><td class=\"n\">", rows[i].sums.way[WAY_DIRECT], "</td>");
		cell_day(b, r->now, rows[i].last);
		buf_str(b, "</tr>\n");
	}
	table_end(b, &others, false);
}

void report_senders(struct buf *b, const struct report_html *r, const struct tally *t)
{
	if (tally_counts(t)->sums.way[WAY_DIRECT] == 0)
		return;
	buf_str(b, "<section>\n<h2>Who came directly</h2>\n<div class=\"two\">\n");
	direct_table(b, r, t, TALLY_NETWORKS, "Networks", "network, a name in it");
	direct_table(b, r, t, TALLY_NAMES, "Names, as DNS verified them", "name, an address");
	buf_str(b, "</div>\n</section>\n");
}

/* The mode of a domain, and the policy that has it. */
static void domain_policy(struct buf *b, const struct report_html *r, const struct tally_row *row)
{
	const struct snap_policy *p = snap_policy(r->snapshot, snapshot_policy_of(r->snapshot, row->key));

	buf_format(b, "<span>%s ", mode_name[p->mode]);
	html_text(b, "(", row->example, ")</span>");
}

/* Key, how many direct ones, of how many. */
static void judged_table(struct buf *b, const struct report_html *r, const struct tally *t, enum tally_table table,
	const char *caption, const char *key)
{
	struct tally_row rows[ROWS];
	struct tally_others others;
	size_t n = tally_top(t, table, rows, ROWS, &others);

	if (n == 0)
		return;
	table_begin(b, caption, key, "of");
	for (size_t i = 0; i < n; i++) {
		html_text(b, "<tr><td>", rows[i].key, "");
		if (table == TALLY_DOMAINS)
			domain_policy(b, r, &rows[i]);
		html_count(b, "</td><td class=\"n\">", rows[i].sums.way[WAY_DIRECT], "</td>");
		html_count(b, "<td class=\"n\">", rows[i].sums.all, "</td></tr>\n");
	}
	table_end(b, &others, true);
}

void report_recipients(struct buf *b, const struct report_html *r, const struct tally *t)
{
	if (tally_counts(t)->judged == 0)
		return;
	buf_str(b, "<section>\n<h2>Whom it was for</h2>\n<div class=\"two\">\n");
	judged_table(b, r, t, TALLY_DOMAINS, "Domains", "domain, mode (policy)");
	direct_table(b, r, t, TALLY_RECIPIENTS, "Recipients", "recipient");
	judged_table(b, r, t, TALLY_POLICIES, "Policies", "policy");
	buf_str(b, "</div>\n</section>\n");
}

static const char *const meanings[REASONS] = {
	[REASON_NO_RECIPIENT] = "no recipient is known",
	[REASON_MODE_OFF] = "the policy of the domain is off",
	[REASON_AUTHENTICATED] = "the client had logged in",
	[REASON_EXEMPT_NETWORK] = "exempt_networks holds the client",
	[REASON_EXEMPT_RECIPIENT] = "exempt_recipients holds the recipient",
	[REASON_RELAY] = "a relay, and everything matches",
	[REASON_BAD_ADDRESS] = "the client's address is none",
	[REASON_NAME_UNVERIFIED] = "a relay's address; DNS could not verify the name",
	[REASON_HELO_MISMATCH] = "a relay's address, another HELO",
	[REASON_NAME_MISMATCH] = "a relay's address, another verified name",
	[REASON_CERTIFICATE_MISMATCH] = "a relay's address, no or another certificate",
	[REASON_NO_TLS] = "a relay's address, no TLS",
	[REASON_NEAR_MISS] = "a relay's name, an address outside its ranges",
	[REASON_UNKNOWN_ADDRESS] = "no relay's address",
	[REASON_BAD_REQUEST] = "more than the protocol takes",
};

void report_reasons(struct buf *b, const struct tally *t)
{
	const struct tally_counts *c = tally_counts(t);

	if (c->judged == 0)
		return;
	buf_str(b, "<section>\n<h2>Why</h2>\n<table class=\"narrow\">\n<thead><tr><th>reason</th><th "
		   "class=\"n\">count</th></tr></thead>\n"
		   "<tbody>\n");
	for (int i = REASONS - 1; i >= 0; i--) {
		if (c->reason[i] == 0)
			continue;
		html_text(b, "<tr><td>", text_of(reason_name[i]), "");
		html_text(b, "<span>", text_of(meanings[i]), "</span></td>");
		html_count(b, "<td class=\"n\">", c->reason[i], "</td></tr>\n");
	}
	buf_str(b, "</tbody>\n</table>\n");
	if (c->sums.forged > 0)
		html_count(b, "<p class=\"soft\">Forged: ", c->sums.forged,
			". Lines below the one that counts name the relay; the sender wrote them.</p>\n");
	buf_str(b, "</section>\n");
}

static void message_row(struct buf *b, const struct finding *f)
{
	char when[32] = "no date", address[IP_TEXT] = "no address";
	struct tm tm;

	if (f->date != 0 && localtime_r(&f->date, &tm))
		strftime(when, sizeof when, "%Y-%m-%d %H:%M", &tm);
	if (f->has_address)
		ip_print(&f->address, address);
	html_text(b, "<tr><td class=\"when\">", text_of(when), "</td>");
	html_text(b, "<td data-is=\"from\">", text_of(address), "<span>");
	html_text(b, "", f->name.len > 0 ? f->name : text_of("unknown"), "");
	if (f->helo.len > 0)
		html_text(b, ", HELO ", f->helo, "");
	html_text(b, "</span></td><td data-is=\"to\">", f->recipient, "");
	if (f->sender.len > 0)
		html_text(b, "<span>sender ", f->sender, "</span>");
	html_text(b, "</td><td data-is=\"why\">", text_of(f->judged ? reason_name[f->reason] : ""), "");
	if (f->forged)
		buf_str(b, " <span class=\"tag\">forged</span>");
	html_text(b, "</td><td data-is=\"in\">", f->path, "");
	if (f->received > 0)
		html_count(b, "<span>Received line ", f->received, "</span>");
	buf_str(b, "</td></tr>\n");
}

void report_messages(struct buf *b, const struct report_html *r, const struct tally *t)
{
	uint64_t direct = tally_counts(t)->sums.way[WAY_DIRECT];
	const struct finding *f;

	if (direct == 0)
		return;
	buf_str(b, "<section>\n<h2>The latest that came directly</h2>\n");
	if (direct > TALLY_MESSAGES) {
		buf_format(b, "<p class=\"soft\">%d of ", TALLY_MESSAGES);
		html_count(b, "", direct, "; <code>mxonly ");
		buf_str(b, r->kind == REPORT_AUDIT ? "audit" : "replay");
		buf_str(b, " --json</code> lists all.</p>\n");
	}
	buf_str(b, "<table "
		   "class=\"messages\">\n<thead><tr><th>when</th><th>from</th><th>to</th><th>why</th><th>in</th></tr>"
		   "</thead>\n<tbody>\n");
	for (size_t i = 0; (f = tally_message(t, i)) != NULL; i++)
		message_row(b, f);
	buf_str(b, "</tbody>\n</table>\n</section>\n");
}
