/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "mail/tally.h"
#include "mail/tally_table.h"
#include "report_fixture.h"
#include "unit.h"

/* Numbers that look random, the same in every run. */
static uint32_t next(uint32_t below)
{
	static uint64_t state = 42;

	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 33) % below;
}

/* A finding with its texts, in few enough kinds that they meet again. */
struct made {
	struct finding f;
	char name[32], recipient[32], domain[32];
};

static void make(struct made *m, uint32_t kinds)
{
	uint32_t kind = next(kinds), domain = next(5);
	struct finding *f = &m->f;

	*f = report_direct();
	f->way = (enum way)next(WAY_COUNT);
	f->judged = f->way < WAY_LOCAL;
	f->outcome = f->way == WAY_DIRECT ? OUTCOME_REFUSE + next(2) : OUTCOME_PERMIT;
	f->reason = f->way == WAY_DIRECT ? REASON_BAD_ADDRESS + next(REASONS - REASON_BAD_ADDRESS) : REASON_RELAY;
	f->forged = f->way == WAY_DIRECT && next(3) == 0;
	f->rejected = next(2) == 0;
	f->without_helo = next(2) == 0;
	f->has_address = f->judged;
	f->address = (struct ip){ .low = 0xcb007100 + kind * 57, .high = 0 };
	if (kind % 3 == 0)
		f->address = (struct ip){ .v6 = true, .high = 0x20010db800010000 + kind * 0x7000, .low = next(4) };
	f->date = next(10) == 0 ? 0 : REPORT_NOW - (time_t)next(90 * 86400);
	snprintf(m->name, sizeof m->name, next(2) ? "H%u.example" : "h%u.EXAMPLE", kind % 7);
	f->name = kind % 7 == 3 ? text_of("") : text_of(m->name);
	snprintf(m->recipient, sizeof m->recipient, "u%u@%s", kind % 11, next(2) ? "a.example" : "A.Example");
	f->recipient = text_of(m->recipient);
	snprintf(m->domain, sizeof m->domain, "d%u.example", domain);
	f->domain = text_of(m->domain);
	f->policy = text_of(domain < 2 ? "default" : "domains customers");
	f->relay = text_of("filter");
}

/* The key of a finding in a table, worked out another way; false when the table does not count it. */
static bool key_of(const struct finding *f, enum tally_table table, char key[256])
{
	char address[IP_TEXT];
	struct text t = table == TALLY_POLICIES	 ? f->policy
			: table == TALLY_DOMAINS ? f->domain
			: table == TALLY_NAMES	 ? (f->name.len > 0 ? f->name : text_of("unknown"))
						 : f->recipient;

	if (table <= TALLY_CLIENTS ? !f->judged : f->way != WAY_DIRECT)
		return false;
	if (table == TALLY_NETWORKS || table == TALLY_CLIENTS) {
		unsigned a, b, c;
		ip_print(&f->address, address);
		if (f->address.v6)
			snprintf(key, 256, "2001:db8:%x::/48", (unsigned)(f->address.high >> 16 & 0xffff));
		else if (sscanf(address, "%u.%u.%u.", &a, &b, &c) == 3)
			snprintf(key, 256, "%u.%u.%u.0/24", a, b, c);
		return true;
	}
	snprintf(key, 256, "%.*s", (int)t.len, t.at);
	for (char *c = key; *c; c++)
		*c = table == TALLY_RECIPIENTS || table == TALLY_NAMES ? ascii_lower(*c) : *c;
	return true;
}

static void add_naive(struct tally_sums *s, const struct finding *f)
{
	s->all++;
	s->way[f->way]++;
	s->outcome[f->outcome] += f->judged;
	s->rejected += f->rejected && f->way == WAY_DIRECT;
	s->forged += f->forged;
}

static void ck_sums(const char *row, const struct tally_sums *got, const struct tally_sums *want)
{
	row_int(row, got->all, want->all);
	row_ok(row, memcmp(got->way, want->way, sizeof got->way) == 0);
	row_ok(row, memcmp(got->outcome, want->outcome, sizeof got->outcome) == 0);
	row_int(row, got->rejected, want->rejected);
	row_int(row, got->forged, want->forged);
}

/* The sums of a table's key, over all findings; key NULL: of the whole table. */
static struct tally_sums naive(const struct made *m, size_t n, enum tally_table table, struct text key)
{
	struct tally_sums sums = { 0 };
	char of[256];

	for (size_t i = 0; i < n; i++)
		if (key_of(&m[i].f, table, of) && (!key.at || text_is(key, of)))
			add_naive(&sums, &m[i].f);
	return sums;
}

enum { MADE = 3000 };

static struct made *made_of(struct tally *t, uint32_t kinds)
{
	struct made *m = must_alloc(MADE * sizeof *m);

	for (size_t i = 0; i < MADE; i++) {
		make(&m[i], kinds);
		tally_add(t, &m[i].f);
	}
	return m;
}

START_TEST(counts)
{
	struct tally *t = tally_new();
	struct made *m = made_of(t, 100);
	const struct tally_counts *c = tally_counts(t);
	struct tally_counts want = { 0 };

	tally_skip(t);
	tally_skip(t);
	for (size_t i = 0; i < MADE; i++) {
		const struct finding *f = &m[i].f;
		add_naive(&want.sums, f);
		want.judged += f->judged;
		want.reason[f->reason] += f->judged;
		want.without_helo += f->without_helo;
		want.undated += f->date == 0;
		want.last = f->date > want.last ? f->date : want.last;
		want.first = f->date != 0 && (want.first == 0 || f->date < want.first) ? f->date : want.first;
	}
	want.skipped = 2;
	ck_sums("all", &c->sums, &want.sums);
	ck_assert(memcmp(c->reason, want.reason, sizeof c->reason) == 0);
	ck_assert_uint_eq(c->judged, want.judged);
	ck_assert_uint_eq(c->without_helo, want.without_helo);
	ck_assert_uint_eq(c->undated, want.undated);
	ck_assert_uint_eq(c->skipped, want.skipped);
	ck_assert(c->first == want.first && c->last == want.last);
	free(m);
	tally_free(t);
}
END_TEST

/* With fewer keys than a table holds everything is exact. */
START_TEST(tables)
{
	struct tally *t = tally_new();
	struct made *m = made_of(t, 100);

	for (int table = 0; table < TALLY_TABLES; table++) {
		struct tally_row rows[200];
		struct tally_others others;
		struct tally_sums whole = naive(m, MADE, (enum tally_table)table, text_cut(NULL, 0)), shown = { 0 };
		size_t n = tally_top(t, (enum tally_table)table, rows, 200, &others);
		ck_assert(n > 1 && n < 200 && others.rows == 0 && !others.forgot);
		for (size_t i = 0; i < n; i++) {
			struct tally_sums want = naive(m, MADE, (enum tally_table)table, rows[i].key);
			char row[256];
			snprintf(row, sizeof row, "table %d, %.*s", table, (int)rows[i].key.len, rows[i].key.at);
			ck_sums(row, &rows[i].sums, &want);
			tally_merge(&shown, &want);
			row_ok(row, i == 0 || rows[i - 1].sums.way[WAY_DIRECT] > want.way[WAY_DIRECT] ||
					    (rows[i - 1].sums.way[WAY_DIRECT] == want.way[WAY_DIRECT] &&
						    rows[i - 1].sums.all >= want.all));
		}
		ck_sums("whole", &shown, &whole);
		ck_assert_uint_eq(tally_top(t, (enum tally_table)table, rows, 1, &others), 1);
		ck_assert_uint_eq(others.rows, n - 1);
		tally_merge(&others.sums, &rows[0].sums);
		ck_sums("others", &others.sums, &whole);
	}
	free(m);
	tally_free(t);
}
END_TEST

/* Many more keys than a table holds: nothing is lost from the sums, no count is too high, and who comes often is seen. */
START_TEST(forgetting)
{
	enum { MANY = 60000, OFTEN = 2000 };
	struct tally *t = tally_new();
	struct finding f = report_direct();
	struct tally_row rows[TABLE_ROWS];
	struct tally_others others;
	uint64_t sum = 0;

	for (unsigned i = 0; i < MANY; i++) {
		char name[32];
		/* a name that sorts behind all others, and comes late */
		if (i > MANY / 2 && i % OFTEN == 0)
			snprintf(name, sizeof name, "zzz.example");
		else
			snprintf(name, sizeof name, "n%u.example", i);
		f.name = text_of(name);
		tally_add(t, &f);
	}
	size_t n = tally_top(t, TALLY_NAMES, rows, TABLE_ROWS, &others);
	ck_assert_uint_le(n, TABLE_ROWS);
	ck_assert(others.forgot && others.rows == 0);
	for (size_t i = 0; i < n; i++) {
		sum += rows[i].sums.all;
		ck_assert_uint_le(rows[i].sums.all, i == 0 ? MANY / 2 / OFTEN : 1);
	}
	ck_assert_uint_eq(sum + others.sums.all, MANY);
	ck_assert_uint_eq(others.sums.way[WAY_DIRECT], others.sums.all);
	ck_assert(text_is(rows[0].key, "zzz.example"));
	ck_assert_uint_ge(rows[0].sums.all, MANY / 2 / OFTEN - 1);
	n = tally_top(t, TALLY_NETWORKS, rows, 10, &others);
	ck_assert(n == 1 && !others.forgot && rows[0].sums.all == MANY);
	tally_free(t);
}
END_TEST

START_TEST(days)
{
	static const char *const zones[] = { "UTC", "EST5EDT,M3.2.0,M11.1.0", "<+0545>-5:45", "LHST-10:30LHDT-11" };

	for (size_t z = 0; z < sizeof zones / sizeof *zones; z++) {
		struct tally *t = tally_new();
		const struct tally_day *list;
		struct made *m;
		uint64_t seen = 0;
		setenv("TZ", zones[z], 1);
		tzset();
		m = made_of(t, 100);
		size_t n = tally_days(t, &list);
		for (size_t i = 0; i < n; i++) {
			struct tally_sums want = { 0 };
			for (size_t k = 0; k < MADE; k++) {
				struct tm tm;
				localtime_r(&m[k].f.date, &tm);
				tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
				if (m[k].f.date != 0 && timegm(&tm) == (time_t)list[i].day * 86400)
					add_naive(&want, &m[k].f);
			}
			ck_sums(zones[z], &list[i].sums, &want);
			row_ok(zones[z], i == 0 || list[i - 1].day < list[i].day);
			seen += want.all;
		}
		row_int(zones[z], seen + tally_counts(t)->undated, MADE);
		free(m);
		tally_free(t);
	}
}
END_TEST

START_TEST(dates_that_cannot_be)
{
	static const time_t dates[] = { 0, 1, -1, 315532799, 4102444800, INT64_MAX, INT64_MIN };
	struct tally *t = tally_new();
	struct finding f = report_direct();
	const struct tally_day *list;

	for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
		f.date = dates[i];
		tally_add(t, &f);
		ck_assert_uint_eq(tally_counts(t)->undated, i + 1);
	}
	ck_assert_uint_eq(tally_days(t, &list), 0);
	ck_assert(tally_counts(t)->first == 0 && tally_counts(t)->last == 0);
	tally_free(t);
}
END_TEST

static int later(const void *a, const void *b)
{
	const struct made *x = a, *y = b;

	return (x->f.date < y->f.date) - (x->f.date > y->f.date);
}

START_TEST(messages)
{
	struct tally *t = tally_new();
	struct made *m = made_of(t, 100);
	size_t n = 0, direct = 0;

	qsort(m, MADE, sizeof *m, later);
	for (size_t i = 0; i < MADE && direct < TALLY_MESSAGES; i++) {
		if (m[i].f.way != WAY_DIRECT)
			continue;
		const struct finding *got = tally_message(t, direct++);
		ck_assert(got && got->date == m[i].f.date && got->way == WAY_DIRECT);
		n += text_equal(got->domain, text_of(m[i].domain)) && text_is(got->path, "mbox#3");
	}
	ck_assert_uint_eq(direct, TALLY_MESSAGES);
	ck_assert(!tally_message(t, TALLY_MESSAGES));
	ck_assert_uint_ge(n, TALLY_MESSAGES - 2); /* of two in one second, either may stand first */
	free(m);
	tally_free(t);
}
END_TEST

/* Every text is cut, whatever it holds; a finding without any is one too. */
START_TEST(long_and_empty)
{
	static char a[4000];
	struct tally *t = tally_new();
	struct finding f = report_direct(), none = { .way = WAY_DIRECT, .judged = true, .has_address = true };
	struct tally_row row;
	struct tally_near near;

	memset(a, 'A', sizeof a);
	a[7] = '\0';
	f.reason = REASON_NEAR_MISS;
	f.name = f.helo = f.relay = f.policy = f.domain = f.sender = f.recipient = f.path = text_cut(a, sizeof a);
	tally_add(t, &none);
	tally_add(t, &f);
	ck_assert_uint_eq(tally_message(t, 0)->path.len, TALLY_TEXT);
	ck_assert_uint_eq(tally_message(t, 1)->path.len, 0);
	ck_assert_uint_eq(tally_top(t, TALLY_RECIPIENTS, &row, 1, NULL), 1);
	ck_assert(row.key.len == TALLY_TEXT && memcmp(row.key.at, "aaaaaaa\0a", 9) == 0);
	ck_assert_uint_eq(tally_near(t, &near, 1, NULL), 1);
	ck_assert(near.name.len == TALLY_TEXT && memcmp(near.name.at, "aaaaaaa\0a", 9) == 0);
	ck_assert(near.helo.len == TALLY_TEXT && near.relay.len == TALLY_TEXT && text_is(near.address, "203.0.113.9"));
	tally_free(t);
}
END_TEST

START_TEST(near)
{
	static const struct {
		const char *name, *address;
		enum reason reason;
		enum outcome outcome;
		unsigned times;
	} rows[] = {
		{ "vm.example", "192.0.2.1", REASON_HELO_MISMATCH, OUTCOME_REFUSE, 5 },
		{ "New.relay.example", "198.51.100.4", REASON_NEAR_MISS, OUTCOME_DEFER, 3 },
		{ "new.relay.example", "198.51.100.5", REASON_NEAR_MISS, OUTCOME_DEFER, 4 },
		{ "", "192.0.2.1", REASON_NAME_UNVERIFIED, OUTCOME_DEFER, 1 },
		{ "spam.example", "203.0.113.1", REASON_UNKNOWN_ADDRESS, OUTCOME_REFUSE, 9 },
		{ "mx.relay.example", "192.0.2.1", REASON_RELAY, OUTCOME_PERMIT, 9 },
	};
	static const int want[] = { 2, 1, 0, 3 };
	struct tally *t = tally_new();
	struct tally_near got[9];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct finding f = report_direct();
		f.name = text_of(rows[i].name);
		ip_parse(&f.address, text_of(rows[i].address));
		f.reason = rows[i].reason;
		f.outcome = rows[i].outcome;
		f.way = f.outcome == OUTCOME_PERMIT ? WAY_RELAYED : WAY_DIRECT;
		f.relay = text_of("filter");
		for (unsigned k = 0; k < rows[i].times; k++)
			tally_add(t, &f);
	}
	ck_assert_uint_eq(tally_near(t, got, 9, NULL), 4);
	for (size_t i = 0; i < 4; i++) {
		const char *name = rows[want[i]].name;
		row_int(name, got[i].reason, rows[want[i]].reason);
		row_int(name, got[i].sums.all, rows[want[i]].times);
		row_ok(name, text_equal_nocase(got[i].name, text_of(name)) && text_is(got[i].relay, "filter"));
		row_ok(name, text_is(got[i].address, rows[want[i]].address));
		row_ok(name, text_is(got[i].helo, "helo.isp.example"));
		row_int(name, got[i].first, REPORT_NOW - 3600);
	}
	tally_free(t);
}
END_TEST

START_TEST(ways)
{
	static const char *const want[WAY_COUNT] = { "relayed", "direct", "exempt", "authenticated", "local",
		"unknown" };

	for (int i = 0; i < WAY_COUNT; i++)
		row_str(want[i], way_name((enum way)i), want[i]);
}
END_TEST

int main(void)
{
	return unit_run("tally", UNIT_TESTS(counts, tables, forgetting, days, dates_that_cannot_be, messages,
					 long_and_empty, near, ways));
}
