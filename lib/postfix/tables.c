/* SPDX-License-Identifier: BSD-2-Clause */
#include "postfix/tables.h"

#include <stdlib.h>
#include <string.h>

#include "base/program.h"

static bool begins(struct text t, const char *with)
{
	return t.len >= strlen(with) && memcmp(t.at, with, strlen(with)) == 0;
}

bool table_is(struct text word)
{
	const char *colon = text_find(word, ':');

	if (!colon || colon == word.at || word.at[0] == '[')
		return false;
	for (const char *c = word.at; c < colon; c++)
		if (!((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_'))
			return false;
	return true;
}

/* proxy:TYPE:NAME is TYPE:NAME, asked without proxymap(8), which may not run. */
static int postmap(const struct postfix *p, const char *how, const char *what, struct text table, struct text keys,
	struct buf *out)
{
	static const char proxy[] = "proxy:";
	struct text plain = begins(table, proxy) ? text_cut(table.at + 6, table.len - 6) : table;
	char *name = must_strndup(plain.at, plain.len);
	const char *argv[] = { "postmap", "-c", p->directory, how, what ? what : name, what ? name : NULL, NULL };
	struct buf said = { 0 };
	int status = program_run(argv, keys, out, &said, NULL);
	/* Status 1 is a key that was not found, or a table that cannot be read. */
	bool read = status == 0 || (status == 1 && said.len == 0);

	free(name);
	buf_free(&said);
	return read ? 0 : -1;
}

int table_ask(const struct postfix *p, struct text table, struct text keys, struct buf *answers)
{
	return postmap(p, "-q", "-", table, keys, answers);
}

int table_list(const struct postfix *p, struct text table, struct buf *entries)
{
	static const char *const kinds[] = { "hash:", "btree:", "lmdb:", "dbm:", "sdbm:", "texthash:", "inline:" };
	struct text plain = begins(table, "proxy:") ? text_cut(table.at + 6, table.len - 6) : table;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (begins(plain, kinds[i]))
			return postmap(p, "-s", NULL, plain, text_of(""), entries);
	return -1;
}

bool table_next(struct text *rest, struct text *key, struct text *value)
{
	while (rest->len > 0) {
		const char *end = text_find(*rest, '\n');
		struct text line = text_cut(rest->at, end ? (size_t)(end - rest->at) : rest->len);
		size_t taken = line.len + (end ? 1 : 0);
		const char *tab = text_find(line, '\t');
		*rest = text_cut(rest->at + taken, rest->len - taken);
		if (!tab)
			continue;
		*key = text_cut(line.at, (size_t)(tab - line.at));
		*value = text_cut(tab + 1, line.len - key->len - 1);
		return true;
	}
	return false;
}
