/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/utf8.h"

size_t utf8_length(struct text t, unsigned long *code)
{
	unsigned char first = t.len > 0 ? (unsigned char)t.at[0] : 0;
	size_t n = first >= 0xc2 && first < 0xe0   ? 2
		   : (first & 0xf0) == 0xe0	   ? 3
		   : first >= 0xf0 && first < 0xf5 ? 4
						   : 0;

	if (n == 0 || n > t.len)
		return 0;
	*code = first & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((t.at[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (t.at[i] & 0x3fu);
	}
	if ((n == 3 && (*code < 0x800 || (*code >= 0xd800 && *code < 0xe000))) ||
		(n == 4 && (*code < 0x10000 || *code > 0x10ffff)))
		return 0;
	return n;
}

bool utf8_misleads(unsigned long code)
{
	return code < 0xa0 || (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}
