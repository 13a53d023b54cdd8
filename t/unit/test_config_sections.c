/* SPDX-License-Identifier: BSD-2-Clause */
/* Section lines, keys, what follows from their faults (nothing), and the traps of libinih. */
#include "config_reading.h"

#define ALL_SECTIONS "there are [policyd], [relay NAME], [default], [domain D], [domains LABEL] and [audit]\n"
#define N64 "1234567890123456789012345678901234567890123456789012345678901234"

START_TEST(section_lines)
{
	static const struct said rows[] = {
		{ "[ \trelay   filter ] ; x\nranges = 192.0.2.0/24 2001:db8::/32\n", "" },
		{ "[relay " N64 "]\nranges = 192.0.2.0/24 2001:db8::/32\n", "" },
		{ "[relay " N64 "5]\nranges = 192.0.2.0/24 2001:db8::/32\n",
			"m.ini:1: `" N64 "5` is no name: letters, digits, `-`, `_` and `.`, up to 64\n" },
		{ "[relay a b]\nranges = 192.0.2.0/24 2001:db8::/32\n",
			"m.ini:1: `a b` is no name: letters, digits, `-`, `_` and `.`, up to 64\n" },
		{ FILTER "[domains a/b]\nnames = a.example\n",
			"m.ini:3: `a/b` is no name: letters, digits, `-`, `_` and `.`, up to 64\n" },
		{ FILTER "[relay]\nranges = x\n", "m.ini:3: `[relay]` without a name: `[relay NAME]`\n" },
		{ FILTER "[domain]\n", "m.ini:3: `[domain]` without a name: `[domain D]`\n" },
		{ FILTER "[policyd x]\nworkers = 999\n",
			"m.ini:3: `[policyd x]`: there is only one [policyd]: `[policyd]` meant?\n"
			"m.ini:4: workers: `999` is neither `auto` nor a number from 1 to 256\n" },
		{ FILTER "[]\nx = y\n", "m.ini:3: unknown section `[]`: " ALL_SECTIONS },
		{ FILTER "[gateway x]\na = b\nc = d\n", "m.ini:3: unknown section `[gateway x]`: " ALL_SECTIONS },
		{ FILTER "[polcyd]\nlisten = x\nfoo = y\n",
			"m.ini:3: unknown section `[polcyd]`: `[policyd]` meant?\n"
			"m.ini:4: listen: `x` is no endpoint: unix:/path or inet:host:port\n"
			"m.ini:5: unknown key `foo` in [policyd]\n" },
		{ FILTER "[polcyd x]\nfoo = y\n", "m.ini:3: unknown section `[polcyd x]`: `[policyd x]` meant?\n" },
		{ FILTER "[relai]\nfoo = y\n", "m.ini:3: unknown section `[relai]`: `[relay]` meant?\n" },
		{ FILTER "[domian filter.example]\nmode = of\n[relay b]\nrangs = ::1\n[default]\nrelays = filtre\n",
			"m.ini:3: unknown section `[domian filter.example]`: `[domain filter.example]` meant?\n"
			"m.ini:4: mode: `of` is none of enforce, monitor or off: `off` meant?\n"
			"m.ini:6: unknown key `rangs` in [relay b]: `ranges` meant?\n"
			"m.ini:8: relays: there is no [relay filtre]: `filter` meant?\n" },
		{ FILTER "[relay]\n[default]\nrelays = filtre\n[domain a.example]\nrelays = other\n",
			"m.ini:3: `[relay]` without a name: `[relay NAME]`\n"
			"m.ini:5: relays: there is no [relay filtre]: `filter` meant?\n" },
		{ FILTER "[default]\nlisten = x\nlistn = x\nrangs = x\nfoo = x\n",
			"m.ini:4: `listen` is no key of [default]: it belongs below [policyd]\n"
			"m.ini:5: unknown key `listn` in [default]: `listen` meant, below [policyd]?\n"
			"m.ini:6: unknown key `rangs` in [default]: `ranges` meant, below [relay NAME]?\n"
			"m.ini:7: unknown key `foo` in [default]\n" },
		{ FILTER "[Default]\n", "m.ini:3: unknown section `[Default]`: `[default]` meant?\n" },
		{ FILTER "[domian a.example]\n",
			"m.ini:3: unknown section `[domian a.example]`: `[domain a.example]` meant?\n" },
		{ FILTER "[default] # x\nmode = monitor\n",
			"m.ini:3: `# x` behind the `]`: only a comment may stand there (white space and `;`)\n" },
		{ FILTER "[default] mode = off\n", "m.ini:3: `mode = off` behind the `]`: only a comment may stand "
						   "there (white space and `;`)\n" },
		{ FILTER "[domain a..b]\nmode = off\nx = y\n",
			"m.ini:3: `a..b`*\nm.ini:5: unknown key `x` in [domain a..b]\n" },
		{ FILTER "[domain *.a.example]\n", "m.ini:3: `*.a.example`*\n" },
	};

	expect_said(rows, sizeof rows / sizeof *rows);
}
END_TEST

START_TEST(twice)
{
	static const struct said rows[] = {
		{ FILTER "[relay filter]\ndomains = relay.example\n",
			"m.ini:3: `[relay filter]` again: first in m.ini:1\n" },
		{ "[relay a]\nmatch = address\n[relay a]\nranges = 192.0.2.1 ::2\n",
			"m.ini:3: `[relay a]` again: first in m.ini:1\n" },
		{ FILTER "[policyd]\n[default]\n[policyd]\nworkers = 2\n[default]\n[audit]\n[audit]\n",
			"m.ini:5: `[policyd]` again: first in m.ini:3\nm.ini:7: `[default]` again: first in m.ini:4\n"
			"m.ini:9: `[audit]` again: first in m.ini:8\n" },
		{ FILTER "[domain a.example]\n[domain A.Example.]\n",
			"m.ini:4: `[domain A.Example.]` again: first in m.ini:3\n" },
		{ FILTER "[domain b\xc3\xbc"
			 "cher.example]\n[domain xn--bcher-kva.example]\n",
			"m.ini:4: `[domain xn--bcher-kva.example]` again: first in m.ini:3\n" },
		{ FILTER "[domain a.example]\n[domain .a.example]\n", "" },
		{ FILTER "[domains l]\nnames = a.example\n[domains l]\nnames = b.example\n",
			"m.ini:5: `[domains l]` again: first in m.ini:3\n" },
		{ FILTER "[domain a.example]\n[domains l]\nnames = b.example\n  A.example.\n",
			"m.ini:6: `a.example` has a section already: [domain a.example], in m.ini:3\n" },
		{ FILTER "[domains l]\nnames = a.example\n[domain a.example]\n",
			"m.ini:5: `a.example` has a section already: [domains l], in m.ini:4\n" },
		{ FILTER "[domains l]\nnames = a.example b.example A.EXAMPLE\n",
			"m.ini:4: warning: `a.example` twice in [domains l]: first in m.ini:4\n" },
		{ FILTER "[default]\nmode = off\nmode = monitor\n  x\nmode = enforce\n",
			"m.ini:5: `mode` again: first in line 4\n"
			"m.ini:5: mode: `monitor x` is none of enforce, monitor or off: `monitor` meant?\n"
			"m.ini:7: `mode` again: first in line 4\n" },
	};

	expect_said(rows, sizeof rows / sizeof *rows);
}
END_TEST

START_TEST(keys)
{
	static const struct said rows[] = {
		{ "workers = 3\nfoo = 1\n" FILTER,
			"m.ini:1: `workers` stands outside of any section: it belongs below [policyd]\n"
			"m.ini:2: `foo` stands outside of any section, and is no known key\n" },
		{ "mode = off\n" FILTER, "m.ini:1: `mode` stands outside of any section: it belongs below [default], "
					 "[domain D] or [domains LABEL]\n" },
		{ FILTER "[policyd]\nworker = 3\n", "m.ini:4: unknown key `worker` in [policyd]: `workers` meant?\n" },
		{ FILTER "[policyd]\nWorkers = 3\n",
			"m.ini:4: unknown key `Workers` in [policyd]: `workers` meant?\n" },
		{ FILTER "[policyd]\nxyzzy = 3\n  more\n", "m.ini:4: unknown key `xyzzy` in [policyd]\n" },
		{ FILTER "[policyd]\nmode = off\n", "m.ini:4: `mode` is no key of [policyd]: it belongs below "
						    "[default], [domain D] or [domains LABEL]\n" },
		{ FILTER "[domain a.example]\nnames = b.example\n",
			"m.ini:4: `names` is no key of [domain a.example]: it belongs below [domains LABEL]\n" },
		{ FILTER "[policyd]\nworkers : 3\nuser: a=b\n",
			"m.ini:4: no `=`: `workers = 3` meant?\nm.ini:5: unknown key `user: a` in [policyd]: `user = "
			"...` meant?\n" },
		{ FILTER "[policyd]\n= 3\n", "m.ini:4: no key before the `=`\n" },
		{ FILTER "[default]\nrelays =\n  filter\n\n  mode = off\n",
			"m.ini:7: indented: it would continue `relays`\n"
			"m.ini:7: warning: mode: [default] is `off`: what no section names is not protected\n" },
		{ FILTER "[policyd]\nworkers = 2\n  workers = 3\n",
			"m.ini:5: indented: it would continue `workers`\n" },
		{ FILTER "[default]\nrelays = filter\n  [domain a.example]\n  mode = off\n",
			"m.ini:5: indented: it would continue `relays`\n"
			"m.ini:6: indented, and there is no value above that it could continue: `mode = off` at the "
			"start of the line meant?\n" },
	};

	expect_said(rows, sizeof rows / sizeof *rows);
}
END_TEST

/* A fault is said once, and nothing that follows from it is said at all. */
START_TEST(no_cascades)
{
	static const struct said rows[] = {
		{ "[relay filter\nranges = 192.0.2.0/24 2001:db8::/32\n[default]\nrelays = filter\n",
			"m.ini:1: no `]`: `[relay filter]` meant?\n" },
		{ "[rely filter]\nranges = bad\nfoo = bar\n[default]\nrelays = filter\n",
			"m.ini:1: unknown section `[rely filter]`: `[relay filter]` meant?\n"
			"m.ini:2: ranges: \"bad\": not an address\nm.ini:3: unknown key `foo` in [relay filter]\n" },
		{ "[filter]\nranges = 192.0.2.0/24\n[default]\nrelays = filter\n",
			"m.ini:1: unknown section `[filter]`: " ALL_SECTIONS },
		{ "[relay filter]\nrange = 192.0.2.0/24\nmatch = address\n",
			"m.ini:2: unknown key `range` in [relay filter]: `ranges` meant?\n" },
		{ "[relay filter]\nranges 192.0.2.0/24\n", "m.ini:2: no `=`: `ranges = 192.0.2.0/24` meant?\n" },
		{ "[relay filter]\nxyzzy = 192.0.2.0/24\n", "m.ini:2: unknown key `xyzzy` in [relay filter]\n" },
		{ "[relay filter]\n  rangs = 192.0.2.0/24\n",
			"m.ini:2: indented, and there is no value above that it could continue\n" },
		{ "[relay filter]\nranges = 192.0.2.1/24\nmatch = address\n", "m.ini:2: ranges: \"192.0.2.1/24\"*\n" },
		{ "[relay filter]\nranges_file = /nonexistent-mxonly/r\nmatch = address\n",
			"m.ini:2: ranges_file: /nonexistent-mxonly/r: No such file or directory\n" },
		{ FILTER "domains = com\nmatch = address helo\n",
			"m.ini:3: domains: `com` is a single label, and would let in every name below it\n" },
		{ FILTER "match = adress\n", "m.ini:3: match: `adress` is no factor (address, helo, name, certificate, "
					     "tls): `address` meant?\n" },
		{ FILTER "[relay b]\nranges = 198.51.100.1 ::1\n[default]\nrelays = filtr\n",
			"m.ini:6: relays: there is no [relay filtr]: `filter` meant?\n" },
		{ FILTER "[domains l]\nname = a.example\n",
			"m.ini:4: unknown key `name` in [domains l]: `names` meant?\n" },
		{ FILTER "[default]\nexempt_networks = 0.0.0.0/0\n",
			"m.ini:4: exempt_networks: 0.0.0.0/0 is wider than an IPv4 /8: too much of the Internet would "
			"be let pass\n" },
		{ "foo\n  bar\n  baz\n" FILTER, "m.ini:1: no `=`: neither a section nor `key = value`\n" },
	};

	expect_said(rows, sizeof rows / sizeof *rows);
}
END_TEST

START_TEST(no_cascades_of_damage)
{
	static const char nul[] = "[relay fil\0ter]\nranges = 192.0.2.0/24\nfoo = bar\n[default]\nrelays = filter\n";
	static const char value[] = "[relay filter]\nranges =\n  ; x\n\n 2001:db8::\0/32\nmatch = address\n";
	struct reading r = read_bytes(nul, sizeof nul - 1);

	row_words("", r.words, "m.ini:1: a NUL byte: this is no text file, or not in UTF-8\n");
	reading_free(&r);
	r = read_bytes(value, sizeof value - 1);
	row_words("", r.words, "m.ini:5: a NUL byte: this is no text file, or not in UTF-8\n");
	reading_free(&r);
}
END_TEST

/* A line of n bytes, so many of them before the value and the rest of it a list of one word over and over. */
static char *long_line(const char *before, const char *word, size_t n)
{
	struct buf b = { 0 };

	buf_str(&b, before);
	while (b.len + strlen(word) + 1 <= n)
		buf_format(&b, " %s", word);
	return b.at;
}

/* libinih alone: cut at 200 bytes, and the rest taken for another line, or dropped. */
START_TEST(trap_long_lines)
{
	static const size_t lengths[] = { 150, 198, 199, 200, 201, 202, 398, 400, 5000, 65000, 65535 };

	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		char *line = long_line("ranges =", "192.0.2.1", lengths[i]);
		size_t want = (strlen(line) - strlen("ranges =")) / strlen(" 192.0.2.1");
		struct buf text = { 0 };
		buf_format(&text, "[relay filter]\n%s\n  2001:db8::1\nmatch = address\n", line);
		struct reading r = read_string(text.at);
		row_words("", r.words, "");
		ck_assert_uint_eq(r.c.relays[0].ranges.count, want + 1);
		reading_free(&r);
		buf_free(&text);
		free(line);
	}
}
END_TEST

/* libinih alone: cut at 49 bytes; two such names would be one. */
START_TEST(trap_section_names)
{
#define LONG "a-name-of-sixty-bytes-that-only-differs-in-its-very-last-byte"
	struct reading r =
		read_string("[relay " LONG "1]\nranges = 192.0.2.1 ::1\n[relay " LONG
			    "2]\nranges = 192.0.2.2 ::2\n[default]\nrelays = " LONG "2\n[domain " LONG ".example.org]\n"
			    "relays = " LONG "1\n");
	char text[400] = FILTER "[domain ";

	row_words("", r.words, "");
	ck_assert_uint_eq(r.c.relay_count, 2);
	ck_assert_str_eq(r.c.relays[1].name, LONG "2");
	ck_assert_uint_eq(r.c.policies[0].relays[0], 1);
	ck_assert_uint_eq(r.c.policies[1].relays[0], 0);
	ck_assert_str_eq(r.c.domains[0].name, LONG ".example.org");
	reading_free(&r);
	for (size_t n = 300; n <= 301; n++) {
		size_t begin = strlen(FILTER "[domain ");
		memset(text + begin, 'a', n - strlen("domain "));
		strcpy(text + begin + n - strlen("domain "), "]\n");
		r = read_string(text);
		ck_assert_uint_eq(r.f.errors, 1);
		row_has("300, 301", r.words,
			n == 300 ? "a name of 293 bytes: DNS has at most 253"
				 : "m.ini:3: a section name over 300 bytes\n");
		reading_free(&r);
	}
}
END_TEST

/* libinih alone: silent about a section without keys. */
START_TEST(trap_empty_sections)
{
	struct reading r = read_string(FILTER "[domain a.example]\n[domain b.example]\n[default]\nmode = monitor\n");

	row_words("", r.words, "");
	ck_assert_uint_eq(r.c.domain_count, 2);
	ck_assert_uint_eq(r.c.policy_count, 3);
	ck_assert_str_eq(r.c.policies[2].name, "b.example");
	ck_assert_uint_eq(r.c.policies[2].place.line, 4);
	ck_assert_int_eq(r.c.policies[2].mode, MODE_MONITOR);
	reading_free(&r);
}
END_TEST

/* libinih alone: keys below a line without "]" join the section above. */
START_TEST(trap_open_sections)
{
	struct reading r = read_string("[relay a]\nranges = 192.0.2.1 ::1\n[relay b\ndomains = b.example\n"
				       "[default]\nrelays = a b\n");

	row_words("", r.words, "m.ini:3: no `]`: `[relay b]` meant?\n");
	ck_assert_uint_eq(r.c.relays[0].domains.count, 0);
	reading_free(&r);
}
END_TEST

/* libinih alone: `;` cut on first lines only, every continuation line a key of its own, `:` a separator. */
START_TEST(trap_continuations)
{
	struct reading r =
		read_string("[relay a]\nranges = 192.0.2.1 ; one\n  ; two\n\n  192.0.2.2,  ; three\n# four\n"
			    "\t2001:db8::1\t;five\ndomains = a.example\n[domains l]\nnames = b.example ; c.example\n"
			    " d.example ; e.example\n");

	row_words("", r.words, "");
	ck_assert_uint_eq(r.c.relays[0].ranges.count, 3);
	ck_assert_uint_eq(r.c.domain_count, 2);
	ck_assert_str_eq(r.c.domains[1].name, "d.example");
	reading_free(&r);
}
END_TEST

int main(void)
{
	return unit_run("config_sections",
		UNIT_TESTS(section_lines, twice, keys, no_cascades, no_cascades_of_damage, trap_long_lines,
			trap_section_names, trap_empty_sections, trap_open_sections, trap_continuations));
}
