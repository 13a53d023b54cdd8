/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_FINGERPRINT_H
#define MXONLY_FINGERPRINT_H

/*
 * fingerprint - a digest of a certificate or public key, as Postfix reports it (smtpd_tls_fingerprint_digest)
 *
 * Limits:    hex digits, a colon between any two bytes or none at all; 16, 20, 32, 48 or 64 bytes
 * Tested by: t/unit/test_fingerprint.c
 */

#include <stdbool.h>

#include "base/text.h"
#include "policy/terms.h"

/* false when t is none. Bytes behind the digest are 0, so that fingerprints compare whole. */
bool fingerprint_parse(struct fingerprint *f, struct text t);

/* As memcmp(3): by length, then by bytes. */
int fingerprint_compare(const struct fingerprint *a, const struct fingerprint *b);

#endif
