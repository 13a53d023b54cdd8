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

/* In 64 bytes: line ends and "=". */
struct marks {
	uint64_t ends, equals;
};

static inline struct marks look(const char *at, size_t left)
{
	char block[SCAN_BLOCK];

	if (left < SCAN_BLOCK) {
		/* Behind the end stands what is neither. */
		memset(block, 0, sizeof block);
		at = memcpy(block, at, left);
	}
	return (struct marks){ scan_equal(at, '\n'), scan_equal(at, '=') };
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

/* The attribute between two offsets, `equals` behind its first "=". */
static inline void take(struct wire *w, const char *bytes, size_t start, size_t equals, size_t end)
{
	enum attribute a = attribute_of(text_cut(bytes + start, equals - 1 - start));

	if (a == ATTR_COUNT)
		return;
	w->at[a] = (uint32_t)equals;
	w->len[a] = (uint16_t)(end - equals);
}

/*
 * Judges whole lines, the length first; w->line is behind the last that was judged. WIRE_TOO_LONG: the limit is passed at
 * w->line, the end is not looked for.
 */
static enum wire_result read_lines(struct wire *w, const char *bytes, size_t n, struct request *rq)
{
	size_t start = w->line, equals = w->equals, at = w->seen;

	for (; at < n; at += SCAN_BLOCK) {
		struct marks m = look(bytes + at, n - at);
		for (; m.ends != 0; m.ends &= m.ends - 1) {
			uint64_t line = m.ends ^ (m.ends - 1); /* all bits up to the lowest that is set */
			size_t next = at + (size_t)__builtin_ctzll(m.ends) + 1, end = next - 1;
			if (equals == 0 && (m.equals & line) != 0)
				equals = at + (size_t)__builtin_ctzll(m.equals) + 1;
			m.equals &= ~line;
			if (end > start && bytes[end - 1] == '\r')
				end--;
			w->line = (uint32_t)start;
			if (end - start > WIRE_LINE || next > WIRE_REQUEST)
				return WIRE_TOO_LONG;
			w->seen = (uint32_t)next;
			if (end == start)
				return whole(w, bytes, rq);
			w->line = (uint32_t)next;
			if (equals == 0)
				return fault(w, "a line without `=`");
			take(w, bytes, start, equals, end);
			start = next;
			equals = 0;
		}
		if (equals == 0 && m.equals != 0)
			equals = at + (size_t)__builtin_ctzll(m.equals) + 1;
	}
	w->line = (uint32_t)start;
	w->equals = (uint32_t)equals;
	w->seen = (uint32_t)n;
	/* The \n must come behind the longest line with its \r, and within the request. */
	return n - start >= WIRE_LINE + 2 || n >= WIRE_REQUEST ? WIRE_TOO_LONG : WIRE_MORE;
}

/* NULs are looked for in all lines of a call at once: that finds them before whatever is wrong behind them. */
static bool holds_nul(const char *bytes, uint32_t from, uint32_t to)
{
	return memchr(bytes + from, '\0', to - from) != NULL;
}

/* Every verdict hangs on whole lines in their order, so that no cut of the bytes changes one. */
enum wire_result wire_read(struct wire *w, const char *bytes, size_t n, size_t *used, struct request *rq)
{
	enum wire_result result;
	uint32_t judged = w->line;

	w->fault = NULL;
	if (wire_skipping(w)) {
		result = skip(w, bytes, n, 0, used);
	} else {
		result = read_lines(w, bytes, n, rq);
		*used = w->seen;
		if (holds_nul(bytes, judged, w->line)) {
			result = fault(w, "a NUL byte");
		} else if (result == WIRE_TOO_LONG) {
			w->skipping = SKIP_LINE_START;
			result = skip(w, bytes, n, w->line, used);
		}
	}
	if (result != WIRE_MORE)
		*w = (struct wire){ .fault = w->fault };
	return result;
}
