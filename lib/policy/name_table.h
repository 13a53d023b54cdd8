/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_NAME_TABLE_H
#define MXONLY_NAME_TABLE_H

/*
 * name_table - from a name to a number, while a configuration is read; millions of names
 *
 * Life:      {0} -> name_table_add ... -> name_table_free
 * Memory:    names belong to the caller, end with a NUL and must stay where they are
 * Tested by: t/unit/test_config.c
 */

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define NAME_ABSENT UINT32_MAX

struct name_slot {
	const char *name; /* NULL: empty */
	uint32_t hash, number;
};

struct name_table {
	struct name_slot *slots;
	size_t cap, count; /* cap: a power of two, or 0 */
};

/* The number of a name, or NAME_ABSENT. */
uint32_t name_table_find(const struct name_table *t, struct text name);

/* NAME_ABSENT: it was not in t, and is now; else the number that it has, and keeps. */
uint32_t name_table_add(struct name_table *t, const char *name, uint32_t number);

void name_table_free(struct name_table *t);

#endif
