/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LEAST_LIST = 8, LEAST_BUF = 256 };

static _Noreturn void out_of_memory(void)
{
	static const char words[] = "out of memory\n";

	if (write(STDERR_FILENO, words, sizeof words - 1) < 0)
		_exit(EXIT_FAILURE);
	_exit(EXIT_FAILURE);
}

void *must_alloc(size_t n)
{
	return must_realloc(NULL, n);
}

void *must_realloc(void *p, size_t n)
{
	p = realloc(p, n > 0 ? n : 1);
	if (!p)
		out_of_memory();
	return p;
}

char *must_strndup(const char *s, size_t n)
{
	char *copy = strndup(s, n);

	if (!copy)
		out_of_memory();
	return copy;
}

/* A list has room for the next power of two, so its count alone says when it is full. */
void *must_grow(void *list, size_t count, size_t size)
{
	size_t room;

	if (count > 0 && (count < LEAST_LIST || (count & (count - 1)) != 0))
		return list;
	room = count == 0 ? LEAST_LIST : 2 * count;
	if (size > 0 && room > SIZE_MAX / 2 / size)
		out_of_memory();
	return must_realloc(list, room * size);
}

char *buf_room(struct buf *b, size_t n)
{
	size_t need = b->len + n + 1;

	if (need <= n || need > SIZE_MAX / 4)
		out_of_memory();
	if (need > b->cap) {
		size_t cap = b->cap + b->cap / 2;
		if (cap < need)
			cap = need;
		if (cap < LEAST_BUF)
			cap = LEAST_BUF;
		b->at = must_realloc(b->at, cap);
		b->cap = cap;
	}
	return b->at + b->len;
}

void buf_add(struct buf *b, const void *bytes, size_t n)
{
	char *to = buf_room(b, n);

	if (n > 0)
		memcpy(to, bytes, n);
	to[n] = '\0';
	b->len += n;
}

void buf_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_format(struct buf *b, const char *format, ...)
{
	va_list args, again;
	int n;

	va_start(args, format);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, args);
	if (n > 0) {
		vsnprintf(buf_room(b, (size_t)n), (size_t)n + 1, format, again);
		b->len += (size_t)n;
	}
	va_end(again);
	va_end(args);
}

void buf_free(struct buf *b)
{
	free(b->at);
	*b = (struct buf){ 0 };
}
