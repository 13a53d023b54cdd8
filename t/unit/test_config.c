/* SPDX-License-Identifier: BSD-2-Clause */
/* [policyd] and [audit], sections, keys, and what is said about them. */
#include "config_reading.h"
#include "policy/settings.h"

START_TEST(presets)
{
	struct reading r = read_string(FILTER);
	const struct policyd_config *p = &r.c.policyd;
	const struct policy_config *d = &r.c.policies[0];

	row_words("", r.words, "");
	ck_assert_uint_eq(p->listen.count, 1);
	ck_assert_str_eq(p->listen.at[0], "unix:/var/spool/postfix/mxonly/policy");
	ck_assert_ptr_null(p->socket_group);
	ck_assert_uint_eq(p->socket_mode, 0660);
	ck_assert_str_eq(p->user, "mxonly");
	ck_assert_ptr_null(p->group);
	ck_assert_uint_eq(p->workers, 0);
	ck_assert_uint_eq(p->max_connections, 4096);
	ck_assert_uint_eq(p->request_timeout, 30);
	ck_assert_uint_eq(p->idle_timeout, 3600);
	ck_assert_int_eq(p->routed_recipients, RECIPIENT_STRICT);
	ck_assert_str_eq(p->recipient_delimiter, "+");
	ck_assert_str_eq(p->control, "unix:/run/mxonly/control");
	ck_assert(!p->control_set);
	ck_assert_int_eq(p->log, LOG_TARGET_AUTO);
	ck_assert(!p->log_json);
	ck_assert_int_eq(p->log_decisions, LOG_DECISIONS_REFUSED);
	ck_assert_uint_eq(r.c.policy_count, 1);
	ck_assert_int_eq(d->kind, POLICY_DEFAULT);
	ck_assert_str_eq(d->name, "");
	ck_assert_uint_eq(d->place.line, 0);
	ck_assert_uint_eq(d->relay_count, 1);
	ck_assert_int_eq(d->mode, MODE_ENFORCE);
	ck_assert_int_eq(d->on_near_miss, ON_DEFER);
	ck_assert_int_eq(d->on_mismatch, ON_REFUSE);
	ck_assert(d->exempt_authenticated);
	ck_assert_uint_eq(d->exempt_networks.count, 2);
	ck_assert_uint_eq(d->exempt_recipients.count, 0);
	for (int use = 0; use < ACTION_USES; use++)
		ck_assert_str_eq(d->action[use], action_default[use]);
	reading_free(&r);
}
END_TEST

START_TEST(every_server_key)
{
	struct reading r = read_string(FILTER
		"[policyd]\nlisten = unix:sock, inet:127.0.0.1:10040 inet:[::1]:10040\n inet:localhost:25\n"
		"socket_group = postfix\nsocket_mode = 600\nuser = u\ngroup = g\nworkers = 256\n"
		"max_connections = 1000000\nrequest_timeout = 1h\nidle_timeout = 7d\nrouted_recipients = ignore\n"
		"recipient_delimiter = +-\ncontrol = unix:ctl\nlog = stderr\nlog_format = json\nlog_decisions = all\n"
		"include =\n[audit]\nown = MX.example.org, localhost\ninternal_networks = 192.0.2.0/24 10.0.0.1\n");
	const struct policyd_config *p = &r.c.policyd;

	row_words("", r.words, "");
	ck_assert_uint_eq(p->listen.count, 4);
	ck_assert_str_eq(p->listen.at[0], "unix:sock");
	ck_assert_str_eq(p->listen.at[2], "inet:[::1]:10040");
	ck_assert_str_eq(p->listen.at[3], "inet:localhost:25");
	ck_assert_str_eq(p->socket_group, "postfix");
	ck_assert_uint_eq(p->socket_mode, 0600);
	ck_assert_str_eq(p->user, "u");
	ck_assert_str_eq(p->group, "g");
	ck_assert_uint_eq(p->workers, 256);
	ck_assert_uint_eq(p->max_connections, 1000000);
	ck_assert_uint_eq(p->request_timeout, 3600);
	ck_assert_uint_eq(p->idle_timeout, 604800);
	ck_assert_int_eq(p->routed_recipients, RECIPIENT_IGNORE_ROUTES);
	ck_assert_str_eq(p->recipient_delimiter, "+-");
	ck_assert_str_eq(p->control, "unix:ctl");
	ck_assert(p->control_set);
	ck_assert_int_eq(p->log, LOG_TARGET_STDERR);
	ck_assert(p->log_json);
	ck_assert_int_eq(p->log_decisions, LOG_DECISIONS_ALL);
	ck_assert_uint_eq(r.c.own.count, 2);
	ck_assert_str_eq(r.c.own.at[0], "MX.example.org");
	ck_assert_uint_eq(r.c.internal_networks.count, 2);
	reading_free(&r);
}
END_TEST

START_TEST(empty_ones)
{
	struct reading r = read_string(FILTER "[policyd]\ncontrol =\nrecipient_delimiter = ; none\n");

	row_words("", r.words, "");
	ck_assert_str_eq(r.c.policyd.control, "");
	ck_assert(r.c.policyd.control_set);
	ck_assert_str_eq(r.c.policyd.recipient_delimiter, "");
	reading_free(&r);
}
END_TEST

/* Each is one line of [policyd], and one fault in line 4 (or a warning). */
START_TEST(server_values)
{
	static const struct {
		const char *line, *want;
	} rows[] = {
		{ "workers = 0", "m.ini:4: workers: `0` is neither `auto` nor a number from 1 to 256\n" },
		{ "workers = 257", "m.ini:4: workers: `257` is neither `auto` nor a number from 1 to 256\n" },
		{ "workers =", "m.ini:4: workers: `` is neither `auto` nor a number from 1 to 256\n" },
		{ "workers = 1", "" },
		{ "max_connections = 0", "m.ini:4: max_connections: `0` is no number from 1 to 1000000\n" },
		{ "max_connections = 1000001", "m.ini:4: max_connections: `1000001` is no number from 1 to 1000000\n" },
		{ "max_connections = 1e3", "m.ini:4: max_connections: `1e3` is no number from 1 to 1000000\n" },
		{ "max_connections = 99999999999999999999",
			"m.ini:4: max_connections: `99999999999999999999` is no number from 1 to 1000000\n" },
		{ "request_timeout = 0",
			"m.ini:4: request_timeout: `0` is no time from 1 to 3600 seconds (45s, 30m, 12h, 90d)\n" },
		{ "request_timeout = 61m",
			"m.ini:4: request_timeout: `61m` is no time from 1 to 3600 seconds (45s, 30m, 12h, 90d)\n" },
		{ "request_timeout = 45s", "" },
		{ "request_timeout = s",
			"m.ini:4: request_timeout: `s` is no time from 1 to 3600 seconds (45s, 30m, 12h, 90d)\n" },
		{ "idle_timeout = 1000", "" },
		{ "idle_timeout = 999", "m.ini:4: warning: idle_timeout: Postfix keeps a connection for up to 1000 "
					"seconds, and a client waits "
					"a second when it is closed first\n" },
		{ "idle_timeout = 8d",
			"m.ini:4: idle_timeout: `8d` is no time from 1 to 604800 seconds (45s, 30m, 12h, 90d)\n" },
		{ "socket_mode = 0777", "" },
		{ "socket_mode = 1777",
			"m.ini:4: socket_mode: `1777` is no octal mode of three or four digits up to 0777 (0660)\n" },
		{ "socket_mode = 0668",
			"m.ini:4: socket_mode: `0668` is no octal mode of three or four digits up to 0777 (0660)\n" },
		{ "socket_mode = 66",
			"m.ini:4: socket_mode: `66` is no octal mode of three or four digits up to 0777 (0660)\n" },
		{ "socket_mode = 00660",
			"m.ini:4: socket_mode: `00660` is no octal mode of three or four digits up to 0777 (0660)\n" },
		{ "user = root",
			"m.ini:4: user: `root`: the server never runs as root; make a user for it (`mxonly`)\n" },
		{ "user = 0", "m.ini:4: user: `0`: the server never runs as root; make a user for it (`mxonly`)\n" },
		{ "user =", "m.ini:4: user: empty: the name of a user\n" },
		{ "user = a b", "m.ini:4: user: `a b` is more than one name\n" },
		{ "group =", "m.ini:4: group: empty: the name of a group\n" },
		{ "recipient_delimiter = a",
			"m.ini:4: recipient_delimiter: `a`: only characters such as + and -, side by side\n" },
		{ "recipient_delimiter = +@",
			"m.ini:4: recipient_delimiter: `+@`: only characters such as + and -, side by side\n" },
		{ "recipient_delimiter = + -",
			"m.ini:4: recipient_delimiter: `+ -`: only characters such as + and -, side by side\n" },
		{ "routed_recipients = strikt",
			"m.ini:4: routed_recipients: `strikt` is none of strict or ignore: `strict` meant?\n" },
		{ "log = sislog", "m.ini:4: log: `sislog` is none of stderr or syslog: `syslog` meant?\n" },
		{ "log =", "m.ini:4: log: empty: one of stderr or syslog\n" },
		{ "log_format = xml", "m.ini:4: log_format: `xml` is none of text or json\n" },
		{ "log_decisions = Refused",
			"m.ini:4: log_decisions: `Refused` is none of none, refused or all: `refused` meant?\n" },
		{ "control = inet:127.0.0.1:1", "m.ini:4: control: `inet:127.0.0.1:1`: only a UNIX socket, whose "
						"permissions say who may (unix:/path)\n" },
		{ "control = unix:a unix:b", "m.ini:4: control: `unix:a unix:b`: one endpoint only\n" },
		{ "control = unix:/var/spool/postfix/mxonly/policy",
			"m.ini:3: `unix:/var/spool/postfix/mxonly/policy` is both in `listen` and `control`\n" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[300];
		snprintf(text, sizeof text, FILTER "[policyd]\n%s\n", rows[i].line);
		struct reading r = read_string(text);
		row_str(rows[i].line, r.words, rows[i].want);
		reading_free(&r);
	}
}
END_TEST

#define P100 "/2345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901"

START_TEST(endpoints)
{
	static const struct {
		const char *word, *want; /* behind "m.ini:4: listen: "; NULL: taken */
	} rows[] = {
		{ "unix:/a", NULL },
		{ "unix:" P100 "234567", NULL },
		{ "unix:" P100 "2345678", "bytes\n" },
		{ "inet:[::1]:10040", NULL },
		{ "inet:mail-1.example:10040", NULL },
		{ "inet:localhost:65535", NULL },
		{ "inet:10040", "`inet:10040` has no host: `inet:127.0.0.1:10040` meant?\n" },
		{ "inet::10040", "`inet::10040` has no host: `inet:127.0.0.1:10040` meant?\n" },
		{ "inet:localhost", "`inet:localhost` has no port: `inet:localhost:10040` meant?\n" },
		{ "inet:::1:99", "`inet:[::1]:99` meant?\n" },
		{ "inet:[127.0.0.1]:99", "`inet:127.0.0.1:99` meant?\n" },
		{ "inet:[::1:99", "is neither an address nor the name of a host\n" },
		{ "inet:a..b:99", "`a..b` is neither an address nor the name of a host\n" },
		{ "inet:*:99", "`inet:0.0.0.0:99` or `inet:[::]:99` meant?\n" },
		{ "inet:a:0", "`inet:a:0`: the port is a number from 1 to 65535\n" },
		{ "inet:a:65536", "`inet:a:65536`: the port is a number from 1 to 65535\n" },
		{ "inet:a:smtp", "`inet:a:smtp`: the port is a number from 1 to 65535\n" },
		{ "unix:", "`unix:` without a path\n" },
		{ "unix:@a", "`unix:@a`: abstract sockets have no permissions and are not served\n" },
		{ "/run/s", "`/run/s` is no endpoint: `unix:/run/s` meant?\n" },
		{ "127.0.0.1:25", "`127.0.0.1:25` is no endpoint: `inet:127.0.0.1:25` meant?\n" },
		{ "tcp", "`tcp` is no endpoint: unix:/path or inet:host:port\n" },
		{ "unix:a unix:./b unix:a", "`unix:a` twice\n" },
		{ "", "names no endpoint: unix:/path or inet:host:port\n" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[300];
		snprintf(text, sizeof text, FILTER "[policyd]\nlisten = %s\n", rows[i].word);
		struct reading r = read_string(text);
		row_int(rows[i].word, r.f.errors, rows[i].want ? 1 : 0);
		row_has(rows[i].word, r.words, rows[i].want ? rows[i].want : "");
		row_has(rows[i].word, r.words, rows[i].want ? "m.ini:4: listen: " : "");
		reading_free(&r);
	}
}
END_TEST

START_TEST(audit_values)
{
	static const struct said rows[] = {
		{ FILTER "[audit]\nown = 192.0.2.1 a\ninternal_networks = 10.0.0.0/8\n  10.0.0.1/8\n",
			"m.ini:4: own: `192.0.2.1`*\n"
			"m.ini:6: internal_networks: \"10.0.0.1/8\"*\n" },
	};

	expect_said(rows, sizeof rows / sizeof *rows);
}
END_TEST

/* Before anything else is read: the line rules are the same, faults are not looked for. */
START_TEST(run_time_user)
{
	static const struct {
		const char *text, *user, *group;
	} rows[] = {
		{ "", "mxonly", NULL },
		{ "[policyd]\nuser = a ; b\ngroup = c\n", "a", "c" },
		{ "[relay x]\nuser = a\n", "mxonly", NULL },
		{ "user = a\n[policyd] ; x\n# user = b\nuser=\n  c\n", "c", NULL },
		{ "\xef\xbb\xbf[ policyd ]\r\nuser = a\r\n[default]\r\ngroup = x\r\n", "a", NULL },
		{ "[policyd]\nusers = a\n", "mxonly", NULL },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *user, *group;
		config_read_user(text_of(rows[i].text), &user, &group);
		row_str(rows[i].text, user, rows[i].user);
		row_str(rows[i].text, group ? group : "-", rows[i].group ? rows[i].group : "-");
		free(user);
		free(group);
	}
}
END_TEST

/* The table that the parser, --help and the manual share: nothing is told apart by chance. */
START_TEST(table_of_settings)
{
	for (size_t i = 0; i < setting_count; i++) {
		ck_assert_str_ne(settings[i].help, "");
		ck_assert(settings[i].sections != 0);
		for (size_t j = 0; j < i; j++)
			row_ok(settings[i].key, strcmp(settings[i].key, settings[j].key) != 0);
		if (settings[i].kind == VALUE_WORD || settings[i].kind == VALUE_FLAG)
			for (unsigned long w = settings[i].min; w <= settings[i].max; w++)
				row_ok(settings[i].key, settings[i].words[w] != NULL);
	}
}
END_TEST

int main(void)
{
	return unit_run("config", UNIT_TESTS(presets, every_server_key, empty_ones, server_values, endpoints,
					  audit_values, run_time_user, table_of_settings));
}
