/* SPDX-License-Identifier: BSD-2-Clause */
#include "script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

void script_bad(const struct script *s, const char *what)
{
	fflush(stdout);
	fprintf(stderr, "%s:%u: %s\n", s->path, s->line, what);
	exit(2);
}

void script_open(struct script *s, const char *path)
{
	struct buf b = { 0 };
	struct err e;

	*s = (struct script){ .path = path };
	if (file_read(path, &b, NULL, &e) < 0)
		script_bad(s, e.text);
	buf_add(&b, "", 1);
	s->bytes = s->at = b.at;
}

void script_close(struct script *s)
{
	free(s->bytes);
	buf_free(&s->spool);
}

/* Cuts the next line off the file; NULL at its end. */
static char *next_line(struct script *s)
{
	char *line = s->at, *end;

	if (*line == '\0')
		return NULL;
	end = strchrnul(line, '\n');
	s->at = *end ? end + 1 : end;
	*end = '\0';
	s->line++;
	return line;
}

/* \{c*N} puts c N times, c being one character or an escape itself; returns what follows it. */
static const char *repeat(struct script *s, const char *p)
{
	char *end;
	unsigned long n;
	char c = *p++;

	if (c == '\\' && *p == 'x') {
		char hex[3] = { p[1], p[2], 0 };
		c = (char)strtoul(hex, NULL, 16);
		p += 3;
	}
	n = *p == '*' ? strtoul(p + 1, &end, 10) : 0;
	if (n == 0 || *end != '}')
		script_bad(s, "\\{ wants a character, * and a number: \\{a*8192}");
	while (n-- > 0)
		buf_add(&s->spool, &c, 1);
	return end + 1;
}

/* An escape within quotes, p behind its backslash; returns what follows it. */
static const char *escape(struct script *s, const char *p)
{
	static const char from[] = "ntr0\\\"", to[] = "\n\t\r\0\\\"";
	const char *known = *p ? strchr(from, *p) : NULL;

	if (known) {
		buf_add(&s->spool, &to[known - from], 1);
		return p + 1;
	}
	if (*p == '{')
		return repeat(s, p + 1);
	if (*p == 'x' && p[1] && p[2]) {
		char hex[3] = { p[1], p[2], 0 }, *end;
		char c = (char)strtoul(hex, &end, 16);
		if (*end)
			script_bad(s, "\\x wants two hexadecimal digits");
		buf_add(&s->spool, &c, 1);
		return p + 3;
	}
	script_bad(s, "no such escape: known are \\xNN \\n \\t \\r \\0 \\\" \\\\ and \\{c*N}");
}

/* One word from p on into the spool; returns what follows it. */
static const char *take_word(struct script *s, const char *p)
{
	bool quoted = false;

	while (*p && (quoted || (*p != ' ' && *p != '\t'))) {
		if (*p == '"') {
			quoted = !quoted;
			p++;
		} else if (quoted && *p == '\\') {
			p = escape(s, p + 1);
		} else {
			buf_add(&s->spool, p++, 1);
		}
	}
	if (quoted)
		script_bad(s, "a quote that does not end");
	return p;
}

static void split(struct script *s, const char *p)
{
	s->count = 0;
	s->spool.len = 0;
	for (;;) {
		bool bare;

		p += strspn(p, " \t");
		if (*p == '\0' || *p == '#')
			break;
		if (s->count == SCRIPT_WORDS)
			script_bad(s, "too many words");
		bare = *p != '"';
		s->offset[s->count] = s->spool.len;
		p = take_word(s, p);
		s->word[s->count].len = s->spool.len - s->offset[s->count];
		buf_add(&s->spool, "", 1);
		if (bare && s->arrow == SCRIPT_WORDS && strcmp(s->spool.at + s->offset[s->count], "->") == 0)
			s->arrow = s->count;
		s->count++;
	}
	for (unsigned i = 0; i < s->count; i++)
		s->word[i].at = s->spool.at + s->offset[i];
	if (s->arrow > s->count)
		s->arrow = s->count;
}

bool script_next(struct script *s)
{
	char *line;

	while ((line = next_line(s))) {
		s->arrow = SCRIPT_WORDS;
		split(s, line);
		if (s->count)
			return true;
	}
	return false;
}

void script_here(struct script *s, struct buf *text)
{
	char *line;
	unsigned begun = s->line;

	while ((line = next_line(s)) && strcmp(line, "END") != 0)
		buf_format(text, "%s\n", line);
	if (!line) {
		s->line = begun;
		script_bad(s, "<<END without a line END");
	}
}

bool word_is(struct word w, const char *text)
{
	return w.len == strlen(text) && memcmp(w.at, text, w.len) == 0;
}

bool word_value(struct word w, const char *name, struct word *value)
{
	size_t n = strlen(name);

	if (w.len <= n || memcmp(w.at, name, n) != 0 || w.at[n] != '=')
		return false;
	*value = (struct word){ w.at + n + 1, w.len - n - 1 };
	return true;
}
