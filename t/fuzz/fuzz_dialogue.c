/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Property: whatever the pieces and however little the room, the desk is told of the requests that a naive parser finds, in
 * order, each gets exactly one reply, in order, and nothing is held when none is open.
 * The first two bytes of an input choose pieces and rooms.
 */

#include "dialogue_play.h"

static bool same(const struct buf *a, const struct buf *b)
{
	return text_equal(text_cut(a->at, a->len), text_cut(b->at, b->len));
}

static void hold(struct text stream, const struct buf *naive, unsigned most, unsigned room, unsigned seed)
{
	struct play p;

	play_start(&p);
	play_stream(&p, stream, most, room, seed);
	if (!same(&p.events, naive) || !same(&p.replies, &p.wanted))
		abort();
	play_end(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	struct text stream = { (const char *)data + 2, size - 2 };
	struct buf naive = { 0 };

	reference_transcript(stream, &naive);
	hold(stream, &naive, 1000000, 100000, 1);
	hold(stream, &naive, 1u + data[0] * 16u, data[1] * 8u, data[0]);
	if (size < 2000)
		hold(stream, &naive, 1, DIALOGUE_REPLY, 1);
	buf_free(&naive);
	return 0;
}
