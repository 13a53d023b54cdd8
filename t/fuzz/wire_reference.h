/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_WIRE_REFERENCE_H
#define MXONLY_WIRE_REFERENCE_H

/*
 * wire_reference - what a stream of bytes says, as a transcript: by policy/wire.h in pieces, and by a naive parser of the whole
 *
 * A transcript has a line a request: "whole name=[value] ..." (empty ones left out), "too long", "malformed: why" (the last).
 */

#include <stdlib.h>

#include "base/buf.h"
#include "policy/wire.h"

static inline void transcribe(struct buf *out, enum wire_result result, const struct request *rq, const char *fault)
{
	if (result == WIRE_MALFORMED)
		buf_format(out, "malformed: %s\n", fault);
	else if (result == WIRE_TOO_LONG)
		buf_str(out, "too long\n");
	if (result != WIRE_WHOLE)
		return;
	buf_str(out, "whole");
	for (unsigned a = 0; a < ATTR_COUNT; a++) {
		if (rq->attr[a].len == 0)
			continue;
		buf_format(out, " %s=[", attribute_name((enum attribute)a));
		buf_add(out, rq->attr[a].at, rq->attr[a].len);
		buf_str(out, "]");
	}
	buf_str(out, "\n");
}

/* A small generator of numbers, so that every run is the same. */
static inline unsigned reference_random(unsigned *seed, unsigned below)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (unsigned)(((unsigned long long)(*seed >> 8) * below) >> 24);
}

static inline enum attribute reference_attribute(struct text name)
{
	for (unsigned a = 0; a < ATTR_COUNT; a++)
		if (text_is(name, attribute_name((enum attribute)a)))
			return (enum attribute)a;
	return ATTR_COUNT;
}

/* A whole line of a request that is within its limits: NULL, or what is wrong with it. */
static inline const char *reference_line(struct request *rq, struct text line)
{
	if (memchr(line.at, '\0', line.len) != NULL)
		return "a NUL byte";
	size_t name = 0;
	while (name < line.len && line.at[name] != '=')
		name++;
	if (name == line.len)
		return "a line without `=`";
	enum attribute a = reference_attribute(text_cut(line.at, name));
	if (a != ATTR_COUNT)
		rq->attr[a] = text_cut(line.at + name + 1, line.len - name - 1);
	return NULL;
}

static inline const char *reference_end(const struct request *rq)
{
	if (rq->attr[ATTR_REQUEST].at == NULL)
		return "no request= line";
	return text_is(rq->attr[ATTR_REQUEST], "smtpd_access_policy") ? NULL : "request= is not smtpd_access_policy";
}

static inline void reference_transcript(struct text bytes, struct buf *out)
{
	struct request rq = { 0 };
	bool too_long = false;
	size_t begin = 0; /* of the request */

	for (size_t at = 0, i = 0; i < bytes.len; i++) {
		if (bytes.at[i] != '\n')
			continue;
		struct text line = { bytes.at + at, i - at };
		at = i + 1;
		if (line.len > 0 && line.at[line.len - 1] == '\r')
			line.len--;
		too_long = too_long || line.len > WIRE_LINE || at - begin > WIRE_REQUEST;
		const char *fault = NULL;
		if (!too_long)
			fault = line.len > 0 ? reference_line(&rq, line) : reference_end(&rq);
		if (fault != NULL) {
			transcribe(out, WIRE_MALFORMED, NULL, fault);
			return;
		}
		if (line.len > 0)
			continue;
		transcribe(out, too_long ? WIRE_TOO_LONG : WIRE_WHOLE, &rq, NULL);
		rq = (struct request){ 0 };
		too_long = false;
		begin = at;
	}
}

/* One call; small pieces from memory of their exact size, so that a read behind the end is seen. */
static inline enum wire_result reference_call(struct wire *w, struct text bytes, size_t *used, struct buf *out)
{
	struct request rq;
	char *exact = bytes.len > 4096 ? NULL : malloc(bytes.len);

	if (exact != NULL)
		memcpy(exact, bytes.at, bytes.len);
	enum wire_result result = wire_read(w, exact != NULL ? exact : bytes.at, bytes.len, used, &rq);
	transcribe(out, result, &rq, w->fault);
	free(exact);
	return result;
}

/* The bytes in pieces of first bytes, then of 1 to most bytes. */
static inline void wire_transcript(struct text bytes, size_t first, unsigned most, unsigned seed, struct buf *out)
{
	struct wire w = { 0 };
	size_t from = 0, have = first;

	for (;;) {
		while (have > from) {
			size_t used = 0;
			enum wire_result result =
				reference_call(&w, text_cut(bytes.at + from, have - from), &used, out);
			if (result == WIRE_MALFORMED)
				return;
			if (result == WIRE_MORE) {
				from = wire_skipping(&w) ? have : from;
				break;
			}
			from += used;
		}
		if (have == bytes.len)
			return;
		have += 1 + reference_random(&seed, most);
		if (have > bytes.len)
			have = bytes.len;
	}
}

#endif
