/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdint.h>
#include <syslog.h>

#include "base/escape.h"
#include "policy/report.h"
#include "server/journal.h"

enum { NAME = 32, LENGTH = 8 };

/* Of every decision; what else is logged has none. */
#define DECISION "MESSAGE_ID=3a2d6fb7cde947e483808b83246a2206\n"

/* How a decision is written. */
struct shape {
	const char *begin, *is; /* is: what stands between a key and its value */
	size_t first, next; /* bytes before the first key, and before another */
	bool json;
};
static const struct shape shapes[] = {
	{ "outcome=", "=", 0, 1, false },
	{ "{\"outcome\":\"", "\":", 2, 2, true },
};

static bool begins(struct text t, struct text with)
{
	return t.len >= with.len && memcmp(t.at, with.at, with.len) == 0;
}

/* NULL: it is no decision. */
static const struct shape *shape_of(struct text words)
{
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
		if (begins(words, text_of(shapes[i].begin)))
			return &shapes[i];
	return NULL;
}

static struct text behind(struct text t, size_t n)
{
	n = n < t.len ? n : t.len;
	return text_cut(t.at + n, t.len - n);
}

/* Whole or not at all. A value with a line feed, which none of ours has, would end there: its length is told instead. */
static void put_field(struct line *l, const char *name, struct text value)
{
	char length[LENGTH];

	if (l->cap - l->len <= strlen(name) + value.len + LENGTH + 2)
		return;
	line_str(l, name);
	if (text_find(value, '\n') == NULL) {
		line_str(l, "=");
	} else {
		for (size_t i = 0; i < LENGTH; i++)
			length[i] = (char)((uint64_t)value.len >> 8 * i);
		line_str(l, "\n");
		line_text(l, text_cut(length, LENGTH));
	}
	line_text(l, value);
	line_str(l, "\n");
}

/* How much of t, which begins with a value, is that; quotes count. */
static size_t value_len(struct text t)
{
	size_t i = 1;

	if (t.len == 0 || t.at[0] != '"') {
		const char *space = text_find(t, ' ');

		return space == NULL ? t.len : (size_t)(space - t.at);
	}
	while (i < t.len && t.at[i] != '"')
		i += t.at[i] == '\\' ? 2 : 1;
	return i < t.len ? i + 1 : t.len;
}

/* Without its quotes and what they need; in `to` when it had such. */
static struct text unquoted(struct text value, bool json, char *to)
{
	size_t n = 0;

	if (value.len < 2 || value.at[0] != '"' || value.at[value.len - 1] != '"')
		return value;
	value = text_cut(value.at + 1, value.len - 2);
	if (text_find(value, '\\') == NULL)
		return value;
	for (size_t i = 0; i < value.len; i++) {
		bool escaped =
			value.at[i] == '\\' && i + 1 < value.len && (value.at[i + 1] == '"' || value.at[i + 1] == '\\');

		i += escaped;
		to[n++] = value.at[i];
		/* What JSON always tells apart: a backslash before an x, and the beginning of \xNN. */
		if (escaped && !json && value.at[i] == '\\' && i + 1 < value.len && value.at[i + 1] == 'x') {
			memcpy(to + n, "x5c", 3);
			n += 3;
		}
	}
	return text_cut(to, n);
}

/* MXONLY_CLIENT_ADDRESS of client_address */
static void name_of(const char *key, char name[NAME])
{
	static const char prefix[] = "MXONLY_";
	size_t n = sizeof prefix - 1;

	memcpy(name, prefix, n);
	for (; *key != '\0' && n < NAME - 1; key++)
		name[n++] = (char)(*key >= 'a' && *key <= 'z' ? *key - 32 : *key);
	name[n] = '\0';
}

static void put_keys(struct line *l, const struct shape *shape, struct text rest)
{
	const struct text is = text_of(shape->is);
	char scratch[2 * LOG_LINE], name[NAME];
	struct text key, value;

	rest = behind(rest, shape->first);
	for (unsigned k = 0; k < decision_keys; k++) {
		key = text_of(decision_key[k]);
		if (!begins(rest, key) || !begins(behind(rest, key.len), is))
			continue; /* it is left out */
		rest = behind(rest, key.len + is.len);
		value = text_cut(rest.at, value_len(rest));
		rest = behind(rest, value.len + shape->next);
		name_of(decision_key[k], name);
		put_field(l, name, unquoted(value, shape->json, scratch));
	}
}

size_t journal_entry(char entry[JOURNAL_ENTRY], int level, pid_t pid, struct text words)
{
	const struct shape *shape = level == LOG_INFO ? shape_of(words) : NULL;
	struct line l;

	words.len = words.len < LOG_LINE ? words.len : LOG_LINE;
	line_start(&l, entry, JOURNAL_ENTRY);
	line_format(&l, "SYSLOG_IDENTIFIER=mxonlyd\nSYSLOG_FACILITY=%d\nPRIORITY=%d\nSYSLOG_PID=%d\n", LOG_MAIL >> 3,
		level, (int)pid);
	put_field(&l, "MESSAGE", words);
	if (shape != NULL) {
		line_str(&l, DECISION);
		put_keys(&l, shape, words);
	}
	return l.len;
}
