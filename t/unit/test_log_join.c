/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/log_join.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "mail/log_names.h"
#include "unit.h"

enum { REFERENCE = 1795322460 }; /* 2026-11-22T04:41:00Z */

static void put(struct buf *b, const char *name, struct text t)
{
	if (t.len == 0)
		return;
	buf_format(b, " %s=", name);
	buf_add(b, t.at, t.len);
}

static void note(void *context, const struct log_delivery *d)
{
	struct buf *b = context;

	buf_str(b, d->rejected ? "rejected" : "taken");
	put(b, "id", d->queue_id);
	put(b, "address", d->client_address);
	put(b, "name", d->client_name);
	put(b, "reverse", d->reverse_name);
	put(b, "user", d->sasl_username);
	put(b, "from", d->sender);
	put(b, "to", d->recipient);
	put(b, "mid", d->message_id);
	if (d->has_helo)
		put(b, "helo", d->helo);
	buf_format(b, " at=%" PRId64 "\n", (int64_t)d->date - REFERENCE);
}

static void put_count(struct buf *b, const char *name, uint64_t n)
{
	if (n > 0)
		buf_format(b, "%s=%" PRIu64 " ", name, n);
}

/* What was found, then what was counted. */
static void join(struct buf *b, const char *log, uint32_t room)
{
	static struct log_room bytes;
	struct log_join *j = log_join_new(room, note, b);
	struct log_clock clock;
	struct log_line l;

	b->len = 0;
	buf_str(b, "");
	log_clock_start(&clock, REFERENCE);
	for (const char *end; *log; log = end + 1) {
		end = strchr(log, '\n');
		log_line_read(&l, text_cut(log, (size_t)(end - log)), &bytes);
		log_join_add(j, &l, &clock);
	}
	log_join_end(j);
	const struct log_counts *c = log_join_counts(j);
	put_count(b, "messages", c->messages);
	put_count(b, "deliveries", c->deliveries);
	put_count(b, "rejects", c->rejects);
	put_count(b, "silent", c->silent);
	put_count(b, "forgotten", c->forgotten);
	put_count(b, "reinjected", c->reinjected);
	put_count(b, "submitted", c->submitted);
	put_count(b, "screened", c->screened);
	put_count(b, "local", c->local);
	put_count(b, "unknown", c->unknown);
	log_join_free(j);
}

#define AT(second, host, instance, program) "2026-11-22T04:41:0" #second "Z " host " " instance "/" program "[7]: "
#define P(program) AT(0, "mx1", "postfix", program)
#define CLIENT "client=mx.test[192.0.2.7]\n"
#define TAKEN "taken id=4F9D1 address=192.0.2.7 name=mx.test"
#define DELIVER(to) "4F9D1: to=<" to ">, relay=x, status=sent (ok)\n"

static const struct {
	const char *row, *log, *want;
} rows[] = {
	{ "one message",
		AT(1, "mx1", "postfix", "smtpd") "4F9D1: " CLIENT
			AT(2, "mx1", "postfix", "cleanup") "4F9D1: message-id=<m>\n" P(
				"qmgr") "4F9D1: from=<s@a.test>, size=1, nrcpt=1 (queue active)\n" P("lmtp")
				DELIVER("u@x.test") P("qmgr") "4F9D1: removed\n",
		TAKEN " from=s@a.test to=u@x.test mid=<m> at=1\nmessages=1 deliveries=1 " },
	{ "a recipient tried again counts once, two count as two",
		P("smtpd") "4F9D1: " CLIENT P("smtp") "4F9D1: to=<u@x.test>, relay=none, status=deferred (x)\n" P(
			"smtp") DELIVER("u@x.test") P("smtp") DELIVER("v@x.test"),
		TAKEN " to=u@x.test at=0\n" TAKEN " to=v@x.test at=0\nmessages=1 deliveries=2 " },
	{ "an alias of two is one recipient",
		P("smtpd") "4F9D1: " CLIENT P("lmtp") "4F9D1: to=<a@y.test>, orig_to=<l@x.test>, relay=x\n" P(
			"lmtp") "4F9D1: to=<b@y.test>, orig_to=<l@x.test>, relay=x\n",
		TAKEN " to=l@x.test at=0\nmessages=1 deliveries=1 " },
	{ "a submission",
		AT(0, "mx1", "postfix", "submission/smtpd") "4F9D1: client=mx.test[192.0.2.7], sasl_method=PLAIN, "
							    "sasl_username=joe\n" P("lmtp") DELIVER("u@x.test"),
		TAKEN " user=joe to=u@x.test at=0\nmessages=1 deliveries=1 " },
	{ "submission without a login, named by a service, an instance or a port",
		AT(0, "mx1", "postfix", "submission/smtpd") "4F9D1: " CLIENT P("lmtp") DELIVER("u@x.test") AT(
			0, "mx1", "postfix", "smtps-haproxy/smtpd") "4F9D2: " CLIENT AT(0, "mx1", "submissions",
			"smtpd") "4F9D3: " CLIENT AT(0, "mx1", "postfix",
			"587/smtpd") "NOQUEUE: reject: RCPT from a.test[192.0.2.8]: 554 x; from=<> to=<u@x.test> "
				     "proto=ESMTP helo=<h>\n",
		"submitted=4 " },
	{ "two instances, one queue id",
		P("smtpd") "4F9D1: " CLIENT AT(0, "mx1", "postfix-b", "smtpd") "4F9D1: client=b.test[192.0.2.8]\n" AT(
			0, "mx1", "postfix-b", "lmtp") DELIVER("b@x.test") P("lmtp") DELIVER("a@x.test"),
		"taken id=4F9D1 address=192.0.2.8 name=b.test to=b@x.test at=0\n" TAKEN
		" to=a@x.test at=0\nmessages=2 deliveries=2 " },
	{ "an instance that has a queue does not lend its messages",
		P("qmgr") "AAAAA: from=<>, size=1\n" P("smtpd") "4F9D1: " CLIENT AT(0, "mx1", "postfix-b", "lmtp")
			DELIVER("b@x.test"),
		"messages=1 silent=1 unknown=2 " },
	{ "two hosts, one queue id",
		P("smtpd") "4F9D1: " CLIENT AT(0, "mx2", "postfix", "smtpd") "4F9D1: client=b.test[192.0.2.8]\n" AT(
			0, "mx2", "postfix", "lmtp") DELIVER("b@x.test") P("lmtp") DELIVER("a@x.test"),
		"taken id=4F9D1 address=192.0.2.8 name=b.test to=b@x.test at=0\n" TAKEN
		" to=a@x.test at=0\nmessages=2 deliveries=2 " },
	{ "a service with a name of its own has the queue of its host",
		P("qmgr") "AAAAA: from=<>, size=1\n" AT(0, "mx1", "in", "smtpd") "4F9D1: " CLIENT P(
			"cleanup") "4F9D1: message-id=<m>\n" P("lmtp") DELIVER("u@x.test"),
		TAKEN " to=u@x.test mid=<m> at=0\nmessages=1 deliveries=1 unknown=1 " },
	{ "... unless its own instance has a message of that name",
		P("smtpd") "4F9D1: " CLIENT AT(0, "mx1", "in", "smtpd") "4F9D1: client=b.test[192.0.2.8]\n" P("lmtp")
			DELIVER("u@x.test"),
		TAKEN " to=u@x.test at=0\nmessages=2 deliveries=1 silent=1 " },
	{ "a queue id used again",
		P("smtpd") "4F9D1: " CLIENT P("lmtp") DELIVER("u@x.test") P("qmgr") "4F9D1: removed\n" P(
			"smtpd") "4F9D1: client=b.test[192.0.2.8]\n" P("lmtp") DELIVER("u@x.test"),
		TAKEN " to=u@x.test at=0\ntaken id=4F9D1 address=192.0.2.8 name=b.test to=u@x.test at=0\nmessages=2 "
		      "deliveries=2 " },
	{ "... though nobody said that it was removed",
		P("smtpd") "4F9D1: " CLIENT P("lmtp") DELIVER("u@x.test")
			P("smtpd") "4F9D1: client=b.test[192.0.2.8]\n" P("lmtp") DELIVER("u@x.test"),
		TAKEN " to=u@x.test at=0\ntaken id=4F9D1 address=192.0.2.8 name=b.test to=u@x.test at=0\nmessages=2 "
		      "deliveries=2 " },
	{ "... by a local message",
		P("smtpd") "4F9D1: " CLIENT P("pickup") "4F9D1: uid=0 from=<root>\n" P("lmtp") DELIVER("u@x.test"),
		"messages=1 silent=1 local=1 " },
	{ "nobody's recipients",
		P("lmtp") DELIVER("u@x.test") P("lmtp") DELIVER("v@x.test") P("qmgr") "4F9D1: removed\n",
		"unknown=1 " },
	{ "a bounce: nothing told of its client", P("cleanup") "4F9D1: message-id=<m>\n" P("lmtp") DELIVER("u@x.test"),
		"local=1 " },
	{ "postscreen asks no policy server",
		P("postscreen") "NOQUEUE: reject: RCPT from [192.0.2.7]:1234: 550 5.7.1 x; from=<s@x.test>, "
				"to=<u@x.test>, proto=ESMTP, helo=<h>\n" P(
					"postscreen") "CONNECT from [192.0.2.7]:1234 to "
						      "[192.0.2.1]:25\n",
		"screened=1 " },
	{ "a message without recipients", P("smtpd") "4F9D1: " CLIENT P("qmgr") "4F9D1: removed\n",
		"messages=1 silent=1 " },
	{ "a filter gives it back",
		P("smtpd") "4F9D1: client=localhost[127.0.0.1], orig_queue_id=4AAAA, "
			   "orig_client=mx.test[192.0.2.7]\n" P("lmtp") DELIVER("u@x.test"),
		"reinjected=1 " },
	{ "a filter before the queue gives it for the first time",
		P("smtpd") "4F9D1: client=localhost[::1], orig_client=mx.test[192.0.2.7]\n" P("lmtp")
			DELIVER("u@x.test"),
		TAKEN " to=u@x.test at=0\nmessages=1 deliveries=1 " },
	{ "... with NOQUEUE",
		P("smtpd") "4F9D1: client=localhost[127.0.0.2], orig_queue_id=NOQUEUE, "
			   "orig_client=mx.test[192.0.2.7]\n" P("lmtp") DELIVER("u@x.test"),
		TAKEN " to=u@x.test at=0\nmessages=1 deliveries=1 " },
	{ "XFORWARD from another host counts for nothing",
		P("smtpd") "4F9D1: client=mx.test[192.0.2.7], orig_queue_id=4AAAA, orig_client=a.test[127.0.0.1]\n" P(
			"lmtp") DELIVER("u@x.test"),
		TAKEN " to=u@x.test at=0\nmessages=1 deliveries=1 " },
	{ "rejects",
		AT(3, "mx1", "postfix", "smtpd") "NOQUEUE: reject: RCPT from mx.test[192.0.2.7]: 554 x; "
						 "from=<s@a.test> to=<u@x.test> proto=ESMTP "
						 "helo=<h>\n",
		"rejected address=192.0.2.7 name=mx.test from=s@a.test to=u@x.test helo=h at=3\nrejects=1 " },
	{ "a name that was not verified, by its process and address",
		P("smtpd") "warning: hostname new.test does not resolve to address 192.0.2.9\n" P(
			"smtpd") "4F9D1: client=unknown[192.0.2.9]\n" P("lmtp") DELIVER("u@x.test")
			P("smtpd") "4F9D2: client=unknown[192.0.2.8]\n" P(
				"lmtp") "4F9D2: to=<u@x.test>, relay=x\n"
					"2026-11-22T04:41:00Z mx1 postfix/smtpd[8]: 4F9D3: "
					"client=unknown[192.0.2.9]\n" P("lmtp") "4F9D3: to=<u@x.test>, relay=x\n",
		"taken id=4F9D1 address=192.0.2.9 name=unknown reverse=new.test to=u@x.test at=0\n"
		"taken id=4F9D2 address=192.0.2.8 name=unknown to=u@x.test at=0\n"
		"taken id=4F9D3 address=192.0.2.9 name=unknown to=u@x.test at=0\nmessages=3 deliveries=3 " },
};

START_TEST(logs)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		join(&b, rows[i].log, 64);
		row_str(rows[i].row, b.at, rows[i].want);
	}
	buf_free(&b);
}
END_TEST

/* Many processes share a slot; none takes over what another one warned of. */
START_TEST(names_of_processes)
{
	static struct log_names names;
	struct log_line l = { .host = text_of("mx1"), .pid = text_of("7"), .client_address = text_of("192.0.2.9") };
	char pid[16];

	l.client_name = text_of("new.test");
	log_names_keep(&names, &l);
	l.client_name = text_of("unknown");
	ck_assert(text_is(log_names_of(&names, &l), "new.test"));
	for (int i = 8; i < 10 * LOG_NAMES; i++) {
		snprintf(pid, sizeof pid, "%d", i);
		l.pid = text_of(pid);
		row_int(pid, log_names_of(&names, &l).len, 0);
	}
}
END_TEST

/* Four messages at a time: the one heard of least recently goes, and counts when none of its recipients was seen. */
START_TEST(little_room)
{
	struct buf b = { 0 }, log = { 0 };

	for (int i = 1; i <= 4; i++)
		buf_format(&log, P("smtpd") "AAAA%d: client=c%d.test[192.0.2.%d]\n", i, i, i);
	buf_str(&log, P("lmtp") "AAAA1: to=<u@x.test>, relay=x\n");
	buf_str(&log, P("smtpd") "AAAA5: " CLIENT P("smtpd") "AAAA6: " CLIENT P("smtpd") "AAAA7: " CLIENT P(
			      "smtpd") "AAAA8: " CLIENT);
	buf_str(&log, P("lmtp") "AAAA2: to=<u@x.test>, relay=x\n"); /* forgotten */
	join(&b, log.at, 4);
	ck_assert_str_eq(b.at, "taken id=AAAA1 address=192.0.2.1 name=c1.test to=u@x.test at=0\n"
			       "messages=8 deliveries=1 silent=7 forgotten=4 unknown=1 ");
	buf_free(&log);
	buf_free(&b);
}
END_TEST

/* Texts that are longer than there is room for are cut; those that decide are not. */
START_TEST(long_texts)
{
	struct buf b = { 0 }, log = { 0 };
	char name[256], sender[2001];

	memset(name, 'n', 255);
	name[255] = '\0';
	memset(sender, 's', 2000);
	sender[2000] = '\0';
	buf_format(
		&log, P("smtpd") "4F9D1: client=%s[192.0.2.7]\n" P("cleanup") "4F9D1: message-id=<%s>\n", name, sender);
	for (int i = 0; i < 3; i++)
		buf_format(&log, P("qmgr") "4F9D1: from=<%s>, size=1\n", sender);
	buf_format(&log, P("lmtp") "4F9D1: to=<%s>, relay=x\n", sender);
	join(&b, log.at, 4);
	ck_assert_ptr_nonnull(strstr(b.at, name));
	ck_assert_ptr_nonnull(strstr(b.at, sender)); /* the recipient comes from its line */
	ck_assert_ptr_nonnull(strstr(b.at, "messages=1 deliveries=1 "));
	buf_free(&log);
	buf_free(&b);
}
END_TEST

/* Thousands of recipients, told twice each: each once. */
START_TEST(many_recipients)
{
	struct buf b = { 0 }, log = { 0 };

	buf_str(&log, P("smtpd") "4F9D1: " CLIENT);
	for (int i = 0; i < 6000; i++)
		buf_format(&log, P("lmtp") "4F9D1: to=<u%d@x.test>, relay=x\n", i % 3000);
	join(&b, log.at, 4);
	ck_assert_ptr_nonnull(strstr(b.at, "messages=1 deliveries=3000 "));
	buf_free(&log);
	buf_free(&b);
}
END_TEST

int main(void)
{
	return unit_run("log_join", UNIT_TESTS(logs, names_of_processes, little_room, long_texts, many_recipients));
}
