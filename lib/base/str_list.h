/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_STR_LIST_H
#define MXONLY_STR_LIST_H

/*
 * str_list - strings that a list owns, in the order in which they came
 *
 * Life:      { 0 } -> str_list_add ... -> str_list_free, which leaves an empty list
 * Errors:    out of memory ends the process with a message
 * Tested by: t/unit/test_config.c
 */

#include <stdbool.h>
#include <stddef.h>

struct str_list {
	char **at; /* NUL-terminated, malloc'ed */
	size_t count;
};

/* Takes s. */
void str_list_add(struct str_list *list, char *s);

bool str_list_has(const struct str_list *list, const char *s);

void str_list_free(struct str_list *list);

#endif
