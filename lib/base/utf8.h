/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_UTF8_H
#define MXONLY_UTF8_H

/*
 * utf8 - characters beyond ASCII (RFC 3629), and those of them that nobody should be shown
 *
 * Tested by: t/unit/test_fault.c, t/unit/test_domain.c
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* Bytes of the well-formed character that t begins with, and which it is; 0 when there is none, or it is ASCII. */
size_t utf8_length(struct text t, unsigned long *code);

/* What moves a terminal's cursor or turns its text around: C1 controls, line separators, directions. */
bool utf8_misleads(unsigned long code);

#endif
