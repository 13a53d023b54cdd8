/* SPDX-License-Identifier: BSD-2-Clause */
#include "postfix/words.h"

static bool is_apart(char c)
{
	return c == ',' || c == ' ' || (c >= '\t' && c <= '\r');
}

bool words_next(struct text *rest, struct text *word)
{
	struct text t = *rest;
	size_t n = 0, depth = 0;

	while (t.len > 0 && is_apart(t.at[0]))
		t = text_cut(t.at + 1, t.len - 1);
	for (; n < t.len && (depth > 0 || !is_apart(t.at[n])); n++) {
		depth += t.at[n] == '{';
		depth -= t.at[n] == '}' && depth > 0;
	}
	*word = text_cut(t.at, n);
	*rest = text_cut(t.at + n, t.len - n);
	return n > 0;
}

struct text words_inside(struct text word)
{
	if (word.len < 2 || word.at[0] != '{' || word.at[word.len - 1] != '}')
		return word;
	return text_trim(text_cut(word.at + 1, word.len - 2));
}

bool words_pair(struct text word, struct text *name, struct text *value)
{
	struct text inside = words_inside(word);
	const char *equals = text_find(inside, '=');

	if (!equals)
		return false;
	*name = text_trim(text_cut(inside.at, (size_t)(equals - inside.at)));
	*value = text_trim(text_cut(equals + 1, inside.len - (size_t)(equals + 1 - inside.at)));
	return name->len > 0;
}
