/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/requests.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "policy/wire.h"

int requests_open(struct requests *r, const char *path, struct err *e)
{
	*r = (struct requests){ .name = path, .next = 1 };
	r->from = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	if (!r->from)
		return err_set(e, "%s: %s", path, strerror(errno));
	return 0;
}

/* One line; false at the end of the file, or when it cannot be read. */
static bool next_line(struct requests *r, size_t *length)
{
	ssize_t n = getline(&r->text, &r->room, r->from);

	if (n <= 0)
		return false;
	*length = (size_t)n;
	r->next++;
	return true;
}

int requests_next(struct requests *r, struct err *e)
{
	size_t n;

	r->bytes.len = 0;
	r->line = r->next;
	errno = 0;
	while (next_line(r, &n)) {
		if (r->text[n - 1] == '\n' && (n == 1 || (n == 2 && r->text[0] == '\r'))) {
			if (r->bytes.len > 0)
				break;
			r->line = r->next;
			continue;
		}
		if (r->bytes.len > WIRE_REQUEST)
			continue;
		buf_add(&r->bytes, r->text, n);
		if (r->text[n - 1] != '\n')
			buf_str(&r->bytes, "\n");
	}
	if (ferror(r->from))
		return err_set(e, "%s: %s", r->name, strerror(errno));
	if (r->bytes.len == 0)
		return 0;
	buf_str(&r->bytes, "\n");
	return 1;
}

unsigned long requests_line(const struct requests *r, size_t offset)
{
	unsigned long line = r->line;

	for (size_t i = 0; i < offset && i < r->bytes.len; i++)
		line += r->bytes.at[i] == '\n';
	return line;
}

void requests_close(struct requests *r)
{
	if (r->from && r->from != stdin)
		fclose(r->from);
	free(r->text);
	buf_free(&r->bytes);
}
