/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Whatever comes: what is written is printable ASCII, fits, is terminated, is a beginning of what a large enough buffer
 * gets (quotes aside), and, where it was not cut, says exactly which bytes came.
 * Input: the first byte is the size of the small buffer, the rest is foreign.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/escape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef void writer(struct line *l, struct text foreign);

static void demand(bool holds)
{
	if (!holds)
		abort();
}

static unsigned hex(char c)
{
	const char *digits = "0123456789abcdef", *at = strchr(digits, c);

	demand(c && at);
	return (unsigned)(at - digits);
}

/* The byte that one escape at *at stands for; slashes: how many begin \xNN. */
static unsigned char unescape(const char **at, size_t slashes, bool quoted)
{
	const char *s = *at;

	if (*s != '\\' || (!quoted && s[1] != 'x')) {
		*at = s + 1;
		return (unsigned char)*s;
	}
	if (s[slashes] == 'x' && (slashes == 1 || s[1] == '\\')) {
		*at = s + slashes + 3;
		return (unsigned char)(hex(s[slashes + 1]) << 4 | hex(s[slashes + 2]));
	}
	demand(quoted && (s[1] == '"' || s[1] == '\\'));
	*at = s + 2;
	return (unsigned char)s[1];
}

static void read_back(const char *at, size_t len, struct text foreign, size_t slashes, bool quoted)
{
	const char *end = at + len;
	size_t i = 0;

	if (quoted) {
		demand(len >= 2 && at[0] == '"' && end[-1] == '"');
		at++;
		end--;
	}
	while (at < end) {
		demand(i < foreign.len);
		demand(unescape(&at, slashes, quoted) == (unsigned char)foreign.at[i++]);
	}
	demand(at == end && i == foreign.len);
}

static void check(struct text foreign, size_t cap, writer *write, size_t slashes)
{
	size_t room = 5 * foreign.len + 3;
	char *whole = must_alloc(room), *part = must_alloc(cap);
	struct line w, p;

	line_start(&w, whole, room);
	write(&w, foreign);
	demand(!w.full && strlen(whole) == w.len);
	for (size_t i = 0; i < w.len; i++)
		demand(whole[i] >= 0x20 && whole[i] < 0x7f);
	read_back(whole, w.len, foreign, slashes, write == line_json || (write == line_value && whole[0] == '"'));
	line_start(&p, part, cap);
	write(&p, foreign);
	demand(p.len < cap && strlen(part) == p.len && p.full == (w.len >= cap));
	demand(memcmp(part, whole, p.full && p.len > 0 && part[0] == '"' ? p.len - 1 : p.len) == 0);
	free(whole);
	free(part);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct text foreign = text_cut((const char *)data + 1, size - 1);
	size_t cap = data[0] + (size_t)1;
	check(foreign, cap, line_value, 1);
	check(foreign, cap, line_plain, 1);
	check(foreign, cap, line_json, 2);
	return 0;
}
