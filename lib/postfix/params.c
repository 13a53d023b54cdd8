/* SPDX-License-Identifier: BSD-2-Clause */
#include "postfix/params.h"

#include <stdlib.h>

#include "base/buf.h"

/* The next line, cut out of the copy and ended with a NUL; NULL behind the last. */
static char *next_line(char **rest)
{
	char *line = *rest, *end;

	if (!line || *line == '\0')
		return NULL;
	end = strchr(line, '\n');
	if (end)
		*end = '\0';
	*rest = end ? end + 1 : NULL;
	return line;
}

/* "name = value" or "name =", as postconf(1) prints them. */
static bool cut(char *line, struct param *p)
{
	char *equals = strchr(line, '='), *end;

	if (!equals)
		return false;
	end = equals;
	while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	if (end == line)
		return false;
	*end = '\0';
	equals++;
	equals += strspn(equals, " \t");
	*p = (struct param){ line, equals };
	return true;
}

/* Equal names stay in their order, which their places in the copy tell. */
static int by_name(const void *a, const void *b)
{
	const struct param *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->name > y->name) - (x->name < y->name);
}

void params_read(struct params *p, struct text lines)
{
	char *line, *rest;

	*p = (struct params){ .bytes = must_strndup(lines.at, lines.len) };
	rest = p->bytes;
	while ((line = next_line(&rest))) {
		p->at = must_grow(p->at, p->count, sizeof *p->at);
		p->count += cut(line, &p->at[p->count]);
	}
	if (p->count > 0)
		qsort(p->at, p->count, sizeof *p->at, by_name);
}

static const struct param *find(const struct params *p, const char *name)
{
	size_t from = 0, to = p->count;

	/* The first of all that are greater; the one before it is the last of its name. */
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (strcmp(p->at[middle].name, name) <= 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from > 0 && strcmp(p->at[from - 1].name, name) == 0 ? &p->at[from - 1] : NULL;
}

const char *params_get(const struct params *p, const char *name)
{
	const struct param *found = find(p, name);

	return found ? found->value : "";
}

bool params_has(const struct params *p, const char *name)
{
	return find(p, name) != NULL;
}

bool params_yes(const struct params *p, const char *name)
{
	return text_equal_nocase(text_of(params_get(p, name)), text_of("yes"));
}

long params_number(const char *value)
{
	static const struct {
		char unit;
		long seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 7 * 86400 } };
	size_t digits = strspn(value, "0123456789");
	unsigned long number;

	if (!text_number(text_cut(value, digits), 1000000000, &number))
		return -1;
	if (value[digits] == '\0')
		return (long)number;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (value[digits] == units[i].unit && value[digits + 1] == '\0')
			return (long)number * units[i].seconds;
	return -1;
}

void params_free(struct params *p)
{
	free(p->bytes);
	free(p->at);
	*p = (struct params){ 0 };
}
