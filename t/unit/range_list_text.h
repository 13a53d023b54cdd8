/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_RANGE_LIST_TEXT_H
#define MXONLY_RANGE_LIST_TEXT_H

/* Lists of ranges as text, for the tests of export. */

#include "export/ranges.h"
#include "unit.h"

static struct range_list list_of(const char *words)
{
	struct range_list l = { 0 };
	struct text rest = text_of(words), word;
	struct range r;
	struct err e;

	while (text_next_word(&rest, &word)) {
		ck_assert_msg(range_parse(&r, word, &e) == 0, "%s", e.text);
		range_list_add(&l, &r);
	}
	return l;
}

/* On one line; freed by the caller. */
static char *printed(const struct range_list *l)
{
	struct buf b = { 0 };

	buf_str(&b, "");
	ranges_print(&b, l, " ");
	return b.at;
}

#endif
