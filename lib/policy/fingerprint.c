/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/fingerprint.h"

#include <string.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool known_length(size_t bytes)
{
	return bytes == 16 || bytes == 20 || bytes == 32 || bytes == 48 || bytes == 64;
}

bool fingerprint_parse(struct fingerprint *f, struct text t)
{
	bool colons = t.len > 2 && t.at[2] == ':';
	size_t step = colons ? 3 : 2, bytes = (t.len + (colons ? 1 : 0)) / step;

	memset(f, 0, sizeof *f);
	if (!known_length(bytes) || bytes * step - (colons ? 1 : 0) != t.len)
		return false;
	for (size_t i = 0; i < bytes; i++) {
		const char *at = t.at + i * step;
		int high = hex_digit(at[0]), low = hex_digit(at[1]);
		if (high < 0 || low < 0 || (colons && i + 1 < bytes && at[2] != ':'))
			return false;
		f->bytes[i] = (uint8_t)(high << 4 | low);
	}
	f->len = (uint8_t)bytes;
	return true;
}

int fingerprint_compare(const struct fingerprint *a, const struct fingerprint *b)
{
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}
