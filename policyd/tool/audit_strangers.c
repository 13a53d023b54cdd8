/* SPDX-License-Identifier: BSD-2-Clause */

/* mxonly audit: what is counted to guess what [audit] lacks. */

#include "base/escape.h"
#include "policy/domain.h"
#include "tool/audit.h"

void strangers_add(struct strangers *s, struct text host)
{
	char name[STRANGER_NAME], shown[STRANGER_NAME];
	struct line l;
	size_t i = 0;

	line_start(&l, shown, sizeof shown);
	line_plain(&l, text_cut(name, domain_of_host(host, name, sizeof name)));
	if (l.len == 0 || l.full)
		return;
	while (i < s->count && strcmp(s->list[i].name, shown) != 0)
		i++;
	if (i == STRANGERS)
		return;
	if (i == s->count)
		memcpy(s->list[s->count++].name, shown, sizeof shown);
	s->list[i].messages++;
}

const struct stranger *strangers_most(const struct strangers *s)
{
	const struct stranger *most = s->list;

	for (size_t i = 1; i < s->count; i++)
		if (s->list[i].messages > most->messages)
			most = &s->list[i];
	return s->count > 0 ? most : NULL;
}
