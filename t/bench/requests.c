/* SPDX-License-Identifier: BSD-2-Clause */
#include "requests.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "sample.h"

void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("policyload: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(2);
}

static void add(struct requests *r, const char *bytes, size_t len)
{
	r->at = must_grow(r->at, r->count, sizeof *r->at);
	r->at[r->count++] = (struct asked){ must_strndup(bytes, len), len };
}

void requests_sample(struct requests *r, unsigned count)
{
	char request[SAMPLE_REQUEST];

	for (unsigned i = 0; i < count; i++)
		add(r, request, sample_request(i, request));
}

/* What was gathered is a request. */
static void finish(struct requests *r, struct buf *b)
{
	if (b->len > 0) {
		buf_str(b, "\n");
		add(r, b->at, b->len);
	}
	b->len = 0;
}

void requests_read(struct requests *r, const char *path)
{
	FILE *f = fopen(path, "r");
	struct buf b = { 0 };
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	if (f == NULL)
		die("%s: %s", path, strerror(errno));
	while ((n = getline(&line, &cap, f)) > 0) {
		line[strcspn(line, "\r\n")] = '\0';
		if (*line == '\0')
			finish(r, &b);
		else
			buf_format(&b, "%s\n", line);
	}
	finish(r, &b);
	free(line);
	buf_free(&b);
	fclose(f);
	if (r->count == 0)
		die("%s: no requests in it", path);
}

const struct asked *requests_next(struct requests *r)
{
	const struct asked *a = &r->at[r->next];

	if (++r->next == r->count)
		r->next = 0;
	return a;
}
