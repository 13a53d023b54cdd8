/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What is asked does not depend on how it is cut: bytes in two pieces, and byte by byte, come to the same word.
 */

#include <stdint.h>
#include <stdlib.h>

#include "server/control_word.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum control_word read_cut(const char *bytes, size_t n, size_t step)
{
	struct control_reader r = { 0 };
	enum control_word word = CONTROL_MORE;

	for (size_t i = 0; i < n && word == CONTROL_MORE; i += step)
		word = control_read(&r, bytes + i, n - i < step ? n - i : step);
	return word;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	const char *bytes = (const char *)data + 1;
	size_t n = size - 1;
	enum control_word whole = read_cut(bytes, n, n + 1);

	if (whole != read_cut(bytes, n, 1) || whole != read_cut(bytes, n, 1u + data[0]))
		abort();
	return 0;
}
