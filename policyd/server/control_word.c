/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/control_word.h"

#include "base/text.h"

static enum control_word word_of(struct text line)
{
	static const char *const words[] = {
		[CONTROL_STATUS] = "status",
		[CONTROL_RELOAD] = "reload",
		[CONTROL_STATS] = "stats",
		[CONTROL_HEALTH] = "health",
	};

	for (int i = CONTROL_STATUS; i <= CONTROL_HEALTH; i++)
		if (text_is(line, words[i]))
			return (enum control_word)i;
	return CONTROL_UNKNOWN;
}

enum control_word control_read(struct control_reader *r, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] == '\n')
			return word_of(text_cut(r->line, r->len));
		if (r->len == sizeof(r->line))
			return CONTROL_UNKNOWN;
		r->line[r->len++] = bytes[i];
	}
	return CONTROL_MORE;
}
