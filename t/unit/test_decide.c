/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/decide.h"

#include "policy_fixture.h"
#include "unit.h"

#define CERT "00112233445566778899aabbccddeeff00112233"
#define OTHER_CERT "ff112233445566778899aabbccddeeff00112233"

static const char ini[] =
	"[relay filter]\n"
	"ranges = 192.0.2.0/24 2001:db8:25::/48\n"
	"domains = relay.example\n"
	"[relay named]\n"
	"ranges = 192.0.2.0/25 198.51.100.0/25\n"
	"domains = named.example\n"
	"match = address helo name tls\n"
	"[relay dns]\n"
	"domains = dns.example\n"
	"[relay cert]\n"
	"fingerprints = " CERT "\n"
	"match = certificate tls\n"
	"[relay plain]\n"
	"ranges = 203.0.113.0/24\n"
	"[default]\n"
	"relays = filter\n"
	"exempt_networks = 127.0.0.0/8 ::1 10.0.0.0/8\n"
	"exempt_recipients = postmaster abuse@exempt.test\n"
	"[domain off.test]\nmode = off\n"
	"[domain monitor.test]\nmode = monitor\n"
	"[domain refuse.test]\non_near_miss = refuse\non_mismatch = defer\n"
	"[domain noauth.test]\nexempt_authenticated = no\nexempt_networks = ::1\nexempt_recipients =\n"
	"[domain named.test]\nrelays = named\n"
	"[domain two.test]\nrelays = plain named filter\n"
	"[domain dns.test]\nrelays = dns\n"
	"[domain cert.test]\nrelays = cert\n"
	"[domain both.test]\nrelays = cert dns filter\n"
	"[domain .parent.test]\nmode = monitor\n"
	"[domain .deep.parent.test]\nmode = off\n"
	"[domain x.deep.parent.test]\nmode = enforce\n"
	"[domains customers]\nnames = single customer.test\nrelays = plain\n";

#define FILTER "client_address=192.0.2.7 helo_name=mx1.relay.example "
#define DIRECT "client_address=198.51.100.200 helo_name=spam.test client_name=unknown "
#define NAMED                                                                                \
	"client_address=198.51.100.7 helo_name=a.named.example client_name=a.named.example " \
	"encryption_protocol=TLSv1.3 "

static const struct {
	const char *request;
	enum outcome outcome;
	enum reason reason;
	const char *policy, *domain, *relay;
} rows[] = {
	/* in the order of the decision's steps */
	{ FILTER, OUTCOME_PERMIT, REASON_NO_RECIPIENT, NULL, "", NULL },
	{ DIRECT "recipient=u@off.test", OUTCOME_PERMIT, REASON_MODE_OFF, "domain off.test", "off.test", NULL },
	{ DIRECT "recipient=u@off.test sasl_username=u", OUTCOME_PERMIT, REASON_MODE_OFF, "domain off.test", "off.test",
		NULL },
	{ DIRECT "recipient=u@a.test sasl_username=u", OUTCOME_PERMIT, REASON_AUTHENTICATED, "default", "a.test",
		NULL },
	{ DIRECT "recipient=u@noauth.test sasl_username=u", OUTCOME_REFUSE, REASON_UNKNOWN_ADDRESS,
		"domain noauth.test", "noauth.test", NULL },
	{ "client_address=10.1.2.3 recipient=u@a.test", OUTCOME_PERMIT, REASON_EXEMPT_NETWORK, "default", "a.test",
		NULL },
	{ "client_address=::ffff:10.1.2.3 recipient=u@a.test", OUTCOME_PERMIT, REASON_EXEMPT_NETWORK, "default",
		"a.test", NULL },
	{ "client_address=10.1.2.3 recipient=u@noauth.test", OUTCOME_REFUSE, REASON_UNKNOWN_ADDRESS,
		"domain noauth.test", "noauth.test", NULL },
	{ DIRECT "recipient=postmaster@a.test", OUTCOME_PERMIT, REASON_EXEMPT_RECIPIENT, "default", "a.test", NULL },
	{ DIRECT "recipient=PostMaster+x@a.test", OUTCOME_PERMIT, REASON_EXEMPT_RECIPIENT, "default", "a.test", NULL },
	{ DIRECT "recipient=postmasters@a.test", OUTCOME_REFUSE, REASON_UNKNOWN_ADDRESS, "default", "a.test", NULL },
	{ DIRECT "recipient=Abuse@Exempt.TEST.", OUTCOME_PERMIT, REASON_EXEMPT_RECIPIENT, "default", "exempt.test",
		NULL },
	{ DIRECT "recipient=abuse+x@exempt.test", OUTCOME_REFUSE, REASON_UNKNOWN_ADDRESS, "default", "exempt.test",
		NULL },
	{ DIRECT "recipient=abuse@exempt.test@a.test", OUTCOME_REFUSE, REASON_UNKNOWN_ADDRESS, "default", "a.test",
		NULL },
	{ DIRECT "recipient=abuse@exempt.test@", OUTCOME_REFUSE, REASON_UNKNOWN_ADDRESS, "default", "exempt.test",
		NULL },
	{ DIRECT "recipient=abuse@a.test", OUTCOME_REFUSE, REASON_UNKNOWN_ADDRESS, "default", "a.test", NULL },
	{ DIRECT "recipient=postmaster@noauth.test", OUTCOME_REFUSE, REASON_UNKNOWN_ADDRESS, "domain noauth.test",
		"noauth.test", NULL },
	{ FILTER "recipient=u@a.test", OUTCOME_PERMIT, REASON_RELAY, "default", "a.test", "filter" },
	{ "client_address=2001:db8:25::7 helo_name=relay.example. recipient=u@a.test", OUTCOME_PERMIT, REASON_RELAY,
		"default", "a.test", "filter" },
	{ NAMED "recipient=u@named.test", OUTCOME_PERMIT, REASON_RELAY, "domain named.test", "named.test", "named" },
	{ NAMED "recipient=u@two.test", OUTCOME_PERMIT, REASON_RELAY, "domain two.test", "two.test", "named" },
	{ "client_address=[UNAVAILABLE] ccert_fingerprint=" CERT " encryption_protocol=TLSv1.3 recipient=u@cert.test",
		OUTCOME_PERMIT, REASON_RELAY, "domain cert.test", "cert.test", "cert" },
	{ DIRECT "ccert_pubkey_fingerprint=" CERT " encryption_protocol=TLSv1.3 recipient=u@cert.test", OUTCOME_PERMIT,
		REASON_RELAY, "domain cert.test", "cert.test", "cert" },
	/* 7a */
	{ "client_address=unknown helo_name=mx1.relay.example recipient=u@a.test", OUTCOME_DEFER, REASON_BAD_ADDRESS,
		"default", "a.test", NULL },
	{ "recipient=u@a.test", OUTCOME_DEFER, REASON_BAD_ADDRESS, "default", "a.test", NULL },
	{ "client_address=010.1.1.1 recipient=u@a.test", OUTCOME_DEFER, REASON_BAD_ADDRESS, "default", "a.test", NULL },
	/* 7b */
	{ "client_address=192.0.2.7 helo_name=evilrelay.example recipient=u@a.test", OUTCOME_REFUSE,
		REASON_HELO_MISMATCH, "default", "a.test", "filter" },
	{ "client_address=192.0.2.7 helo_name=evil recipient=u@refuse.test", OUTCOME_DEFER, REASON_HELO_MISMATCH,
		"domain refuse.test", "refuse.test", "filter" },
	{ "client_address=198.51.100.7 helo_name=a.named.example client_name=unknown encryption_protocol=T "
	  "recipient=u@named.test",
		OUTCOME_DEFER, REASON_NAME_UNVERIFIED, "domain named.test", "named.test", "named" },
	{ "client_address=198.51.100.7 helo_name=a.named.example encryption_protocol=T recipient=u@named.test",
		OUTCOME_DEFER, REASON_NAME_UNVERIFIED, "domain named.test", "named.test", "named" },
	{ "client_address=198.51.100.7 helo_name=a.named.example client_name=x.test encryption_protocol=T "
	  "recipient=u@named.test",
		OUTCOME_REFUSE, REASON_NAME_MISMATCH, "domain named.test", "named.test", "named" },
	{ "client_address=198.51.100.7 helo_name=x.test client_name=unknown encryption_protocol=T "
	  "recipient=u@named.test",
		OUTCOME_REFUSE, REASON_HELO_MISMATCH, "domain named.test", "named.test", "named" },
	{ "client_address=198.51.100.7 helo_name=a.named.example client_name=a.named.example recipient=u@named.test",
		OUTCOME_REFUSE, REASON_NO_TLS, "domain named.test", "named.test", "named" },
	/* two relays hold the address: the first one's factor is named, but any of them may lack the name alone */
	{ "client_address=192.0.2.7 helo_name=x.test client_name=y.test recipient=u@two.test", OUTCOME_REFUSE,
		REASON_HELO_MISMATCH, "domain two.test", "two.test", "named" },
	{ "client_address=192.0.2.7 helo_name=a.named.example encryption_protocol=T recipient=u@two.test",
		OUTCOME_DEFER, REASON_NAME_UNVERIFIED, "domain two.test", "two.test", "named" },
	/* 7c */
	{ "client_address=198.51.100.200 client_name=new.relay.example recipient=u@a.test", OUTCOME_DEFER,
		REASON_NEAR_MISS, "default", "a.test", "filter" },
	{ "client_address=198.51.100.200 client_name=unknown reverse_client_name=new.relay.example recipient=u@a.test",
		OUTCOME_DEFER, REASON_NEAR_MISS, "default", "a.test", "filter" },
	{ "client_address=198.51.100.200 client_name=x.test reverse_client_name=new.relay.example recipient=u@a.test",
		OUTCOME_REFUSE, REASON_UNKNOWN_ADDRESS, "default", "a.test", NULL },
	{ "client_address=198.51.100.200 client_name=new.relay.example recipient=u@refuse.test", OUTCOME_REFUSE,
		REASON_NEAR_MISS, "domain refuse.test", "refuse.test", "filter" },
	{ "client_address=198.51.100.200 helo_name=new.relay.example client_name=unknown recipient=u@a.test",
		OUTCOME_REFUSE, REASON_UNKNOWN_ADDRESS, "default", "a.test", NULL },
	/* 7d */
	{ DIRECT "recipient=u@dns.test", OUTCOME_DEFER, REASON_NAME_UNVERIFIED, "domain dns.test", "dns.test", "dns" },
	{ "client_address=198.51.100.200 client_name=x.test recipient=u@dns.test", OUTCOME_REFUSE, REASON_NAME_MISMATCH,
		"domain dns.test", "dns.test", "dns" },
	{ DIRECT "ccert_fingerprint=" OTHER_CERT " encryption_protocol=T recipient=u@cert.test", OUTCOME_REFUSE,
		REASON_CERTIFICATE_MISMATCH, "domain cert.test", "cert.test", "cert" },
	{ DIRECT "ccert_fingerprint=" CERT " recipient=u@cert.test", OUTCOME_REFUSE, REASON_NO_TLS, "domain cert.test",
		"cert.test", "cert" },
	{ "client_address=198.51.100.200 client_name=x.test recipient=u@both.test", OUTCOME_REFUSE,
		REASON_CERTIFICATE_MISMATCH, "domain both.test", "both.test", "cert" },
	{ "client_address=198.51.100.200 client_name=x.relay.example recipient=u@both.test", OUTCOME_DEFER,
		REASON_NEAR_MISS, "domain both.test", "both.test", "filter" },
	/* 7e */
	{ DIRECT "recipient=u@a.test", OUTCOME_REFUSE, REASON_UNKNOWN_ADDRESS, "default", "a.test", NULL },
	/* whose policy */
	{ FILTER "recipient=u@customer.test", OUTCOME_REFUSE, REASON_UNKNOWN_ADDRESS, "domains customers",
		"customer.test", NULL },
	{ DIRECT "recipient=u@a.parent.test", OUTCOME_REFUSE, REASON_UNKNOWN_ADDRESS, "domain .parent.test",
		"a.parent.test", NULL },
	{ DIRECT "recipient=u@parent.test", OUTCOME_REFUSE, REASON_UNKNOWN_ADDRESS, "default", "parent.test", NULL },
	{ DIRECT "recipient=u@y.deep.parent.test", OUTCOME_PERMIT, REASON_MODE_OFF, "domain .deep.parent.test",
		"y.deep.parent.test", NULL },
	{ DIRECT "recipient=u@x.deep.parent.test", OUTCOME_REFUSE, REASON_UNKNOWN_ADDRESS, "domain x.deep.parent.test",
		"x.deep.parent.test", NULL },
	{ FILTER "recipient=u@off.test policy_context=customers", OUTCOME_REFUSE, REASON_UNKNOWN_ADDRESS,
		"domains customers", "off.test", NULL },
	{ DIRECT "recipient=u@off.test policy_context=Customers", OUTCOME_PERMIT, REASON_MODE_OFF, "domain off.test",
		"off.test", NULL },
	{ DIRECT "recipient=u policy_context=customers", OUTCOME_REFUSE, REASON_UNKNOWN_ADDRESS, "domains customers",
		"", NULL },
	{ DIRECT "recipient=u", OUTCOME_REFUSE, REASON_UNKNOWN_ADDRESS, "default", "", NULL },
	/* several candidates: the most severe, the first among equals */
	{ DIRECT "recipient=u%customer.test@off.test", OUTCOME_REFUSE, REASON_UNKNOWN_ADDRESS, "domains customers",
		"customer.test", NULL },
	{ DIRECT "recipient=u%off.test@customer.test", OUTCOME_REFUSE, REASON_UNKNOWN_ADDRESS, "domains customers",
		"customer.test", NULL },
	{ DIRECT "recipient=u%single@off.test", OUTCOME_REFUSE, REASON_UNKNOWN_ADDRESS, "domains customers", "single",
		NULL },
	{ DIRECT "recipient=u%dns.test@monitor.test", OUTCOME_DEFER, REASON_NAME_UNVERIFIED, "domain dns.test",
		"dns.test", "dns" },
	{ DIRECT "recipient=u%a.test@dns.test", OUTCOME_REFUSE, REASON_UNKNOWN_ADDRESS, "default", "a.test", NULL },
	{ DIRECT "recipient=u%monitor.test@off.test", OUTCOME_REFUSE, REASON_UNKNOWN_ADDRESS, "domain monitor.test",
		"monitor.test", NULL },
	{ DIRECT "recipient=u%a.test@b.test", OUTCOME_REFUSE, REASON_UNKNOWN_ADDRESS, "default", "b.test", NULL },
	{ FILTER "recipient=u%a.test@off.test", OUTCOME_PERMIT, REASON_MODE_OFF, "domain off.test", "off.test", NULL },
	{ DIRECT "recipient=@off.test:u", OUTCOME_REFUSE, REASON_UNKNOWN_ADDRESS, "default", "", NULL },
};

static void check_verdict(const struct snapshot *s, int i)
{
	struct request rq = fixture_request(rows[i].request);
	struct verdict v;
	char title[300];

	decide(s, &rq, &v, NULL);
	ck_assert_msg(v.outcome == rows[i].outcome && v.reason == rows[i].reason, "row \"%s\": %s %s, not %s %s",
		rows[i].request, outcome_name[v.outcome], reason_name[v.reason], outcome_name[rows[i].outcome],
		reason_name[rows[i].reason]);
	ck_assert_msg(text_is(text_cut(v.domain, v.domain_len), rows[i].domain), "row \"%s\": domain %.*s",
		rows[i].request, (int)v.domain_len, v.domain);
	ck_assert_msg(!v.policy == !rows[i].policy, "row \"%s\": policy", rows[i].request);
	if (v.policy) {
		size_t len = snapshot_policy_title(s, v.policy, title, sizeof title);
		ck_assert_msg(text_is(text_cut(title, len), rows[i].policy), "row \"%s\": policy %.*s", rows[i].request,
			(int)len, title);
	}
	ck_assert_msg(!v.relay == !rows[i].relay, "row \"%s\": relay", rows[i].request);
	if (v.relay)
		ck_assert_msg(text_is(snap_text(s, v.relay->name), rows[i].relay), "row \"%s\": relay %.*s",
			rows[i].request, (int)v.relay->name.count, snap_text(s, v.relay->name).at);
}

START_TEST(every_step)
{
	const struct snapshot *s = fixture_snapshot(ini);

	for (int i = 0; i < (int)(sizeof rows / sizeof *rows); i++)
		check_verdict(s, i);
	snapshot_unmap(s);
}
END_TEST

static void ignore(void *context, const struct decide_event *event)
{
	(void)event;
	++*(unsigned *)context;
}

START_TEST(a_trace_changes_nothing)
{
	const struct snapshot *s = fixture_snapshot(ini);
	unsigned told = 0;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct request rq = fixture_request(rows[i].request);
		struct verdict plain, traced;
		decide(s, &rq, &plain, NULL);
		decide(s, &rq, &traced, &(struct decide_trace){ .context = &told, .tell = ignore });
		ck_assert_msg(plain.outcome == traced.outcome && plain.reason == traced.reason &&
				      plain.policy == traced.policy && plain.relay == traced.relay &&
				      plain.domain_len == traced.domain_len,
			"row \"%s\"", rows[i].request);
	}
	ck_assert_uint_gt(told, sizeof rows / sizeof *rows);
	snapshot_unmap(s);
}
END_TEST

enum { MANY = 150 /* sections: more than decide keeps in mind */ };

/* A configuration with sections dN.test, each mode in some, and relays that hold the client, nearly do, or do not. */
static const struct snapshot *many_policies(void)
{
	static const char *const kinds[] = { "mode = off", "mode = monitor", "relays = dns",
		"relays = plain named filter", "on_mismatch = defer", "exempt_networks =" };
	static char text[sizeof ini + 100 * (size_t)MANY];
	size_t len = sizeof ini - 1;

	memcpy(text, ini, len);
	for (unsigned n = 0; n < MANY; n++)
		len += (size_t)snprintf(text + len, sizeof text - len, "[domain d%u.test]\n%s\n", n,
			kinds[n % (sizeof kinds / sizeof *kinds)]);
	return fixture_snapshot(text);
}

/* Pieces of few policies or of many, again and again; and now and then one that makes "no domain" a candidate. */
static void random_recipient(char *to, size_t cap, unsigned *seed)
{
	unsigned pieces = 1 + (unsigned)rand_r(seed) % (rand_r(seed) % 4 == 0 ? 300 : 6);
	unsigned of = 1 + (unsigned)rand_r(seed) % (2 * MANY);
	size_t len = (size_t)snprintf(to, cap, "u");

	for (unsigned i = 0; i < pieces; i++) {
		unsigned n = (unsigned)rand_r(seed) % of;

		len += (size_t)snprintf(to + len, cap - len, "%s%u.test", n % 7 == 0 ? "%x.d" : "@d", n);
	}
	if (rand_r(seed) % 8 == 0)
		snprintf(to + len, cap - len, ":x");
}

static void same_verdict(const char *recipient, const struct verdict *a, const struct verdict *b)
{
	ck_assert_msg(a->outcome == b->outcome && a->reason == b->reason && a->mode == b->mode &&
			      a->policy == b->policy && a->relay == b->relay &&
			      a->unknown_context == b->unknown_context,
		"%.500s: %s %s, traced %s %s", recipient, outcome_name[a->outcome], reason_name[a->reason],
		outcome_name[b->outcome], reason_name[b->reason]);
	ck_assert_msg(a->domain_len == b->domain_len && memcmp(a->domain, b->domain, a->domain_len) == 0,
		"%.500s: of %.*s, traced %.*s", recipient, (int)a->domain_len, a->domain, (int)b->domain_len,
		b->domain);
}

/* A trace looks at every candidate; without one, those of a policy that was decided already are passed over. */
START_TEST(many_candidates_are_decided_as_each_alone)
{
	static const char *const clients[] = { DIRECT, FILTER, NAMED, "client_address=192.0.2.7 helo_name=x.test ",
		"client_address=10.1.2.3 ", "client_address=unknown " };
	const struct snapshot *s = many_policies();
	static char recipient[8192];
	struct verdict plain, traced;
	unsigned seed = 1, told = 0;

	for (int i = 0; i < 3000; i++) {
		struct request rq = fixture_request(clients[(unsigned)i % (sizeof clients / sizeof *clients)]);

		random_recipient(recipient, sizeof recipient, &seed);
		rq.attr[ATTR_RECIPIENT] = text_of(recipient);
		decide(s, &rq, &plain, NULL);
		decide(s, &rq, &traced, &(struct decide_trace){ .context = &told, .tell = ignore });
		same_verdict(recipient, &plain, &traced);
	}
	snapshot_unmap(s);
}
END_TEST

START_TEST(no_domain_gets_the_strictest_mode)
{
	const struct snapshot *s = fixture_snapshot(
		"[relay r]\nranges=192.0.2.0/24\n[default]\nmode=off\n[domain a.test]\nmode=monitor\n");
	struct request rq = fixture_request(DIRECT "recipient=u");
	struct verdict v;

	decide(s, &rq, &v, NULL);
	ck_assert_int_eq(v.reason, REASON_UNKNOWN_ADDRESS);
	ck_assert_int_eq(v.mode, MODE_MONITOR);
	rq = fixture_request(DIRECT "recipient=u@b.test");
	decide(s, &rq, &v, NULL);
	ck_assert_int_eq(v.reason, REASON_MODE_OFF);
	snapshot_unmap(s);
}
END_TEST

START_TEST(an_unknown_context_is_noticed)
{
	const struct snapshot *s = fixture_snapshot(ini);
	struct request rq = fixture_request(DIRECT "recipient=u@off.test policy_context=nobody");
	struct verdict v;

	decide(s, &rq, &v, NULL);
	ck_assert(v.unknown_context);
	rq = fixture_request(DIRECT "recipient=u@off.test policy_context=customers");
	decide(s, &rq, &v, NULL);
	ck_assert(!v.unknown_context);
	snapshot_unmap(s);
}
END_TEST

static const struct {
	const char *request, *action;
} actions[] = {
	{ FILTER "recipient=u@a.test", "DUNNO" },
	{ DIRECT "recipient=u@a.test",
		"REJECT 5.7.1 Direct delivery refused: mail for a.test must come through its MX hosts" },
	{ DIRECT "recipient=u",
		"REJECT 5.7.1 Direct delivery refused: mail for this server must come through its MX hosts" },
	{ DIRECT "recipient=u@dns.test",
		"DEFER_IF_PERMIT 4.7.1 Not a known relay for dns.test at this time, try again later" },
	{ DIRECT "recipient=u@monitor.test", "DUNNO" },
};

START_TEST(actions_are_those_of_the_policy)
{
	const struct snapshot *s = fixture_snapshot(ini);
	char action[ACTION_MAX];
	struct verdict v;

	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
		struct request rq = fixture_request(actions[i].request);
		decide(s, &rq, &v, NULL);
		size_t len = verdict_action(s, &rq, &v, action);
		ck_assert_msg(text_is(text_cut(action, len), actions[i].action), "row \"%s\": %.*s", actions[i].request,
			(int)len, action);
	}
	decide_too_long(s, &v);
	size_t len = verdict_action(s, NULL, &v, action);
	ck_assert(text_is(text_cut(action, len),
		"DEFER_IF_PERMIT 4.7.1 Not a known relay for this server at this time, try again later"));
	snapshot_unmap(s);
}
END_TEST

int main(void)
{
	return unit_run("decide", UNIT_TESTS(every_step, a_trace_changes_nothing,
					  many_candidates_are_decided_as_each_alone, no_domain_gets_the_strictest_mode,
					  an_unknown_context_is_noticed, actions_are_those_of_the_policy));
}
