/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/config_parts.h"

#include <stdlib.h>

#include "base/file.h"

const char *list_file_read(
	struct build *b, const struct value *v, struct text word, item_reader *read, time_t *modified)
{
	char *path = path_beside(b->c->files.at[b->file], word);
	struct place place = { 0, 0 };
	struct buf bytes = { 0 };
	const char *wrong;
	struct lines l;
	struct text line;
	struct err e;

	if (file_read_regular(path, &bytes, modified, &e) < 0) {
		value_fault(b, v, word.at, "%s", e.text);
		buf_free(&bytes);
		free(path);
		return NULL;
	}
	place.file = file_add(b, path);
	lines_start(&l, text_cut(bytes.at, bytes.len));
	while (lines_next(&l, &line, &wrong)) {
		struct text item = lines_list_item(line);
		place.line = l.number;
		if (wrong)
			place_fault(b, place, "%s", wrong);
		else if (item.len > 0)
			read(b, v, item, place);
	}
	buf_free(&bytes);
	return path;
}

/* The folder of the file that names a pattern is no part of the pattern. */
static char *pattern_beside(const char *from, struct text word)
{
	char *path = path_beside(from, word);
	size_t folder = strlen(path) - word.len;
	struct buf b = { 0 };

	for (size_t i = 0; i < folder; i++)
		buf_format(&b, "%s%c", strchr("*?[\\", path[i]) ? "\\" : "", path[i]);
	buf_str(&b, path + folder);
	free(path);
	return b.at;
}

static bool is_pattern(struct text word)
{
	for (size_t i = 0; i < word.len; i++)
		if (strchr("*?[", word.at[i]))
			return true;
	return false;
}

void read_include(struct build *b, const struct value *v)
{
	const char *from = b->c->files.at[b->file];
	struct text rest = v->text, word;

	while (text_next_word(&rest, &word)) {
		bool glob = is_pattern(word);
		b->includes = must_grow(b->includes, b->include_count, sizeof *b->includes);
		b->includes[b->include_count++] =
			(struct include){ glob ? pattern_beside(from, word) : path_beside(from, word), glob,
				value_place(b, word.at).line };
	}
}
