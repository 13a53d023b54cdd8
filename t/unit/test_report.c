/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/report.h"

#include "base/log.h"
#include "policy_fixture.h"
#include "unit.h"

static const char ini[] = "[relay filter]\n"
			  "ranges = 192.0.2.0/24\n"
			  "domains = relay.example\n"
			  "[domain monitor.test]\nmode = monitor\n"
			  "[domain told.test]\nrefuse_action = REJECT not ${recipient}\n";

static char at[LOG_LINE];

static const char *decision(const struct snapshot *s, const char *request, bool json)
{
	struct request rq = fixture_request(request);
	struct verdict v;
	struct line l;

	decide(s, &rq, &v, NULL);
	line_start(&l, at, sizeof at);
	report_decision(&l, s, &rq, &v, json);
	return at;
}

START_TEST(a_decision_is_one_line)
{
	const struct snapshot *s = fixture_snapshot(ini);

	ck_assert_str_eq(
		decision(s,
			"client_address=192.0.2.7 helo_name=mx.relay.example client_name=unknown sender=a@b.test "
			"recipient=u@x.test queue_id=ABC instance=1.2.3",
			false),
		"outcome=permit reason=relay mode=enforce policy=default domain=x.test relay=filter "
		"client_address=192.0.2.7 "
		"client_name=unknown helo_name=mx.relay.example sender=a@b.test recipient=u@x.test queue_id=ABC "
		"instance=1.2.3");
	ck_assert_str_eq(decision(s, "client_address=203.0.113.9 recipient=u@monitor.test", false),
		"outcome=refuse reason=unknown-address mode=monitor policy=\"domain monitor.test\" domain=monitor.test "
		"client_address=203.0.113.9 recipient=u@monitor.test");
	ck_assert_str_eq(decision(s, "client_address=203.0.113.9", false),
		"outcome=permit reason=no-recipient client_address=203.0.113.9");
	ck_assert_str_eq(decision(s, "client_address=203.0.113.9 sender=\x1b[1m\"=\\ recipient=u@monitor.test", true),
		"{\"outcome\":\"refuse\",\"reason\":\"unknown-address\",\"mode\":\"monitor\",\"policy\":\"domain "
		"monitor.test\","
		"\"domain\":\"monitor.test\",\"client_address\":\"203.0.113.9\",\"sender\":\"\\\\x1b[1m\\\"=\\\\\","
		"\"recipient\":\"u@monitor.test\"}");
	snapshot_unmap(s);
}
END_TEST

START_TEST(the_object_has_every_member)
{
	const struct snapshot *s = fixture_snapshot(ini);
	struct request rq = fixture_request("client_address=192.0.2.7 recipient=u@monitor.test");
	struct verdict v;
	struct line l;

	decide(s, &rq, &v, NULL);
	line_start(&l, at, sizeof at);
	report_object(&l, s, &rq, &v);
	ck_assert_str_eq(at,
		"{\"outcome\":\"refuse\",\"reason\":\"helo-mismatch\",\"action\":\"DUNNO\",\"mode\":\"monitor\","
		"\"policy\":\"domain monitor.test\",\"domain\":\"monitor.test\",\"relay\":\"filter\"}");
	rq = fixture_request("client_address=192.0.2.7");
	decide(s, &rq, &v, NULL);
	line_start(&l, at, sizeof at);
	report_object(&l, s, &rq, &v);
	ck_assert_str_eq(at, "{\"outcome\":\"permit\",\"reason\":\"no-recipient\",\"action\":\"DUNNO\",\"mode\":null,"
			     "\"policy\":null,\"domain\":null,\"relay\":null}");
	/* who reads the JSON gets the action that is sent, whatever it looks like */
	rq = fixture_request("client_address=203.0.113.9 recipient=\\x41\"@told.test");
	decide(s, &rq, &v, NULL);
	line_start(&l, at, sizeof at);
	report_object(&l, s, &rq, &v);
	row_has("a backslash before an x", at, "\"action\":\"REJECT not \\\\x41\\\"@told.test\",");
	snapshot_unmap(s);
}
END_TEST

static const struct {
	const char *request, *first, *second;
} warnings[] = {
	{ "client_address=192.0.2.7 helo_name=evil.test recipient=u@x.test", "helo-mismatch: 192.0.2.7",
		"[relay filter] (test.ini:1)" },
	{ "client_address=192.0.2.7 recipient=u@x.test", "helo-mismatch: 192.0.2.7 [unknown]",
		"its HELO is not at or below `domains`: (none); " },
	{ "client_address=203.0.113.9 client_name=new.relay.example recipient=u@x.test",
		"near-miss: 203.0.113.9 [new.relay.example]", "add the address to `ranges` (deferred for x.test)" },
};

START_TEST(a_warning_says_what_to_do)
{
	const struct snapshot *s = fixture_snapshot(ini);

	for (size_t i = 0; i < sizeof warnings / sizeof *warnings; i++) {
		struct request rq = fixture_request(warnings[i].request);
		struct verdict v;
		struct line l;
		decide(s, &rq, &v, NULL);
		ck_assert(verdict_warns(&v));
		line_start(&l, at, sizeof at);
		report_warning(&l, s, &rq, &v);
		row_has(warnings[i].request, at, warnings[i].first);
		row_has(warnings[i].request, at, warnings[i].second);
	}
	snapshot_unmap(s);
}
END_TEST

START_TEST(hostile_values_fit_and_hide_nothing)
{
	const struct snapshot *s = fixture_snapshot(ini);
	static char huge[8192];
	struct request rq = fixture_request("client_address=203.0.113.9 recipient=u@x.test instance=last");
	struct verdict v;
	struct line l;

	memset(huge, 0xff, sizeof huge);
	rq.attr[ATTR_HELO_NAME] = rq.attr[ATTR_SENDER] = rq.attr[ATTR_CLIENT_NAME] = text_cut(huge, sizeof huge);
	decide(s, &rq, &v, NULL);
	line_start(&l, at, sizeof at);
	report_decision(&l, s, &rq, &v, true);
	ck_assert(!l.full);
	ck_assert_ptr_nonnull(strstr(at, "\"instance\":\"last\"}"));
	snapshot_unmap(s);
}
END_TEST

/* Behind a string with only whole escapes in it; NULL: it is none. */
static const char *behind_string(const char *c)
{
	if (*c++ != '"')
		return NULL;
	for (; *c != '"'; c++) {
		if (*c == '\\' && *++c != '\\' && *c != '"')
			return NULL;
		if (*c < 0x20 || *c == 0x7f)
			return NULL;
	}
	return c + 1;
}

/* {"name":"value",...}: how many members; -1: it is no such object. */
static int members(const char *c)
{
	int n = 0;

	if (*c++ != '{')
		return -1;
	if (strcmp(c, "}") == 0)
		return 0;
	do {
		if ((c = behind_string(c)) == NULL || *c++ != ':' || (c = behind_string(c)) == NULL)
			return -1;
		n++;
	} while (*c++ == ',');
	return strcmp(c - 1, "}") == 0 ? n : -1;
}

/* Cut after cap bytes. */
static int members_of_cut(const struct snapshot *s, const struct request *rq, size_t cap)
{
	static char line[LOG_LINE + 1];
	struct verdict v;
	struct line l;

	decide(s, rq, &v, NULL);
	line_start(&l, line, cap);
	line[cap] = 'x';
	report_decision(&l, s, rq, &v, true);
	ck_assert_msg(line[cap] == 'x' && l.len < cap && l.len == strlen(line), "%zu bytes", cap);
	ck_assert_msg(cap < 3 || members(line) >= 0, "%zu bytes: %.999s", cap, line);
	return members(line);
}

START_TEST(json_that_is_cut_is_an_object)
{
	enum { ALL = 11, LONGEST = 512 }; /* there is no domain, and no relay */
	const struct snapshot *s = fixture_snapshot(ini);
	struct request rq = fixture_request("recipient=u@x.test");
	static char huge[LONGEST];
	int n, last = -1;

	memset(huge, 0xff, sizeof huge);
	for (int a = 0; a < ATTR_COUNT; a++)
		rq.attr[a] = text_cut(huge, 20);
	for (size_t cap = 1; cap < 2000; cap++, last = n) {
		n = members_of_cut(s, &rq, cap);
		ck_assert_msg(n >= last, "%zu bytes: fewer than before", cap);
	}
	ck_assert_int_eq(last, ALL);
	/* each as long as it is ever told, and every byte of it in its longest form: more than a line of the log holds */
	for (int a = 0; a < ATTR_COUNT; a++)
		rq.attr[a] = text_cut(huge, LONGEST);
	ck_assert_int_eq(members_of_cut(s, &rq, LOG_LINE), ALL);
	snapshot_unmap(s);
}
END_TEST

int main(void)
{
	return unit_run(
		"report", UNIT_TESTS(a_decision_is_one_line, the_object_has_every_member, a_warning_says_what_to_do,
				  hostile_values_fit_and_hide_nothing, json_that_is_cut_is_an_object));
}
