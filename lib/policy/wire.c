/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/wire.h"

#include "base/scan.h"

/* Where the line stands that is being skipped. */
enum { SKIP_NOTHING, SKIP_LINE_START, SKIP_AFTER_CR, SKIP_WITHIN_LINE };

/* Looks for the empty line from bytes + i on. */
static enum wire_result skip(struct wire *w, const char *bytes, size_t n, size_t i, size_t *used)
{
	while (i < n) {
		if (w->skipping == SKIP_WITHIN_LINE) {
			const char *end = memchr(bytes + i, '\n', n - i);
			if (end == NULL)
				return WIRE_MORE;
			i = (size_t)(end - bytes) + 1;
			w->skipping = SKIP_LINE_START;
		} else if (bytes[i] == '\n') {
			*used = i + 1;
			return WIRE_TOO_LONG;
		} else {
			bool cr = bytes[i] == '\r' && w->skipping == SKIP_LINE_START;
			w->skipping = cr ? SKIP_AFTER_CR : SKIP_WITHIN_LINE;
			i++;
		}
	}
	return WIRE_MORE;
}

/* In 64 bytes: line ends, "=", NULs. */
struct marks {
	uint64_t ends, equals, nuls;
};

static struct marks look(const char *at, size_t left)
{
	char block[SCAN_BLOCK];

	if (left < SCAN_BLOCK) {
		/* Behind the end stands what is none of them. */
		memset(block, ' ', sizeof block);
		at = memcpy(block, at, left);
	}
	return (struct marks){ scan_equal(at, '\n'), scan_equal(at, '='), scan_equal(at, '\0') };
}

static enum wire_result fault(struct wire *w, const char *why)
{
	w->fault = why;
	return WIRE_MALFORMED;
}

static enum wire_result whole(struct wire *w, const char *bytes, struct request *rq)
{
	for (unsigned a = 0; a < ATTR_COUNT; a++)
		rq->attr[a] = text_cut(bytes + w->at[a], w->len[a]);
	if (w->at[ATTR_REQUEST] == 0)
		return fault(w, "no request= line");
	if (!text_is(rq->attr[ATTR_REQUEST], "smtpd_access_policy"))
		return fault(w, "request= is not smtpd_access_policy");
	return WIRE_WHOLE;
}

/* The line that ends at `end` with a \n, the length first. WIRE_MORE: it is one of the request's, and there are more. */
static inline enum wire_result judge_line(struct wire *w, const char *bytes, size_t end, struct request *rq)
{
	size_t len = end - w->line;

	if (len > 0 && bytes[end - 1] == '\r')
		len--;
	if (len > WIRE_LINE || end >= WIRE_REQUEST)
		return WIRE_TOO_LONG;
	w->seen = (uint32_t)end + 1;
	if (w->nul)
		return fault(w, "a NUL byte");
	if (len == 0)
		return whole(w, bytes, rq);
	if (w->equals == 0)
		return fault(w, "a line without `=`");
	enum attribute a = attribute_of(text_cut(bytes + w->line, w->equals - 1 - w->line));
	if (a != ATTR_COUNT) {
		w->at[a] = w->equals;
		w->len[a] = (uint16_t)(w->line + len - w->equals);
	}
	w->line = w->seen;
	w->equals = 0;
	return WIRE_MORE;
}

static inline void note(struct wire *w, size_t at, uint64_t equals, uint64_t nuls)
{
	if (w->equals == 0 && equals != 0)
		w->equals = (uint32_t)at + (uint32_t)__builtin_ctzll(equals) + 1;
	w->nul |= nuls != 0;
}

/*
 * Judges whole lines; w->line is behind the last that was judged. WIRE_TOO_LONG: the limit is passed at w->line, the end is not
 * looked for.
 */
static enum wire_result read_lines(struct wire *w, const char *bytes, size_t n, struct request *rq)
{
	for (size_t at = w->seen; at < n; at += SCAN_BLOCK) {
		struct marks m = look(bytes + at, n - at);
		while (m.ends != 0) {
			uint64_t line = m.ends ^ (m.ends - 1); /* all bits up to the lowest that is set */
			note(w, at, m.equals & line, m.nuls & line);
			enum wire_result result = judge_line(w, bytes, at + (size_t)__builtin_ctzll(m.ends), rq);
			if (result != WIRE_MORE)
				return result;
			m.ends &= ~line;
			m.equals &= ~line;
			m.nuls &= ~line;
		}
		note(w, at, m.equals, m.nuls);
	}
	w->seen = (uint32_t)n;
	/* The \n must come behind the longest line with its \r, and within the request. */
	return n - w->line >= WIRE_LINE + 2 || n >= WIRE_REQUEST ? WIRE_TOO_LONG : WIRE_MORE;
}

/* Every verdict hangs on whole lines in their order, so that no cut of the bytes changes one. */
enum wire_result wire_read(struct wire *w, const char *bytes, size_t n, size_t *used, struct request *rq)
{
	enum wire_result result;

	w->fault = NULL;
	if (wire_skipping(w)) {
		result = skip(w, bytes, n, 0, used);
	} else {
		result = read_lines(w, bytes, n, rq);
		*used = w->seen;
		if (result == WIRE_TOO_LONG) {
			w->skipping = SKIP_LINE_START;
			result = skip(w, bytes, n, w->line, used);
		}
	}
	if (result != WIRE_MORE)
		*w = (struct wire){ .fault = w->fault };
	return result;
}
