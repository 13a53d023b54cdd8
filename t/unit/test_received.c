/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/received.h"

#include <stdio.h>

#include "unit.h"

#define BY "by mx.example.org (Postfix) with ESMTP id 1 for <u@example.org>; Sat, 21 Nov 2026 23:57:15 +0100"
#define EXIM "by mx.example.org with esmtp (Exim 4.96) id 1 for u@example.org; Sat, 21 Nov 2026 23:57:15 +0100"

static const struct {
	const char *line;
	const char *address; /* NULL: none */
	const char *helo, *name, *reverse;
} peers[] = {
	{ "from a.example (b.example [198.51.100.7]) " BY, "198.51.100.7", "a.example", "b.example", "" },
	{ "from a.example (unknown [198.51.100.7]) " BY, "198.51.100.7", "a.example", "", "" },
	{ "from a.example (b.example. [198.51.100.7]) " BY, "198.51.100.7", "a.example", "b.example.", "" },
	{ "from a.example (b.example [IPv6:2001:db8::7]) " BY, "2001:db8::7", "a.example", "b.example", "" },
	{ "from a.example (b.example [2001:db8::7]) " BY, "2001:db8::7", "a.example", "b.example", "" },
	{ "from a.example (b.example [::ffff:198.51.100.7]) " BY, "198.51.100.7", "a.example", "b.example", "" },
	{ "from a.example (b.example [fe80::1%13]) " BY, "fe80::1", "a.example", "b.example", "" },
	{ "from a.example (b.example [198.51.100.7]:25) " BY, "198.51.100.7", "a.example", "b.example", "" },
	{ "from a.example (b.example [198.51.100.7]:x) " BY, NULL, "a.example", "", "" },
	{ "from a.example (b.example [198.51.100.7]x) " BY, NULL, "a.example", "", "" },
	{ "from a.example (b.example [198.51.100.777]) " BY, NULL, "a.example", "", "" },
	{ "from a.example (b.example [198.51.100.7) " BY, NULL, "a.example", "", "" },
	{ "from a.example (b.example []) " BY, NULL, "a.example", "", "" },
	{ "from a.example () " BY, NULL, "a.example", "", "" },
	{ "from a.example ([198.51.100.7]) " BY, "198.51.100.7", "a.example", "", "" },
	{ "from (unknown [198.51.100.7]) " BY, "198.51.100.7", "", "", "" },
	/* sendmail */
	{ "from a.example (b.example [198.51.100.7] (may be forged)) " BY, "198.51.100.7", "a.example", "",
		"b.example" },
	{ "from a.example (id@b.example [198.51.100.7]) " BY, "198.51.100.7", "a.example", "b.example", "" },
	{ "from a.example (IDENT:x [192.0.2.10] y@b.example [198.51.100.7]) " BY, "198.51.100.7", "a.example",
		"b.example", "" },
	{ "from a.example (IDENT:id@[198.51.100.7]) " BY, "198.51.100.7", "a.example", "", "" },
	/* Exim: what stands behind `from` is verified, unless it is an address */
	{ "from a.example ([198.51.100.7]) " EXIM, "198.51.100.7", "a.example", "a.example", "" },
	{ "from a.example ([198.51.100.7] helo=b.example) " EXIM, "198.51.100.7", "b.example", "a.example", "" },
	{ "from a.example ([198.51.100.7]:26047 helo=b.example ident=x) " EXIM, "198.51.100.7", "b.example",
		"a.example", "" },
	{ "from a.example ([198.51.100.7] helo=b.example [192.0.2.10]) " EXIM, "198.51.100.7", "b.example", "a.example",
		"" },
	{ "from a.example ([198.51.100.7] ident=x [192.0.2.10]) " EXIM, "198.51.100.7", "a.example", "a.example", "" },
	{ "from [198.51.100.7] (helo=b.example) " EXIM, "198.51.100.7", "b.example", "", "" },
	{ "from [198.51.100.7]:26047 (helo=b.example) " EXIM, "198.51.100.7", "b.example", "", "" },
	{ "from [198.51.100.7] (port=26047 helo=b.example) " EXIM, "198.51.100.7", "b.example", "", "" },
	{ "from [198.51.100.7] (ident=x) " EXIM, "198.51.100.7", "[198.51.100.7]", "", "" },
	{ "from [198.51.100.7] " EXIM, "198.51.100.7", "[198.51.100.7]", "", "" },
	{ "from a.example ([198.51.100.7]) by x with esmtp id 1", "198.51.100.7", "a.example", "",
		"" }, /* is it Exim's? */
	{ "from a.example ([198.51.100.7] helo=b.example) by x with esmtp id 1", "198.51.100.7", "b.example",
		"a.example", "" },
	/* anybody else's literal is a claim */
	{ "from [192.0.2.10] " BY, NULL, "[192.0.2.10]", "", "" },
	{ "from [192.0.2.10] (unknown) " BY, NULL, "[192.0.2.10]", "", "" },
	{ "from [192.0.2.10] (unknown) " EXIM, NULL, "[192.0.2.10]", "", "" },
	{ "from [192.0.2.10] (b.example [198.51.100.7]) " BY, "198.51.100.7", "[192.0.2.10]", "b.example", "" },
	{ "from 192.0.2.10 " BY, NULL, "192.0.2.10", "", "" },
	{ "from 192.0.2.10 by a.example (IK2 SMTP Server); x", "192.0.2.10", "", "", "" },
	{ "from a.example (<unknown> [198.51.100.7]) " BY, "198.51.100.7", "a.example", "", "" },
	{ "from 192.0.2.10 (x) by a.example (IK2 SMTP Server); x", NULL, "192.0.2.10", "", "" },
	{ "from 192.0.2.10 by a.example (not IK2 SMTP Server); x", NULL, "192.0.2.10", "", "" },
	/* Exchange */
	{ "from a.example (198.51.100.7) by x (10.0.0.1) with Microsoft SMTP Server id 15", "198.51.100.7", "a.example",
		"", "" },
	{ "from a.example (2001:db8::7) by x (10.0.0.1) with Microsoft SMTP Server id 15", "2001:db8::7", "a.example",
		"", "" },
	{ "from a.example (x 198.51.100.7) by x with Microsoft SMTP Server id 15", NULL, "a.example", "", "" },
	/* qmail */
	{ "from unknown (HELO a.example) (198.51.100.7) by x with SMTP", "198.51.100.7", "a.example", "", "" },
	{ "from b.example (HELO a.example) (id@198.51.100.7) by x with SMTP", "198.51.100.7", "a.example", "",
		"b.example" },
	{ "from b.example (EHLO a.example) ([198.51.100.7]) by x with SMTP", "198.51.100.7", "a.example", "",
		"b.example" },
	{ "from b.example (198.51.100.7) by x with SMTP", "198.51.100.7", "b.example", "", "" },
	/* Zimbra: LMTP, by a host of ours */
	{ "from a.example (LHLO b.example) (198.51.100.7) by x with LMTP", NULL, "b.example", "", "a.example" },
	/* only the first comment tells what the server saw */
	{ "from a.example (b.example [198.51.100.7]) (using TLSv1.3 with x [192.0.2.10]) " BY, "198.51.100.7",
		"a.example", "b.example", "" },
	{ "from a.example (b.example [198.51.100.7]) (Client CN \"192.0.2.10 [192.0.2.10]\") " BY, "198.51.100.7",
		"a.example", "b.example", "" },
	{ "from a.example (b.example [198.51.100.7]) (x y z) " BY, "198.51.100.7", "a.example", "b.example", "" },
	/* a parenthesis in an ident hides nothing that comes before */
	{ "from a.example ([198.51.100.7] ident=(x)) " EXIM, "198.51.100.7", "a.example", "a.example", "" },
	/* a later part never */
	{ "from a.example by x ([192.0.2.10]) with SMTP", NULL, "a.example", "", "" },
	{ "from a.example by x with SMTP; (b.example [192.0.2.10])", NULL, "a.example", "", "" },
};

START_TEST(what_the_server_saw)
{
	for (size_t i = 0; i < sizeof peers / sizeof *peers; i++) {
		const char *line = peers[i].line;
		char address[IP_TEXT];
		struct received r;

		received_parse(&r, text_of(line));
		row_ok(line, r.has_from);
		row_ok(line, !r.odd && !r.doubtful);
		row_str(line, r.has_address ? ip_print(&r.address, address) : "none",
			peers[i].address ? peers[i].address : "none");
		row_ok(line, text_is(r.helo, peers[i].helo));
		row_ok(line, text_is(r.name, peers[i].name));
		row_ok(line, text_is(r.reverse, peers[i].reverse));
		row_ok(line, r.helo_untold == (r.has_address && strstr(line, "(IK2") != NULL));
	}
}
END_TEST

static const struct {
	const char *line;
	const char *by, *protocol, *recipient, *tls, *user, *date;
} tails[] = {
	{ "by h.example (Postfix, from userid 0) id 1; a date ", "h.example", "", "", "", "", "a date" },
	{ "by h with ESMTP id 1 for <u@example.org>; d", "h", "ESMTP", "u@example.org", "", "", "d" },
	{ "by h with ESMTPS id 1 for u@example.org;d;e", "h", "ESMTPS", "u@example.org", "ESMTPS", "", "d;e" },
	{ "by h with ESMTPA", "h", "ESMTPA", "", "", "authenticated", "" },
	{ "by h with esmtpsa (TLS1.3) tls X (Exim 4.96)", "h", "esmtpsa", "", "esmtpsa", "authenticated", "" },
	{ "by h with asmtp", "h", "asmtp", "", "", "authenticated", "" },
	{ "by h with UTF8SMTPSA", "h", "UTF8SMTPSA", "", "UTF8SMTPSA", "authenticated", "" },
	{ "by h with UTF8SMTP", "h", "UTF8SMTP", "", "", "", "" },
	{ "by h with LMTPS", "h", "LMTPS", "", "LMTPS", "", "" },
	{ "by h with SMTPSAX", "h", "SMTPSAX", "", "", "", "" },
	{ "by h with SMTPSVC(10.0)", "h", "SMTPSVC", "", "", "", "" },
	{ "by h with SMTPX", "h", "SMTPX", "", "", "", "" },
	{ "by h with Microsoft SMTP Server (TLS) id 14", "h", "Microsoft", "", "TLS", "", "" },
	{ "by h with ESMTP (version=TLS1_3 cipher=x)", "h", "ESMTP", "", "version=TLS1_3", "", "" },
	{ "by h with SMTP with ESMTPA", "h", "SMTP", "", "", "", "" },
	{ "by h for <a@x> for <b@y>", "h", "", "a@x", "", "", "" },
	{ "by h for <\"a b>;\\\"\"@x>; d", "h", "", "\"a b>;\\\"\"@x", "", "", "d" },
	{ "by h (envelope-from <\"a) for <b@y> (\"@x>) for c@z; d", "h", "", "c@z", "", "", "d" },
	{ "by h (a (b) \\) c) with SMTP", "h", "SMTP", "", "", "", "" },
	{ "by h with; for", "h", "", "", "", "", "for" },
	{ "by (c) with SMTP", "", "SMTP", "", "", "", "" },
	{ "(qmail 1 invoked by uid 0); d", "", "", "", "", "", "" },
	{ "(from u@h) by h (8.17.1/8.17.1/Submit) id 1; d", "h", "", "", "", "", "d" },
	{ "(from u@h) from x by h; d", "", "", "", "", "", "" },
	{ "(qmail 1 invoked from network) by h; d", "", "", "", "", "", "" },
	{ "from a ([192.0.2.1]) (Authenticated sender: joe@x) by h with SMTP", "h", "SMTP", "", "", "joe@x", "" },
	{ "from a ([192.0.2.1]) (authenticated bits=0) by h with SMTP", "h", "SMTP", "", "", "authenticated", "" },
	{ "from a ([192.0.2.1]) (Authenticated) by h with SMTP", "h", "SMTP", "", "", "authenticated", "" },
	{ "from a ([192.0.2.1]) (AUTH: LOGIN joe) by h with SMTP", "h", "SMTP", "", "", "authenticated", "" },
	{ "from a ([192.0.2.1]) (authenticated.x sender: joe) by h with SMTP", "h", "SMTP", "", "", "", "" },
	{ "from a ([192.0.2.1]) (x (Authenticated sender: joe)) by h with SMTP", "h", "SMTP", "", "", "", "" },
	{ "from a ([192.0.2.1]) by h (Authenticated sender: joe) with SMTP", "h", "SMTP", "", "", "", "" },
	{ "from a (x [192.0.2.1]) (using TLSv1.3 with y) by h with SMTP", "h", "SMTP", "", "TLSv1.3", "", "" },
	{ "from a (using [192.0.2.1]) by h with SMTP", "h", "SMTP", "", "", "", "" },
};

START_TEST(what_it_wrote)
{
	for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
		const char *line = tails[i].line;
		struct received r;

		received_parse(&r, text_of(line));
		row_ok(line, !r.odd && !r.doubtful);
		row_ok(line, text_is(r.by, tails[i].by));
		row_ok(line, text_is(r.protocol, tails[i].protocol));
		row_ok(line, text_is(r.recipient, tails[i].recipient));
		row_ok(line, text_is(r.tls, tails[i].tls));
		row_ok(line, text_is(r.user, tails[i].user));
		row_ok(line, text_is(r.date, tails[i].date));
	}
}
END_TEST

START_TEST(odd)
{
	static const char *const lines[] = { "", " \t\r\n", ";", "yesterday", "from", "from a",
		"from a (b [192.0.2.1])", "from a ([192.0.2.1] by h", "from a b ([192.0.2.1]) by h",
		"from a ([192.0.2.1]) x by h", "from a ([192.0.2.1]) by h from b",
		"from a ([192.0.2.1]) by h with SMTP by i",
		"from [192.0.2.1] (helo=x [198.51.100.7] (may be forged)) by h",
		"from [192.0.2.1] (port=1 helo=x y [198.51.100.7]) by h", "from a; b by h",
		"from a(b [192.0.2.1]) by h", "from a([192.0.2.1]) by h", "from a(b)c ([192.0.2.1]) by h",
		"from a(b\\) ([192.0.2.1]) by h", "from (x) ([192.0.2.1]) by h",
		/* two comments with an address, or one behind what only comes after it */
		"from a (b [192.0.2.1]) (c [192.0.2.2]) by h", "from a (b) (c [192.0.2.1]) by h",
		"from a (b [192.0.2.1]) (c 192.0.2.2) by h", "from a ([192.0.2.1]) (x@192.0.2.2) by h",
		"from a (192.0.2.1) (192.0.2.2) by h", "from a ([192.0.2.1]) [192.0.2.2] by h",
		"from a (using TLSv1.3 with x) (b [192.0.2.1]) by h", "from a (authenticated) ([192.0.2.1]) by h",
		"from a (Authenticated sender: b) ([192.0.2.1]) by h", "from a (AUTH: b) ([192.0.2.1]) by h",
		"from a ([192.0.2.1]) (HELO [192.0.2.2]) by h", "from a (HELO b) (HELO [192.0.2.2]) by h",
		"from a ([192.0.2.1]) (Client [192.0.2.2]) by h", "from a ([192.0.2.1]) (No [192.0.2.2]) by h",
		/* nothing follows the client's words */
		"from a ([192.0.2.1] ident=b) (authenticated) by h", "from a ([192.0.2.1] helo=b) (c) by h",
		"from [192.0.2.1] (helo=b) (using TLSv1.3) by h", "from a ([192.0.2.1]) (b) (authenticated) by h",
		/* keywords where a value is due */
		"from a ([192.0.2.1]) by h id by i", "from a ([192.0.2.1]) by h with from i" };
	char line[3000];
	struct received r;

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		received_parse(&r, text_of(lines[i]));
		row_ok(lines[i], r.odd);
	}
	for (int length = RECEIVED_WORD; length <= RECEIVED_WORD + 1; length++) {
		snprintf(line, sizeof line, "from %0*d ([192.0.2.1]) by h", length, 0);
		received_parse(&r, text_of(line));
		ck_assert(!r.odd && r.helo.len == RECEIVED_WORD);
		snprintf(line, sizeof line, "from a ([192.0.2.1]) by %0*d", length, 0);
		received_parse(&r, text_of(line));
		ck_assert_int_eq(r.odd, length > RECEIVED_WORD);
	}
	received_parse(&r, text_of("from mail pickup service by h with Microsoft SMTPSVC; x"));
	ck_assert(!r.odd && !r.has_from && text_is(r.by, "h"));
}
END_TEST

/* A second `by` stands somewhere, apart from the HELO. */
START_TEST(doubtful)
{
	static const struct {
		const char *line;
		bool is;
	} lines[] = {
		{ "from a ([192.0.2.1]) by h; x by i", true },
		{ "from a ([192.0.2.1]) by h; x\n\tBY\ti", true },
		{ "from a ([192.0.2.1]) by h (x by i)", true },
		{ "from a ([192.0.2.1]) by h (x (by) i)", true },
		{ "from a ([192.0.2.1]) by h ((x)by i", true },
		{ "from a ([192.0.2.1]) by h for <\"x by i\"@j>; k", true },
		{ "from a ([192.0.2.1]) by h for \"x by i\"@j; k", true },
		{ "from a ([192.0.2.1]) by h; x by", true },
		{ "from a ([192.0.2.1] (x) by h for \"a) by i", true },
		{ "from by ([192.0.2.1]) by h; x by i", true },
		{ "by h; x by i", true },
		{ "from mail pickup service by h; x ([192.0.2.1]) by i", true },
		{ "from by ([192.0.2.1]) by h; x", false },
		{ "from a ([192.0.2.1]) by by (x); x", true },
		{ "from a ([192.0.2.1]) by h for <by@i>; bye", false },
		{ "from a (by.b [192.0.2.1]) by h; x", false },
		{ "from mail pickup service by h; x", false },
		{ "(from by@h) by h; x", false },
		{ "(qmail 1 invoked by uid 0); x", false },
	};

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct received r;
		received_parse(&r, text_of(lines[i].line));
		row_ok(lines[i].line, !r.odd);
		row_int(lines[i].line, r.doubtful, lines[i].is);
	}
}
END_TEST

/* Folding, and white space of any kind, change nothing. */
START_TEST(folded)
{
	for (size_t i = 0; i < sizeof peers / sizeof *peers; i++) {
		char line[512];
		struct received a, b;
		size_t n = 0;

		for (const char *p = peers[i].line; *p; p++)
			n += (size_t)snprintf(line + n, sizeof line - n, *p == ' ' ? "\r\n\t  " : "%c", *p);
		received_parse(&a, text_of(peers[i].line));
		received_parse(&b, text_of(line));
		row_int(line, b.odd, a.odd);
		row_int(line, b.has_address, a.has_address);
		row_ok(line, !a.has_address || ip_compare(&a.address, &b.address) == 0);
		row_ok(line, text_equal(a.helo, b.helo) && text_equal(a.name, b.name) && text_equal(a.by, b.by));
	}
}
END_TEST

int main(void)
{
	return unit_run("received", UNIT_TESTS(what_the_server_saw, what_it_wrote, odd, doubtful, folded));
}
