/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Property: whatever action_check takes becomes, with any values in its variables, a reply that Postfix never takes for a
 * permit (policyd's own permits aside): a known first word, a text behind a code, printable, of a bounded length.
 * An input: a line for the action, then one for each variable (the last is used for all that are missing).
 */

#include "policy/action.h"

#include <stdint.h>
#include <stdlib.h>

static struct text next_line(struct text *rest)
{
	const char *end = rest->len == 0 ? NULL : memchr(rest->at, '\n', rest->len);
	struct text line = { rest->at, end == NULL ? rest->len : (size_t)(end - rest->at) };

	if (end != NULL)
		*rest = text_cut(end + 1, rest->len - line.len - 1);
	return line;
}

static bool starts(struct text t, const char *word)
{
	size_t n = strlen(word);

	return t.len >= n && memcmp(t.at, word, n) == 0 && (t.len == n || t.at[n] == ' ');
}

/* Something that is not a space behind the first n bytes, which a space ends. */
static bool says_more(struct text t, size_t n)
{
	return t.len > n + 1 && t.at[n] == ' ' && t.at[n + 1] != ' ';
}

static bool is_header(struct text t)
{
	const char *colon = memchr(t.at, ':', t.len);

	return colon != NULL && memchr(t.at, ' ', (size_t)(colon - t.at)) == NULL && colon != t.at;
}

/* Written from access(5), not from action.c. */
static bool harmless(struct text reply, enum action_use use)
{
	char c = reply.at[0];
	bool code = reply.len > 4 && (c == '4' || c == '5') && reply.at[1] >= '0' && reply.at[1] <= '9' &&
		    reply.at[2] >= '0' && reply.at[2] <= '9' && says_more(reply, 3);

	switch (use) {
	case ACTION_REFUSE:
		return code || starts(reply, "REJECT") || starts(reply, "DEFER") || starts(reply, "DEFER_IF_PERMIT") ||
		       (starts(reply, "HOLD") && says_more(reply, 4)) ||
		       (starts(reply, "DISCARD") && says_more(reply, 7));
	case ACTION_DEFER:
		return (code && c == '4') || starts(reply, "DEFER") || starts(reply, "DEFER_IF_PERMIT");
	default:
		return text_is(reply, "DUNNO") ||
		       ((starts(reply, "INFO") || starts(reply, "WARN")) && says_more(reply, 4)) ||
		       (starts(reply, "PREPEND") && reply.len > 8 && is_header(text_cut(reply.at + 8, reply.len - 8)));
	}
}

static void must_be_harmless(struct text reply, enum action_use use)
{
	if (reply.len < 1 || reply.len > ACTION_MAX || reply.at[0] == ' ' || reply.at[reply.len - 1] == ' ')
		abort();
	for (size_t i = 0; i < reply.len; i++)
		if (reply.at[i] < 0x20 || reply.at[i] > 0x7e)
			abort();
	if (!harmless(reply, use) || action_permits(reply) != (use == ACTION_MONITOR))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text rest = { (const char *)data, size }, action = next_line(&rest);
	struct text values[VAR_COUNT], none[VAR_COUNT];

	for (size_t i = 0; i < VAR_COUNT; i++) {
		values[i] = next_line(&rest);
		none[i] = text_cut("", 0);
	}
	for (int use = 0; use < ACTION_USES; use++) {
		struct err e = { "" };
		char *to = malloc(ACTION_MAX);
		if (action_check(action, (enum action_use)use, NULL, &e) == 0) {
			must_be_harmless(text_cut(to, action_render(action, values, to)), (enum action_use)use);
			must_be_harmless(text_cut(to, action_render(action, none, to)), (enum action_use)use);
		} else if (e.text[0] == '\0') {
			abort();
		}
		free(to);
	}
	return 0;
}
