/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/quote.h"

#include <stdio.h>

/* What stands for a character within quotes; NULL: itself. */
static const char *instead(enum quote quote, char c)
{
	switch (quote) {
	case QUOTE_POWERSHELL:
		return c == '\'' ? "''" : NULL;
	case QUOTE_BACKSLASH:
		return c == '"' ? "\\\"" : c == '\\' ? "\\\\" : NULL;
	case QUOTE_XML:
		return c == '<'	   ? "&lt;"
		       : c == '>'  ? "&gt;"
		       : c == '&'  ? "&amp;"
		       : c == '"'  ? "&quot;"
		       : c == '\'' ? "&apos;"
				   : NULL;
	}
	return NULL;
}

static bool is_printable(char c)
{
	return c >= 0x20 && c <= 0x7e;
}

void buf_quote(struct buf *b, enum quote quote, struct text t)
{
	static const char *const mark[] = { [QUOTE_POWERSHELL] = "'", [QUOTE_BACKSLASH] = "\"", [QUOTE_XML] = "" };

	buf_str(b, mark[quote]);
	for (size_t i = 0; i < t.len; i++) {
		const char *words = instead(quote, t.at[i]);
		if (words)
			buf_str(b, words);
		else
			buf_add(b, is_printable(t.at[i]) ? &t.at[i] : "?", 1);
	}
	buf_str(b, mark[quote]);
}
