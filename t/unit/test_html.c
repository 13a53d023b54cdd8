/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/stat.h>

#include "html_skeleton.h"
#include "mail/html.h"
#include "report_fixture.h"
#include "unit.h"

START_TEST(foreign)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "", "" },
		{ "mx1.relay.example", "mx1.relay.example" },
		{ "a b~!#$%()*+,-./:;=?@[]^_{|}", "a b~!#$%()*+,-./:;=?@[]^_{|}" },
		{ "<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;" },
		{ "\" onload=\"x", "&quot; onload=&quot;x" },
		{ "' onload='x", "&#39; onload=&#39;x" },
		{ "`x`", "&#96;x&#96;" },
		{ "&lt;", "&amp;lt;" },
		{ "]]>-->", "]]&gt;--&gt;" },
		{ "a\r\n\tb", "a\\x0d\\x0a\\x09b" },
		{ "\x1b[31m\x7f", "\\x1b[31m\\x7f" },
		{ "\xe2\x80\xae", "\\xe2\\x80\\xae" }, /* turns the rest of a line around */
		{ "\xff\xfe", "\\xff\\xfe" },
		{ "\xc2\x9b", "\\xc2\\x9b" },
		{ "\\x41 \\\\x \\", "\\x5cx41 \\\\x5cx \\" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf b = { 0 };
		html_text(&b, "<", text_of(rows[i].text), ">");
		row_int(rows[i].text, b.len, strlen(rows[i].want) + 2);
		row_ok(rows[i].text, memcmp(b.at + 1, rows[i].want, b.len - 2) == 0);
		buf_free(&b);
	}
}
END_TEST

START_TEST(cut)
{
	char text[2 * HTML_TEXT];
	struct buf b = { 0 };

	memset(text, 'a', sizeof text);
	text[1] = '\0'; /* a byte as any other */
	html_foreign(&b, text_cut(text, HTML_TEXT));
	ck_assert_uint_eq(b.len, HTML_TEXT + 3);
	ck_assert(memcmp(b.at, "a\\x00a", 6) == 0);
	b.len = 0;
	html_foreign(&b, text_cut(text, HTML_TEXT + 1));
	ck_assert_uint_eq(b.len, HTML_TEXT + 3 + strlen("…"));
	ck_assert(memcmp(b.at + b.len - strlen("…"), "…", strlen("…")) == 0);
	buf_free(&b);
}
END_TEST

/* What each page must say, by what was found. */
static const struct page {
	const char *name;
	enum report_kind kind;
	unsigned relayed, direct, unknown;
	const char *says[4], *not ;
} pages[] = {
	{ "nothing", REPORT_AUDIT, 0, 0, 0, { "<h1>No message was found.</h1>" }, "Who came" },
	{ "nothing in a log", REPORT_REPLAY, 0, 0, 0, { "<h1>No delivery was found.</h1>" }, NULL },
	{ "none", REPORT_AUDIT, 1234, 0, 0,
		{ "<em class=\"good\">None</em> of 1,234 messages of today came directly, past relay.example.</h1>" },
		"Who came" },
	{ "one", REPORT_AUDIT, 0, 1, 0,
		{ "<em>1</em> of 1 message of today <em>came directly</em>, past relay.example.</h1>",
			"That is 100.0 %", "refused 1 and deferred 0", "203.0.113.0/24" },
		"mxonly replay --json" },
	{ "some", REPORT_AUDIT, 1000, 101, 0,
		{ "<em>101</em> of 1,101 messages", "100 of 101; <code>mxonly audit --json</code>", "Received line 2",
			"mxonly replay --html" },
		"own = mail" },
	{ "in a log", REPORT_REPLAY, 10, 5, 0, { "<em>5</em> of 15 deliveries", "replay of the mail log" },
		"mxonly audit" },
	{ "some not told", REPORT_AUDIT, 98, 0, 2,
		{ "None</em> of 100 messages", "Where 2 messages came from cannot be told." }, "nothing can be said" },
	{ "not told", REPORT_AUDIT, 0, 0, 7,
		{ "Where 7 messages came from cannot be told.", "nothing can be said of 7 messages." }, "Who came" },
};

static void add_many(struct tally *t, const struct finding *f, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		tally_add(t, f);
}

START_TEST(sentences)
{
	const struct snapshot *s = fixture_snapshot(REPORT_INI);

	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
		const struct page *p = &pages[i];
		struct report_html r = { .kind = p->kind, .snapshot = s, .config = "a.ini", .now = REPORT_NOW };
		struct finding direct = report_direct(), relayed = direct, unknown = { .way = WAY_UNKNOWN };
		struct tally *t = tally_new();
		relayed.way = WAY_RELAYED;
		relayed.outcome = OUTCOME_PERMIT;
		relayed.reason = REASON_RELAY;
		add_many(t, &relayed, p->relayed);
		add_many(t, &direct, p->direct);
		add_many(t, &unknown, p->unknown);
		char *page = report_page(&r, t);
		for (size_t k = 0; k < 4 && p->says[k]; k++)
			row_has(p->name, page, p->says[k]);
		row_ok(p->name, !p->not || !strstr(page, p->not ));
		free(page);
		tally_free(t);
	}
	snapshot_unmap(s);
}
END_TEST

/* The period in the sentence, by the dates of the first and the last, in days before now. */
START_TEST(periods)
{
	static const struct {
		int first, last;
		const char *says;
	} rows[] = {
		{ 0, 0, "messages of today <em>" },
		{ 29, 0, "messages of the last 30 days <em>" },
		{ 29, 1, "messages of the last 30 days <em>" },
		{ 29, 3, "messages from 24 October 2026 to 19 November 2026 <em>" },
		{ 400, 0, "messages since 18 October 2025 <em>" },
		{ 9, 9, "messages of 13 November 2026 <em>" },
		{ 3, -4, "messages from 19 November 2026 to 26 November 2026 <em>" },
	};
	const struct snapshot *s = fixture_snapshot(REPORT_INI);
	struct report_html r = { .snapshot = s, .config = "a.ini", .now = REPORT_NOW };

	setenv("TZ", "UTC", 1);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct finding f = report_direct();
		struct tally *t = tally_new();
		f.date = REPORT_NOW - rows[i].first * 86400;
		tally_add(t, &f);
		f.date = REPORT_NOW - rows[i].last * 86400;
		tally_add(t, &f);
		char *page = report_page(&r, t);
		row_has(rows[i].says, page, rows[i].says);
		free(page);
		tally_free(t);
	}
	snapshot_unmap(s);
}
END_TEST

START_TEST(near)
{
	static const struct {
		enum reason reason;
		const char *name, *says;
	} rows[] = {
		{ REASON_NEAR_MISS, "new.relay.example",
			"<b>new.relay.example</b>, 203.0.113.9, is probably a new host of this service (filter)" },
		{ REASON_NEAR_MISS, "",
			"<b>203.0.113.9</b> (which calls itself helo.isp.example), claims a name of this service "
			"(filter), but" },
		{ REASON_NAME_UNVERIFIED, "", ", has an address of filter, but DNS verified no name of it." },
		{ REASON_HELO_MISMATCH, "a.example", "It said <code>helo.isp.example</code>" },
		{ REASON_NO_TLS, "a.example", "has an address of filter, but did not use TLS" },
	};
	const struct snapshot *s = fixture_snapshot(REPORT_INI);
	struct report_html r = { .snapshot = s, .config = "a.ini", .now = REPORT_NOW };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct finding f = report_direct();
		struct tally *t = tally_new();
		f.outcome = OUTCOME_DEFER;
		f.reason = rows[i].reason;
		f.name = text_of(rows[i].name);
		f.relay = text_of("filter");
		tally_add(t, &f);
		char *page = report_page(&r, t);
		row_has(rows[i].says, page, rows[i].says);
		row_has(rows[i].says, page, "Settle the cases above");
		free(page);
		tally_free(t);
	}
	snapshot_unmap(s);
}
END_TEST

/* What the answer does not rest on stands below it. */
START_TEST(reservations)
{
	const struct snapshot *s = fixture_snapshot(REPORT_INI);
	struct report_html r = {
		.kind = REPORT_REPLAY, .snapshot = s, .config = "a.ini", .interrupted = true, .now = REPORT_NOW
	};
	struct finding f = report_direct();
	struct tally *t = tally_new();

	f.without_helo = f.rejected = true;
	f.date = 0;
	tally_add(t, &f);
	tally_skip(t);
	char *page = report_page(&r, t);
	ck_assert(strstr(page, "stopped before its end"));
	ck_assert(strstr(page, "Lines that could not be read: 1."));
	ck_assert(strstr(page, "the log does not tell: 1."));
	ck_assert(strstr(page, "Postfix turned 1 of them away"));
	ck_assert(strstr(page, "Without a date that can be, and not in the chart: 1."));
	ck_assert(!strstr(page, "Over time"));
	free(page);
	tally_free(t);
	snapshot_unmap(s);
}
END_TEST

/* What a table leaves out is told; when rows were forgotten, that too. */
START_TEST(others)
{
	static const struct {
		unsigned names;
		const char *says, *not ;
	} rows[] = {
		{ 10, "<td>h9.example", "class=\"others\"" },
		{ 11, "<tr class=\"others\"><td>1 other</td><td class=\"n\">1</td>", "at least" },
		{ 4000, "<tr class=\"others\"><td>3,990 others</td><td class=\"n\">3,990</td>", "at least" },
		{ 5000, "<td>more than ", "<td>3," },
		{ 5000, "each count means", "<td>4," },
	};
	const struct snapshot *s = fixture_snapshot(REPORT_INI);
	struct report_html r = { .snapshot = s, .config = "a.ini", .now = REPORT_NOW };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct tally *t = tally_new();
		for (unsigned k = 0; k < rows[i].names; k++) {
			struct finding f = report_direct();
			char name[32];
			snprintf(name, sizeof name, "h%u.example", k);
			f.name = text_of(name);
			tally_add(t, &f);
		}
		char *page = report_page(&r, t);
		ck_assert_msg(strstr(page, rows[i].says), "without \"%s\"", rows[i].says);
		ck_assert_msg(!strstr(page, rows[i].not ), "with \"%s\"", rows[i].not );
		free(page);
		tally_free(t);
	}
	snapshot_unmap(s);
}
END_TEST

/* A date of another age among many does not flatten the rest of the chart. */
START_TEST(chart)
{
	static const struct {
		const char *row;
		int step, count; /* a finding each `step` days, `count` of them */
		const char *each;
	} rows[] = {
		{ "a month", 1, 30, "Direct: at most 5 a day" },
		{ "a year", 1, 365, "Direct: at most 35 a week" },
		{ "four years", 2, 730, "in four weeks" },
		{ "forty years", 60, 243, "Direct: at most 35 a year" },
	};
	const struct snapshot *s = fixture_snapshot(REPORT_INI);
	struct report_html r = { .snapshot = s, .config = "a.ini", .now = REPORT_NOW };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct finding f = report_direct();
		struct tally *t = tally_new();
		for (int k = 0; k < rows[i].count; k++) {
			f.date = REPORT_NOW - (time_t)k * rows[i].step * 86400;
			add_many(t, &f, 5);
		}
		f.date = 400000000; /* 1982 */
		tally_add(t, &f);
		char *page = report_page(&r, t);
		ck_assert_msg(strstr(page, rows[i].each), "row \"%s\": %.60s", rows[i].row, strstr(page, "Direct: at"));
		row_ok(rows[i].row, (strstr(page, "far from all others: 1 message.") != NULL) == (i < 3));
		free(page);
		tally_free(t);
	}
	snapshot_unmap(s);
}
END_TEST

/* Whatever a sender writes, a browser sees the elements and attributes that it would see of plain words. */
START_TEST(hostile)
{
	static const char *const evil[] = { "</td></tr></table><script>alert(1)</script>", "\"><img src=x onerror=y>",
		"<!--", "-->", "</style><style>*{display:none}", "]]>", "&#60;b&#62;", "\xe2\x80\xae", "\x1b]0;x\a",
		"<svg/onload=alert(1)>", "javascript:alert(1)", "'\"`", "\xc0\xbc" };
	const struct snapshot *s = fixture_snapshot(REPORT_INI);
	const char *plain_source[] = { "x" };
	struct report_html plain = {
		.snapshot = s, .config = "x", .sources = plain_source, .source_count = 1, .now = REPORT_NOW
	};
	struct finding f = report_direct();

	f.reason = REASON_NEAR_MISS;
	f.relay = text_of("filter");
	for (size_t i = 0; i < sizeof evil / sizeof *evil; i++) {
		struct text e = text_of(evil[i]);
		struct report_html r = plain;
		struct finding g = f;
		struct tally *t = tally_new(), *u = tally_new();
		struct buf want = { 0 }, got = { 0 };
		g.name = g.helo = g.relay = g.policy = g.domain = g.sender = g.recipient = g.path = e;
		r.config = evil[i];
		r.sources = &evil[i];
		tally_add(t, &f);
		tally_add(u, &g);
		char *page = report_page(&plain, t), *evil_page = report_page(&r, u);
		const char *why = skeleton_of(page, &want), *evil_why = skeleton_of(evil_page, &got);
		ck_assert_msg(!why, "plain: %s", why);
		ck_assert_msg(!evil_why, "row \"%s\": %s", evil[i], evil_why);
		row_str(evil[i], got.at, want.at);
		buf_free(&want);
		buf_free(&got);
		free(page);
		free(evil_page);
		tally_free(t);
		tally_free(u);
	}
	snapshot_unmap(s);
}
END_TEST

START_TEST(written)
{
	char folder[] = "/tmp/mxonly-test-XXXXXX", path[64];
	const struct snapshot *s = fixture_snapshot(REPORT_INI);
	struct report_html r = { .snapshot = s, .config = "a.ini", .now = REPORT_NOW };
	struct tally *t = tally_new();
	struct stat st;
	struct err e;

	ck_assert(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/out.html", folder);
	ck_assert_int_eq(report_html_write(path, &r, t, &e), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_gt(st.st_size, 1000);
	unlink(path);
	rmdir(folder);
	ck_assert_int_eq(report_html_write(path, &r, t, &e), -1);
	ck_assert(strstr(e.text, path) && strstr(e.text, "No such file"));
	tally_free(t);
	snapshot_unmap(s);
}
END_TEST

int main(void)
{
	return unit_run("html",
		UNIT_TESTS(foreign, cut, sentences, reservations, periods, near, others, chart, hostile, written));
}
