/* SPDX-License-Identifier: BSD-2-Clause */
#include "object.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The string that p begins with (behind its quote), into to; NULL when it does not end. */
static const char *take_string(const char *p, const char *end, char *to, size_t cap)
{
	size_t n = 0;

	for (; p < end && *p != '"'; p++) {
		char c = *p;

		if (c == '\\' && p + 1 < end) {
			c = *++p;
			if (c == 'u' && end - p > 4) {
				c = (char)strtoul((char[]){ p[3], p[4], 0 }, NULL, 16);
				p += 4;
			}
		}
		if (n + 1 < cap)
			to[n++] = c;
	}
	to[n] = '\0';
	return p < end ? p + 1 : NULL;
}

static const char *skip(const char *p, const char *end, const char *these)
{
	while (p < end && strchr(these, *p))
		p++;
	return p;
}

bool object_member(const struct buf *object, const char *name, char *to, size_t cap)
{
	const char *p = object->at, *end = p + object->len;
	char key[64];

	p = skip(p, end, " \t\n{");
	while (p && p < end && *p == '"') {
		p = take_string(p + 1, end, key, sizeof(key));
		if (!p)
			return false;
		p = skip(p, end, " \t:");
		if (p < end && *p == '"') {
			p = take_string(p + 1, end, to, cap);
		} else {
			size_t n = 0;

			for (; p < end && !strchr(",} \n", *p); p++) {
				if (n + 1 < cap)
					to[n++] = *p;
			}
			to[n] = '\0';
		}
		if (strcmp(key, name) == 0)
			return p != NULL;
		if (p)
			p = skip(p, end, " \t\n,");
	}
	return false;
}

/* The next line without "folder/" before it; false at the end. */
static bool next_line(const char **at, const char *end, const char *folder, char *line, size_t cap)
{
	size_t n = strlen(folder);
	const char *stop;

	if (*at >= end)
		return false;
	stop = memchr(*at, '\n', (size_t)(end - *at));
	stop = stop ? stop : end;
	if ((size_t)(stop - *at) > n && strncmp(*at, folder, n) == 0 && (*at)[n] == '/')
		*at += n + 1;
	snprintf(line, cap, "%.*s", (int)(stop - *at), *at);
	*at = stop + 1;
	return true;
}

/* "FILE:LINE: " or "FILE: ": where what is said begins, or NULL. */
static const char *behind_place(const char *line)
{
	const char *colon = strstr(line, ": ");

	return colon && !memchr(line, ' ', (size_t)(colon - line)) ? colon + 2 : NULL;
}

static bool is_warning(const char *said)
{
	return strncmp(said, "warning: ", 9) == 0;
}

/* The sum that mxonly check ends with is no fault of its own. */
unsigned object_places(const struct buf *lines, const char *folder, bool warnings)
{
	const char *at = lines->at, *end = at + lines->len, *said;
	char line[4096];
	unsigned count = 0;

	while (next_line(&at, end, folder, line, sizeof(line))) {
		if ((said = behind_place(line)) && !strstr(said, "fit to serve"))
			count += is_warning(said) == warnings;
	}
	return count;
}

bool object_said(const struct buf *lines, const char *folder, const char *place, bool warning, const char *const *words,
	size_t n)
{
	const char *at = lines->at, *end = at + lines->len, *said;
	char line[4096];

	while (next_line(&at, end, folder, line, sizeof(line))) {
		size_t found = 0;

		said = behind_place(line);
		if (!said || is_warning(said) != warning ||
			(strcmp(place, "-") != 0 && strncmp(line, place, strlen(place)) != 0))
			continue;
		while (found < n && strcasestr(said, words[found]))
			found++;
		if (found == n)
			return true;
	}
	return false;
}
