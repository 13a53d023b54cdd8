/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_BUF_H
#define MXONLY_BUF_H

/*
 * buf - bytes that grow; for load time and tools, never for a request
 *
 * Life:      {0} -> buf_add ... -> buf_free
 * Errors:    out of memory ends the process with a message (only children and tools build things with it)
 */

#include <stddef.h>

#include "base/text.h"

struct buf {
	char *at;
	size_t len, cap;
};

/* Room for n more bytes behind len, and one for a NUL; returns where they begin. */
char *buf_room(struct buf *b, size_t n);
void buf_add(struct buf *b, const void *bytes, size_t n);
void buf_str(struct buf *b, const char *s);
void buf_format(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_free(struct buf *b);

/* malloc, realloc and strndup that end the process with a message when memory is out. */
void *must_alloc(size_t n);
void *must_realloc(void *p, size_t n);
char *must_strndup(const char *s, size_t n);

/* Makes room for one more element in a list of count elements; returns the list, perhaps moved. */
void *must_grow(void *list, size_t count, size_t size);

#endif
