/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/config_parts.h"

#include <errno.h>
#include <glob.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"

enum { DEPTH_MAX = 16 }; /* of includes */

/*
 * What libinih is fed with: "[SECTION]" and "key = NUMBER", both counted by us. It cuts lines at 200 bytes and section names at
 * 49, keeps silent about empty sections, lets keys below a line without "]" join the section above, and reports continuation
 * lines as further keys; with lines as short as these, of known keys and closed sections only, it has nothing to get wrong,
 * and every answer is compared with the question.
 */
struct feed {
	struct build *b;
	struct entries entries;
	unsigned section, number;
	const struct setting *row; /* of the key that was fed last */
	struct text value;
};

/* For ini_parse_stream: the next line, as fgets(3). */
static char *feed_line(char *to, int size, void *stream)
{
	struct feed *feed = stream;
	struct build *b = feed->b;
	enum entry_kind kind;
	struct entry e;

	while ((kind = entries_next(&feed->entries, &e)) != ENTRY_END) {
		if (kind == ENTRY_SECTION) {
			section_begin(b, &e);
			snprintf(to, (size_t)size, "[%u]\n", ++feed->section);
			return to;
		}
		if (kind == ENTRY_LOST_SECTION)
			section_lost(b);
		if (kind == ENTRY_LOST_KEY)
			key_lost(b);
		feed->row = kind == ENTRY_KEY ? key_take(b, &e) : NULL;
		if (feed->row) {
			feed->value = e.value;
			snprintf(to, (size_t)size, "%s = %u\n", feed->row->key, ++feed->number);
			return to;
		}
	}
	return NULL;
}

/* For ini_parse_stream: a key and its value; 0 when they are not those that were fed. */
static int take_value(void *user, const char *section, const char *name, const char *number)
{
	struct feed *feed = user;
	struct build *b = feed->b;
	size_t errors = b->faults->errors;
	struct value v;

	if (strtoul(section, NULL, 10) != feed->section || strtoul(number, NULL, 10) != feed->number ||
		strcmp(name, feed->row->key) != 0)
		return 0;
	v = value_of(b, feed->row, b->section.kind, b->section.index, feed->value);
	value_read(b, &v);
	if (b->faults->errors > errors)
		key_faulty(b, feed->row);
	return 1;
}

static void parse(struct build *b, struct text bytes)
{
	const char *path = b->c->files.at[b->file];
	struct feed feed = { .b = b };

	entries_start(&feed.entries, bytes, path, b->faults);
	b->entries = &feed.entries;
	if (ini_parse_stream(feed_line, &feed, take_value, &feed) != 0)
		fault_add(b->faults, path, 0,
			"libinih gave back other words than it was given: this is a bug, please report it");
	b->entries = NULL;
	entries_free(&feed.entries);
}

/* Notes that path is being read, by an `include` at by: its number among b->sources; -1 with a fault. */
static long source_begin(struct build *b, const char *path, struct place by)
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

/* Reads what the file that was just read includes; takes the list. */
static void includes_read(struct build *b, struct include *list, size_t count)
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

void ini_read(struct build *b, struct text bytes, const char *path, struct place by)
{
	uint32_t file = b->file;
	long source = source_begin(b, path, by);
	struct include *includes;
	size_t count;

	if (source < 0)
		return;
	b->depth++;
	b->file = file_add(b, must_strndup(path, strlen(path)));
	b->section = (struct section){ .state = OUTSIDE };
	b->includes = NULL;
	b->include_count = 0;
	parse(b, bytes);
	includes = b->includes;
	count = b->include_count;
	includes_read(b, includes, count);
	b->sources[source].open = false;
	b->file = file;
	b->depth--;
}
