/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_TABLES_H
#define MXONLY_TABLES_H

/*
 * tables - Postfix's look-up tables, asked by its own postmap(1)
 *
 * Errors:    -1: the table cannot be read, or not by postmap(1); nobody is told, for what it holds is then unknown
 * Tested by: t/live/check_postfix.t
 */

#include "base/buf.h"
#include "postfix/postfix.h"

/* The word of a list names a table: "hash:/etc/postfix/virtual". */
bool table_is(struct text word);

/* Appends a line "key TAB value" for each of the keys (a line each) that is found. */
int table_ask(const struct postfix *p, struct text table, struct text keys, struct buf *answers);

/* Appends a line "key TAB value" for everything in it; of kinds that can be listed. */
int table_list(const struct postfix *p, struct text table, struct buf *entries);

/* Takes the next such line off *rest. */
bool table_next(struct text *rest, struct text *key, struct text *value);

#endif
