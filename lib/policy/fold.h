/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_FOLD_H
#define MXONLY_FOLD_H

/*
 * fold - letters that Postfix, by ICU's case folding, takes for others where IDNA does not
 *
 * Tested by: t/unit/test_recipient.c, t/unit/test_domain.c
 */

#include <stddef.h>

#include "base/text.h"

/* Writes t with those letters replaced to `to`, never longer than t; returns the length. */
size_t fold(struct text t, char *to);

#endif
