/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Property: however the bytes are cut into reads, the same requests come of them, and they are those of a naive parser.
 * The first two bytes of an input choose the cuts.
 */

#include "wire_reference.h"

static void must_be(const struct buf *naive, struct text stream, size_t first, unsigned most, unsigned seed)
{
	struct buf got = { 0 };

	wire_transcript(stream, first, most, seed, &got);
	if (!text_equal(text_cut(got.at, got.len), text_cut(naive->at, naive->len)))
		abort();
	buf_free(&got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	struct text stream = { (const char *)data + 2, size - 2 };
	unsigned seed = data[0] + 256u * data[1];
	struct buf naive = { 0 };

	reference_transcript(stream, &naive);
	must_be(&naive, stream, stream.len, 1, 0);
	must_be(&naive, stream, seed < stream.len ? seed : stream.len / 2, 1000000, 0);
	must_be(&naive, stream, 0, 1 + seed % 997, seed);
	if (size < 2000)
		must_be(&naive, stream, 0, 1, 0);
	buf_free(&naive);
	return 0;
}
