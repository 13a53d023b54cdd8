/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/source.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"

/* What other compressors begin their files with, and what reads them. */
static const struct {
	const char *magic, *name, *reader;
} compressed[] = {
	{ "\xfd"
	  "7zXZ",
		"xz", "xzcat" },
	{ "\x28\xb5\x2f\xfd", "zstd", "zstdcat" },
	{ "BZh", "bzip2", "bzcat" },
	{ "PK\x03\x04", "zip", "unzip -p" },
};

/* Reads on behind what is there; false when nothing came. */
static bool fill(struct source *s)
{
	if (s->ended || s->watch->stop)
		return false;
	if (s->begin > 0) {
		memmove(s->at, s->at + s->begin, s->end - s->begin);
		s->end -= s->begin;
		s->begin = 0;
	}
	int n = gzread(s->from, s->at + s->end, (unsigned)(SOURCE_PIECE - s->end));
	if (n <= 0) {
		s->ended = true;
		return false;
	}
	s->end += (size_t)n;
	s->watch->read += (uint64_t)n;
	return true;
}

static int check_magic(const struct source *s, struct err *e)
{
	for (size_t i = 0; i < sizeof compressed / sizeof *compressed; i++) {
		size_t n = strlen(compressed[i].magic);
		if (s->end >= n && memcmp(s->at, compressed[i].magic, n) == 0)
			return err_set(
				e, "compressed by %s: pipe it through %s", compressed[i].name, compressed[i].reader);
	}
	return 0;
}

int source_open(struct source *s, int fd, struct source_watch *watch, struct err *e)
{
	*s = (struct source){ .from = gzdopen(fd, "rb"), .watch = watch };
	if (!s->from) {
		close(fd);
		return err_set(e, "%s", strerror(ENOMEM));
	}
	s->at = must_alloc(SOURCE_PIECE);
	fill(s);
	if (check_magic(s, e) == 0)
		return 0;
	source_close(s, NULL);
	return -1;
}

bool source_line(struct source *s, struct text *piece)
{
	const char *newline = NULL;
	size_t seen = 0;

	for (;;) {
		size_t have = s->end - s->begin;
		if (have > seen)
			newline = memchr(s->at + s->begin + seen, '\n', have - seen);
		seen = have;
		if (newline || have == SOURCE_PIECE || !fill(s))
			break;
	}
	if (s->watch->stop)
		return false;
	*piece = text_cut(s->at + s->begin, newline ? (size_t)(newline + 1 - s->at) - s->begin : s->end - s->begin);
	s->begin += piece->len;
	s->begins = !s->inside;
	s->inside = !newline;
	return piece->len > 0;
}

void source_again(struct source *s, struct text piece)
{
	s->begin -= piece.len;
	s->inside = !s->begins;
}

int source_close(struct source *s, struct err *e)
{
	int code, bad = 0;
	const char *words = gzerror(s->from, &code);

	/* What is cut off says so only when its last bytes were asked for. */
	if (code == Z_ERRNO && !s->watch->stop)
		bad = err_set(e, "%s", strerror(errno));
	else if (code == Z_BUF_ERROR)
		bad = err_set(e, "the compressed file is cut off");
	else if (code == Z_DATA_ERROR)
		bad = err_set(e, "the compressed file is damaged: %s", words);
	gzclose_r(s->from);
	free(s->at);
	s->from = NULL;
	return bad;
}
