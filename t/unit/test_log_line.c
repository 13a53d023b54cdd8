/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/log_line.h"

#include <stdio.h>

#include "base/buf.h"
#include "unit.h"

static const char *const kinds[] = { "client", "local", "message-id", "sender", "recipient", "removed", "reject",
	"screened", "reverse-name", "other", "unclear" };

static void put(struct buf *b, const char *name, struct text t)
{
	if (t.len == 0)
		return;
	buf_format(b, " %s=[", name);
	buf_add(b, t.at, t.len);
	buf_str(b, "]");
}

/* What a line says, in words. head: who wrote it, too. */
static void describe(struct buf *b, const struct log_line *l, bool head)
{
	b->len = 0;
	buf_str(b, kinds[l->kind]);
	if (head) {
		put(b, "stamp", l->stamp);
		put(b, "host", l->host);
		put(b, "instance", l->instance);
		put(b, "pid", l->pid);
	}
	if (l->kind == LOG_UNCLEAR)
		buf_format(b, ": %s", l->why);
	if (l->kind != LOG_UNCLEAR && l->kind != LOG_OTHER) {
		put(b, "id", l->queue_id);
		put(b, "name", l->client_name);
		put(b, "address", l->client_address);
		put(b, "user", l->sasl_username);
		put(b, "from", l->sender);
		put(b, "to", l->recipient);
		put(b, l->has_helo ? "helo" : "none", l->helo);
		put(b, "mid", l->message_id);
		put(b, "orig_id", l->orig_queue_id);
		put(b, "orig_name", l->orig_name);
		put(b, "orig_address", l->orig_address);
		if (l->times != 1)
			buf_format(b, " times=%u", l->times);
	}
}

static const char *read_line(const char *line, bool head)
{
	static struct log_room room;
	static struct buf words;
	struct log_line l;

	log_line_read(&l, text_of(line), &room);
	describe(&words, &l, head);
	return words.at;
}

#define REMOVED "4F9D195432C: removed"
#define HEAD(stamp, instance) "removed stamp=[" stamp "] host=[mx1] instance=[" instance "] pid=[123] id=[4F9D195432C]"

/* Who wrote it: every shape of log says the same. */
static const struct {
	const char *line, *want;
} heads[] = {
	{ "Nov 22 04:41:00 mx1 postfix/qmgr[123]: " REMOVED, HEAD("Nov 22 04:41:00", "postfix") },
	{ "Nov  2 04:41:00 mx1 postfix/qmgr[123]: " REMOVED, HEAD("Nov  2 04:41:00", "postfix") },
	{ "Nov 22 04:41:00 mx1 postfix/qmgr[123]: " REMOVED "\r", HEAD("Nov 22 04:41:00", "postfix") },
	{ "Nov 22 04:41:00.123456 mx1 postfix/qmgr[123]: " REMOVED, HEAD("Nov 22 04:41:00.123456", "postfix") },
	{ "2026-11-22T04:41:00Z mx1 postfix/qmgr[123]: " REMOVED, HEAD("2026-11-22T04:41:00Z", "postfix") },
	{ "2026-11-22T04:41:00.123456+01:00 mx1 postfix/qmgr[123]: " REMOVED,
		HEAD("2026-11-22T04:41:00.123456+01:00", "postfix") },
	{ "2026-11-22T04:41:00+0100 mx1 postfix/qmgr[123]: " REMOVED, HEAD("2026-11-22T04:41:00+0100", "postfix") },
	{ "2026-11-22T04:41:00 mx1 postfix/qmgr[123]: " REMOVED, HEAD("2026-11-22T04:41:00", "postfix") },
	{ "Sun 2026-11-22 04:41:00 UTC mx1 postfix/qmgr[123]: " REMOVED,
		HEAD("Sun 2026-11-22 04:41:00 UTC", "postfix") },
	{ "1795322460.123456 mx1 postfix/qmgr[123]: " REMOVED, HEAD("1795322460.123456", "postfix") },
	{ "<22>Nov 22 04:41:00 mx1 postfix/qmgr[123]: " REMOVED, HEAD("Nov 22 04:41:00", "postfix") },
	{ "<22>1 2026-11-22T04:41:00Z mx1 postfix/qmgr 123 - - " REMOVED, HEAD("2026-11-22T04:41:00Z", "postfix") },
	{ "<22>1 2026-11-22T04:41:00Z mx1 postfix/qmgr 123 - [a b=\"c\"] " REMOVED,
		HEAD("2026-11-22T04:41:00Z", "postfix") },
	{ "<22>1 2026-11-22T04:41:00Z mx1 postfix/qmgr 123 - - \xef\xbb\xbf" REMOVED,
		HEAD("2026-11-22T04:41:00Z", "postfix") },
	{ "Nov 22 04:41:00 <mail.info> mx1 postfix/qmgr[123]: " REMOVED, HEAD("Nov 22 04:41:00", "postfix") },
	{ "Nov 22 04:41:00 mx1 postfix/qmgr[123]: [ID 197553 mail.info] " REMOVED, HEAD("Nov 22 04:41:00", "postfix") },
	{ "2026-11-22T04:41:01.123456789Z Nov 22 04:41:00 mx1 postfix/qmgr[123]: " REMOVED,
		HEAD("Nov 22 04:41:00", "postfix") },
	{ "Nov 22 04:41:00 mx1 postfix-mx2/qmgr[123]: " REMOVED, HEAD("Nov 22 04:41:00", "postfix-mx2") },
	{ "Nov 22 04:41:00 mx1 postfix/fast/qmgr[123]: " REMOVED, HEAD("Nov 22 04:41:00", "postfix") },
	{ "Nov 22 04:41:00 mx1 out/qmgr[123]: " REMOVED, HEAD("Nov 22 04:41:00", "out") },
	{ "Nov 22 04:41:00 postfix/qmgr[123]: " REMOVED,
		"removed stamp=[Nov 22 04:41:00] instance=[postfix] pid=[123] id=[4F9D195432C]" },
	{ "{\"__REALTIME_TIMESTAMP\":\"1795322460123456\",\"_HOSTNAME\":\"mx1\",\"PRIORITY\":\"6\",\"_PID\":\"123\","
	  "\"SYSLOG_IDENTIFIER\":\"postfix/qmgr\",\"_UID\":[\"1\",\"2\"],\"N\":null,\"MESSAGE\":\"" REMOVED "\"}",
		HEAD("1795322460", "postfix") },
	{ "{ \"MESSAGE\" : [ 52,70,57,68,49,57,53,52,51,50,67,58,32,114,101,109,111,118,101,100 ] , \"_HOSTNAME\" : "
	  "\"mx1\","
	  " \"SYSLOG_IDENTIFIER\" : \"postfix\\/\\u0071mgr\", \"_PID\":123, \"__REALTIME_TIMESTAMP\":1795322460123456 "
	  "}",
		HEAD("1795322460", "postfix") },

	/* nobody's, and other programs' */
	{ "", "other" },
	{ "-- Boot 3d1c --", "other" },
	{ "                       a second line of an entry", "other" },
	{ "Nov 22 04:41:00 mx1 last message repeated 2 times", "other stamp=[Nov 22 04:41:00] host=[mx1]" },
	{ "Nov 22 04:41:00 mx1 -- MARK --", "other stamp=[Nov 22 04:41:00] host=[mx1]" },
	{ "Nov 22 04:41:00 mx1 dovecot: " REMOVED, "other stamp=[Nov 22 04:41:00] host=[mx1]" },
	{ "Nov 22 04:41:00 mx1 dovecot: postfix/qmgr[123]: " REMOVED, "other stamp=[Nov 22 04:41:00] host=[mx1]" },
	{ "Nov 22 04:41:00 mx1 amavis[9]: (1) Nov 22 04:41:00 mx1 postfix/qmgr[123]: " REMOVED,
		"other stamp=[Nov 22 04:41:00] host=[mx1] pid=[9]" },
	{ "Nov 22 04:41:00 mx1 qmgr[123]: " REMOVED, "other stamp=[Nov 22 04:41:00] host=[mx1] pid=[123]" },
	{ "Nov 22 04:41:00 mx1 postfix/postscreen[1]: NOQUEUE: reject: RCPT from [203.0.113.9]:1: 550 x; "
	  "from=<a@b.test>, to=<u@x.test>",
		"screened stamp=[Nov 22 04:41:00] host=[mx1] instance=[postfix] pid=[1]" },

	/* what cannot be read */
	{ "4F9D195432C: removed", "unclear: no time stamp at its head" },
	{ "Nov 22 04:41 mx1 postfix/qmgr[123]: " REMOVED, "unclear: no time stamp at its head" },
	{ "Nov 22 04:41:00", "unclear: no time stamp at its head" },
	{ "Nov 22 04:41:00 mx1 nobody said this",
		"unclear stamp=[Nov 22 04:41:00] host=[mx1]: no program is named behind the time stamp" },
	{ "__CURSOR=s=1\n__REALTIME_TIMESTAMP=1795322460123456\nPRIORITY=6\nMESSAGE=" REMOVED "\n_HOSTNAME=mx1\n"
	  "_PID=123\nSYSLOG_IDENTIFIER=postfix/qmgr\n",
		HEAD("1795322460", "postfix") },
	{ "__CURSOR=s=1\nMESSAGE", "unclear: no whole entry of the journal" },
	{ "__CURSOR=s=1\nMESSAGE\nabcdefghi", "unclear: no whole entry of the journal" },
	{ "{\"MESSAGE\":\"x", "unclear: no whole entry of the journal" },
	{ "{\"MESSAGE\":\"\\q\"}", "unclear: no whole entry of the journal" },
	{ "{}", "unclear: no whole entry of the journal" },
};

START_TEST(who_wrote_it)
{
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		row_str(heads[i].line, read_line(heads[i].line, true), heads[i].want);
}
END_TEST

#define REJECT "NOQUEUE: reject: RCPT from unknown[203.0.113.9]: 554 5.7.1 "
#define REJECTED "reject name=[unknown] address=[203.0.113.9]"
#define NO_WAY "unclear: no from=<...> to=<...> in a reject"
#define NO_END "unclear: it does not end as a reject of Postfix does"

/* What it says. A message is from smtpd unless a program is named. */
static const struct {
	const char *program, *message, *want;
} messages[] = {
	/* the client */
	{ "", "4F9D195432C: client=mx1.relay.example[192.0.2.7]",
		"client id=[4F9D195432C] name=[mx1.relay.example] address=[192.0.2.7]" },
	{ "", "4Xk3jM2Nq7z1v: client=mx_1.relay.example[2001:db8:25::7]",
		"client id=[4Xk3jM2Nq7z1v] name=[mx_1.relay.example] address=[2001:db8:25::7]" },
	{ "", "4F9D195432C: client=unknown[unknown]", "client id=[4F9D195432C] name=[unknown] address=[unknown]" },
	{ "", "4F9D195432C: client=unknown[203.0.113.9]:53580",
		"client id=[4F9D195432C] name=[unknown] address=[203.0.113.9]" },
	{ "", "4F9D195432C: client=unknown[203.0.113.9], sasl_method=PLAIN, sasl_username=joe",
		"client id=[4F9D195432C] name=[unknown] address=[203.0.113.9] user=[joe]" },
	{ "", "4F9D195432C: client=unknown[203.0.113.9], sasl_method=PLAIN, sasl_username=, client=x[192.0.2.7]",
		"client id=[4F9D195432C] name=[unknown] address=[203.0.113.9] user=[, client=x[192.0.2.7]]" },
	{ "", "4F9D195432C: client=localhost[127.0.0.1], orig_queue_id=4Xabc, orig_client=mx1.relay.example[192.0.2.7]",
		"client id=[4F9D195432C] name=[localhost] address=[127.0.0.1] orig_id=[4Xabc] "
		"orig_name=[mx1.relay.example] "
		"orig_address=[192.0.2.7]" },
	{ "", "4F9D195432C: client=unknown[203.0.113.9", "unclear: no NAME[ADDRESS] behind client=" },
	{ "", "4F9D195432C: client=unknown[203.0.113.999]", "unclear: no NAME[ADDRESS] behind client=" },
	{ "", "4F9D195432C: client=a b[203.0.113.9]", "unclear: no NAME[ADDRESS] behind client=" },
	{ "", "4F9D195432C: client=unknown[203.0.113.9] client=x[192.0.2.7]",
		"unclear: something unknown behind client=" },
	{ "", "NOQUEUE: client=unknown[203.0.113.9]", "other" },
	{ "", "connect from unknown[203.0.113.9]", "other" },
	{ "", "warning: client=unknown[203.0.113.9]", "other" },
	{ "qmgr", "4F9D195432C: client=unknown[203.0.113.9]", "other" },

	/* message-id, sender, local origin */
	{ "cleanup", "4F9D195432C: message-id=<a@b.test>", "message-id id=[4F9D195432C] mid=[<a@b.test>]" },
	{ "cleanup", "4F9D195432C: message-id=", "message-id id=[4F9D195432C]" },
	{ "cleanup", "4F9D195432C: warning: header Subject: x: client=unknown[192.0.2.7]", "other" },
	{ "qmgr", "4F9D195432C: from=<s@a.test>, size=1, nrcpt=1 (queue active)",
		"sender id=[4F9D195432C] from=[s@a.test]" },
	{ "qmgr", "4F9D195432C: from=<>, size=1, nrcpt=1 (queue active)", "sender id=[4F9D195432C]" },
	{ "qmgr", "4F9D195432C: from=<\"s>, size=1, nrcpt=1 (\"@a.test>, size=2, nrcpt=1 (queue active)",
		"sender id=[4F9D195432C] from=[\"s>, size=1, nrcpt=1 (\"@a.test]" },
	{ "qmgr", "4F9D195432C: from=<s@a.t", "unclear: the address behind from= does not end" },
	{ "qmgr", "4F9D195432C: skipped, still being delivered", "other" },
	{ "pickup", "4F9D195432C: uid=0 from=<root>", "local id=[4F9D195432C]" },
	{ "postsuper", "4F9D195432C: removed", "removed id=[4F9D195432C]" },

	/* recipients */
	{ "lmtp", "4F9D195432C: to=<u@x.test>, relay=a[private/x], delay=1, dsn=2.0.0, status=sent (ok)",
		"recipient id=[4F9D195432C] to=[u@x.test]" },
	{ "local", "4F9D195432C: to=<u@x.test>, orig_to=<list@x.test>, relay=local, status=sent (ok)",
		"recipient id=[4F9D195432C] to=[list@x.test]" },
	{ "smtp", "4F9D195432C: to=<\"u>, orig_to=<v@off.test>, relay=none\"@x.test>, relay=none, status=deferred (x)",
		"recipient id=[4F9D195432C] to=[\"u>, orig_to=<v@off.test>, relay=none\"@x.test]" },
	{ "virtual", "4F9D195432C: to=<\"a\\\">, orig_to=<v\"@x.test>, relay=virtual, status=sent (x)",
		"recipient id=[4F9D195432C] to=[\"a\\\">, orig_to=<v\"@x.test]" },
	{ "pipe", "4F9D195432C: to=<u@x.test>, orig_to=<u@\"x.test \">, relay=pipe, status=sent (x)",
		"recipient id=[4F9D195432C] to=[u@\"x.test \"]" },
	{ "error", "4F9D195432C: to=<\"u@x.test>, relay=none", "unclear: the address behind to= does not end" },
	{ "error", "4F9D195432C: to=<u@x.test>, orig_to=<u@y", "unclear: the address behind orig_to= does not end" },
	{ "error", "4F9D195432C: to=<u@x.test", "unclear: the address behind to= does not end" },
	{ "lmtp", "4F9D195432C: to=<u@x.test>, orig_", "unclear: no relay= behind to=" },
	{ "", "4F9D195432C: to=<u@x.test>, relay=none", "other" },

	/* rejects */
	{ "", REJECT "<u@x.test>: x; from=<s@a.test> to=<u@x.test> proto=ESMTP helo=<h.test>",
		REJECTED " from=[s@a.test] to=[u@x.test] helo=[h.test]" },
	{ "", REJECT "x; from=<> to=<u@x.test> proto=SMTP", REJECTED " to=[u@x.test]" },
	{ "", REJECT "x; from=<> to=<u@x.test> proto=SMTP helo=<>", REJECTED " to=[u@x.test]" },
	{ "", REJECT "x; from=<s@a.test> to=<u@x.test> proto=ESMTP helo=<h.test> sasl_username=<joe>",
		REJECTED " user=[joe] from=[s@a.test] to=[u@x.test] helo=[h.test]" },
	{ "",
		"4F9D195432C: reject: RCPT from mx.test[2001:db8::1]:25: 450 x; from=<s@a.test> to=<u@x.test> "
		"proto=ESMTP helo=<h>",
		"reject id=[4F9D195432C] name=[mx.test] address=[2001:db8::1] from=[s@a.test] to=[u@x.test] helo=[h]" },
	{ "cleanup",
		"4F9D195432C: milter-reject: END-OF-MESSAGE from unknown[203.0.113.9]: 5.7.1 x; from=<s@a.test> "
		"to=<u@x.test> proto=ESMTP helo=<h>",
		"reject id=[4F9D195432C] name=[unknown] address=[203.0.113.9] from=[s@a.test] to=[u@x.test] helo=[h]" },
	{ "", "message repeated 3 times: [ " REJECT "x; from=<s@a.test> to=<u@x.test> proto=ESMTP helo=<h>]",
		REJECTED " from=[s@a.test] to=[u@x.test] helo=[h] times=3" },
	{ "", "NOQUEUE: reject: RCPT from unknown[unknown]: 450 x; from=<s@a.test> to=<u@x.test> proto=ESMTP helo=<h>",
		"reject name=[unknown] address=[unknown] from=[s@a.test] to=[u@x.test] helo=[h]" },
	{ "", "NOQUEUE: reject: VRFY from unknown[203.0.113.9]: 554 x; to=<u@x.test> proto=ESMTP helo=<h>", "other" },
	{ "", "NOQUEUE: reject: CONNECT from unknown[203.0.113.9]: 554 x; proto=SMTP", "other" },
	{ "", "NOQUEUE: reject: MAIL from unknown[203.0.113.9]: 554 x; from=<s@a.test> proto=ESMTP helo=<h>", "other" },
	{ "", "NOQUEUE: reject: END-OF-MESSAGE from unknown[203.0.113.9]: 554 x; from=<s@a.test> proto=ESMTP helo=<h>",
		"other" },
	{ "",
		"NOQUEUE: reject_warning: RCPT from unknown[203.0.113.9]: 554 x; from=<s@a.test> to=<u@x.test> "
		"proto=ESMTP helo=<h>",
		"other" },
	{ "", "NOQUEUE: info: RCPT from unknown[203.0.113.9]: x; from=<s@a.test> to=<u@x.test> proto=ESMTP helo=<h>",
		"other" },

	/* the client's words imitate what stands around them */
	{ "",
		REJECT "<u> to=<v@off.test> proto=ESMTP helo=<mx1.relay.example@x.test>: x; from=<s@a.test> to=<\"u> "
		       "to=<v@off.test> "
		       "proto=ESMTP helo=<mx1.relay.example\"@x.test> proto=ESMTP helo=<h>",
		REJECTED
		" from=[s@a.test] to=[\"u> to=<v@off.test> proto=ESMTP helo=<mx1.relay.example\"@x.test] helo=[h]" },
	{ "", REJECT "x; from=<\"s> to=<v@off.test> proto=ESMTP helo=<r\"@a.test> to=<u@x.test> proto=ESMTP helo=<h>",
		REJECTED " from=[\"s> to=<v@off.test> proto=ESMTP helo=<r\"@a.test] to=[u@x.test] helo=[h]" },
	{ "",
		REJECT
		"x; from=<s@a.test> to=<\"u> proto=ESMTP helo=<h> sasl_username=<joe\"@x.test> proto=ESMTP helo=<h>",
		REJECTED " from=[s@a.test] to=[\"u> proto=ESMTP helo=<h> sasl_username=<joe\"@x.test] helo=[h]" },
	{ "", REJECT "<x; from=<s@b.test> to=<v@off.test>: x; from=<s@a.test> to=<u@x.test> proto=ESMTP helo=<h>",
		REJECTED " from=[s@a.test] to=[u@x.test] helo=[h]" },
	{ "", REJECT "<x; from=<\"q@b.test>: x; from=<\"x; from=<\\\"q\"@a.test> to=<u@x.test> proto=ESMTP helo=<h>",
		REJECTED " from=[\"x; from=<\\\"q\"@a.test] to=[u@x.test] helo=[h]" },
	{ "", REJECT "<; from=<\">: no; from=<\"\"@a.test> to=<\"; from=<\\\"\"@x.test> proto=ESMTP helo=<h>",
		REJECTED " from=[\"\"@a.test] to=[\"; from=<\\\"\"@x.test] helo=[h]" },
	{ "", REJECT "x; from=<s@a.test> to=<u@x.test> proto=ESMTP helo=<x?from=?y??to=?v@off.test?>", NO_END },
	{ "", REJECT "x; from=<s@a.test> to=<u@x.test> proto=ESMTP helo=<a b>", NO_END },
	{ "", REJECT "x; from=<s@a.test> to=<u> to=<v@off.test> proto=ESMTP helo=<h>", NO_WAY },
	{ "", REJECT "x; from=<s> to=<u; from=<t> to=<v@off.test> proto=ESMTP helo=<h>",
		REJECTED " from=[t] to=[v@off.test] helo=[h]" },
	{ "", REJECT "x; from=<\"s\" x; from=<t> to=<v@off.test> proto=ESMTP helo=<h>",
		REJECTED " from=[t] to=[v@off.test] helo=[h]" },
	{ "", REJECT "x; from=<\"; from=<\"a> to=<\"> to=<b> proto=ESMTP helo=<h>",
		REJECTED " from=[\"a> to=<\"] to=[b] helo=[h]" },
	{ "", REJECT "x; from=<s@a.test> to=<\"u> proto=ESMTP helo=<mx1.relay.example>", NO_WAY }, /* cut off */
	{ "", REJECT "x; from=<s@a.test> to=<u@x.te", NO_END },
	{ "", REJECT "x; from=<s@a.test> to=<u@x.test> proto=ESMTP helo=<h", NO_END },
	{ "",
		"NOQUEUE: reject: RCPT from un known[203.0.113.9]: 554 x; from=<s@a.test> to=<u@x.test> proto=ESMTP "
		"helo=<h>",
		"unclear: no NAME[ADDRESS] in a reject" },

	/* a name that was not verified */
	{ "", "warning: hostname new.relay.example does not resolve to address 198.51.100.4",
		"reverse-name name=[new.relay.example] address=[198.51.100.4]" },
	{ "", "warning: hostname new.relay.example does not resolve to address 2001:db8::4: Name or service not known",
		"reverse-name name=[new.relay.example] address=[2001:db8::4]" },
	{ "", "warning: hostname a b does not resolve to address 198.51.100.4", "other" },
};

START_TEST(what_it_says)
{
	for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
		struct buf line = { 0 };
		buf_format(&line, "Nov 22 04:41:00 mx1 postfix/%s[7]: %s",
			messages[i].program[0] ? messages[i].program : "smtpd", messages[i].message);
		row_str(messages[i].message, read_line(line.at, false), messages[i].want);
		buf_free(&line);
	}
}
END_TEST

/* What is longer than anything of Postfix's is not handed on: decide has fixed room. */
START_TEST(long_ones)
{
	char *longest = must_alloc(LOG_ADDRESS + 2);
	struct buf line = { 0 };

	for (size_t n = LOG_ADDRESS; n <= LOG_ADDRESS + 1; n++) {
		const char *kind = n > LOG_ADDRESS ? "unclear" : "recipient";
		memset(longest, 'u', n);
		longest[n] = '\0';
		line.len = 0;
		buf_format(&line, "Nov 22 04:41:00 mx1 postfix/lmtp[7]: 4F9D195432C: to=<%s>, relay=none", longest);
		row_ok(kind, strncmp(read_line(line.at, false), kind, strlen(kind)) == 0);
		line.len = 0;
		buf_format(&line,
			"Nov 22 04:41:00 mx1 postfix/smtpd[7]: " REJECT
			"x; from=<> to=<u@x.test> proto=ESMTP helo=<%s>",
			longest);
		row_ok(kind, (strncmp(read_line(line.at, false), "reject", 6) == 0) == (n <= LOG_ADDRESS));
	}
	buf_free(&line);
	free(longest);
}
END_TEST

int main(void)
{
	return unit_run("log_line", UNIT_TESTS(who_wrote_it, what_it_says, long_ones));
}
