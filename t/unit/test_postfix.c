/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "base/buf.h"
#include "postfix/restrictions.h"
#include "postfix/services.h"
#include "postfix/tables.h"
#include "postfix/words.h"
#include "unit.h"

/* The words of a list with `|` between them. */
static const char *joined(const char *list)
{
	static char to[1024];
	struct text rest = text_of(list), word;
	size_t n = 0;

	to[0] = '\0';
	while (words_next(&rest, &word))
		n += (size_t)snprintf(to + n, sizeof to - n, "%s%.*s", n ? "|" : "", (int)word.len, word.at);
	return to;
}

START_TEST(words)
{
	static const struct {
		const char *list, *words;
	} rows[] = {
		{ "", "" },
		{ " ,\t\n", "" },
		{ "a", "a" },
		{ "a,b c\n\td", "a|b|c|d" },
		{ ",,a,,", "a" },
		{ "check_policy_service,unix:mxonly/policy", "check_policy_service|unix:mxonly/policy" },
		{ "{ a, b } c", "{ a, b }|c" },
		{ "{ a, { b = c d } } e", "{ a, { b = c d } }|e" },
		{ "{ a", "{ a" },
		{ "a} b", "a}|b" },
		{ "x{ a b }y z", "x{ a b }y|z" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		row_str(rows[i].list, joined(rows[i].list), rows[i].words);
}
END_TEST

START_TEST(pairs)
{
	static const struct {
		const char *word, *name, *value; /* name NULL: none */
	} rows[] = {
		{ "timeout=10s", "timeout", "10s" },
		{ "{ default_action = DEFER_IF_PERMIT 4.3.5 a = b }", "default_action", "DEFER_IF_PERMIT 4.3.5 a = b" },
		{ "{x=}", "x", "" },
		{ "x", NULL, NULL },
		{ "=x", NULL, NULL },
		{ "{ = x }", NULL, NULL },
		{ "", NULL, NULL },
		{ "{", NULL, NULL },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct text name, value;
		bool is = words_pair(text_of(rows[i].word), &name, &value);
		row_int(rows[i].word, is, rows[i].name != NULL);
		row_ok(rows[i].word, !is || (text_is(name, rows[i].name) && text_is(value, rows[i].value)));
	}
}
END_TEST

START_TEST(parameter_lines)
{
	struct params p;

	params_read(&p, text_of("b = 2\na =\nno line\n = x\na = 1 = 2\nc=yes\nd = last"));
	row_str("b", params_get(&p, "b"), "2");
	row_str("a", params_get(&p, "a"), "1 = 2"); /* the last line counts */
	row_ok("c", params_yes(&p, "c") && !params_yes(&p, "b"));
	row_str("d", params_get(&p, "d"), "last");
	row_str("none", params_get(&p, "none"), "");
	row_ok("none", !params_has(&p, "none") && params_has(&p, "a") && !params_has(&p, ""));
	row_int("all", p.count, 5);
	params_free(&p);
	params_read(&p, text_of(""));
	row_ok("empty", !params_has(&p, "a"));
	params_free(&p);
}
END_TEST

START_TEST(numbers)
{
	static const struct {
		const char *text;
		long number;
	} rows[] = { { "0", 0 }, { "100s", 100 }, { "2h", 7200 }, { "5m", 300 }, { "1d", 86400 }, { "1w", 604800 },
		{ "7", 7 }, { "", -1 }, { "s", -1 }, { "1x", -1 }, { "1ss", -1 }, { "-1", -1 }, { "99999999999", -1 } };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		row_int(rows[i].text, params_number(rows[i].text), rows[i].number);
}
END_TEST

START_TEST(master)
{
	static const char services[] = "smtp       inet  n       -       y       -       -       smtpd\n"
				       "[::1]:10025 inet n  n  -  -  7  smtpd -o mynetworks=127.0.0.0/8\n"
				       "too short\n"
				       "mxonly unix - n n - 0 spawn user=mxonly argv=/usr/sbin/mxonlyd -i\n";
	static const char set[] = "[::1]:10025/inet/mynetworks = 127.0.0.0/8\nsmtp/unix/x = 1\n";
	struct services s;

	services_read(&s, text_of(services), text_of(set));
	row_int("services", s.count, 3);
	row_str("smtp", s.at[0].command, "smtpd");
	row_ok("smtp", s.at[0].chroot == 'y' && s.at[0].unprivileged == '-' && s.at[0].processes == -1);
	row_ok("smtp", !params_has(&s.at[0].set, "x") && service_host(&s.at[0]).len == 0);
	row_str("smtp", service_port(&s.at[0]), "smtp");
	row_str("[::1]:10025", service_port(&s.at[1]), "10025");
	row_ok("[::1]:10025", text_is(service_host(&s.at[1]), "::1") && s.at[1].processes == 7);
	row_str("[::1]:10025", params_get(&s.at[1].set, "mynetworks"), "127.0.0.0/8");
	row_str("mxonly", s.at[2].arguments, "user=mxonly argv=/usr/sbin/mxonlyd -i");
	row_int("mxonly", s.at[2].processes, 0);
	services_free(&s);
}
END_TEST

/* Verbs and arguments of the steps: "verb(argument) verb!" (!: behind warn_if_reject). */
static const char *steps_of(const char *list, const char *parameters)
{
	static char to[4096];
	struct steps steps = { 0 };
	struct params p;
	size_t n = 0;

	to[0] = '\0';
	params_read(&p, text_of(parameters));
	steps_read(&steps, text_of(list), &p);
	for (size_t i = 0; i < steps.count && n < sizeof to; i++) {
		const struct step *s = &steps.at[i];
		n += (size_t)snprintf(to + n, sizeof to - n, "%s%.*s%s", n ? " " : "", (int)s->verb.len, s->verb.at,
			s->warns ? "!" : "");
		if (s->argument.len > 0 && n < sizeof to)
			n += (size_t)snprintf(to + n, sizeof to - n, "(%.*s)", (int)s->argument.len, s->argument.at);
	}
	steps_free(&steps);
	params_free(&p);
	return to;
}

START_TEST(lists)
{
	static const struct {
		const char *list, *parameters, *steps;
	} rows[] = {
		{ "permit_mynetworks, reject", "", "permit_mynetworks reject" },
		{ "check_policy_service unix:a, permit", "", "check_policy_service(unix:a) permit" },
		{ "check_policy_service { unix:a, x=y } permit", "", "check_policy_service({ unix:a, x=y }) permit" },
		{ "reject_rbl_client permit, sleep 1", "", "reject_rbl_client(permit) sleep(1)" },
		{ "check_client_access hash:/x reject", "", "check_client_access(hash:/x) reject" },
		{ "warn_if_reject reject, permit", "", "reject! permit" },
		{ "a, permit", "smtpd_restriction_classes = a\na = reject, b\n", "reject b permit" },
		{ "a", "smtpd_restriction_classes = a, b\na = b\nb = check_policy_service unix:a\n",
			"check_policy_service(unix:a)" },
		{ "warn_if_reject a, permit", "smtpd_restriction_classes = a\na = reject, permit\n",
			"reject! permit! permit" },
		{ "a", "a = reject\n", "a" },
		{ "a", "smtpd_restriction_classes = a\na = a\n", "a" }, /* as deep as CLASS_DEPTH */
		{ "check_policy_service", "", "check_policy_service" },
		{ "", "", "" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		row_str(rows[i].list, steps_of(rows[i].list, rows[i].parameters), rows[i].steps);
}
END_TEST

START_TEST(outcomes)
{
	static const struct {
		const char *list;
		bool permits, refuses, permits_own;
	} rows[] = {
		{ "permit", true, false, true },
		{ "PERMIT", true, false, true },
		{ "reject", false, true, false },
		{ "defer", false, true, false },
		{ "warn_if_reject reject", false, false, false },
		{ "check_client_access static:OK", true, false, true },
		{ "check_client_access static:REJECT", false, true, false },
		{ "check_client_access hash:/x", false, false, false },
		{ "permit_auth_destination", false, false, true },
		{ "permit_mynetworks", false, false, false },
		{ "reject_unauth_destination", false, false, false },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		static const struct params none;
		struct steps steps = { 0 };
		steps_read(&steps, text_of(rows[i].list), &none);
		row_int(rows[i].list, steps.count, 1);
		row_int(rows[i].list, step_permits_all(steps.at), rows[i].permits);
		row_int(rows[i].list, step_refuses_all(steps.at), rows[i].refuses);
		row_int(rows[i].list, step_permits_own(steps.at), rows[i].permits_own);
		steps_free(&steps);
	}
}
END_TEST

START_TEST(calls)
{
	struct policy_call c =
		policy_call_read(text_of("{ unix:a/b, timeout=10s, { default_action = DUNNO now }, timeout=9s }"));
	struct text value;

	row_ok("endpoint", text_is(c.endpoint, "unix:a/b"));
	row_ok("timeout", policy_call_get(&c, "timeout", &value) && text_is(value, "10s"));
	row_ok("default_action", policy_call_get(&c, "default_action", &value) && text_is(value, "DUNNO now"));
	row_ok("none", !policy_call_get(&c, "max_idle", &value));
	c = policy_call_read(text_of("inet:127.0.0.1:10040"));
	row_ok("plain", text_is(c.endpoint, "inet:127.0.0.1:10040") && !policy_call_get(&c, "timeout", &value));
}
END_TEST

START_TEST(table_names)
{
	static const struct {
		const char *word;
		bool is;
	} rows[] = { { "hash:/etc/x", true }, { "inline:{ a=b }", true }, { "proxy:mysql:/x", true },
		{ "example.org", false }, { "[::1]/128", false }, { "::1", false }, { "/etc/x", false }, { "", false },
		{ "[2001:db8::1]", false } };
	struct text rest = text_of("a\tb c\nbroken\n\tempty key\nlast\tx"), key, value;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		row_int(rows[i].word, table_is(text_of(rows[i].word)), rows[i].is);
	row_ok("first", table_next(&rest, &key, &value) && text_is(key, "a") && text_is(value, "b c"));
	row_ok("an empty key", table_next(&rest, &key, &value) && key.len == 0);
	row_ok("the last, without its end", table_next(&rest, &key, &value) && text_is(value, "x"));
	row_ok("no more", !table_next(&rest, &key, &value));
}
END_TEST

int main(void)
{
	return unit_run("postfix",
		UNIT_TESTS(words, pairs, parameter_lines, numbers, master, lists, outcomes, calls, table_names));
}
