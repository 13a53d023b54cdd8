/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/chain.h"

#include "chain_file.h"
#include "policy_fixture.h"
#include "unit.h"

struct judge_of_chains {
	const struct snapshot *s;
	struct trust trust;
	struct chain chain;
	struct header header;
	struct buf text;
};

static void start(struct judge_of_chains *j)
{
	struct buf ini = { 0 };
	struct err e;

	*j = (struct judge_of_chains){ 0 };
	ck_assert(file_read("mail/audit.ini", &ini, NULL, &e) == 0);
	buf_add(&ini, "", 1);
	j->s = fixture_snapshot(ini.at);
	buf_free(&ini);
	trust_start(&j->trust, j->s);
	j->chain.trust = &j->trust;
	chains_read(&j->text, "mail/*.chain");
}

static void end(struct judge_of_chains *j)
{
	header_free(&j->header);
	buf_free(&j->text);
	trust_free(&j->trust);
	snapshot_unmap(j->s);
}

/* VERDICT ADDRESS RELAY REASON LINE */
static void describe(const struct finding *f, bool with_mark, char to[200])
{
	char address[IP_TEXT], line[12];

	snprintf(line, sizeof line, "%u", f->received);
	snprintf(to, 200, "%s %s %.*s %s%s %s", way_name(f->way), f->has_address ? ip_print(&f->address, address) : "-",
		f->relay.len ? (int)f->relay.len : 1, f->relay.len ? f->relay.at : "-",
		f->judged ? reason_name[f->reason] : f->why, f->forged && with_mark ? ",forged" : "",
		f->received ? line : "-");
}

static void judged(struct judge_of_chains *j, struct text header, bool with_mark, char to[200])
{
	struct finding f;

	chain_header(&j->header, header);
	chain_judge(&j->chain, &j->header, &f);
	describe(&f, with_mark, to);
}

/* Every chain of t/mail gets the verdict that stands above it. */
START_TEST(corpus)
{
	struct judge_of_chains j;
	struct chain_case c;
	const char *at = NULL;
	char got[200];
	int cases = 0;

	start(&j);
	while (chain_file_next(&j.text, &at, &c)) {
		judged(&j, c.header, true, got);
		row_str(c.title, got, c.expect);
		cases++;
	}
	ck_assert_int_ge(cases, 60);
	end(&j);
}
END_TEST

/* The same with the line ends of a file from elsewhere. */
START_TEST(line_ends)
{
	struct judge_of_chains j;
	struct chain_case c;
	const char *at = NULL;
	char got[200];

	start(&j);
	while (chain_file_next(&j.text, &at, &c)) {
		struct buf crlf = { 0 };
		for (size_t i = 0; i < c.header.len; i++)
			buf_add(&crlf, c.header.at[i] == '\n' ? "\r\n" : &c.header.at[i],
				c.header.at[i] == '\n' ? 2 : 1);
		judged(&j, text_cut(crlf.at, crlf.len), true, got);
		row_str(c.title, got, c.expect);
		buf_free(&crlf);
	}
	end(&j);
}
END_TEST

static const char *const below[] = {
	"",
	"Received: from mx1.relay.example (mx1.relay.example [192.0.2.10])\n"
	"\tby mx.example.org (Postfix) with ESMTP id 1 for <u@example.org>; Sat, 21 Nov 2026 23:57:14 +0100\n",
	"Received: from spam.example (unknown [198.51.100.9])\n"
	"\tby mx.example.org (Postfix) with ESMTP id 1 for <u@example.org>; Sat, 21 Nov 2026 23:57:14 +0100\n",
	"Received: from x (x [127.0.0.1]) (Authenticated sender: y) by mx.example.org with ESMTPSA\n",
	"Received: by mx.example.org\nReceived: from x by y\nReceived: \xff\xfe (((((\n",
	"Delivered-To: postmaster@example.org\nX-Original-To: postmaster@example.org\nEnvelope-to: "
	"postmaster@off.test\n",
	"Return-Path: <mx1.relay.example>\n(192.0.2.10) and no field at all\n",
};

/* Where the n-th Received field and what continues it ends. */
static size_t behind_line(struct text header, unsigned n)
{
	size_t at = 0;
	bool inside = false;

	while (at < header.len) {
		const char *line = header.at + at;
		bool field = header.len - at > 9 && strncasecmp(line, "Received:", 9) == 0;
		bool other = !field && *line != ' ' && *line != '\t' && memchr(line, ':', strcspn(line, " \n"));
		if (inside && (field || other))
			return at;
		if (field && --n == 0)
			inside = true;
		at += (size_t)((const char *)memchr(line, '\n', header.len - at) + 1 - line);
	}
	return header.len;
}

/* Whatever is put in the place of all that is below the deciding line: the verdict is the same, but for the mark. */
START_TEST(never_below)
{
	struct judge_of_chains j;
	struct chain_case c;
	const char *at = NULL;
	char want[200], got[200];
	int cases = 0;

	start(&j);
	while (chain_file_next(&j.text, &at, &c)) {
		unsigned line = (unsigned)strtoul(strrchr(c.expect, ' ') + 1, NULL, 10);
		if (line == 0)
			continue;
		judged(&j, c.header, false, want);
		for (size_t i = 0; i < sizeof below / sizeof *below; i++) {
			struct buf changed = { 0 };
			buf_add(&changed, c.header.at, behind_line(c.header, line));
			buf_str(&changed, below[i]);
			judged(&j, text_cut(changed.at, changed.len), false, got);
			row_str(c.title, got, want);
			buf_free(&changed);
			cases++;
		}
	}
	ck_assert_int_ge(cases, 400);
	end(&j);
}
END_TEST

static const struct {
	const char *host;
	bool own;
} hosts[] = {
	{ "mx.example.org", true },
	{ "MX.Example.ORG.", true },
	{ "a.b.mx.example.org", true },
	{ "evilmx.example.org", false },
	{ "example.org", false },
	{ "mail", true },
	{ "x.mail", true },
	{ "", false },
	{ ".", false },
	{ "mx..example.org", false },
	{ "added.example", true },
}, local_hosts[] = {
	{ "localhost", true },
	{ "mx.localhost", true },
	{ "LocalHost.LocalDomain.", true },
	{ "localhost.evil.example", false },
	{ "[10.0.0.1]", true },
	{ "10.0.0.1", true },
	{ "203.0.113.5", true },
	{ "203.0.113.16", false },
	{ "[198.51.100.7]", false },
	{ "fe80::1%eth0", true },
	{ "2001:db8:1::1", true },
	{ "", false },
};

START_TEST(own_hosts)
{
	struct judge_of_chains j;
	struct err e;

	start(&j);
	ck_assert_int_eq(trust_add_own(&j.trust, text_of("Added.Example."), &e), 0);
	ck_assert_int_eq(trust_add_own(&j.trust, text_of("a..b"), &e), -1);
	ck_assert_int_eq(trust_add_own(&j.trust, text_of("[192.0.2.1]"), &e), -1);
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
		row_int(hosts[i].host, trust_own(&j.trust, text_of(hosts[i].host)), hosts[i].own);
	for (size_t i = 0; i < sizeof local_hosts / sizeof *local_hosts; i++) {
		row_ok(local_hosts[i].host, !trust_own(&j.trust, text_of(local_hosts[i].host)));
		row_int(local_hosts[i].host, trust_local(&j.trust, text_of(local_hosts[i].host)), local_hosts[i].own);
	}
	end(&j);
}
END_TEST

static const struct {
	const char *ip;
	bool internal;
} addresses[] = {
	{ "127.0.0.1", true },
	{ "10.255.255.255", true },
	{ "11.0.0.0", false },
	{ "172.15.255.255", false },
	{ "172.16.0.0", true },
	{ "172.31.255.255", true },
	{ "172.32.0.0", false },
	{ "192.168.0.1", true },
	{ "169.254.1.1", true },
	{ "100.63.255.255", false },
	{ "100.64.0.0", true },
	{ "100.127.255.255", true },
	{ "100.128.0.0", false },
	{ "::1", true },
	{ "::2", false },
	{ "fe80::1", true },
	{ "febf::1", true },
	{ "fec0::1", false },
	{ "fc00::1", true },
	{ "fdff::1", true },
	{ "fe00::1", false },
	{ "::ffff:10.0.0.1", true },
	{ "203.0.113.15", true }, /* internal_networks */
	{ "203.0.113.16", false },
	{ "2001:db8:1:ffff::1", true },
	{ "2001:db8:2::1", false },
};

START_TEST(internal_addresses)
{
	struct judge_of_chains j;
	struct ip ip;

	start(&j);
	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
		row_ok(addresses[i].ip, ip_parse(&ip, text_of(addresses[i].ip)));
		row_int(addresses[i].ip, trust_internal(&j.trust, &ip), addresses[i].internal);
	}
	end(&j);
}
END_TEST

/* What a finding tells besides its verdict. */
START_TEST(parts)
{
	struct judge_of_chains j;
	struct finding f;

	start(&j);
	chain_header(&j.header, text_of("Return-Path: <S@sender.example>\n"
					"Received: from helo.example (name.example [198.51.100.7])\n"
					"\tby mx.example.org (Postfix) with ESMTP id 1\n"
					"\tfor <U@Monitor.test>; Sat, 21 Nov 2026 23:57:15 +0100 (CET)\n"));
	chain_judge(&j.chain, &j.header, &f);
	ck_assert(text_is(f.name, "name.example"));
	ck_assert(text_is(f.helo, "helo.example"));
	ck_assert(text_is(f.sender, "S@sender.example"));
	ck_assert(text_is(f.recipient, "U@Monitor.test"));
	ck_assert(text_is(f.policy, "domain monitor.test"));
	ck_assert(text_is(f.domain, "monitor.test"));
	ck_assert_int_eq(f.date, 1795301835);
	ck_assert_int_eq(f.outcome, OUTCOME_REFUSE);
	chain_header(&j.header, text_of("Received: from a (name.example. [198.51.100.7]) by mx.example.org; x\n"));
	chain_judge(&j.chain, &j.header, &f);
	ck_assert(text_is(f.name, "name.example") && !f.without_helo);
	chain_header(&j.header, text_of("Received: from 198.51.100.7 by mx.example.org (IK2 SMTP Server); x\n"));
	chain_judge(&j.chain, &j.header, &f);
	ck_assert(f.way == WAY_DIRECT && f.helo.len == 0 && f.without_helo);
	chain_header(&j.header,
		text_of("Received: from a ([192.0.2.1]) by stranger.example; Sat, 21 Nov 2026 23:57:15 +0100\n"));
	chain_judge(&j.chain, &j.header, &f);
	ck_assert(text_is(j.chain.stranger, "stranger.example"));
	ck_assert_int_eq(f.date, 0);
	ck_assert(!f.judged && !f.has_address);
	end(&j);
}
END_TEST

int main(void)
{
	return unit_run("chain", UNIT_TESTS(corpus, line_ends, never_below, own_hosts, internal_addresses, parts));
}
