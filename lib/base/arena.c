/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

enum { CHUNK = 256 * 1024 };

struct chunk {
	struct chunk *next;
	char bytes[];
};

struct arena {
	struct chunk *chunks;
	char *at;
	size_t left;
};

struct arena *arena_new(void)
{
	struct arena *a = must_alloc(sizeof *a);

	*a = (struct arena){ 0 };
	return a;
}

static struct chunk *add_chunk(struct arena *a, size_t n)
{
	struct chunk *c = must_alloc(n < SIZE_MAX - sizeof *c ? sizeof *c + n : SIZE_MAX);

	c->next = a->chunks;
	a->chunks = c;
	return c;
}

/* What is too big to share a chunk gets one of its own; the one being filled stays. */
static char *room(struct arena *a, size_t n)
{
	char *at;

	if (n > CHUNK / 4)
		return add_chunk(a, n)->bytes;
	if (n > a->left) {
		a->at = add_chunk(a, CHUNK)->bytes;
		a->left = CHUNK;
	}
	at = a->at;
	a->at += n;
	a->left -= n;
	return at;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *copy = room(a, n + 1);

	if (n > 0)
		memcpy(copy, s, n);
	copy[n] = '\0';
	return copy;
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	while (a->chunks) {
		struct chunk *next = a->chunks->next;
		free(a->chunks);
		a->chunks = next;
	}
	free(a);
}
