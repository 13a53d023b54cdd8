/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/config_parts.h"

#include <stdarg.h>
#include <stdio.h>

uint32_t file_add(struct build *b, char *path)
{
	str_list_add(&b->c->files, path);
	return (uint32_t)(b->c->files.count - 1);
}

const char *place_file(const struct build *b, struct place at)
{
	return b->c->files.at[at.file];
}

void place_fault(struct build *b, struct place at, const char *format, ...)
{
	char words[1900];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof words, format, args);
	va_end(args);
	fault_add(b->faults, place_file(b, at), at.line, "%s", words);
}

void place_warning(struct build *b, struct place at, const char *format, ...)
{
	char words[1900];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof words, format, args);
	va_end(args);
	warning_add(b->faults, place_file(b, at), at.line, "%s", words);
}

struct place value_place(const struct build *b, const char *at)
{
	return (struct place){ b->file, b->entries ? entries_line(b->entries, at) : 0 };
}

void value_fault(struct build *b, const struct value *v, const char *at, const char *format, ...)
{
	char words[1536];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof words, format, args);
	va_end(args);
	place_fault(b, value_place(b, at), "%s: %s", v->row->key, words);
}

void value_warning(struct build *b, const struct value *v, const char *at, const char *format, ...)
{
	char words[1536];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof words, format, args);
	va_end(args);
	place_warning(b, value_place(b, at), "%s: %s", v->row->key, words);
}
