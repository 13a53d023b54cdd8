/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/log_journal.h"

#include <stdint.h>

static const char *const names[LOG_FIELDS] = {
	[LOG_FIELD_TIME] = "__REALTIME_TIMESTAMP",
	[LOG_FIELD_HOST] = "_HOSTNAME",
	[LOG_FIELD_IDENT] = "SYSLOG_IDENTIFIER",
	[LOG_FIELD_PID] = "_PID",
	[LOG_FIELD_MESSAGE] = "MESSAGE",
};

struct reader {
	const char *at, *end; /* of the line */
	char *to, *room_end; /* where the next text goes */
};

static void skip_space(struct reader *r)
{
	while (r->at < r->end && (*r->at == ' ' || *r->at == '\t'))
		r->at++;
}

static bool take(struct reader *r, char c)
{
	skip_space(r);
	if (r->at == r->end || *r->at != c)
		return false;
	r->at++;
	return true;
}

static bool put(struct reader *r, unsigned byte)
{
	if (r->to == r->room_end)
		return false;
	*r->to++ = (char)byte;
	return true;
}

static bool put_utf8(struct reader *r, unsigned c)
{
	if (c < 0x80)
		return put(r, c);
	if (c < 0x800)
		return put(r, 0xc0 | c >> 6) && put(r, 0x80 | (c & 0x3f));
	if (c < 0x10000)
		return put(r, 0xe0 | c >> 12) && put(r, 0x80 | (c >> 6 & 0x3f)) && put(r, 0x80 | (c & 0x3f));
	return put(r, 0xf0 | c >> 18) && put(r, 0x80 | (c >> 12 & 0x3f)) && put(r, 0x80 | (c >> 6 & 0x3f)) &&
	       put(r, 0x80 | (c & 0x3f));
}

/* The four digits of \uNNNN. */
static bool take_hex(struct reader *r, unsigned *value)
{
	*value = 0;
	if (r->end - r->at < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		char c = ascii_lower(*r->at++);
		if (c >= '0' && c <= '9')
			*value = *value << 4 | (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'f')
			*value = *value << 4 | (unsigned)(c - 'a' + 10);
		else
			return false;
	}
	return true;
}

/* Behind \u; a pair of surrogates is one character. */
static bool take_unicode(struct reader *r)
{
	unsigned c, low;

	if (!take_hex(r, &c))
		return false;
	if (c >= 0xd800 && c < 0xdc00 && r->end - r->at >= 2 && r->at[0] == '\\' && r->at[1] == 'u') {
		r->at += 2;
		if (!take_hex(r, &low) || low < 0xdc00 || low > 0xdfff)
			return false;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	return put_utf8(r, c);
}

/* Behind a backslash. */
static bool take_escape(struct reader *r)
{
	static const char escapes[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";

	if (r->at == r->end)
		return false;
	char c = *r->at++;
	if (c == 'u')
		return take_unicode(r);
	const char *found = memchr(escapes, c, sizeof escapes - 1);
	return found && put(r, (unsigned char)bytes[found - escapes]);
}

/* Behind the opening quote. */
static bool take_string(struct reader *r, struct text *t)
{
	t->at = r->to;
	while (r->at < r->end && *r->at != '"') {
		unsigned char c = (unsigned char)*r->at++;
		if (c == '\\' ? !take_escape(r) : !put(r, c))
			return false;
	}
	t->len = (size_t)(r->to - t->at);
	return take(r, '"');
}

/* A number or a word of JSON, as it stands. */
static bool take_bare(struct reader *r, struct text *t)
{
	const char *from = r->at;

	while (r->at < r->end && !memchr(",]} ", *r->at, 4))
		r->at++;
	*t = text_cut(from, (size_t)(r->at - from));
	return t->len > 0;
}

/* Behind the opening bracket: bytes, or the first of several strings. */
static bool take_list(struct reader *r, struct text *t)
{
	struct text one;
	unsigned long byte;

	*t = text_cut(r->to, 0);
	if (take(r, ']'))
		return true;
	do {
		if (take(r, '"')) {
			struct text *to = t->len == 0 ? t : &one;
			if (!take_string(r, to))
				return false;
			continue;
		}
		skip_space(r);
		if (!take_bare(r, &one) || !text_number(one, 255, &byte) || !put(r, (unsigned)byte))
			return false;
		t->len = (size_t)(r->to - t->at);
	} while (take(r, ','));
	return take(r, ']');
}

static bool take_value(struct reader *r, struct text *t)
{
	if (take(r, '"'))
		return take_string(r, t);
	if (take(r, '['))
		return take_list(r, t);
	return take_bare(r, t);
}

/* One member: kept when it is one of names, else its room is free again. */
static bool take_member(struct reader *r, struct text field[LOG_FIELDS])
{
	char *room = r->to;
	struct text name, value;

	if (!take(r, '"') || !take_string(r, &name) || !take(r, ':'))
		return false;
	skip_space(r);
	if (!take_value(r, &value))
		return false;
	for (int i = 0; i < LOG_FIELDS; i++) {
		if (field[i].len > 0 || !text_is(name, names[i]))
			continue;
		field[i] = value;
		return true;
	}
	r->to = room;
	return true;
}

bool log_journal_read(struct text field[LOG_FIELDS], struct text line, struct log_room *room)
{
	struct reader r = { line.at, line.at + line.len, room->at, room->at + LOG_ROOM };

	for (int i = 0; i < LOG_FIELDS; i++)
		field[i] = text_cut("", 0);
	if (!take(&r, '{'))
		return false;
	do {
		if (!take_member(&r, field))
			return false;
	} while (take(&r, ','));
	return take(&r, '}');
}

/* Behind a name without "=": eight bytes that tell how many follow, and these. */
static bool take_bytes(struct text *t, struct text *value)
{
	uint64_t n = 0;

	if (t->len < 8)
		return false;
	for (int i = 7; i >= 0; i--)
		n = n << 8 | (unsigned char)t->at[i];
	*t = text_cut(t->at + 8, t->len - 8);
	if (n >= t->len || t->at[n] != '\n')
		return false;
	*value = text_cut(t->at, (size_t)n);
	*t = text_cut(t->at + n + 1, t->len - (size_t)n - 1);
	return true;
}

bool log_export_read(struct text field[LOG_FIELDS], struct text entry)
{
	for (int i = 0; i < LOG_FIELDS; i++)
		field[i] = text_cut("", 0);
	while (entry.len > 0) {
		const char *end = text_find(entry, '\n');
		struct text line = text_cut(entry.at, end ? (size_t)(end - entry.at) : entry.len);
		const char *equals = text_find(line, '=');
		struct text name = line, value;

		entry = text_cut(line.at + line.len, entry.len - line.len);
		if (end)
			entry = text_cut(entry.at + 1, entry.len - 1);
		if (equals) {
			name = text_cut(line.at, (size_t)(equals - line.at));
			value = text_cut(equals + 1, line.len - name.len - 1);
		} else if (!take_bytes(&entry, &value))
			return false;
		for (int i = 0; i < LOG_FIELDS; i++)
			if (field[i].len == 0 && text_is(name, names[i]))
				field[i] = value;
	}
	return true;
}

bool log_export_begins(struct text line)
{
	return line.len > 9 && memcmp(line.at, "__CURSOR=", 9) == 0;
}
