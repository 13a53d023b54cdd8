/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/journal.h"

#include <stdio.h>
#include <syslog.h>

#include "journal_reading.h"
#include "policy/report.h"
#include "policy_fixture.h"
#include "unit.h"

static char entry[JOURNAL_ENTRY];
static struct field fields[FIELDS_MAX];
static int count;

static void make(int level, struct text words)
{
	size_t n = journal_entry(entry, level, 77, words);

	count = journal_read(entry, n, fields);
	ck_assert_int_ge(count, 5);
}

/* "" when it is not there. */
static const char *value_of(const char *name)
{
	static char value[LOG_LINE + 1];
	const struct field *f = journal_field(fields, count, name);

	snprintf(value, sizeof value, "%.*s", f != NULL ? (int)f->len : 0, f != NULL ? f->value : "");
	return value;
}

/* Names of fields that are ours, apart by spaces. */
static const char *own_names(void)
{
	static char names[1024];
	struct line l;

	line_start(&l, names, sizeof names);
	for (int i = 0; i < count; i++)
		if (fields[i].name_len > 7 && memcmp(fields[i].name, "MXONLY_", 7) == 0)
			line_format(
				&l, "%s%.*s", l.len > 0 ? " " : "", (int)fields[i].name_len - 7, fields[i].name + 7);
	return names;
}

static const char request[] = "client_address=203.0.113.9 client_name=unknown helo_name=evil.test sender=a@b.test "
			      "recipient=u@x.test queue_id=ABC instance=1.2.3";

static void log_decision(const struct snapshot *s, const char *words, const char *sender, bool json)
{
	static char line_at[LOG_LINE];
	struct request rq = fixture_request(words);
	struct verdict v;
	struct line l;

	if (sender != NULL)
		rq.attr[ATTR_SENDER] = text_of(sender);
	decide(s, &rq, &v, NULL);
	line_start(&l, line_at, sizeof line_at);
	report_decision(&l, s, &rq, &v, json);
	make(LOG_INFO, text_of(line_at));
	row_str(words, value_of("MESSAGE"), line_at);
}

START_TEST(what_every_line_has)
{
	make(LOG_WARNING, text_of("warning: outcome=refuse of words"));
	ck_assert_str_eq(value_of("MESSAGE"), "warning: outcome=refuse of words");
	ck_assert_str_eq(value_of("PRIORITY"), "4");
	ck_assert_str_eq(value_of("SYSLOG_IDENTIFIER"), "mxonlyd");
	ck_assert_str_eq(value_of("SYSLOG_PID"), "77");
	ck_assert_str_eq(value_of("SYSLOG_FACILITY"), "2");
	ck_assert_int_eq(count, 5);
	make(LOG_WARNING, text_of("outcome=refuse reason=words"));
	ck_assert_str_eq(own_names(), "");
}
END_TEST

START_TEST(each_key_of_a_decision_is_a_field)
{
	const struct snapshot *s =
		fixture_snapshot("[relay filter]\nranges = 192.0.2.0/24\n[domain x.test]\nmode = monitor\n");

	for (int json = 0; json < 2; json++) {
		log_decision(s, request, NULL, json);
		ck_assert_str_eq(own_names(), "OUTCOME REASON MODE POLICY DOMAIN CLIENT_ADDRESS CLIENT_NAME HELO_NAME "
					      "SENDER RECIPIENT QUEUE_ID INSTANCE");
		ck_assert_str_eq(value_of("MXONLY_OUTCOME"), "refuse");
		ck_assert_str_eq(value_of("MXONLY_REASON"), "unknown-address");
		ck_assert_str_eq(value_of("MXONLY_POLICY"), "domain x.test");
		ck_assert_str_eq(value_of("MXONLY_CLIENT_ADDRESS"), "203.0.113.9");
		ck_assert_str_eq(value_of("MXONLY_INSTANCE"), "1.2.3");
		ck_assert_int_eq(strlen(value_of("MESSAGE_ID")), 32);
		log_decision(s, "client_address=192.0.2.7 recipient=u@y.test", NULL, json);
		ck_assert_str_eq(own_names(), "OUTCOME REASON MODE POLICY DOMAIN RELAY CLIENT_ADDRESS RECIPIENT");
		ck_assert_str_eq(value_of("MXONLY_RELAY"), "filter");
	}
	snapshot_unmap(s);
}
END_TEST

static const struct {
	const char *sender, *value;
} senders[] = {
	{ "a b@c.test", "a b@c.test" },
	{ "a=b", "a=b" },
	{ "a\" recipient=\"b", "a\" recipient=\"b" },
	{ "a\",\"recipient\":\"b", "a\",\"recipient\":\"b" },
	{ "a recipient=b reason=relay", "a recipient=b reason=relay" },
	{ "\\", "\\" },
	{ "\\\\\" \\", "\\\\\" \\" },
	{ "a\nMXONLY_REASON=relay\n", "a\\x0aMXONLY_REASON=relay\\x0a" },
	{ "\xff \x1b[1m", "\\xff \\x1b[1m" },
	{ "\\x41", "\\x5cx41" },
	{ "\\x41 \\\\x", "\\x5cx41 \\\\x5cx" },
};

START_TEST(a_value_stays_within_its_field)
{
	const struct snapshot *s = fixture_snapshot("[relay filter]\nranges = 192.0.2.0/24\n");

	for (size_t i = 0; i < 2 * sizeof senders / sizeof *senders; i++) {
		const char *sender = senders[i / 2].sender;

		log_decision(s, request, sender, i % 2 == 1);
		row_str(sender, value_of("MXONLY_SENDER"), senders[i / 2].value);
		row_str(sender, value_of("MXONLY_RECIPIENT"), "u@x.test");
		row_str(sender, value_of("MXONLY_REASON"), "unknown-address");
		row_int(sender, count, 18);
	}
	snapshot_unmap(s);
}
END_TEST

/* None of ours has one; whoever has taken over a worker may send such. */
START_TEST(line_feeds_break_nothing)
{
	make(LOG_INFO, text_of("outcome=refuse\nPRIORITY=0 reason=a\nMXONLY_RELAY=filter"));
	ck_assert_str_eq(value_of("MESSAGE"), "outcome=refuse\nPRIORITY=0 reason=a\nMXONLY_RELAY=filter");
	ck_assert_str_eq(value_of("PRIORITY"), "6");
	ck_assert_str_eq(value_of("MXONLY_OUTCOME"), "refuse\nPRIORITY=0");
	ck_assert_str_eq(value_of("MXONLY_REASON"), "a\nMXONLY_RELAY=filter");
	ck_assert_str_eq(own_names(), "OUTCOME REASON");
}
END_TEST

START_TEST(the_longest_fits)
{
	static char words[2 * LOG_LINE];

	memset(words, '\\', sizeof words - 1);
	memcpy(words, "outcome=\"", 9);
	words[LOG_LINE - 1] = '"';
	make(LOG_INFO, text_of(words));
	ck_assert_int_eq(strlen(value_of("MESSAGE")), LOG_LINE);
	ck_assert_int_eq(strlen(value_of("MXONLY_OUTCOME")), (LOG_LINE - 10) / 2);
}
END_TEST

/* Values that grow are none of ours either: one that no longer fits is left out, and the entry still is one. */
START_TEST(what_does_not_fit_is_left_out)
{
	static char words[LOG_LINE + 1];

	memset(words, 'x', LOG_LINE);
	memcpy(words, "outcome=\"", 9);
	for (size_t i = 9; i + 3 < LOG_LINE; i += 3)
		memcpy(words + i, "\\\\x", 3);
	words[LOG_LINE - 1] = '"';
	make(LOG_INFO, text_of(words));
	ck_assert_int_eq(strlen(value_of("MESSAGE")), LOG_LINE);
	ck_assert_str_eq(own_names(), "");
}
END_TEST

int main(void)
{
	return unit_run("journal",
		UNIT_TESTS(what_every_line_has, each_key_of_a_decision_is_a_field, a_value_stays_within_its_field,
			line_feeds_break_nothing, the_longest_fits, what_does_not_fit_is_left_out));
}
