/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/config_parts.h"

#include <errno.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"

enum { DEPTH_MAX = 16 };

uint32_t file_add(struct build *b, char *path)
{
	str_list_add(&b->c->files, path);
	return (uint32_t)(b->c->files.count - 1);
}

const char *place_file(const struct build *b, struct place at)
{
	return b->c->files.at[at.file];
}

void place_fault(struct build *b, struct place at, const char *format, ...)
{
	char words[1900];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof words, format, args);
	va_end(args);
	fault_add(b->faults, place_file(b, at), at.line, "%s", words);
}

void place_warning(struct build *b, struct place at, const char *format, ...)
{
	char words[1900];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof words, format, args);
	va_end(args);
	warning_add(b->faults, place_file(b, at), at.line, "%s", words);
}

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

long source_begin(struct build *b, const char *path, struct place by)
{
	struct source new = { .open = true, .by = by };
	struct stat s;

	if (stat(path, &s) == 0) {
		new.device = s.st_dev;
		new.inode = s.st_ino;
	}
	for (size_t i = 0; new.inode != 0 && i < b->source_count; i++) {
		const struct source *other = &b->sources[i];
		if (other->device != new.device || other->inode != new.inode)
			continue;
		if (other->open)
			place_fault(b, by, "include: `%s` is being read already: it would include itself", path);
		else
			place_fault(b, by, "include: `%s` is included twice: first by %s:%u", path,
				place_file(b, other->by), other->by.line);
		return -1;
	}
	b->sources = must_grow(b->sources, b->source_count, sizeof *b->sources);
	b->sources[b->source_count++] = new;
	return (long)(b->source_count - 1);
}

static void include_file(struct build *b, const char *path, struct place by)
{
	struct buf bytes = { 0 };
	struct err e;

	if (b->depth >= DEPTH_MAX)
		place_fault(b, by, "include: more than %d files deep", DEPTH_MAX);
	else if (file_read_regular(path, &bytes, NULL, &e) < 0)
		place_fault(b, by, "include: %s", e.text);
	else
		ini_read(b, text_cut(bytes.at, bytes.len), path, by);
	buf_free(&bytes);
}

/* For glob(3): a folder that is not there matches nothing, one that cannot be read is a fault. */
static int unreadable(const char *path, int why)
{
	(void)path;
	return why != ENOENT && why != ENOTDIR;
}

static void include_pattern(struct build *b, const char *pattern, struct place by)
{
	glob_t found = { 0 };
	int why = glob(pattern, 0, unreadable, &found);

	if (why != 0 && why != GLOB_NOMATCH)
		place_fault(b, by, "include: %s: %s", pattern,
			why == GLOB_ABORTED ? "a folder cannot be read" : "out of memory");
	for (size_t i = 0; why == 0 && i < found.gl_pathc; i++)
		include_file(b, found.gl_pathv[i], by);
	globfree(&found);
}

void includes_read(struct build *b, struct include *list, size_t count)
{
	uint32_t file = b->file;

	for (size_t i = 0; i < count; i++) {
		struct place by = { file, list[i].line };
		if (list[i].glob)
			include_pattern(b, list[i].path, by);
		else
			include_file(b, list[i].path, by);
		free(list[i].path);
	}
	free(list);
}
