/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/verb.h"

enum { FOR_REFUSE = 1 << ACTION_REFUSE, FOR_DEFER = 1 << ACTION_DEFER, FOR_MONITOR = 1 << ACTION_MONITOR };

static const struct verb verbs[] = {
	{ "REJECT", FOR_REFUSE, TEXT_MAY, '5', false },
	{ "DEFER_IF_PERMIT", FOR_REFUSE | FOR_DEFER, TEXT_MAY, '4', false },
	{ "DEFER", FOR_REFUSE | FOR_DEFER, TEXT_MAY, '4', false },
	{ "DUNNO", FOR_MONITOR, TEXT_NONE, 0, false },
	{ "INFO", FOR_MONITOR, TEXT_MUST, 0, false },
	{ "WARN", FOR_MONITOR, TEXT_MUST, 0, false },
	{ "PREPEND", FOR_MONITOR, TEXT_HEADER, 0, false },
	{ "HOLD", FOR_REFUSE, TEXT_MUST, 0, true },
	{ "DISCARD", FOR_REFUSE, TEXT_MUST, 0, true },
};
static const struct verb code_4nn = { "4NN", FOR_REFUSE | FOR_DEFER, TEXT_MUST, '4', false };
static const struct verb code_5nn = { "5NN", FOR_REFUSE, TEXT_MUST, '5', false };
enum { VERBS = sizeof verbs / sizeof verbs[0] };

/* What each use takes, and what is proposed where nothing nearer is known. */
static const char *const takes[ACTION_USES] = {
	"refuse_action takes REJECT, DEFER, DEFER_IF_PERMIT, and with a text 4NN, 5NN, HOLD, DISCARD",
	"defer_action takes DEFER, DEFER_IF_PERMIT, and 4NN with a text",
	"monitor_action takes DUNNO, INFO text, WARN text, PREPEND Name: value",
};
static const char *const proposed[ACTION_USES] = { "REJECT", "DEFER_IF_PERMIT", "DUNNO" };

/* Postfix's other actions, which people try. */
#define LETS_PAST "would let mail past later restrictions, and can open the relay"
#define WHOLE_MESSAGE "acts on the whole message and lets it pass"
static const struct {
	const char *word, *why;
} others[] = {
	{ "OK", LETS_PAST },
	{ "PERMIT", LETS_PAST },
	{ "DEFER_IF_REJECT", "lets pass what nothing else rejects" },
	{ "FILTER", WHOLE_MESSAGE },
	{ "REDIRECT", WHOLE_MESSAGE },
	{ "BCC", WHOLE_MESSAGE },
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
	char l = ascii_lower(c);

	return is_digit(c) || (l >= 'a' && l <= 'z') || c == '_';
}

const struct verb *verb_of(struct text word)
{
	if (word.len == 3 && is_digit(word.at[1]) && is_digit(word.at[2])) {
		if (word.at[0] == '4')
			return &code_4nn;
		if (word.at[0] == '5')
			return &code_5nn;
	}
	for (size_t i = 0; i < VERBS; i++)
		if (text_equal_nocase(word, text_of(verbs[i].name)))
			return &verbs[i];
	return NULL;
}

static bool serves(const struct verb *v, enum action_use use)
{
	return v != NULL && (v->uses & 1 << use) != 0;
}

/* A known verb in the wrong place. */
static int wrong_place(const struct verb *v, struct text word, enum action_use use, struct err *e)
{
	int n = (int)word.len;

	if (use == ACTION_MONITOR)
		return err_set(e, "`%.*s` does not let the mail pass: mode = enforce meant (or DUNNO)?", n, word.at);
	if (v->uses == FOR_MONITOR)
		return err_set(e, "`%.*s` lets the mail pass: mode = monitor or mode = off meant?", n, word.at);
	return err_set(
		e, "`%.*s` is no deferral: DEFER_IF_PERMIT or `450 4.7.1 text` meant (or refuse_action)?", n, word.at);
}

/* The verb within "action=REJECT", "550-text", "\"REJECT"; length 0: none. */
static struct text verb_within(struct text word, enum action_use use)
{
	if (word.len > 7 && text_equal_nocase(text_cut(word.at, 7), text_of("action=")))
		word = text_cut(word.at + 7, word.len - 7);
	while (word.len > 0 && !is_word(*word.at))
		word = text_cut(word.at + 1, word.len - 1);
	size_t n = 0;
	while (n < word.len && is_word(word.at[n]))
		n++;
	word.len = n;
	return serves(verb_of(word), use) ? word : text_cut(word.at, 0);
}

static const char *nearest_verb(struct text word, enum action_use use)
{
	const char *candidates[VERBS];
	char upper[32];

	if (word.len > sizeof upper)
		return NULL;
	for (size_t i = 0; i < word.len; i++)
		upper[i] = word.at[i] >= 'a' && word.at[i] <= 'z' ? (char)(word.at[i] - 32) : word.at[i];
	for (size_t i = 0; i < VERBS; i++)
		candidates[i] = serves(&verbs[i], use) ? verbs[i].name : NULL;
	return text_nearest(text_cut(upper, word.len), candidates, VERBS);
}

/* No verb of ours at all. */
static int unknown_verb(struct text word, enum action_use use, struct err *e)
{
	int shown = word.len > 80 ? 80 : (int)word.len;
	const char *nearest = nearest_verb(word, use);
	struct text within = verb_within(word, use);
	size_t digits = 0;

	while (digits < word.len && is_digit(word.at[digits]))
		digits++;
	if (digits == word.len)
		return err_set(e, "`%.*s`: Postfix takes a bare number for a permit; %s", shown, word.at, takes[use]);
	if (text_find(word, '$') != NULL)
		return err_set(
			e, "`%.*s`: the first word of an action holds no variable; %s", shown, word.at, takes[use]);
	if (nearest != NULL)
		return err_set(e, "unknown action `%.*s`: `%s` meant?", shown, word.at, nearest);
	if (within.len > 0)
		return err_set(e, "unknown action `%.*s`: `%.*s` meant, and a space before its text?", shown, word.at,
			(int)within.len, within.at);
	return err_set(e, "unknown action `%.*s`: %s", shown, word.at, takes[use]);
}

int verb_wrong(struct text word, enum action_use use, struct err *e)
{
	const struct verb *v = verb_of(word);

	if (word.len == 0)
		return err_set(e, "no action: Postfix takes an empty one for a permit; `%s` meant?", proposed[use]);
	if (v != NULL)
		return wrong_place(v, word, use, e);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		if (!text_equal_nocase(word, text_of(others[i].word)))
			continue;
		if (use == ACTION_MONITOR)
			return err_set(e, "`%.*s` %s: DUNNO meant?", (int)word.len, word.at, others[i].why);
		return err_set(e, "`%.*s` %s: `%s` meant, or mode = monitor or mode = off?", (int)word.len, word.at,
			others[i].why, proposed[use]);
	}
	return unknown_verb(word, use, e);
}
