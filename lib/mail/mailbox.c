/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/mailbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "mail/separator.h"

enum {
	NAMES_AT_ONCE = 65536, /* of a folder, in memory and in order */
	DEEPEST = 32
};

static bool is_empty(struct text line)
{
	return text_is(line, "\n") || text_is(line, "\r\n");
}

static void fail(struct mailbox_reader *r, const char *path, const char *why)
{
	r->failed(r, text_of(path), why);
}

/* The lines of a header up to the empty one, to a separator of an mbox, or to the end of the file. */
static void read_header(struct source *s, struct header *h, bool mbox)
{
	struct text piece;

	header_start(h);
	while (source_line(s, &piece)) {
		if (s->begins && is_empty(piece))
			break;
		if (mbox && s->begins && is_separator(piece)) {
			source_again(s, piece);
			break;
		}
		header_line(h, piece, s->begins);
	}
	header_end(h);
}

/* To the next separator: behind an empty line, or with a date; false at the end. */
static bool skip_body(struct source *s)
{
	struct text piece;
	bool behind_empty = true;

	while (source_line(s, &piece)) {
		if (s->begins && (behind_empty ? is_separator(piece) : is_dated_separator(piece)))
			return true;
		behind_empty = s->begins && is_empty(piece);
	}
	return false;
}

/* A separator's line of any length. */
static void skip_line(struct source *s)
{
	struct text piece;

	while (s->inside && source_line(s, &piece))
		continue;
}

static void read_mbox(struct mailbox_reader *r, struct source *s, struct header *h, const char *path)
{
	struct buf name = { 0 };
	unsigned long n = 0;

	do {
		skip_line(s);
		read_header(s, h, true);
		if (r->watch.stop)
			break;
		name.len = 0;
		buf_format(&name, "%s#%lu", path, ++n);
		r->message(r, text_cut(name.at, name.len), h);
	} while (skip_body(s));
	buf_free(&name);
}

/* A pipe is read to its end, so that whoever writes to it can. */
static void drain(struct source *s)
{
	struct text piece;

	while (source_line(s, &piece))
		continue;
}

/* The first line that tells what it is: empty ones may stand above an mbox, and a byte order mark; false when there is none. */
static bool first_line(struct source *s, struct text *piece, bool *behind_empty)
{
	static const char mark[] = "\xef\xbb\xbf";
	bool there = source_line(s, piece);

	*behind_empty = false;
	if (there && text_begins(*piece, mark))
		*piece = text_cut(piece->at + 3, piece->len - 3);
	for (; there && is_empty(*piece); there = source_line(s, piece))
		*behind_empty = true;
	return there;
}

static void read_message(struct mailbox_reader *r, struct source *s, struct header *h, const char *path)
{
	read_header(s, h, false);
	if (!r->watch.stop)
		r->message(r, text_of(path), h);
}

/* Behind an empty line there is no header. */
static void read_empty(struct mailbox_reader *r, struct header *h, const char *path)
{
	header_start(h);
	header_end(h);
	if (!r->watch.stop)
		r->message(r, text_of(path), h);
}

static void read_file(struct mailbox_reader *r, int fd, const char *path, bool pipe)
{
	struct header h = { 0 };
	struct source s;
	struct text piece;
	bool behind_empty;
	struct err e;

	if (source_open(&s, fd, &r->watch, &e) < 0) {
		fail(r, path, e.text);
		return;
	}
	bool there = first_line(&s, &piece, &behind_empty);
	if (there && is_separator(piece)) {
		read_mbox(r, &s, &h, path);
	} else if (behind_empty) {
		read_empty(r, &h, path);
	} else if (there) {
		source_again(&s, piece);
		read_message(r, &s, &h, path);
	}
	if (pipe)
		drain(&s);
	header_free(&h);
	if (source_close(&s, &e) < 0)
		fail(r, path, e.text);
}

static void read_folder(struct mailbox_reader *r, const char *path, int depth);

static bool is_folder(const char *path, const char *name)
{
	struct buf whole = { 0 };
	struct stat s;

	buf_format(&whole, "%s/%s", path, name);
	bool is = lstat(whole.at, &s) == 0 && S_ISDIR(s.st_mode);
	buf_free(&whole);
	return is;
}

/* What lies in a folder: a file, perhaps by a link, or a folder; sockets and the like are no mail, and links to folders may go round. */
static void read_entry(struct mailbox_reader *r, const char *path, int depth)
{
	struct stat s;

	if (lstat(path, &s) < 0) {
		if (errno != ENOENT) /* a message that was moved meanwhile */
			fail(r, path, strerror(errno));
		return;
	}
	if (S_ISDIR(s.st_mode)) {
		if (depth < DEEPEST)
			read_folder(r, path, depth + 1);
		else
			fail(r, path, "folders within folders, too deep");
		return;
	}
	if (S_ISLNK(s.st_mode) && stat(path, &s) < 0) {
		fail(r, path, strerror(errno));
		return;
	}
	if (!S_ISREG(s.st_mode))
		return;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd >= 0)
		read_file(r, fd, path, false);
	else if (errno != ENOENT)
		fail(r, path, strerror(errno));
}

static int by_name(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

static bool is_maildir(const char *path)
{
	return is_folder(path, "new") && is_folder(path, "cur");
}

/* Up to NAMES_AT_ONCE names that begin with a dot or do not, in order; returns how many. */
static size_t next_names(DIR *folder, char **names, bool dotted)
{
	struct dirent *entry;
	size_t n = 0;

	errno = 0;
	while (n < NAMES_AT_ONCE && (entry = readdir(folder))) {
		if ((entry->d_name[0] == '.') == dotted)
			names[n++] = must_strndup(entry->d_name, strlen(entry->d_name));
	}
	qsort(names, n, sizeof *names, by_name);
	return n;
}

/* ".Sent" of Maildir++: a Maildir itself; path/name is whole. */
static bool is_subfolder(const char *path, const char *name, const char *whole)
{
	return strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && is_folder(path, name) && is_maildir(whole);
}

static void read_entries(struct mailbox_reader *r, const char *path, int depth, bool subfolders)
{
	DIR *folder = opendir(path);
	struct buf whole = { 0 };
	size_t n;

	if (!folder) {
		fail(r, path, strerror(errno));
		return;
	}
	char **names = must_alloc(NAMES_AT_ONCE * sizeof *names);
	while ((n = next_names(folder, names, subfolders)) > 0) {
		for (size_t i = 0; i < n; i++) {
			whole.len = 0;
			buf_format(&whole, "%s/%s", path, names[i]);
			if (!r->watch.stop && (!subfolders || is_subfolder(path, names[i], whole.at)))
				read_entry(r, whole.at, depth);
			free(names[i]);
		}
	}
	if (errno != 0)
		fail(r, path, strerror(errno));
	free(names);
	closedir(folder);
	buf_free(&whole);
}

static void read_folder(struct mailbox_reader *r, const char *path, int depth)
{
	static const char *const parts[] = { "new", "cur" };
	struct buf part = { 0 };

	if (!is_maildir(path)) {
		read_entries(r, path, depth, false);
		return;
	}
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		part.len = 0;
		buf_format(&part, "%s/%s", path, parts[i]);
		read_entries(r, part.at, depth, false);
	}
	read_entries(r, path, depth, true);
	buf_free(&part);
}

void mailbox_read(struct mailbox_reader *r, const char *path)
{
	struct stat s;

	if (strcmp(path, "-") == 0) {
		read_file(r, dup(STDIN_FILENO), path, true);
		return;
	}
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fstat(fd, &s) < 0) {
		fail(r, path, strerror(errno));
	} else if (S_ISDIR(s.st_mode)) {
		struct text bare = text_of(path);
		while (bare.len > 1 && bare.at[bare.len - 1] == '/')
			bare.len--;
		char *folder = must_strndup(bare.at, bare.len);
		read_folder(r, folder, 0);
		free(folder);
	} else {
		read_file(r, fd, path, !S_ISREG(s.st_mode));
		return;
	}
	if (fd >= 0)
		close(fd);
}
