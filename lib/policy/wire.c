/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/wire.h"

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

/* The line that w->line begins, len bytes without its end. */
static bool take_line(struct wire *w, const char *bytes, size_t len)
{
	const char *line = bytes + w->line;
	const char *equals = memchr(line, '=', len);

	if (equals == NULL) {
		w->fault = "a line without `=`";
		return false;
	}
	size_t name = (size_t)(equals - line);
	enum attribute a = attribute_of(text_cut(line, name));
	if (a != ATTR_COUNT) {
		w->at[a] = w->line + (uint32_t)name + 1;
		w->len[a] = (uint16_t)(len - name - 1);
	}
	return true;
}

static enum wire_result whole(struct wire *w, const char *bytes, struct request *rq)
{
	for (unsigned a = 0; a < ATTR_COUNT; a++)
		rq->attr[a] = text_cut(bytes + w->at[a], w->len[a]);
	if (w->at[ATTR_REQUEST] == 0)
		w->fault = "no request= line";
	else if (!text_is(rq->attr[ATTR_REQUEST], "smtpd_access_policy"))
		w->fault = "request= is not smtpd_access_policy";
	return w->fault == NULL ? WIRE_WHOLE : WIRE_MALFORMED;
}

/*
 * Judges whole lines, the length first; w->line is behind the last that was judged. WIRE_TOO_LONG: the limit is passed at
 * w->line, the end is not looked for.
 */
static enum wire_result read_lines(struct wire *w, const char *bytes, size_t n, struct request *rq)
{
	for (;;) {
		/* Where the \n must have come: behind the longest line with its \r, and within the request. */
		size_t most = w->line + WIRE_LINE + 2;
		if (most > WIRE_REQUEST)
			most = WIRE_REQUEST;
		size_t until = n < most ? n : most;
		const char *end = memchr(bytes + w->seen, '\n', until - w->seen);
		w->seen = (uint32_t)until;
		if (end == NULL)
			return until < most ? WIRE_MORE : WIRE_TOO_LONG;
		size_t len = (size_t)(end - bytes) - w->line;
		if (len > 0 && end[-1] == '\r')
			len--;
		if (len > WIRE_LINE)
			return WIRE_TOO_LONG;
		w->seen = (uint32_t)(end - bytes) + 1;
		if (len == 0)
			return whole(w, bytes, rq);
		bool good = take_line(w, bytes, len);
		w->line = w->seen;
		if (!good)
			return WIRE_MALFORMED;
	}
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
			result = WIRE_MALFORMED;
			w->fault = "a NUL byte";
		} else if (result == WIRE_TOO_LONG) {
			w->skipping = SKIP_LINE_START;
			result = skip(w, bytes, n, w->line, used);
		}
	}
	if (result != WIRE_MORE)
		*w = (struct wire){ .fault = w->fault };
	return result;
}
