/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/html.h"

/* The reference of a byte that is markup somewhere, or NULL. */
static const char *reference(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	case '`':
		return "&#96;";
	default:
		return NULL;
	}
}

void html_foreign(struct buf *b, struct text foreign)
{
	size_t n = foreign.len <= HTML_TEXT ? foreign.len : HTML_TEXT;

	for (size_t i = 0; i < n; i++) {
		char c = foreign.at[i];
		bool own = c == '\\' && i + 1 < foreign.len &&
			   foreign.at[i + 1] == 'x'; /* reads as if it were one of ours */
		const char *as = reference(c);
		if (as)
			buf_str(b, as);
		else if (c >= ' ' && c <= '~' && !own)
			buf_add(b, &c, 1);
		else
			buf_format(b, "\\x%02x", (unsigned char)c);
	}
	if (n < foreign.len)
		buf_str(b, "…");
}

void html_text(struct buf *b, const char *before, struct text foreign, const char *after)
{
	buf_str(b, before);
	html_foreign(b, foreign);
	buf_str(b, after);
}

void html_count(struct buf *b, const char *before, uint64_t n, const char *after)
{
	char digits[TEXT_GROUPED];

	buf_str(b, before);
	buf_str(b, text_grouped(n, digits));
	buf_str(b, after);
}
