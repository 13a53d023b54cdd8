/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Whatever a client says, and whatever a worker sends that was taken over: the entry is one, its message is the line, and no
 * field is there that is not ours. A decision's fields are its keys, with the values that the client sent.
 * Input: a byte of flags; then a line, or, with WELL_FORMED, a request's attributes as lines, in the order of their enum.
 */

#include <stdint.h>
#include <stdlib.h>
#include <syslog.h>

#include "journal_reading.h"
#include "policy/report.h"
#include "policy_fixture.h"
#include "server/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { JSON = 1, WELL_FORMED = 2, WARNING = 4, FOREIGN_MAX = 512, HEAD = 5 };

static void demand(bool holds)
{
	if (!holds)
		abort();
}

static bool is_key(const struct field *f)
{
	static const char prefix[] = "MXONLY_";
	const size_t n = sizeof prefix - 1;

	for (unsigned k = 0; k < decision_keys; k++)
		if (f->name_len == n + strlen(decision_key[k]) && memcmp(f->name, prefix, n) == 0 &&
			text_equal_nocase(text_cut(f->name + n, f->name_len - n), text_of(decision_key[k])))
			return true;
	return false;
}

/* The fields of the line's entry, which are no others than there may be. */
static int read_entry(struct text words, int level, struct field f[FIELDS_MAX])
{
	static const char *const head[HEAD] = { "SYSLOG_IDENTIFIER", "SYSLOG_FACILITY", "PRIORITY", "SYSLOG_PID",
		"MESSAGE" };
	static char entry[JOURNAL_ENTRY];
	int count = journal_read(entry, journal_entry(entry, level, 77, words), f);

	demand(count >= HEAD);
	for (int i = 0; i < HEAD; i++)
		demand(journal_field(f, count, head[i]) == &f[i]);
	demand(text_equal(text_cut(f[HEAD - 1].value, f[HEAD - 1].len), words));
	demand(count == HEAD || (level == LOG_INFO && journal_field(f, count, "MESSAGE_ID") == &f[HEAD]));
	for (int i = HEAD + 1; i < count; i++) {
		demand(is_key(&f[i]));
		for (int j = HEAD + 1; j < i; j++)
			demand(f[j].name_len != f[i].name_len || memcmp(f[j].name, f[i].name, f[i].name_len) != 0);
	}
	return count;
}

static int demand_value(const struct field *f, int count, const char *name, struct text sent)
{
	char plain[4 * FOREIGN_MAX + 1];
	const struct field *field = journal_field(f, count, name);
	struct line l;

	demand((field != NULL) == (sent.len > 0));
	if (field == NULL)
		return 0;
	line_start(&l, plain, sizeof plain);
	line_plain(&l, text_cut(sent.at, sent.len < FOREIGN_MAX ? sent.len : FOREIGN_MAX));
	demand(text_equal(text_cut(field->value, field->len), text_cut(plain, l.len)));
	return 1;
}

static void check_decision(const struct request *rq, bool json)
{
	static const struct {
		const char *name;
		enum attribute attribute;
	} said[] = { { "MXONLY_CLIENT_ADDRESS", ATTR_CLIENT_ADDRESS }, { "MXONLY_CLIENT_NAME", ATTR_CLIENT_NAME },
		{ "MXONLY_HELO_NAME", ATTR_HELO_NAME }, { "MXONLY_SENDER", ATTR_SENDER },
		{ "MXONLY_RECIPIENT", ATTR_RECIPIENT }, { "MXONLY_QUEUE_ID", ATTR_QUEUE_ID },
		{ "MXONLY_INSTANCE", ATTR_INSTANCE } };
	static const struct snapshot *s;
	static char words[LOG_LINE];
	struct field f[FIELDS_MAX];
	struct verdict v;
	struct line l;
	int count, ours;

	if (s == NULL)
		s = fixture_snapshot("[relay filter]\nranges = 192.0.2.0/24\n[domain m.test]\nmode = monitor\n");
	decide(s, rq, &v, NULL);
	line_start(&l, words, sizeof words);
	report_decision(&l, s, rq, &v, json);
	if (l.full)
		return;
	count = read_entry(text_cut(words, l.len), LOG_INFO, f);
	ours = HEAD + 1;
	ours += demand_value(f, count, "MXONLY_OUTCOME", text_of(outcome_name[v.outcome]));
	ours += demand_value(f, count, "MXONLY_REASON", text_of(reason_name[v.reason]));
	ours += demand_value(f, count, "MXONLY_MODE", text_of(v.policy != NULL ? mode_name[v.mode] : ""));
	ours += demand_value(f, count, "MXONLY_DOMAIN", text_cut(v.domain, v.domain_len));
	ours += v.policy != NULL; /* MXONLY_POLICY */
	ours += v.relay != NULL;
	for (size_t i = 0; i < sizeof said / sizeof *said; i++)
		ours += demand_value(f, count, said[i].name, rq->attr[said[i].attribute]);
	demand(ours == count);
}

static struct request request_of(const char *bytes, size_t size)
{
	struct request rq = { 0 };

	for (int a = ATTR_CLIENT_ADDRESS; a < ATTR_COUNT && size > 0; a++) {
		const char *end = memchr(bytes, '\n', size);
		size_t n = end ? (size_t)(end - bytes) : size;

		rq.attr[a] = text_cut(bytes, n);
		bytes += n + (end != NULL);
		size -= n + (end != NULL);
	}
	return rq;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data + 1;
	struct field f[FIELDS_MAX];

	if (size == 0)
		return 0;
	if (data[0] & WELL_FORMED) {
		struct request rq = request_of(bytes, size - 1);

		check_decision(&rq, data[0] & JSON);
	} else if (size - 1 <= LOG_LINE) {
		read_entry(text_cut(bytes, size - 1), data[0] & WARNING ? LOG_WARNING : LOG_INFO, f);
	}
	return 0;
}
