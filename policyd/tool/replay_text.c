/* SPDX-License-Identifier: BSD-2-Clause */

/* mxonly replay: the report as text. */

#include <stdlib.h>

#include "base/buf.h"
#include "base/escape.h"
#include "tool/replay.h"

enum { ROWS = 20, CELL = 256 };

/* A foreign text made harmless, in a column at least `width` wide. */
static void put_cell(FILE *to, int width, struct text foreign)
{
	char cell[CELL];
	struct line l;

	line_start(&l, cell, sizeof cell);
	line_plain(&l, foreign.len > 0 ? foreign : text_of("-"));
	fprintf(to, "  %-*s", width, cell);
}

static void put_number(FILE *to, int width, uint64_t n)
{
	char number[TEXT_GROUPED];

	fprintf(to, "  %*s", width, text_grouped(n, number));
}

static const char *day(char to[16], time_t date)
{
	struct tm tm;

	if (date == 0 || !localtime_r(&date, &tm) || strftime(to, 16, "%Y-%m-%d", &tm) == 0)
		return "-";
	return to;
}

/* "  12 words\n"; nothing for none. */
static void put_count(FILE *to, uint64_t n, const char *words)
{
	if (n == 0)
		return;
	put_number(to, 10, n);
	fprintf(to, "  %s\n", words);
}

/* The same with a noun before the words. */
static void put_things(FILE *to, uint64_t n, const char *thing, const char *words)
{
	if (n == 0)
		return;
	put_number(to, 10, n);
	fprintf(to, "  %s%s %s\n", thing, n == 1 ? "" : "s", words);
}

static void put_title(FILE *to, const char *title)
{
	fprintf(to, "\n%s\n", title);
}

static void put_outcome(const struct replay *r, FILE *to, enum outcome outcome, const char *words)
{
	put_number(to, 10, r->outcome[false][outcome]);
	put_number(to, 11, r->outcome[true][outcome]);
	fprintf(to, "  %s\n", words);
}

void replay_put_answer(const struct replay *r, FILE *to)
{
	const struct tally_counts *c = tally_counts(r->tally);
	char n[TEXT_GROUPED], first[16], last[16];

	fprintf(to, "%s %s judged, each a message to a recipient", text_grouped(c->judged, n),
		c->judged == 1 ? "delivery" : "deliveries");
	if (c->first != 0)
		fprintf(to, ", from %s to %s", day(first, c->first), day(last, c->last));
	fputs(":\n       taken  turned away, at the time\n", to);
	put_outcome(r, to, OUTCOME_REFUSE, "would have been refused");
	put_outcome(r, to, OUTCOME_DEFER, "would have been deferred");
	put_outcome(r, to, OUTCOME_PERMIT, "would have been permitted");
}

static void put_near(const struct replay *r, FILE *to)
{
	struct tally_near near[ROWS];
	struct tally_others others;
	size_t n = tally_near(r->tally, near, ROWS, &others);

	if (n == 0)
		return;
	put_title(to, "Near misses: nearly a relay's clients. Look at them first: is it a new host of the service?");
	for (size_t i = 0; i < n; i++) {
		put_number(to, 10, near[i].sums.all);
		put_cell(to, 20, text_of(reason_name[near[i].reason]));
		put_cell(to, 16, near[i].relay);
		put_cell(to, 24, near[i].address);
		put_cell(to, 0, near[i].name.len > 0 ? near[i].name : text_of("unknown"));
		putc('\n', to);
	}
	put_count(to, others.sums.all, "others");
}

static void put_reasons(const struct replay *r, FILE *to)
{
	const struct tally_counts *c = tally_counts(r->tally);

	put_title(to, "By reason");
	for (int i = REASONS - 1; i >= 0; i--)
		put_count(to, c->reason[i], reason_name[i]);
}

static void put_outcomes(FILE *to, const struct tally_sums *sums)
{
	put_number(to, 10, sums->outcome[OUTCOME_REFUSE]);
	put_number(to, 10, sums->outcome[OUTCOME_DEFER]);
	put_number(to, 10, sums->outcome[OUTCOME_PERMIT]);
}

static void put_table(const struct replay *r, FILE *to, enum tally_table table, const char *title)
{
	struct tally_row rows[ROWS];
	struct tally_others others;
	size_t n = tally_top(r->tally, table, rows, ROWS, &others);

	if (n == 0)
		return;
	put_title(to, title);
	fputs("     refused    deferred   permitted\n", to);
	for (size_t i = 0; i < n; i++) {
		put_outcomes(to, &rows[i].sums);
		put_cell(to, 0, rows[i].key);
		if (rows[i].example.len > 0)
			put_cell(to, 0, rows[i].example);
		putc('\n', to);
	}
	if (others.sums.all > 0) {
		put_outcomes(to, &others.sums);
		fputs("  others\n", to);
	}
}

static void put_latest(const struct replay *r, FILE *to)
{
	const struct finding *f = tally_message(r->tally, 0);
	char address[IP_TEXT], date[16];

	if (!f)
		return;
	put_title(to, "The latest that would have been refused or deferred");
	for (size_t i = 0; i < ROWS && f; f = tally_message(r->tally, ++i)) {
		fprintf(to, "  %-10s", day(date, f->date));
		put_cell(to, 18, text_of(reason_name[f->reason]));
		put_cell(to, 16, text_of(f->has_address ? ip_print(&f->address, address) : "unknown"));
		put_cell(to, 24, f->recipient);
		put_cell(to, 0, f->path);
		putc('\n', to);
	}
}

/* TLS and certificates count as matching, but a relay known by its certificate alone is never met in a log. */
static void put_unlogged_factors(const struct replay *r, FILE *to)
{
	for (uint32_t i = 0; i < r->snapshot->relays.count; i++) {
		const struct snap_relay *asks = snap_relay(r->snapshot, i);
		const char *words = NULL;

		if (snap_relay(r->accepted, i)->match & FACTOR_BIT_CERTIFICATE)
			words = "is known by its certificate, which no log tells: its mail is judged as if it had none";
		else if (asks->match & FACTOR_BIT_CERTIFICATE)
			words = "asks for a certificate, which no log tells: it counts as matching";
		else if (asks->match & FACTOR_BIT_TLS)
			words = "asks for TLS, which no line of the message tells: it counts as matching";
		if (!words)
			continue;
		put_cell(to, 10, snap_text(r->snapshot, asks->name));
		fprintf(to, "  %s\n", words);
	}
}

void replay_put_rest(const struct replay *r, FILE *to)
{
	const struct log_counts *c = log_join_counts(r->join);

	put_title(to, "What a log does not tell");
	put_count(to, tally_counts(r->tally)->without_helo,
		"judged without HELO, which is not logged: it counts as matching");
	put_unlogged_factors(r, to);
	put_count(to, c->submitted, "came to a submission service without a login: not judged");
	put_things(to, c->screened, "recipient", "refused by postscreen, which asks no policy server: not judged");
	put_things(to, c->local, "message", "came another way than by SMTP: not judged");
	put_things(to, c->reinjected, "message", "came back from a content filter: judged as first brought");
	put_things(to, c->unknown, "message", "came before the log begins: not judged");
	put_things(to, c->silent, "message", "without a recipient in the log: refused later, or on the way");
	put_count(to, c->forgotten, "of these were given up for lack of room");
	put_number(to, 10, r->lines);
	fprintf(to, "  line%s read\n", r->lines == 1 ? "" : "s");
	put_things(to, r->unclear, "line", "could not be read");
}

void replay_put_text(const struct replay *r, FILE *to)
{
	replay_put_answer(r, to);
	put_near(r, to);
	put_reasons(r, to);
	put_table(r, to, TALLY_POLICIES, "By policy");
	put_table(r, to, TALLY_CLIENTS, "By client network");
	put_latest(r, to);
	replay_put_rest(r, to);
}
