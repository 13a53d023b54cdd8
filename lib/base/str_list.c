/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/str_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

void str_list_add(struct str_list *list, char *s)
{
	list->at = must_grow(list->at, list->count, sizeof *list->at);
	list->at[list->count++] = s;
}

bool str_list_has(const struct str_list *list, const char *s)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->at[i], s) == 0)
			return true;
	return false;
}

void str_list_free(struct str_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->at[i]);
	free(list->at);
	*list = (struct str_list){ 0 };
}
