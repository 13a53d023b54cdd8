/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/log_entry.h"

#include "mail/log_journal.h"

enum { LENGTH = 8 }; /* bytes that tell how long a value is, the lowest first */

/* What does not fit pushes out what came before: the entry is lost, but its end is still found. */
static void keep(struct log_entry *e, struct text piece, size_t room)
{
	if (room > LOG_ROOM - e->text.len) {
		e->is_long = true;
		e->text.len = 0;
	}
	if (piece.len <= LOG_ROOM - e->text.len)
		buf_add(&e->text, piece.at, piece.len);
}

static uint64_t length_at_end(const struct log_entry *e)
{
	uint64_t n = 0;

	for (size_t i = 1; i <= LENGTH; i++)
		n = n << 8 | (unsigned char)e->text.at[e->text.len - i];
	return n;
}

/* Takes off the piece what belongs to a value that may hold any bytes. */
static void take_value(struct log_entry *e, struct text *piece)
{
	while (e->awaited > 0 && piece->len > 0) {
		size_t n = piece->len < e->awaited ? piece->len : (size_t)e->awaited;
		keep(e, text_cut(piece->at, n), n);
		*piece = text_cut(piece->at + n, piece->len - n);
		e->awaited -= n;
		if (e->awaited > 0 || !e->length_awaited)
			continue;
		e->length_awaited = false;
		e->awaited = length_at_end(e);
		e->awaited += e->awaited < UINT64_MAX; /* the line end behind it */
	}
}

static enum log_entry_state end_entry(struct log_entry *e, struct text *entry)
{
	e->shape = LOG_LINES;
	*entry = text_cut(e->text.at, e->text.len);
	return e->is_long ? LOG_ENTRY_LONG : LOG_ENTRY_WHOLE;
}

/* "NAME=VALUE", or "NAME", a length, bytes; an empty line ends it. */
static enum log_entry_state add_export(struct log_entry *e, struct text piece, struct text *entry)
{
	take_value(e, &piece);
	if (piece.len == 0)
		return LOG_ENTRY_GOES_ON;
	if (!e->inside) {
		if (piece.at[0] == '\n')
			return end_entry(e, entry);
		e->apart = true;
	}
	e->inside = piece.at[piece.len - 1] != '\n';
	e->apart &= !text_find(piece, '=');
	bool length_next = e->apart && !e->inside;
	keep(e, piece, piece.len + (length_next ? LENGTH : 0));
	if (length_next) {
		e->awaited = LENGTH;
		e->length_awaited = true;
	}
	return LOG_ENTRY_GOES_ON;
}

/* One object, its closing bracket on a line of its own; line ends become spaces. */
static enum log_entry_state add_pretty(struct log_entry *e, struct text piece, struct text *entry)
{
	if (!e->inside)
		e->closes = piece.at[0] == '}';
	e->inside = piece.at[piece.len - 1] != '\n';
	keep(e, e->inside ? piece : text_cut(piece.at, piece.len - 1), piece.len);
	if (e->inside)
		return LOG_ENTRY_GOES_ON;
	buf_add(&e->text, " ", 1);
	return e->closes ? end_entry(e, entry) : LOG_ENTRY_GOES_ON;
}

/* A look at one byte, for nearly all lines of nearly all logs. */
static int shape_of(struct text line)
{
	if (line.at[0] == '{')
		return text_is(line, "{\n") ? LOG_PRETTY : LOG_LINES;
	return line.at[0] == '_' && log_export_begins(line) ? LOG_EXPORT : LOG_LINES;
}

enum log_entry_state log_entry_add(struct log_entry *e, struct text piece, struct text *entry)
{
	if (e->shape == LOG_LINES) {
		int shape = shape_of(piece);
		if (shape == LOG_LINES) {
			*entry = text_cut(piece.at, piece.len - (piece.at[piece.len - 1] == '\n'));
			return LOG_ENTRY_WHOLE;
		}
		*e = (struct log_entry){ .shape = shape, .text = e->text };
		e->text.len = 0;
	}
	return e->shape == LOG_EXPORT ? add_export(e, piece, entry) : add_pretty(e, piece, entry);
}

enum log_entry_state log_entry_end(struct log_entry *e, struct text *entry)
{
	return e->shape == LOG_LINES ? LOG_ENTRY_GOES_ON : end_entry(e, entry);
}
