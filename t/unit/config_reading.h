/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_CONFIG_READING_H
#define MXONLY_CONFIG_READING_H

/*
 * config_reading - a configuration read from a string or from files in a folder of its own, and what was said about it
 */

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "policy/config.h"
#include "unit.h"

/* A relay that nothing can be said against, in one line and in three. */
#define FILTER "[relay filter]\nranges = 192.0.2.0/24 2001:db8::/32\n"

struct reading {
	struct config c;
	struct faults f;
	char *words; /* as faults_print has them */
};

static inline void reading_print(struct reading *r)
{
	size_t size;
	FILE *to = open_memstream(&r->words, &size);

	faults_print(&r->f, to);
	fclose(to);
}

static inline struct reading read_bytes(const char *bytes, size_t n)
{
	struct reading r = { .words = NULL };

	config_read_text(&r.c, text_cut(bytes, n), "m.ini", &r.f);
	reading_print(&r);
	return r;
}

static inline struct reading read_string(const char *text)
{
	return read_bytes(text, strlen(text));
}

static inline struct reading read_file(const char *path)
{
	struct reading r = { .words = NULL };

	config_read(&r.c, path, &r.f);
	reading_print(&r);
	return r;
}

static inline void reading_free(struct reading *r)
{
	config_free(&r->c);
	faults_free(&r->f);
	free(r->words);
}

/* A configuration and all that is said about it; "*" at the end of a line of words: whatever another module says there. */
struct said {
	const char *text, *words;
};

/* Whether got is want, line by line. */
static inline bool words_match(const char *got, const char *want)
{
	while (*want) {
		if (want[0] == '*' && want[1] == '\n') {
			got += strcspn(got, "\n");
			want++;
		} else if (*got++ != *want++) {
			return false;
		}
	}
	return *got == '\0';
}

#define row_words(row, got, want) \
	ck_assert_msg(words_match(got, want), "row \"%s\": said\n%sinstead of\n%s", row, got, want)

static inline void expect_said(const struct said *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct reading r = read_string(rows[i].text);
		row_words(rows[i].text, r.words, rows[i].words);
		reading_free(&r);
	}
}

/* A folder of its own. */
struct folder {
	char path[64];
};

static inline struct folder folder_make(void)
{
	struct folder d = { .path = "/tmp/mxonly-test-XXXXXX" };

	ck_assert_ptr_nonnull(mkdtemp(d.path));
	return d;
}

/* The path of a file in it; good for the next three calls. */
static inline const char *folder_path(const struct folder *d, const char *name)
{
	static char paths[4][200];
	static unsigned next;
	char *to = paths[next++ % 4];

	snprintf(to, sizeof paths[0], "%s/%s", d->path, name);
	return to;
}

static inline void folder_write(struct folder *d, const char *name, const char *bytes, size_t n)
{
	FILE *f = fopen(folder_path(d, name), "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
	ck_assert_int_eq(fclose(f), 0);
}

static inline void folder_put(struct folder *d, const char *name, const char *text)
{
	folder_write(d, name, text, strlen(text));
}

static inline int folder_unlink(const char *path, const struct stat *s, int kind, struct FTW *ftw)
{
	(void)s;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static inline void folder_remove(struct folder *d)
{
	nftw(d->path, folder_unlink, 8, FTW_DEPTH | FTW_PHYS);
}

/* words with every occurrence of the folder's path and its slash cut out. */
static inline const char *folder_cut(const struct folder *d, char *words)
{
	char prefix[80];
	char *at = words;

	snprintf(prefix, sizeof prefix, "%s/", d->path);
	while ((at = strstr(at, prefix)) != NULL)
		memmove(at, at + strlen(prefix), strlen(at + strlen(prefix)) + 1);
	return words;
}

#endif
