/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_WORDS_H
#define MXONLY_WORDS_H

/*
 * words - lists as Postfix reads them: apart by commas and white space, where {...} is one word, whatever it holds
 *
 * Memory:    words are slices of what was given
 * Tested by: t/unit/test_postfix.c, t/fuzz/fuzz_postfix.c
 */

#include <stdbool.h>

#include "base/text.h"

/* Takes the next word off *rest; a word that begins with { has its braces, and ends with the text when one is missing. */
bool words_next(struct text *rest, struct text *word);

/* What stands between the braces of a word, trimmed; the word itself when it has none. */
struct text words_inside(struct text word);

/* "name=value" with white space around the `=`, in braces or not; false: there is no `=`, or no name. */
bool words_pair(struct text word, struct text *name, struct text *value);

#endif
