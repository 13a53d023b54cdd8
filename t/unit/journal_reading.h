/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_JOURNAL_READING_H
#define MXONLY_JOURNAL_READING_H

/* journal_reading - an entry for the journal, read as https://systemd.io/JOURNAL_NATIVE_PROTOCOL/ has it, without a line of ours */

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { FIELDS_MAX = 40 };

struct field {
	const char *name, *value;
	size_t name_len, len;
};

/* A name that the journal keeps: capital letters, digits, underscores; the first is a letter. */
static inline bool field_named_well(const struct field *f)
{
	for (size_t i = 0; i < f->name_len; i++)
		if (!(f->name[i] >= 'A' && f->name[i] <= 'Z') &&
			!(i > 0 && (f->name[i] == '_' || (f->name[i] >= '0' && f->name[i] <= '9'))))
			return false;
	return f->name_len > 0 && f->name_len <= 64;
}

/* The number of fields, or -1: it is no entry. */
static inline int journal_read(const char *at, size_t n, struct field f[FIELDS_MAX])
{
	const char *end = at + n;
	int count = 0;

	for (; at < end; count++) {
		const char *feed = memchr(at, '\n', (size_t)(end - at)), *is;
		uint64_t len = 0;

		if (feed == NULL || count == FIELDS_MAX)
			return -1;
		is = memchr(at, '=', (size_t)(feed - at));
		f[count].name = at;
		f[count].name_len = (size_t)((is != NULL ? is : feed) - at);
		if (is != NULL) {
			f[count].value = is + 1;
			len = (uint64_t)(feed - is) - 1;
		} else {
			if (end - feed < 9)
				return -1;
			for (int i = 8; i > 0; i--)
				len = len << 8 | (unsigned char)feed[i];
			f[count].value = feed + 9;
		}
		if (!field_named_well(&f[count]) || (uint64_t)(end - f[count].value) <= len ||
			f[count].value[len] != '\n')
			return -1;
		f[count].len = (size_t)len;
		at = f[count].value + len + 1;
	}
	return count;
}

static inline const struct field *journal_field(const struct field *f, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (f[i].name_len == strlen(name) && memcmp(f[i].name, name, f[i].name_len) == 0)
			return &f[i];
	return NULL;
}

#endif
