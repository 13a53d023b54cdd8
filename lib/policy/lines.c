/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/lines.h"

void lines_start(struct lines *l, struct text bytes)
{
	if (bytes.len >= 3 && memcmp(bytes.at, "\xef\xbb\xbf", 3) == 0)
		bytes = text_cut(bytes.at + 3, bytes.len - 3);
	*l = (struct lines){ bytes, 0 };
}

bool lines_next(struct lines *l, struct text *line, const char **wrong)
{
	const char *end;
	size_t taken;

	if (l->rest.len == 0)
		return false;
	end = memchr(l->rest.at, '\n', l->rest.len);
	*line = text_cut(l->rest.at, end ? (size_t)(end - l->rest.at) : l->rest.len);
	taken = line->len + (end ? 1 : 0);
	l->rest = text_cut(l->rest.at + taken, l->rest.len - taken);
	l->number++;
	while (line->len > 0 && line->at[line->len - 1] == '\r')
		line->len--;
	*wrong = NULL;
	if (line->len > LINE_BYTES)
		*wrong = "a line over 65,535 bytes";
	else if (text_find(*line, '\0'))
		*wrong = "a NUL byte: this is no text file, or not in UTF-8";
	return true;
}

struct text lines_list_item(struct text line)
{
	const char *at = line.at, *end = at + line.len;

	for (; at < end && (at = memchr(at, '#', (size_t)(end - at))) != NULL; at++)
		if (at == line.at || is_white(at[-1]))
			return text_trim(text_cut(line.at, (size_t)(at - line.at)));
	return text_trim(line);
}
