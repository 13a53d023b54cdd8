/* SPDX-License-Identifier: BSD-2-Clause */

/* Lists of addresses as Postfix writes them: 127.0.0.0/8 [::1]/128 !10.0.0.1 cidr:/a/table */

#include <string.h>

#include "postfix/advice_parts.h"
#include "postfix/words.h"

/* [address]/prefix without its brackets. */
static bool read_network(struct range *r, struct text word)
{
	char plain[2 * IP_TEXT];
	size_t n = 0;

	if (word.len >= sizeof plain)
		return false;
	for (size_t i = 0; i < word.len; i++)
		if (word.at[i] != '[' && word.at[i] != ']')
			plain[n++] = word.at[i];
	return range_parse(r, text_cut(plain, n), NULL) == 0;
}

void networks_read(struct range_list *l, const char *list, bool *unknown)
{
	struct text rest = text_of(list), word;
	struct range r;

	while (words_next(&rest, &word)) {
		if (read_network(&r, word))
			range_list_add(l, &r);
		else if (word.at[0] != '!') /* an exception only makes the list smaller */
			*unknown = true;
	}
}

bool networks_within(const struct range_list *l, const struct range_set *set)
{
	for (size_t i = 0; i < l->count; i++) {
		struct range held;
		if (!range_set_find(set, &l->at[i].first, &held) || ip_compare(&held.last, &l->at[i].last) < 0)
			return false;
	}
	return true;
}
