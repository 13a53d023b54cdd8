/* SPDX-License-Identifier: BSD-2-Clause */
/* [default], [domain D], [domains LABEL]: every key, its faults, and inheritance. */
#include "config_reading.h"

#define TWO "[relay a]\nranges = 192.0.2.1 ::2\n[relay b]\ndomains = b.example\n"

/* Each key alone in an override: it has its own value, every other is [default]'s, wherever [default] stands. */
START_TEST(inheritance)
{
	static const struct {
		const char *key;
		enum policy_field field;
	} rows[] = {
		{ "mode = off", FIELD_MODE },
		{ "relays = b", FIELD_RELAYS },
		{ "refuse_action = REJECT own", FIELD_REFUSE_ACTION },
		{ "defer_action = DEFER own", FIELD_DEFER_ACTION },
		{ "monitor_action = WARN own", FIELD_MONITOR_ACTION },
		{ "on_near_miss = defer", FIELD_ON_NEAR_MISS },
		{ "on_mismatch = refuse", FIELD_ON_MISMATCH },
		{ "exempt_networks = 127.0.0.1 10.0.0.0/8 ::1", FIELD_EXEMPT_NETWORKS },
		{ "exempt_authenticated = yes", FIELD_EXEMPT_AUTHENTICATED },
		{ "exempt_recipients = Abuse, Post.Master@B\xc3\xbc"
		  "cher.Example",
			FIELD_EXEMPT_RECIPIENTS },
	};
	static const char base[] = "[default]\nmode = monitor\nrelays = b a b\nrefuse_action = REJECT base\n"
				   "defer_action = DEFER base\nmonitor_action = WARN base\non_near_miss = refuse\n"
				   "on_mismatch = defer\nexempt_networks = 127.0.0.0/8\nexempt_authenticated = no\n"
				   "exempt_recipients = postmaster\n";

	for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
		bool late = i % 2 != 0;
		const char *key = rows[i / 2].key;
		enum policy_field field = rows[i / 2].field;
		char text[1000];
		snprintf(text, sizeof text, "%s" TWO "[domain d.example]\n%s\n%s", late ? "" : base, key,
			late ? base : "");
		struct reading r = read_string(text);
		const struct policy_config *p = &r.c.policies[1];
		row_int(key, r.f.errors, 0);
		row_int(key, p->like, ((1u << POLICY_FIELDS) - 1) & ~(1u << field));
		row_int(key, r.c.policies[0].like, 0);
		row_int(key, p->mode, field == FIELD_MODE ? MODE_OFF : MODE_MONITOR);
		row_int(key, p->relay_count, field == FIELD_RELAYS ? 1 : 2);
		row_int(key, p->relays[0], 1);
		for (unsigned use = 0; use < ACTION_USES; use++)
			row_has(key, p->action[use], field == FIELD_REFUSE_ACTION + use ? "own" : "base");
		row_int(key, p->on_near_miss, field == FIELD_ON_NEAR_MISS ? ON_DEFER : ON_REFUSE);
		row_int(key, p->on_mismatch, field == FIELD_ON_MISMATCH ? ON_REFUSE : ON_DEFER);
		row_int(key, p->exempt_networks.count, field == FIELD_EXEMPT_NETWORKS ? 3 : 1);
		row_int(key, p->exempt_authenticated, field == FIELD_EXEMPT_AUTHENTICATED);
		row_int(key, p->exempt_recipients.count, field == FIELD_EXEMPT_RECIPIENTS ? 2 : 1);
		row_str(key, p->exempt_recipients.at[p->exempt_recipients.count - 1],
			field == FIELD_EXEMPT_RECIPIENTS ? "post.master@xn--bcher-kva.example" : "postmaster");
		reading_free(&r);
	}
}
END_TEST

START_TEST(empty_lists_replace)
{
	struct reading r =
		read_string(FILTER "[default]\nexempt_recipients = a\n[domain d.example]\nexempt_networks =\n"
				   "exempt_recipients =\n");

	row_words("", r.words,
		"m.ini:6: warning: exempt_networks: without loopback (127.0.0.0/8 ::1) this host's own mail is "
		"refused\n");
	ck_assert_uint_eq(r.c.policies[1].exempt_networks.count, 0);
	ck_assert_uint_eq(r.c.policies[1].exempt_recipients.count, 0);
	reading_free(&r);
}
END_TEST

START_TEST(relays_in_order)
{
	struct reading r =
		read_string("[relay c]\nranges = 192.0.2.1 ::1\n" TWO "[domain x.example]\nrelays = b\n  a\n");

	ck_assert_uint_eq(r.f.errors, 0);
	ck_assert_uint_eq(r.c.policies[0].relay_count, 3);
	for (uint32_t i = 0; i < 3; i++)
		ck_assert_uint_eq(r.c.policies[0].relays[i], i);
	ck_assert_uint_eq(r.c.policies[1].relays[0], 2);
	ck_assert_uint_eq(r.c.policies[1].relays[1], 1);
	reading_free(&r);
}
END_TEST

START_TEST(covered_domains)
{
	static const struct {
		const char *name;
		uint32_t policy;
	} want[] = { { "example.org", 1 }, { ".example.net", 2 }, { "localhost", 3 }, { ".example.com", 3 },
		{ "xn--strae-oqa.example", 3 }, { "strasse.example", 3 } /* as Postfix folds it */ };
	struct reading r =
		read_string(FILTER "[domain Example.ORG.]\n[domain .Example.Net]\n[domains Some]\nnames = localhost,"
				   ".example.com stra\xc3\x9f"
				   "e.example\n");

	row_words(
		"", r.words, "m.ini:6: warning: Postfix takes `strasse.example` for `xn--strae-oqa.example` too: *\n");
	ck_assert_uint_eq(r.c.domain_count, sizeof want / sizeof *want);
	for (size_t i = 0; i < r.c.domain_count; i++) {
		row_str(want[i].name, r.c.domains[i].name, want[i].name);
		row_int(want[i].name, r.c.domains[i].policy, want[i].policy);
		row_int(want[i].name, r.c.domains[i].alias, i == 5);
	}
	ck_assert_str_eq(r.c.policies[1].name, "example.org");
	ck_assert_int_eq(r.c.policies[1].kind, POLICY_DOMAIN);
	ck_assert_str_eq(r.c.policies[2].name, ".example.net");
	ck_assert_str_eq(r.c.policies[3].name, "Some");
	ck_assert_int_eq(r.c.policies[3].kind, POLICY_DOMAINS);
	ck_assert_uint_eq(r.c.policies[3].place.line, 5);
	reading_free(&r);
}
END_TEST

/* Postfix takes the folded name for the same domain: it is decided by the same policy too, unless it is in a section. */
START_TEST(aliases)
{
	static const struct said rows[] = {
		{ FILTER "[domain stra\xc3\x9f"
			 "e.example]\nmode = monitor\n[domains l]\nnames = strasse.example\n",
			"m.ini:3: warning: `strasse.example` has a policy of its own ([domains l], in m.ini:6), but "
			"Postfix takes it for `xn--strae-oqa.example`\n" },
		{ FILTER "[domains l]\nnames = strasse.example stra\xc3\x9f"
			 "e.example xn--gro-7ka.example\n",
			"m.ini:4: warning: Postfix takes `gross.example` for `xn--gro-7ka.example` too: *\n" },
		{ FILTER
			"[domain .gro\xc3\x9f.example]\n[domain .xn--gross-.example]\n[domain xn--bcher-kva.example]\n",
			"m.ini:3: warning: Postfix takes `.gross.example` for `.xn--gro-7ka.example` too: *\n" },
	};

	expect_said(rows, sizeof rows / sizeof *rows);
}
END_TEST

START_TEST(faults_of_values)
{
	static const struct said rows[] = {
		{ FILTER "[default]\nmode = enfroce\n",
			"m.ini:4: mode: `enfroce` is none of enforce, monitor or off: `enforce` meant?\n" },
		{ FILTER "[default]\nmode =\n", "m.ini:4: mode: empty: one of enforce, monitor or off\n" },
		{ FILTER "[domain a.example]\non_near_miss = defre\non_mismatch = permit\n",
			"m.ini:4: on_near_miss: `defre` is none of defer or refuse: `defer` meant?\n"
			"m.ini:5: on_mismatch: `permit` is none of defer or refuse\n" },
		{ FILTER "[default]\nexempt_authenticated = 0\n",
			"m.ini:4: exempt_authenticated: `0` is none of no or yes: `no` meant?\n" },
		{ FILTER "[default]\nrelays =\n[domain a.example]\nrelays = , ; x\n",
			"m.ini:4: relays: names no relay; without this key every relay may match\n"
			"m.ini:6: relays: names no relay; without this key every relay may match\n" },
		{ FILTER "[domains l]\nnames = ,\nfile = , ,\n",
			"m.ini:3: warning: [domains l] covers no domain (`names`, `file`): only policy_context=l "
			"chooses it\n" },
		{ FILTER "[default]\nrelays = filter,\n filtre none\n",
			"m.ini:5: relays: there is no [relay filtre]: `filter` meant?\nm.ini:5: relays: there is no "
			"[relay none]\n" },
		{ FILTER "[default]\nrelays = Filter\n",
			"m.ini:4: relays: there is no [relay Filter]: `filter` meant?\n" },
		{ FILTER "[default]\nexempt_networks = 127.0.0.0/8 10.0.0.0/7 fc00::/6 fc00::/7 x\n",
			"m.ini:4: exempt_networks: 10.0.0.0/7 is wider than an IPv4 /8: too much of the Internet would "
			"be let pass\n"
			"m.ini:4: exempt_networks: fc00::/6 is wider than an IPv6 /7: too much of the Internet would "
			"be let pass\n"
			"m.ini:4: exempt_networks: \"x\"*\n" },
		{ FILTER "[default]\nexempt_recipients = a@b..example @c.example a@192.0.2.1\n",
			"m.ini:4: exempt_recipients: `b..example`*\n"
			"m.ini:4: exempt_recipients: `@c.example` has no local part (a domain's own policy is a "
			"[domain D] section)\n"
			"m.ini:4: exempt_recipients: `192.0.2.1`*\n" },
		{ FILTER "[domains l]\nnames = a.example 192.0.2.1\n   *.b.example\n", "m.ini:4: `192.0.2.1`*\n"
										       "m.ini:5: `*.b.example`*\n" },
	};

	expect_said(rows, sizeof rows / sizeof *rows);
}
END_TEST

/* What action_check (test_action.c) says comes with its place; the others are taken. */
START_TEST(actions)
{
	static const struct {
		const char *line;
		unsigned errors, warnings;
	} rows[] = {
		{ "refuse_action = 550 5.7.1 no", 0, 0 },
		{ "refuse_action = OK", 1, 0 },
		{ "refuse_action = 550", 1, 0 },
		{ "refuse_action =", 1, 0 },
		{ "refuse_action = HOLD for later", 0, 1 },
		{ "refuse_action = DISCARD it", 0, 1 },
		{ "defer_action = REJECT no", 1, 0 },
		{ "monitor_action = REJECT no", 1, 0 },
		{ "monitor_action = PREPEND X-Direct: yes", 0, 0 },
		{ "refuse_action = REJECT ${nonsense} x", 1, 0 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[300];
		snprintf(text, sizeof text, FILTER "[default]\n%s\n", rows[i].line);
		struct reading r = read_string(text);
		row_int(rows[i].line, r.f.errors, rows[i].errors);
		row_int(rows[i].line, r.f.warnings, rows[i].warnings);
		row_ok(rows[i].line, r.words[0] == '\0' || strncmp(r.words, "m.ini:4: ", 9) == 0);
		reading_free(&r);
	}
}
END_TEST

int main(void)
{
	return unit_run("config_policies", UNIT_TESTS(inheritance, empty_lists_replace, relays_in_order,
						   covered_domains, aliases, faults_of_values, actions));
}
