/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/dialogue.h"

#include <stdlib.h>

enum {
	HELD_FIRST = 4096, /* bytes; an ordinary request has about 700 */
	HELD_STEP = 2048 /* bytes added at once: what follows a request is not copied far */
};

static void release(struct dialogue *d)
{
	free(d->held);
	d->held = NULL;
	d->held_len = d->held_cap = 0;
}

/* Keeps n more bytes of a request; false when memory is out. */
static bool hold(struct dialogue *d, const char *in, size_t n)
{
	uint32_t cap = d->held_cap == 0 ? HELD_FIRST : d->held_cap;

	while (cap < d->held_len + n)
		cap *= 2;
	if (cap > d->held_cap) {
		char *held = realloc(d->held, cap);
		if (held == NULL)
			return false;
		d->held = held;
		d->held_cap = cap;
	}
	/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): held is NULL only as long as held_cap is 0 */
	memcpy(d->held + d->held_len, in, n);
	d->held_len += (uint32_t)n;
	return true;
}

static enum wire_result out_of_memory(struct dialogue *d)
{
	d->wire.fault = "out of memory";
	return WIRE_MALFORMED;
}

/* Nothing is held: reads where the bytes lie, and holds what is not whole. */
static enum wire_result read_in_place(struct dialogue *d, const char *in, size_t n, size_t *taken, struct request *rq)
{
	struct wire w = { 0 };

	if (wire_skipping(&d->wire))
		w = d->wire;
	enum wire_result result = wire_read(&w, in, n, taken, rq);
	if (result == WIRE_WHOLE)
		return result;
	d->wire = w;
	if (result != WIRE_MORE)
		return result;
	*taken = n;
	if (!wire_skipping(&d->wire) && !hold(d, in, n))
		return out_of_memory(d);
	return WIRE_MORE;
}

/* Reads on behind what is held; takes a step at most. */
static enum wire_result read_behind(struct dialogue *d, const char *in, size_t n, size_t *taken, struct request *rq)
{
	size_t before = d->held_len, used;
	size_t step = n < HELD_STEP ? n : HELD_STEP;

	if (step > WIRE_REQUEST - before)
		step = WIRE_REQUEST - before;
	if (!hold(d, in, step))
		return out_of_memory(d);
	enum wire_result result = wire_read(&d->wire, d->held, d->held_len, &used, rq);
	*taken = result == WIRE_MORE ? step : used - before;
	if (wire_skipping(&d->wire))
		release(d);
	return result;
}

/* Writes the reply to a whole request, or to one over the limits (rq NULL); returns its length. */
static size_t answer(const struct desk *desk, const struct request *rq, char *out)
{
	static const char before[] = "action=", behind[] = "\n\n";
	size_t n = sizeof before - 1;
	struct verdict v;

	if (rq != NULL)
		decide(desk->snapshot, rq, &v, NULL);
	else
		decide_too_long(desk->snapshot, &v);
	desk->decided(desk->context, desk->snapshot, rq, &v);
	memcpy(out, before, n);
	n += verdict_action(desk->snapshot, rq, &v, out + n);
	memcpy(out + n, behind, sizeof behind - 1);
	return n + sizeof behind - 1;
}

enum dialogue_state dialogue_take(struct dialogue *d, const struct desk *desk, const char *in, size_t n, size_t *taken,
	char *out, size_t room, size_t *replied)
{
	struct request rq;

	*taken = *replied = 0;
	while (*taken < n) {
		if (room - *replied < DIALOGUE_REPLY)
			return DIALOGUE_FULL;
		const char *at = in + *taken;
		size_t left = n - *taken, used;
		enum wire_result result =
			d->held == NULL ? read_in_place(d, at, left, &used, &rq) : read_behind(d, at, left, &used, &rq);
		if (result == WIRE_MALFORMED) {
			*taken = n;
			desk->malformed(desk->context, d->wire.fault);
			return DIALOGUE_CLOSE;
		}
		*taken += used;
		if (result == WIRE_MORE)
			continue;
		*replied += answer(desk, result == WIRE_WHOLE ? &rq : NULL, out + *replied);
		release(d);
	}
	return DIALOGUE_READY;
}

bool dialogue_within(const struct dialogue *d)
{
	return d->held != NULL || wire_skipping(&d->wire);
}

void dialogue_end(struct dialogue *d)
{
	release(d);
	d->wire = (struct wire){ 0 };
}
