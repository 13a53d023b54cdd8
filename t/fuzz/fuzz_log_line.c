/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Whatever comes as a line: what is read of it lies within it, within the limits of decide. A line that was cut off is never
 * read as something else: of the same kind at most, from the same client.
 * The entries of a log are the same, in however small pieces their lines come.
 * Whatever a client says (the input as sender, recipient and HELO, a line each), in the lines that Postfix makes of it: it comes
 * back as what it is, with Postfix's own words untouched.
 */

#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "mail/log_entry.h"
#include "mail/log_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct log_room room, cut_room;

static void demand(bool holds)
{
	if (!holds)
		abort();
}

/* Empty, or within the line or the room. */
static void demand_within(struct text t, struct text line)
{
	bool in_line = t.at >= line.at && t.at + t.len <= line.at + line.len;
	bool in_room = t.at >= room.at && t.at + t.len <= room.at + sizeof room.at;

	demand(t.len == 0 || in_line || in_room);
}

static void any_line(struct text line)
{
	struct log_line l, cut;

	log_line_read(&l, line, &room);
	const struct text texts[] = { l.stamp, l.host, l.instance, l.pid, l.queue_id, l.client_name, l.client_address,
		l.sasl_username, l.helo, l.sender, l.recipient, l.message_id, l.orig_queue_id, l.orig_name,
		l.orig_address };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		demand_within(texts[i], line);
	demand(l.sender.len <= LOG_ADDRESS && l.recipient.len <= LOG_ADDRESS && l.helo.len <= LOG_ADDRESS);
	demand((l.kind == LOG_UNCLEAR) == (l.why != NULL));
	demand(l.times <= 100000);
	for (size_t n = line.len < 600 ? line.len : 600; n-- > 0;) {
		log_line_read(&cut, text_cut(line.at, n), &cut_room);
		if (cut.kind == LOG_CLIENT || cut.kind == LOG_RECIPIENT) {
			demand(cut.kind == l.kind || l.kind == LOG_UNCLEAR);
			demand(l.kind == LOG_UNCLEAR || text_equal(cut.client_address, l.client_address));
			demand(l.kind == LOG_UNCLEAR || text_equal(cut.recipient, l.recipient));
		}
	}
}

static struct text next_line(struct text *rest)
{
	const char *end = memchr(rest->at, '\n', rest->len);
	struct text line = text_cut(rest->at, end ? (size_t)(end - rest->at) : rest->len);

	*rest = text_cut(line.at + line.len, rest->len - line.len);
	if (end)
		*rest = text_cut(end + 1, rest->len - 1);
	return line;
}

/* What every log line goes through: printable(3) of Postfix. */
static void put_printable(struct buf *b, char c)
{
	unsigned char byte = (unsigned char)c;

	buf_add(b, byte < 0x20 || byte == 0x7f ? "?" : &c, 1);
}

/* An address in external form: its local part in quotes where RFC 5321 has it so (quote_821_local.c). */
static void put_address(struct buf *b, struct text address)
{
	const char *last = memrchr(address.at, '@', address.len);
	size_t local = last ? (size_t)(last - address.at) : address.len;
	bool quote = local == 0;

	for (size_t i = 0; i < local; i++) {
		unsigned char c = (unsigned char)address.at[i];
		quote |= c <= 0x20 || c == 0x7f || strchr("<>()[]\\,;:@\"", c) != NULL;
		quote |= c == '.' && (i == 0 || i + 1 == local || address.at[i + 1] == '.');
	}
	buf_str(b, quote && address.len > 0 ? "\"" : "");
	for (size_t i = 0; i < address.len; i++) {
		if (i == local && quote)
			buf_str(b, "\"");
		if (i < local && strchr("\"\\\r", address.at[i]) && address.at[i])
			buf_str(b, "\\");
		/* Postfix takes no domain with these. */
		put_printable(b, i > local && strchr("<>\"\\", address.at[i]) ? '-' : address.at[i]);
	}
	if (local == address.len && quote && address.len > 0)
		buf_str(b, "\"");
}

/* helo_cmd of smtpd. */
static void put_helo(struct buf *b, struct text helo)
{
	for (size_t i = 0; i < helo.len; i++)
		put_printable(b, strchr(" <>()\\\";@", helo.at[i]) ? '?' : helo.at[i]);
}

static struct text whole(const struct buf *b)
{
	return text_cut(b->at, b->len);
}

static void said_in_reject(const struct buf *from, const struct buf *to, const struct buf *helo, struct text raw)
{
	struct buf line = { 0 };
	struct log_line l;

	buf_str(&line,
		"Nov 22 04:41:00 mx1 postfix/smtpd[7]: NOQUEUE: reject: RCPT from unknown[203.0.113.9]: 554 5.7.1 <");
	for (size_t i = 0; i < raw.len; i++)
		put_printable(&line, raw.at[i]);
	buf_format(&line, ">: no; from=<%s> to=<%s> proto=ESMTP helo=<%s>", from->at, to->at, helo->at);
	log_line_read(&l, whole(&line), &room);
	demand(l.kind == LOG_REJECT && text_is(l.client_address, "203.0.113.9") && l.sasl_username.len == 0);
	demand(text_equal(l.sender, whole(from)) && text_equal(l.recipient, whole(to)) &&
		text_equal(l.helo, whole(helo)));
	buf_free(&line);
}

static void said_in_queue(const struct buf *from, const struct buf *to)
{
	struct buf line = { 0 };
	struct log_line l;

	buf_format(&line, "Nov 22 04:41:00 mx1 postfix/qmgr[7]: 4F9D1: from=<%s>, size=1, nrcpt=1 (queue active)",
		from->at);
	log_line_read(&l, whole(&line), &room);
	demand(l.kind == LOG_SENDER && text_equal(l.sender, whole(from)));
	line.len = 0;
	buf_format(&line,
		"Nov 22 04:41:00 mx1 postfix/lmtp[7]: 4F9D1: to=<%s>, orig_to=<%s>, relay=x, status=sent (%s)",
		from->at, to->at, from->at);
	log_line_read(&l, whole(&line), &room);
	demand(l.kind == LOG_RECIPIENT && text_equal(l.recipient, whole(to)));
	buf_free(&line);
}

static void what_a_client_says(struct text input)
{
	struct text sender = next_line(&input), recipient = next_line(&input);
	struct buf from = { 0 }, to = { 0 }, helo = { 0 };

	buf_str(&from, "");
	buf_str(&helo, "");
	put_address(&from, sender);
	put_address(&to, recipient.len > 0 ? recipient : text_of("u@x.test"));
	put_helo(&helo, next_line(&input));
	if (from.len <= LOG_ADDRESS && to.len <= LOG_ADDRESS && helo.len <= LOG_ADDRESS) {
		said_in_reject(&from, &to, &helo, sender);
		said_in_reject(&from, &to, &helo, recipient);
		said_in_queue(&from, &to);
	}
	buf_free(&from);
	buf_free(&to);
	buf_free(&helo);
}

/* All entries behind each other, with what became of each, a byte. An entry of one line always comes whole. */
static void entries(struct buf *all, struct text input, size_t piece)
{
	struct log_entry e = { 0 };
	struct text entry;
	enum log_entry_state state;

	while (input.len > 0) {
		const char *end = text_find(input, '\n');
		size_t n = end ? (size_t)(end + 1 - input.at) : input.len;
		if (e.shape != LOG_LINES && n > piece)
			n = piece;
		state = log_entry_add(&e, text_cut(input.at, n), &entry);
		input = text_cut(input.at + n, input.len - n);
		if (state == LOG_ENTRY_GOES_ON)
			continue;
		buf_str(all, state == LOG_ENTRY_LONG ? "L" : "W");
		if (state == LOG_ENTRY_WHOLE)
			buf_add(all, entry.at, entry.len);
	}
	state = log_entry_end(&e, &entry);
	buf_str(all, state == LOG_ENTRY_LONG ? "L" : state == LOG_ENTRY_WHOLE ? "W" : "");
	buf_free(&e.text);
}

static void any_log(struct text input)
{
	struct buf whole = { 0 }, pieces = { 0 };

	entries(&whole, input, SIZE_MAX);
	entries(&pieces, input, 3);
	demand(text_equal(text_cut(whole.at, whole.len), text_cut(pieces.at, pieces.len)));
	buf_free(&whole);
	buf_free(&pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text input = text_cut((const char *)data, size);

	any_line(input);
	any_log(input);
	what_a_client_says(input);
	return 0;
}
