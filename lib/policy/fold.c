/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/fold.h"

/* Letters that Postfix (by ICU's case folding) takes for others, where IDNA does not. */
static const struct {
	const char *from, *to;
} folds[] = {
	{ "\xc3\x9f", "ss" }, /* U+00DF, sharp s */
	{ "\xe1\xba\x9e", "ss" }, /* U+1E9E, capital sharp s */
	{ "\xc5\xbf", "s" }, /* U+017F, long s */
	{ "\xe2\x84\xaa", "k" }, /* U+212A, Kelvin sign */
	{ "\xef\xac\x80", "ff" }, /* U+FB00 ... U+FB06, ligatures */
	{ "\xef\xac\x81", "fi" }, { "\xef\xac\x82", "fl" }, { "\xef\xac\x83", "ffi" }, { "\xef\xac\x84", "ffl" },
	{ "\xef\xac\x85", "st" }, { "\xef\xac\x86", "st" }, { "\xcf\x82", "\xcf\x83" }, /* U+03C2, final sigma */
};

size_t fold(struct text t, char *to)
{
	size_t len = 0;

	for (size_t i = 0; i < t.len;) {
		size_t f = 0, n = 0;
		for (; f < sizeof folds / sizeof *folds; f++) {
			n = strlen(folds[f].from);
			if (t.len - i >= n && memcmp(t.at + i, folds[f].from, n) == 0)
				break;
		}
		if (f == sizeof folds / sizeof *folds) {
			to[len++] = t.at[i++];
			continue;
		}
		memcpy(to + len, folds[f].to, strlen(folds[f].to));
		len += strlen(folds[f].to);
		i += n;
	}
	return len;
}
