/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_QUOTE_H
#define MXONLY_QUOTE_H

/*
 * quote - words of the configuration as a string of the language that a target is written in
 *
 * Limits:    what is not printable ASCII becomes "?": names never have it, and it ends lines, or strings (PowerShell takes
 *            other quotation marks for its own)
 * Tested by: t/unit/test_export.c
 */

#include "base/buf.h"

enum quote {
	QUOTE_POWERSHELL, /* 'it''s' */
	QUOTE_BACKSLASH, /* "say \"\\\"": Sieve, Exim, C and many others */
	QUOTE_XML /* without quotes of its own: &lt; &gt; &amp; &quot; &apos; */
};

void buf_quote(struct buf *b, enum quote quote, struct text t);

#endif
