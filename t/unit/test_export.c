/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <unistd.h>

#include "export/export.h"
#include "export/header.h"
#include "export/trial.h"
#include "policy/load.h"
#include "range_list_text.h"

/* in pieces, for ??' is a trigraph */
#define THREE \
	"?"   \
	"?"   \
	"?"
#define QUESTIONS "'" THREE THREE THREE THREE THREE "'"

START_TEST(quoted)
{
	static const struct {
		enum quote quote;
		const char *text, *want;
	} rows[] = {
		{ QUOTE_POWERSHELL, "a b", "'a b'" },
		{ QUOTE_POWERSHELL, "a\\b", "'a\\b'" },
		{ QUOTE_POWERSHELL, "it's $(x) \"y\"", "'it''s $(x) \"y\"'" },
		{ QUOTE_BACKSLASH, "say \"\\\"", "\"say \\\"\\\\\\\"\"" },
		{ QUOTE_XML, "<a b='1'>&\"", "&lt;a b=&apos;1&apos;&gt;&amp;&quot;" },
		{ QUOTE_POWERSHELL, "a\nb\x7f\r",
			"'a?b?"
			"?'" },
		/* what PowerShell takes for a quotation mark too: U+2018 to U+201B, U+201C */
		{ QUOTE_POWERSHELL, "\xe2\x80\x98\xe2\x80\x99\xe2\x80\x9a\xe2\x80\x9b\xe2\x80\x9c", QUESTIONS },
		{ QUOTE_XML, "", "" },
		{ QUOTE_POWERSHELL, "", "''" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf b = { 0 };
		buf_quote(&b, rows[i].quote, text_of(rows[i].text));
		row_str(rows[i].text, b.at, rows[i].want);
		buf_free(&b);
	}
}
END_TEST

static const struct snapshot *snapshot_of(const char *ini)
{
	const struct snapshot *s = NULL;
	struct faults f = { 0 };
	struct err e;
	int fd = load_text(text_of(ini), "/etc/mxonly.ini", &f);

	if (fd < 0)
		faults_print(&f, stderr);
	ck_assert_int_ge(fd, 0);
	ck_assert_msg(snapshot_map(&s, fd, &e) == 0, "%s", e.text);
	close(fd);
	faults_free(&f);
	return s;
}

#define FILTER "[relay filter]\nranges = 192.0.2.0/24 2001:db8:25::/48\ndomains = relay.example\n"
#define OTHER "[relay other]\nranges = 192.0.2.128-192.0.3.9\n"

START_TEST(planned)
{
	static const struct {
		const char *ini, *trusted, *relays, *hosts, *allowed, *addresses;
	} rows[] = {
		{ FILTER, "", "192.0.2.0/24 2001:db8:25::/48", "", "127.0.0.0/8 192.0.2.0/24 ::1 2001:db8:25::/48",
			"192.0.2.1 2001:db8:25::1 198.51.100.7 2001:db8:99::7" },
		{ FILTER OTHER "[default]\nrelays = filter other\n", "203.0.113.2",
			"192.0.2.0-192.0.3.9 2001:db8:25::/48", "203.0.113.2",
			"127.0.0.0/8 192.0.2.0-192.0.3.9 203.0.113.2 ::1 2001:db8:25::/48",
			"192.0.2.1 2001:db8:25::1 198.51.100.7 2001:db8:99::7" },
		/* Used by one domain alone, and what only that one exempts; overlapping --trusted. */
		{ FILTER OTHER "[default]\nrelays = filter\n[domain a.example]\nrelays = other\nexempt_networks = "
			       "10.0.0.0/8\n",
			"10.1.0.0/16 127.0.0.1", "192.0.2.0-192.0.3.9 2001:db8:25::/48", "10.0.0.0/8",
			"10.0.0.0/8 127.0.0.0/8 192.0.2.0-192.0.3.9 ::1 2001:db8:25::/48",
			"192.0.2.1 2001:db8:25::1 198.51.100.7 2001:db8:99::7" },
		/* Used by nobody. */
		{ FILTER OTHER "[default]\nrelays = filter\n", "", "192.0.2.0/24 2001:db8:25::/48", "",
			"127.0.0.0/8 192.0.2.0/24 ::1 2001:db8:25::/48",
			"192.0.2.1 2001:db8:25::1 198.51.100.7 2001:db8:99::7" },
		/* No address is asked for. */
		{ "[relay a]\nranges = 192.0.2.7\ndomains = a.example\nmatch = name\n[relay b]\nranges = "
		  "198.51.100.0/24 "
		  "2001:db8::/32\n",
			"", "198.51.100.0/24 2001:db8::/32", "", "127.0.0.0/8 198.51.100.0/24 ::1 2001:db8::/32",
			"198.51.100.1 2001:db8::1 203.0.113.7 3fff::7" },
		{ "[relay a]\nranges = 192.0.2.7\n", "", "192.0.2.7", "", "127.0.0.0/8 192.0.2.7 ::1",
			"192.0.2.7  198.51.100.7 2001:db8:99::7" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct snapshot *s = snapshot_of(rows[i].ini);
		struct range_list trusted = list_of(rows[i].trusted);
		struct plan p;
		char addresses[4 * IP_TEXT];
		ck_assert_int_eq(plan_make(&p, s, "mxonly.ini", &trusted, 0, NULL), 0);
		char *relays = printed(&p.relays), *hosts = printed(&p.trusted), *allowed = printed(&p.allowed);
		snprintf(addresses, sizeof addresses, "%s %s %s %s", p.relay4, p.relay6, p.foreign4, p.foreign6);
		row_str(rows[i].ini, relays, rows[i].relays);
		row_str(rows[i].ini, hosts, rows[i].hosts);
		row_str(rows[i].ini, allowed, rows[i].allowed);
		row_str(rows[i].ini, addresses, rows[i].addresses);
		row_str(rows[i].ini, p.date, "1970-01-01 00:00 UTC");
		free(relays);
		free(hosts);
		free(allowed);
		plan_free(&p);
		range_list_free(&trusted);
		snapshot_unmap(s);
	}
}
END_TEST

/* The digest changes with what is said, and with nothing else. */
START_TEST(digest)
{
	static const char *const inis[] = { FILTER, FILTER "; a comment\n", FILTER "[default]\nmode = off\n" };
	char digests[3][PLAN_DIGEST];

	for (int i = 0; i < 3; i++) {
		const struct snapshot *s = snapshot_of(inis[i]);
		struct range_list none = { 0 };
		struct plan p;
		ck_assert_int_eq(plan_make(&p, s, "mxonly.ini", &none, i, NULL), 0);
		memcpy(digests[i], p.digest, PLAN_DIGEST);
		plan_free(&p);
		snapshot_unmap(s);
	}
	ck_assert_uint_eq(strlen(digests[0]), 16);
	ck_assert_str_eq(digests[0], digests[1]);
	ck_assert_str_ne(digests[0], digests[2]);
}
END_TEST

START_TEST(everybody)
{
	static const struct {
		const char *ranges, *want;
	} rows[] = {
		{ "0.0.0.0/0", "IPv4" },
		{ "0.0.0.0/1 128.0.0.0/2", "IPv4" },
		{ "1.0.0.0-254.255.255.255", "IPv4" },
		{ "::/0", "IPv6" },
		{ "2000::/3", "IPv6" },
		{ "2000::/4 3000::/4", "IPv6" },
		{ "64.0.0.0/2 2001::/16", NULL },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char ini[256];
		snprintf(ini, sizeof ini, "[relay a]\nranges = %s\nallow_wide_ranges = yes\n", rows[i].ranges);
		const struct snapshot *s = snapshot_of(ini);
		struct range_list none = { 0 };
		struct plan p;
		struct err e = { "" };
		row_int(rows[i].ranges, plan_make(&p, s, "mxonly.ini", &none, 0, &e), rows[i].want ? -1 : 0);
		if (rows[i].want) {
			row_has(rows[i].ranges, e.text, rows[i].want);
			row_has(rows[i].ranges, e.text, "everybody");
		} else {
			plan_free(&p);
		}
		snapshot_unmap(s);
	}
}
END_TEST

static int write_example(struct export_job *x, struct err *e)
{
	(void)e;
	buf_str(export_file(x, "example", &comment_hash), "rules\n");
	export_note(x, "a note");
	return 0;
}

#define WHOLE (TARGET_WHOLE_SERVER | TARGET_RANGES)

static struct target example(unsigned flags)
{
	return (struct target){ .name = "example",
		.help = "an example",
		.flags = flags,
		.file = "example",
		.what = "says nothing",
		.load = "load ${output} ${nothing}",
		.undo = "undo",
		.check = "4: ${relay4}\n6: ${relay6}\nforeign: ${foreign4} ${foreign6}",
		.write = write_example };
}

/* What a configuration and a target make together: the words of an error, or of a warning or note. */
static const struct {
	const char *ini;
	unsigned flags;
	bool force;
	int result;
	const char *words;
} safety[] = {
	{ FILTER, WHOLE, false, 0, "must also match by helo" },
	{ FILTER "[default]\nmode = monitor\n", WHOLE, false, -1, "[default] (/etc/mxonly.ini:4) only monitors" },
	{ FILTER "[default]\nmode = monitor\n", WHOLE, true, 0, "forced: [default]" },
	{ FILTER "[default]\nmode = monitor\n", TARGET_RANGES, false, 0, "must also match by helo" },
	{ FILTER "[domain a.example]\nmode = off\n", WHOLE, false, -1,
		"[domain a.example] (/etc/mxonly.ini:4) is off" },
	{ FILTER "[domain a.example]\nmode = off\n", WHOLE, false, -1, "postfix" },
	{ FILTER "[domains a]\nnames = a.example\nmode = off\n", TARGET_WHOLE_SERVER, false, -1, "[domains a]" },
	{ FILTER OTHER "[default]\nrelays = filter other\n[domain a.example]\nrelays = other filter\n", WHOLE, false, 0,
		"" },
	{ FILTER OTHER "[default]\nrelays = filter other\n[domain a.example]\nrelays = filter\n", WHOLE, false, -1,
		"[domain a.example] (/etc/mxonly.ini:8) goes through other relays" },
	{ FILTER OTHER "[default]\nrelays = filter\n[domain a.example]\nrelays = filter other\n", WHOLE, false, -1,
		"goes through other relays" },
	{ FILTER "[domain a.example]\nmode=off\n[domain b.example]\nmode=off\n[domain c.example]\nmode=off\n"
		 "[domain d.example]\nmode=off\n[domain e.example]\nmode=off\n",
		WHOLE, false, -1, "is off; and 2 others" },
	{ FILTER "[relay c]\ndomains = c.example\n[default]\nrelays = filter c\n", WHOLE, false, -1,
		"relay c is known by name" },
	{ FILTER "[relay c]\ndomains = c.example\n[default]\nrelays = filter c\n", WHOLE, true, 0,
		"relay c is left out" },
	{ FILTER "[relay c]\ndomains = c.example\n[default]\nrelays = filter c\n", TARGET_RANGES, false, -1,
		"relay c is known by name" },
	{ FILTER "[relay c]\ndomains = c.example\n[default]\nrelays = filter c\n", TARGET_RANGES, true, 0,
		"relay c is left out" },
	{ FILTER "[relay c]\ndomains = c.example\n[default]\nrelays = filter c\n", TARGET_RANGES | TARGET_LIST, false,
		0, "relay c is left out" },
	{ FILTER "[relay c]\ndomains = c.example\n[default]\nrelays = filter\n[domain a.example]\nrelays = "
		 "filter "
		 "c\nmode = off\n",
		TARGET_RANGES, false, 0, "must also match by helo" },
	{ "[relay c]\ndomains = c.example\n", TARGET_LIST, true, -1, "would let nobody in" },
	{ FILTER "[relay c]\ndomains = c.example\n[default]\nrelays = filter\n", WHOLE, false, 0, "" },
	{ "[relay c]\ndomains = c.example\n", WHOLE, true, -1, "no relay has a range" },
	{ "[relay c]\ndomains = c.example\n", TARGET_RANGES, true, -1, "would let nobody in" },
	{ "[relay c]\ndomains = c.example\n", TARGET_WHOLE_SERVER, false, 0, "" },
	{ "[relay a]\nranges = 192.0.2.1\n", WHOLE, false, 0, "no relay has an IPv6 range" },
	{ "[relay a]\nranges = 2001:db8::1\n", WHOLE, false, 0, "no relay has an IPv4 range" },
	{ FILTER "[default]\nexempt_recipients = postmaster\n", WHOLE, false, 0, "exempt_recipients cannot" },
	{ FILTER "[domain a.example]\nexempt_networks = 10.0.0.0/8\n", WHOLE, false, 0,
		"exempt_networks of any policy" },
};

START_TEST(safe)
{
	for (size_t i = 0; i < sizeof safety / sizeof *safety; i++) {
		const struct snapshot *s = snapshot_of(safety[i].ini);
		struct target t = example(safety[i].flags);
		struct range_list none = { 0 };
		struct export_job x;
		struct plan p;
		struct err e = { "" };
		struct buf said = { 0 };
		ck_assert_int_eq(plan_make(&p, s, "mxonly.ini", &none, 0, NULL), 0);
		row_int(safety[i].ini, export_make(&x, &t, &p, NULL, safety[i].force, &e), safety[i].result);
		buf_str(&said, e.text);
		for (size_t k = 0; safety[i].result == 0 && k < x.note_count; k++)
			buf_format(&said, "\n%s", x.notes[k].words);
		row_has(safety[i].ini, said.at, safety[i].words);
		if (safety[i].result == 0)
			export_free(&x);
		buf_free(&said);
		plan_free(&p);
		snapshot_unmap(s);
	}
}
END_TEST

/* The header of an export of a configuration with such a path, to such a file. */
static char *headed(const char *ini, const char *config, const char *output, const struct comment *comment)
{
	const struct snapshot *s = snapshot_of(ini);
	struct target t = example(WHOLE);
	struct range_list none = { 0 };
	struct export_job x;
	struct plan p;
	struct buf b = { 0 };

	ck_assert_int_eq(plan_make(&p, s, config, &none, 0, NULL), 0);
	ck_assert_int_eq(export_make(&x, &t, &p, output, false, NULL), 0);
	header_write(&b, &x, comment);
	export_free(&x);
	plan_free(&p);
	snapshot_unmap(s);
	return b.at;
}

START_TEST(header)
{
	static const struct {
		const char *ini, *config, *output;
		const struct comment *comment;
		const char *has, *lacks;
	} rows[] = {
		{ FILTER, "a.ini", NULL, &comment_hash, "# Configuration: a.ini, digest ", "\nConfiguration" },
		{ FILTER, "a.ini", NULL, &comment_hash, "# Written: 1970-01-01 00:00 UTC by mxonly ", "\n\n" },
		{ FILTER, "a.ini", NULL, &comment_hash, "#   load example ${nothing}\n", "${output}" },
		{ FILTER, "a.ini", "/tmp/x", &comment_hash, "#   load /tmp/x ${nothing}\n", "example ${" },
		{ FILTER, "a.ini", NULL, &comment_hash, "#   4: 192.0.2.1\n#   6: 2001:db8:25::1\n",
			"${"
			"relay" },
		{ "[relay a]\nranges = 192.0.2.1\n", "a.ini", NULL, &comment_hash, "#   4: 192.0.2.1\n#   foreign",
			"6:" },
		{ FILTER, "a.ini", NULL, &comment_hash, "# - a note\n", "Nothing was left out" },
		{ "[relay a]\nranges = 192.0.2.1\n", "a.ini", NULL, &comment_hash, "# - WARNING: no relay", "\n-" },
		{ FILTER, "a\nrm -rf /\x1b[31m.ini", NULL, &comment_hash, "a\\x0arm -rf /\\x1b[31m.ini", "\nrm" },
		{ FILTER, "a.ini", "x\ny", &comment_hash, "load x\\x0ay", "\ny" },
		{ FILTER, "a-->b--.ini", NULL, &comment_xml, "a- ->b- -.ini", "a--" },
		{ FILTER, "a.ini", NULL, &comment_xml, "<?xml version", "Load it" },
		{ FILTER, "a.ini", NULL, &comment_shell, "#!/bin/sh\n# mxonly export example: an example\n", "\n\n" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *got = headed(rows[i].ini, rows[i].config, rows[i].output, rows[i].comment);
		row_has(rows[i].has, got, rows[i].has);
		row_ok(rows[i].has, !strstr(got, rows[i].lacks));
		row_ok(rows[i].has, !strstr(got, " \n"));
		free(got);
	}
}
END_TEST

/* What a script says, and what comes of it; where namespaces may be made. */
START_TEST(tried)
{
	static const char *const none[] = { "no-such-program", NULL };
	static const struct {
		const char *trial;
		const char *const *programs;
		int result;
		const char *words;
	} rows[] = {
		{ "yes 'this is so' true\n", NULL, 0, "verified: this is so\n" },
		{ "yes 'this is so' sh -c 'echo a; echo b >&2; exit 3'\n", NULL, -1, "wrong: this is so: a b\n" },
		{ "no 'this is not so' false\n", NULL, 0, "verified: this is not so\n" },
		{ "no 'this is not so' echo 'it is'\nyes more true\n", NULL, -1,
			"wrong: this is not so: it is\nverified: more\n" },
		{ "cannot 'tell'\n", NULL, 0, "not verified: tell\n" },
		{ "yes \"$relay4 $relay6 $foreign4 $foreign6\" grep rules example\n", NULL, 0,
			"verified: 192.0.2.1 2001:db8:25::1 198.51.100.7 2001:db8:99::7\n" },
		{ "yes 'it is alone' sh -c '! ip -o link | grep -v LOOPBACK'\n", NULL, 0, "verified: it is alone\n" },
		{ "printf 'verified: \\033[31m\\n'\n", NULL, 0, "verified: \\x1b[31m\n" },
		{ "yes never true\n", none, 0, "not verified: no-such-program is not on this machine\n" },
		{ NULL, NULL, 0, "not verified: no program on this machine can try it; its header says how\n" },
	};
	const struct snapshot *s = snapshot_of(FILTER);
	struct range_list nothing = { 0 };
	struct plan p;

	ck_assert_int_eq(plan_make(&p, s, "mxonly.ini", &nothing, 0, NULL), 0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct target t = example(WHOLE);
		struct export_job x;
		struct buf report = { 0 };
		t.trial = rows[i].trial;
		t.programs = rows[i].programs;
		ck_assert_int_eq(export_make(&x, &t, &p, NULL, false, NULL), 0);
		unsigned seconds = trial_seconds(&x);
		buf_str(&x.files[0]->text, "192.0.2.1\n192.0.2.3\n");
		row_int("two lines more", trial_seconds(&x), seconds + 4);
		int result = trial_run(&x, &report, NULL);
		if (!strstr(report.at, "this user cannot")) {
			row_str(rows[i].words, report.at, rows[i].words);
			row_int(rows[i].words, result, rows[i].result);
		}
		export_free(&x);
		buf_free(&report);
	}
	plan_free(&p);
	snapshot_unmap(s);
}
END_TEST

int main(void)
{
	return unit_run("export", UNIT_TESTS(quoted, planned, digest, everybody, safe, header, tried));
}
