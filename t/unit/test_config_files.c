/* SPDX-License-Identifier: BSD-2-Clause */
/* What a configuration names: include, ranges_file, file; and much of it. */
#include <time.h>

#include "config_reading.h"
#include "policy/endpoint.h"

/* Reads main.ini of the folder; words have no folder. */
static struct reading read_main(struct folder *d)
{
	struct reading r = read_file(folder_path(d, "main.ini"));

	folder_cut(d, r.words);
	return r;
}

START_TEST(includes)
{
	struct folder d = folder_make();

	ck_assert_int_eq(mkdir(folder_path(&d, "conf.d"), 0700), 0);
	folder_put(&d, "main.ini",
		"[policyd]\ninclude = conf.d/*.ini,\n nothing*.ini other.ini none.d/*.ini\nworkers = 2\n" FILTER);
	folder_put(&d, "conf.d/b.ini", "[relay b]\ndomains = b.example\n[domains l]\nfile = b.domains\n");
	folder_put(&d, "conf.d/b.domains", "b.example\n");
	folder_put(&d, "conf.d/a.ini", "[relay a]\ndomains = a.example\n");
	folder_put(&d, "conf.d/ignored", "?\n");
	folder_put(&d, "other.ini", "[default]\nrelays = filter b a\n");
	struct reading r = read_main(&d);
	row_words("", r.words, "");
	ck_assert_uint_eq(r.c.policyd.workers, 2);
	ck_assert_uint_eq(r.c.relay_count, 3);
	ck_assert_str_eq(r.c.relays[0].name, "filter");
	ck_assert_str_eq(r.c.relays[1].name, "a");
	ck_assert_str_eq(r.c.relays[2].name, "b");
	ck_assert_str_eq(r.c.files.at[r.c.relays[2].place.file] + strlen(d.path), "/conf.d/b.ini");
	ck_assert_uint_eq(r.c.policies[0].relays[1], 2);
	ck_assert_str_eq(r.c.domains[0].name, "b.example");
	ck_assert_str_eq(r.c.files.at[0] + strlen(d.path), "/main.ini");
	reading_free(&r);
	folder_remove(&d);
}
END_TEST

START_TEST(faults_of_includes)
{
	static const struct {
		const char *main, *other, *words;
	} rows[] = {
		{ "[policyd]\ninclude = none.ini\n" FILTER, "",
			"main.ini:2: include: none.ini: No such file or directory\n" },
		{ "[policyd]\ninclude = a\n b other.ini\n" FILTER, "[relay x]\nmatch = q\n",
			"main.ini:2: include: a: No such file or directory\nmain.ini:3: include: b: No such file or "
			"directory\n"
			"other.ini:2: match: `q` is no factor (address, helo, name, certificate, tls)\n"
			"other.ini:1: [relay x] has no ranges, no domains and no fingerprints: nothing can match it\n"
			"other.ini:1: warning: [default] names no `relays`: each of the 2 relays may deliver to every "
			"domain that names "
			"none itself\n" },
		{ "[policyd]\ninclude = main.ini\n" FILTER, "",
			"main.ini:2: include: `main.ini` is being read already: it would include itself\n" },
		{ "[policyd]\ninclude = *.ini\n" FILTER, "",
			"main.ini:2: include: `main.ini` is being read already: it would include itself\n" },
		{ "[policyd]\ninclude = other.ini\n" FILTER, "[policyd]\ninclude = ./main.ini\n",
			"other.ini:1: `[policyd]` again: first in main.ini:1\n"
			"other.ini:2: include: `./main.ini` is being read already: it would include itself\n" },
		{ "[policyd]\ninclude = other.ini\n" FILTER, "[relay filter]\n",
			"other.ini:1: `[relay filter]` again: first in main.ini:3\n" },
		{ "[policyd]\ninclude = other.ini other.ini\n" FILTER, "[domain a.example]\n",
			"main.ini:2: include: `other.ini` is included twice: first by main.ini:2\n" },
		{ "[policyd]\ninclude = other.ini\n[domain a.example]\n" FILTER, "[domains l]\nnames = a.example\n",
			"other.ini:2: `a.example` has a section already: [domain a.example], in main.ini:3\n" },
		{ "[policyd]\ninclude = other.ini\n" FILTER, "mode = off\n",
			"other.ini:1: `mode` stands outside of any section: it belongs below [default], [domain D] or "
			"[domains LABEL]\n" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct folder d = folder_make();
		folder_put(&d, "main.ini", rows[i].main);
		folder_put(&d, "other.ini", rows[i].other);
		struct reading r = read_main(&d);
		row_words(rows[i].main, r.words, rows[i].words);
		reading_free(&r);
		folder_remove(&d);
	}
}
END_TEST

START_TEST(deep_includes)
{
	struct folder d = folder_make();

	folder_put(&d, "main.ini", "[policyd]\ninclude = 1.ini\n" FILTER);
	for (int i = 1; i < 40; i++) {
		char name[20], text[60];
		snprintf(name, sizeof name, "%d.ini", i);
		snprintf(text, sizeof text, "[policyd]\ninclude = %d.ini\n", i + 1);
		folder_put(&d, name, text);
	}
	struct reading r = read_main(&d);
	row_has("40", r.words, "15.ini:2: include: more than 16 files deep\n");
	ck_assert_uint_eq(r.f.errors, 16);
	reading_free(&r);
	folder_remove(&d);
}
END_TEST

START_TEST(unreadable)
{
	struct folder d = folder_make();
	struct reading r = read_main(&d);

	row_words("", r.words, "main.ini: No such file or directory\n");
	ck_assert_uint_eq(r.f.errors, 1);
	reading_free(&r);
	folder_put(&d, "main.ini", FILTER "ranges_file = .\n[domains l]\nfile = none\n");
	r = read_main(&d);
	row_words("", r.words,
		"main.ini:3: ranges_file: .: Is a directory\nmain.ini:5: file: none: No such file or directory\n");
	reading_free(&r);
	folder_remove(&d);
}
END_TEST

START_TEST(ranges_files)
{
	static const char nul[] = "192.0.2.1\n19\0\n192.0.2.2";
	struct folder d = folder_make();
	struct stat s;

	folder_put(&d, "main.ini",
		"[relay r]\nranges = 192.0.2.9\nranges_file = a.ranges,\n  b.ranges\nmatch = address\n");
	folder_put(&d, "a.ranges", "\xef\xbb\xbf# x\r\n\r\n 192.0.2.1 # y\r\n2001:db8::/32\r\n198.51.100.0/24");
	folder_put(&d, "b.ranges", "192.0.2.8");
	struct reading r = read_main(&d);
	row_words("", r.words, "");
	ck_assert_uint_eq(r.c.relays[0].ranges.count, 5);
	ck_assert_uint_eq(r.c.relays[0].file_count, 2);
	ck_assert_int_eq(stat(folder_path(&d, "a.ranges"), &s), 0);
	ck_assert_str_eq(r.c.relays[0].files[0].path, folder_path(&d, "a.ranges"));
	ck_assert_int_eq(r.c.relays[0].files[0].modified, s.st_mtime);
	reading_free(&r);
	folder_write(&d, "a.ranges", nul, sizeof nul - 1);
	folder_put(&d, "b.ranges", "2001:db8::1\n192.0.2.1 192.0.2.2\n10.0.0.0/7 # wide\n; x\n");
	r = read_main(&d);
	row_words("", r.words,
		"a.ranges:2: a NUL byte: this is no text file, or not in UTF-8\n"
		"b.ranges:2: \"192.0.2.1 192.0.2.2\"*\n"
		"b.ranges:4: \"; x\"*\n"
		"b.ranges:3: 10.0.0.0/7 is wider than an IPv4 /8: if that is meant, say `allow_wide_ranges = yes` in "
		"[relay r]\n");
	reading_free(&r);
	folder_remove(&d);
}
END_TEST

/* What a configuration names is not waited for. */
START_TEST(pipes)
{
	struct folder d = folder_make();

	ck_assert_int_eq(mkfifo(folder_path(&d, "pipe"), 0600), 0);
	folder_put(&d, "main.ini",
		"[policyd]\ninclude = pipe p*e\n" FILTER
		"[relay r]\nranges_file = pipe\n[domains d]\nfile = pipe\n[default]\nrelays = filter r\n");
	struct reading r = read_main(&d);
	row_words("", r.words,
		"main.ini:6: ranges_file: pipe: is a pipe, not a file\n"
		"main.ini:8: file: pipe: is a pipe, not a file\n"
		"main.ini:2: include: pipe: is a pipe, not a file\n"
		"main.ini:2: include: pipe: is a pipe, not a file\n");
	reading_free(&r);
	folder_remove(&d);
}
END_TEST

/* An emptied list must become neither a relay that matches nobody nor one that its `domains` alone let in. */
START_TEST(empty_ranges_file)
{
	struct folder d = folder_make();

	folder_put(&d, "main.ini", "[relay r]\nranges_file = a.ranges\ndomains = a.example\n");
	folder_put(&d, "a.ranges", "# nothing\n");
	struct reading r = read_main(&d);
	row_words("", r.words, "main.ini:2: ranges_file: a.ranges holds no range\n");
	reading_free(&r);
	folder_put(&d, "main.ini", "[relay r]\nranges_file = /dev/null\ndomains = a.example\n");
	r = read_main(&d);
	row_words("", r.words, "main.ini:2: ranges_file: /dev/null: is a device, not a file\n");
	reading_free(&r);
	folder_remove(&d);
}
END_TEST

START_TEST(domain_files)
{
	struct folder d = folder_make();
	char *line = malloc(65538);

	folder_put(&d, "main.ini", FILTER "[domain a.example]\n[domains l]\nnames = c.example\nfile = 1 2\n");
	folder_put(&d, "1",
		"\xef\xbb\xbf"
		"b.example # x\r\n#y\r\n  .B.Example. \r\n");
	folder_put(&d, "2",
		"single\nstra\xc3\x9f"
		"e.example");
	struct reading r = read_main(&d);
	row_words("", r.words, "2:2: warning: Postfix takes `strasse.example` for `xn--strae-oqa.example` too: *\n");
	ck_assert_uint_eq(r.c.domain_count, 7); /* and strasse.example, as Postfix folds the last one */
	ck_assert_str_eq(r.c.domains[3].name, ".b.example");
	ck_assert_str_eq(r.c.domains[5].name, "xn--strae-oqa.example");
	reading_free(&r);
	folder_put(&d, "2", "A.example\nC.Example\nb.example\na b\n*.x.example\n192.0.2.1\n");
	r = read_main(&d);
	row_words("", r.words,
		"2:1: `a.example` has a section already: [domain a.example], in main.ini:3\n"
		"2:2: warning: `c.example` twice in [domains l]: first in main.ini:5\n"
		"2:3: warning: `b.example` twice in [domains l]: first in 1:1\n"
		"2:4: *\n"
		"2:5: `*.x.example`*\n"
		"2:6: `192.0.2.1`*\n");
	reading_free(&r);
	memset(line, '#', 65537);
	line[65536] = '\n';
	line[65537] = '\0';
	folder_put(&d, "2", line);
	r = read_main(&d);
	row_words("", r.words, "2:1: a line over 65,535 bytes\n");
	reading_free(&r);
	free(line);
	folder_remove(&d);
}
END_TEST

/* Relative to the folder of the file that names them; patterns in that folder's own name mean nothing. */
START_TEST(relative_paths)
{
	struct folder d = folder_make();
	char want[200];

	ck_assert_int_eq(mkdir(folder_path(&d, "s[a]*"), 0700), 0);
	folder_put(&d, "main.ini", "[policyd]\ninclude = s[[]a][*]/in.ini\n" FILTER);
	folder_put(&d, "s[a]*/in.ini", "[relay r]\nranges_file = x.ranges\n[default]\nrelays = r filter\n");
	folder_put(&d, "s[a]*/x.ranges", "198.51.100.1\n2001:db9::1\n");
	struct reading r = read_main(&d);
	row_words("", r.words, "");
	ck_assert_uint_eq(r.c.relay_count, 2);
	reading_free(&r);
	folder_put(&d, "s[a]*/main.ini", "[policyd]\ninclude = *.inc\nlisten = unix:sock\n");
	folder_put(&d, "s[a]*/y.inc", FILTER);
	r = read_file(folder_path(&d, "s[a]*/main.ini"));
	row_words("", r.words, "");
	snprintf(want, sizeof want, "unix:%s/s[a]*/sock", d.path);
	ck_assert_str_eq(r.c.policyd.listen.at[0], want);
	reading_free(&r);
	folder_remove(&d);
}
END_TEST

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Nothing here may take time by the square of its size: half a million of each, under sanitizers (usually 2 s of processor time). */
START_TEST(many)
{
	enum { MANY = 500000, SECTIONS_MANY = 5000 };
	struct buf names = { 0 }, ranges = { 0 }, ini = { 0 };
	struct folder d = folder_make();
	double begin;

	for (unsigned i = 0; i < MANY; i++) {
		buf_format(&names, "name-%u.example\n", i);
		buf_format(&ranges, "%u.%u.%u.0/24\n", 1 + (i >> 16), i >> 8 & 255, i & 255);
	}
	for (unsigned i = 0; i < SECTIONS_MANY; i++)
		buf_format(
			&ini, "[relay r%u]\ndomains = r%u.example\n[domain d%u.example]\nrelays = r%u\n", i, i, i, i);
	buf_str(&ini, "[relay v6]\nranges = ::1\nranges_file = ranges\n[relay w6]\nranges = ::2\nranges_file = ranges\n"
		      "[domains l]\nfile = names\n[default]\nrelays = v6 w6");
	for (unsigned i = 0; i < SECTIONS_MANY; i++)
		buf_format(&ini, "\n  r%u", i);
	folder_put(&d, "main.ini", ini.at);
	folder_put(&d, "names", names.at);
	folder_put(&d, "ranges", ranges.at);
	begin = seconds();
	struct reading r = read_main(&d);
	ck_assert_uint_eq(r.f.errors, 0);
	row_has("shared", r.words, "[relay w6] shares ranges with [relay v6]");
	ck_assert_uint_eq(r.f.warnings, 1);
	ck_assert_uint_eq(r.c.domain_count, MANY + SECTIONS_MANY);
	ck_assert_uint_eq(r.c.relays[SECTIONS_MANY].ranges.count, MANY + 1);
	ck_assert_double_lt(seconds() - begin, 120);
	reading_free(&r);
	folder_remove(&d);
	buf_free(&names);
	buf_free(&ranges);
	buf_free(&ini);
}
END_TEST

int main(void)
{
	return unit_run("config_files", UNIT_TESTS(pipes, includes, faults_of_includes, deep_includes, unreadable,
						ranges_files, empty_ranges_file, domain_files, relative_paths, many));
}
