/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/escape.h"

#include <stdarg.h>
#include <stdio.h>

enum { UNIT = 6 }; /* bytes that the longest escape and a NUL take */

/* How the first byte of rest is written. */
typedef size_t escape(char to[UNIT], struct text rest);

void line_start(struct line *l, char *at, size_t cap)
{
	*l = (struct line){ .at = at, .cap = cap };
	at[0] = '\0';
}

/* Whole or not at all; nothing follows what was left out. */
static bool put(struct line *l, const char *at, size_t n)
{
	if (l->full || n >= l->cap - l->len) {
		l->full = true;
		return false;
	}
	if (n > 0)
		memcpy(l->at + l->len, at, n);
	l->len += n;
	l->at[l->len] = '\0';
	return true;
}

void line_text(struct line *l, struct text t)
{
	put(l, t.at, t.len);
}

void line_str(struct line *l, const char *s)
{
	put(l, s, strlen(s));
}

void line_format(struct line *l, const char *format, ...)
{
	size_t room = l->cap - l->len;
	va_list args;
	int n;

	if (l->full)
		return;
	va_start(args, format);
	n = vsnprintf(l->at + l->len, room, format, args);
	va_end(args);
	if (n >= 0 && (size_t)n < room) {
		l->len += (size_t)n;
		return;
	}
	l->at[l->len] = '\0';
	l->full = true;
}

/* Bytes that are not simply written as they are, everywhere or in a value of the log. */
enum { UNPRINTABLE = 1, QUOTED = 2, SPLITS = 4 };
static const unsigned char kind[256] = { [0 ... 0x1f] = UNPRINTABLE,
	[0x7f ... 0xff] = UNPRINTABLE,
	['"'] = QUOTED | SPLITS,
	['\\'] = QUOTED | SPLITS,
	[' '] = SPLITS,
	['='] = SPLITS };

static bool is_printable(unsigned char c)
{
	return !(kind[c] & UNPRINTABLE);
}

/* What all bytes of t are together. */
static unsigned kinds_of(struct text t)
{
	unsigned kinds = 0;

	for (size_t i = 0; i < t.len; i++)
		kinds |= kind[(unsigned char)t.at[i]];
	return kinds;
}

/* The first byte of rest as it is, or \xNN behind `slash`; a backslash that reads like the beginning of that is written so too. */
static size_t escape_byte(char to[UNIT], struct text rest, const char *slash)
{
	unsigned char c = (unsigned char)rest.at[0];

	if (!is_printable(c) || (c == '\\' && rest.len > 1 && rest.at[1] == 'x'))
		return (size_t)snprintf(to, UNIT, "%sx%02x", slash, c);
	to[0] = (char)c;
	return 1;
}

static size_t escape_plain(char to[UNIT], struct text rest)
{
	return escape_byte(to, rest, "\\");
}

static size_t escape_quoted(char to[UNIT], struct text rest)
{
	if (rest.at[0] != '"' && rest.at[0] != '\\')
		return escape_plain(to, rest);
	to[0] = '\\';
	to[1] = rest.at[0];
	return 2;
}

/* Within a JSON string a backslash is written twice, so a reader gets the text \xNN. */
static size_t escape_json(char to[UNIT], struct text rest)
{
	size_t n = escape_byte(to, rest, "\\\\");

	return n > 1 ? n : escape_quoted(to, rest);
}

/* Cut before the first byte whose escape does not fit. plain: `one` leaves all bytes as they are. */
static void put_escaped(struct line *l, struct text foreign, bool plain, escape *one)
{
	char unit[UNIT];

	if (plain && !l->full && foreign.len < l->cap - l->len) {
		put(l, foreign.at, foreign.len);
		return;
	}
	for (; foreign.len > 0; foreign = text_cut(foreign.at + 1, foreign.len - 1))
		if (!put(l, unit, one(unit, foreign)))
			return;
}

/* The closing quote is set aside first, so that a value that was cut still is one value. */
static void put_quoted(struct line *l, struct text foreign, escape *one)
{
	if (l->full || l->cap - l->len < 3) {
		l->full = true;
		return;
	}
	put(l, "\"", 1);
	l->cap--;
	put_escaped(l, foreign, !(kinds_of(foreign) & (UNPRINTABLE | QUOTED)), one);
	l->cap++;
	l->at[l->len++] = '"';
	l->at[l->len] = '\0';
}

void line_plain(struct line *l, struct text foreign)
{
	put_escaped(l, foreign, !(kinds_of(foreign) & (UNPRINTABLE | QUOTED)), escape_plain);
}

void line_value(struct line *l, struct text foreign)
{
	unsigned kinds = kinds_of(foreign);

	if (kinds & SPLITS)
		put_quoted(l, foreign, escape_quoted);
	else
		put_escaped(l, foreign, !(kinds & UNPRINTABLE), escape_plain);
}

void line_json(struct line *l, struct text foreign)
{
	put_quoted(l, foreign, escape_json);
}

void line_json_printable(struct line *l, struct text printable)
{
	put_quoted(l, printable, escape_quoted);
}
