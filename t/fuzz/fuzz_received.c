/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whatever a sender writes, wherever it ends up, changes no verdict: below the deciding line; in its HELO, its name in DNS, the
 * recipient, the sender. Of a line of any bytes nothing is told that is not in it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "chain_file.h"
#include "mail/chain.h"
#include "mail/received.h"
#include "policy_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 2048 };

static const char ini[] =
	"[relay filter]\nranges = 192.0.2.0/24 2001:db8:25::/48\ndomains = relay.example\nmatch = address\n"
	"[domain off.test]\nmode = off\n"
	"[audit]\nown = mx.example.org\n";

static struct trust trust;
static struct chain chain = { .trust = &trust };

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void judged(const struct buf *text, struct header *h, struct finding *f)
{
	chain_header(h, text_cut(text->at, text->len));
	chain_judge(&chain, h, f);
	must(f->judged == (f->received > 0) && f->judged == f->has_address && f->judged == (f->why == NULL));
	must(f->judged == (f->way != WAY_LOCAL && f->way != WAY_UNKNOWN));
	must(!f->forged || f->way == WAY_DIRECT);
}

static void must_be_within(struct text part, struct text whole)
{
	must(part.len == 0 || (part.at >= whole.at && part.at + part.len <= whole.at + whole.len));
}

static void slices(struct text value)
{
	struct received r;

	received_parse(&r, value);
	must(!r.has_address || r.has_from);
	must_be_within(r.helo, value);
	must_be_within(r.name, value);
	must_be_within(r.reverse, value);
	must_be_within(r.by, value);
	must_be_within(r.protocol, value);
	must_be_within(r.recipient, value);
	must_be_within(r.tls, value);
	must_be_within(r.date, value);
}

static const char direct[] =
	"Received: from spam.example (unknown [198.51.100.7])\n\tby mx.example.org (Postfix) with ESMTP id 1\n"
	"\tfor <u@example.org>; Sat, 21 Nov 2026 23:57:15 +0100\n";

/* The line is that of a direct client; nothing in it, or below it, makes it anything else. */
static void must_be_direct(struct buf *text, struct header *h)
{
	struct finding f;
	struct ip ip;

	judged(text, h, &f);
	must(f.way == WAY_DIRECT && f.received == 1 && f.reason == REASON_UNKNOWN_ADDRESS);
	must(ip_parse(&ip, text_of("198.51.100.7")) && ip_compare(&ip, &f.address) == 0);
	buf_free(text);
}

static void below(struct text data, struct header *h)
{
	struct buf text = { 0 };

	buf_str(&text, direct);
	/* (an indented line would be the end of the line above, behind its date: the same) */
	buf_add(&text, data.at, data.len);
	must_be_direct(&text, h);
}

/* As Postfix writes a HELO: one word, some bytes replaced. */
static void as_helo(struct text data, struct header *h)
{
	struct buf text = { 0 };

	buf_str(&text, "Received: from ");
	for (size_t i = 0; i < data.len && i < 255; i++) {
		char c = data.at[i] > ' ' && data.at[i] < 0x7f && !strchr("<>()\\\";@", data.at[i]) ? data.at[i] : '?';
		buf_add(&text, &c, 1);
	}
	buf_str(&text, data.len == 0 ? "unknown" : "");
	buf_str(&text, strchr(direct, '(') - 1);
	must_be_direct(&text, h);
}

/* A quoted local part. */
static void add_quoted(struct buf *text, struct text data)
{
	buf_str(text, "<\"");
	for (size_t i = 0; i < data.len && i < 200; i++) {
		char c = data.at[i];
		if (c == '"' || c == '\\')
			buf_str(text, "\\");
		if (c != '\n' && c != '\r')
			buf_add(text, &c, 1);
	}
	buf_str(text, "\"@sender.example>");
}

static void as_recipient(struct text data, struct header *h)
{
	struct buf text = { 0 };

	buf_str(&text, "Received: from spam.example (unknown [198.51.100.7])\n\tby mx.example.org (Postfix) with ESMTP "
		       "id 1\n\tfor ");
	add_quoted(&text, data);
	buf_str(&text, "; Sat, 21 Nov 2026 23:57:15 +0100\n");
	must_be_direct(&text, h);
}

static void as_sender(struct text data, struct header *h)
{
	struct buf text = { 0 };
	struct finding f;

	buf_str(&text, "Received: from spam.example ([198.51.100.7])\n\tby mx.example.org with esmtp (Exim "
		       "4.96)\n\t(envelope-from ");
	add_quoted(&text, data);
	buf_str(&text, ")\n\tid 1\n\tfor u@example.org; Sat, 21 Nov 2026 23:57:15 +0100\n");
	judged(&text, h, &f);
	must(text_is(f.recipient, "u@example.org"));
	must_be_direct(&text, h);
}

/* As sendmail writes a name of DNS, behind a HELO that is the relay's address: direct, or nothing that can be told. */
static void as_name(struct text data, struct header *h)
{
	struct buf text = { 0 };
	struct finding f;

	buf_str(&text, "Received: from [192.0.2.10] (");
	for (size_t i = 0; i < data.len && i < 255; i++)
		if (data.at[i] > ' ' && data.at[i] < 0x7f && !strchr("()\\", data.at[i]))
			buf_add(&text, &data.at[i], 1);
	buf_str(&text, " [198.51.100.7] (may be forged))\n\tby mx.example.org (8.17.1/8.17.1) with ESMTP id 1\n");
	judged(&text, h, &f);
	must(f.way == WAY_DIRECT || f.way == WAY_UNKNOWN);
	buf_free(&text);
}

/* Lines of servers that write what the client said unchanged, around it; and then perhaps a path of the client's. */
static const struct {
	const char *before, *between, *after;
} frames[] = {
	{ "from ", " (unknown [198.51.100.7])\n\tby mx.example.org (8.17.1/8.17.1) with ESMTP id 1\n\tfor ",
		"; Sat, 21 Nov 2026 23:57:15 +0100" },
	{ "from ", " (198.51.100.7) by mx.example.org (10.0.0.1) with Microsoft SMTP Server id 1 for ",
		"; Sat, 21 Nov 2026 23:57:15 +0100 (CET)" },
	{ "from ", " ([198.51.100.7]) by mx.example.org with Microsoft SMTPSVC(10.0);\n\t Sat, 21 Nov 2026", NULL },
	{ "from unknown (HELO ", ") (x@198.51.100.7)\n  by mx.example.org with SMTP; 21 Nov 2026 23:57:15 -0000",
		NULL },
	{ "from spam.example ([198.51.100.7] ident=", ")\n\tby mx.example.org with esmtp (Exim 4)\n\t(envelope-from ",
		")\n\tid 1 for u@example.org; Sat, 21 Nov 2026 23:57:15 +0100" },
	{ "from [198.51.100.7] (helo=", ")\n\tby mx.example.org with esmtp (Exim 4)\n\tid 1 for ",
		"; Sat, 21 Nov 2026 23:57:15 +0100" },
};

/* A line of the relay, for whoever can make it look as if ours told of a step within. */
static const char relayed[] = "\nReceived: from mx1.relay.example (mx1.relay.example [192.0.2.10])\n"
			      "\tby mx.example.org (Postfix) with ESMTP id 1; Sat, 21 Nov 2026 23:57:15 +0100\n";

/* The first line of the data is what the client said, the rest is its path: direct, or nothing that can be told. */
static void unchanged(struct text data, struct header *h, size_t frame)
{
	const char *newline = text_find(data, '\n');
	size_t said = newline ? (size_t)(newline - data.at) : data.len;
	struct buf text = { 0 };
	struct finding f;

	buf_str(&text, "Received: ");
	buf_str(&text, frames[frame].before);
	buf_add(&text, data.at, said < 255 ? said : 255);
	buf_str(&text, frames[frame].between);
	if (frames[frame].after) {
		add_quoted(&text, text_cut(data.at + said, data.len - said));
		buf_str(&text, frames[frame].after);
	}
	buf_str(&text, relayed);
	judged(&text, h, &f);
	must(f.way == WAY_DIRECT || f.way == WAY_UNKNOWN);
	buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct text data = text_cut((const char *)bytes, size < MOST ? size : MOST);
	struct header h = { 0 };
	struct buf text = { 0 };
	struct finding f;

	if (!trust.snapshot)
		trust_start(&trust, fixture_snapshot(ini));
	slices(data);
	buf_add(&text, data.at, data.len);
	judged(&text, &h, &f);
	buf_free(&text);
	below(data, &h);
	as_helo(data, &h);
	as_name(data, &h);
	as_recipient(data, &h);
	as_sender(data, &h);
	for (size_t i = 0; i < sizeof frames / sizeof *frames; i++)
		unchanged(data, &h, i);
	header_free(&h);
	return 0;
}
