/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/escape.h"
#include "base/file.h"
#include "base/utf8.h"

enum { LINE = 2048, PLACE = 1024, READ = 65536, READ_MAX = 2 * FAULTS_KEPT * (LINE + 16) };

static void put_clean(struct line *l, struct text words)
{
	while (words.len > 0) {
		unsigned long code = 0;
		size_t n = utf8_length(words, &code);
		if (n == 0 || utf8_misleads(code)) {
			n = n > 0 ? n : 1;
			line_plain(l, text_cut(words.at, n));
		} else {
			line_text(l, text_cut(words.at, n));
		}
		words = text_cut(words.at + n, words.len - n);
	}
}

static void add(struct faults *f, bool warning, struct text place, struct text words)
{
	size_t *all = warning ? &f->warnings : &f->errors;
	struct fault new = { .warning = warning };
	char clean[LINE];
	struct line l;

	if ((*all)++ >= FAULTS_KEPT)
		return;
	line_start(&l, clean, PLACE);
	put_clean(&l, place);
	new.place = l.len;
	l.cap = sizeof clean;
	l.full = false;
	put_clean(&l, words);
	new.words = must_strndup(clean, l.len);
	f->list = must_grow(f->list, f->count, sizeof *f->list);
	f->list[f->count++] = new;
}

static void add_format(
	struct faults *f, bool warning, const char *file, unsigned line, const char *format, va_list args)
{
	char place[LINE] = "", words[LINE];

	if (file && line > 0)
		snprintf(place, sizeof place, "%s:%u: ", file, line);
	else if (file)
		snprintf(place, sizeof place, "%s: ", file);
	vsnprintf(words, sizeof words, format, args);
	add(f, warning, text_of(place), text_of(words));
}

void fault_add(struct faults *f, const char *file, unsigned line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_format(f, false, file, line, format, args);
	va_end(args);
}

void warning_add(struct faults *f, const char *file, unsigned line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_format(f, true, file, line, format, args);
	va_end(args);
}

static size_t not_kept(size_t all)
{
	return all > FAULTS_KEPT ? all - FAULTS_KEPT : 0;
}

/* Colours are for terminals, and for those who want them: no-color.org. */
static bool wants_colours(FILE *to)
{
	const char *no = getenv("NO_COLOR");

	return (!no || !*no) && isatty(fileno(to));
}

void faults_print(const struct faults *f, FILE *to)
{
	const bool colours = wants_colours(to);
	const char *bold = colours ? "\033[1m" : "", *yellow = colours ? "\033[33m" : "",
		   *plain = colours ? "\033[m" : "";

	for (size_t i = 0; i < f->count; i++) {
		const struct fault *one = &f->list[i];
		fprintf(to, "%s%.*s%s", bold, (int)one->place, one->words, plain);
		if (one->warning)
			fprintf(to, "%swarning: %s", yellow, plain);
		fprintf(to, "%s\n", one->words + one->place);
	}
	if (not_kept(f->errors) > 0)
		fprintf(to, "and %zu more faults\n", not_kept(f->errors));
	if (not_kept(f->warnings) > 0)
		fprintf(to, "and %zu more warnings\n", not_kept(f->warnings));
}

/*
 * A record is a line "KIND PLACE LENGTH WORDS": E and W are a fault and a warning, of whose LENGTH bytes the first PLACE
 * say where; e and w say in PLACE how many more were counted without being kept.
 */
int faults_write(const struct faults *f, int fd)
{
	struct buf b = { 0 };
	int result;

	for (size_t i = 0; i < f->count; i++) {
		const struct fault *one = &f->list[i];
		buf_format(&b, "%c %zu %zu %s\n", one->warning ? 'W' : 'E', one->place, strlen(one->words), one->words);
	}
	if (not_kept(f->errors) > 0)
		buf_format(&b, "e %zu 0 \n", not_kept(f->errors));
	if (not_kept(f->warnings) > 0)
		buf_format(&b, "w %zu 0 \n", not_kept(f->warnings));
	result = fd_write_all(fd, b.at, b.len, NULL);
	int why = errno;
	buf_free(&b);
	errno = why;
	return result;
}

/* The number up to the next space of *rest. */
static bool take_number(struct text *rest, unsigned long max, unsigned long *number)
{
	const char *end = text_find(*rest, ' ');
	size_t n = end ? (size_t)(end - rest->at) : 0;

	if (!end || !text_number(text_cut(rest->at, n), max, number))
		return false;
	*rest = text_cut(end + 1, rest->len - n - 1);
	return true;
}

/* Whatever comes is taken with care: the process that wrote it may have been broken by what it read. */
static void read_record(struct faults *f, struct text line)
{
	unsigned long place, length;
	char kind;

	if (line.len < 2 || line.at[1] != ' ')
		return;
	kind = line.at[0];
	line = text_cut(line.at + 2, line.len - 2);
	if (!take_number(&line, 1ul << 48, &place) || !take_number(&line, LINE, &length) || line.len != length)
		return;
	if (kind == 'e' || kind == 'w')
		*(kind == 'e' ? &f->errors : &f->warnings) += place;
	else if ((kind == 'E' || kind == 'W') && place <= length)
		add(f, kind == 'W', text_cut(line.at, place), text_cut(line.at + place, length - place));
}

/* As much as both kinds of records can take, and no more: whoever writes may be broken. */
static void read_all(int fd, struct buf *b)
{
	ssize_t n;

	do {
		n = read(fd, buf_room(b, READ), READ);
		if (n > 0)
			b->len += (size_t)n;
	} while (b->len < READ_MAX && (n > 0 || (n < 0 && errno == EINTR)));
}

void faults_read(struct faults *f, int fd)
{
	struct buf b = { 0 };
	const char *at, *newline;

	read_all(fd, &b);
	at = b.at;
	while ((newline = memchr(at, '\n', (size_t)(b.at + b.len - at))) != NULL) {
		read_record(f, text_cut(at, (size_t)(newline - at)));
		at = newline + 1;
	}
	buf_free(&b);
}

void faults_free(struct faults *f)
{
	for (size_t i = 0; i < f->count; i++)
		free(f->list[i].words);
	free(f->list);
	*f = (struct faults){ 0 };
}
