/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_TERMS_H
#define MXONLY_TERMS_H

/*
 * terms - the words of mxonly.ini(5) that more than one module needs, and their spelling
 *
 * Tested by: t/unit/test_terms.c
 */

#include <stdint.h>

/* Strictest first: the mode of "no domain" is the least of all. */
enum mode { MODE_ENFORCE, MODE_MONITOR, MODE_OFF, MODES };

enum factor { FACTOR_ADDRESS, FACTOR_HELO, FACTOR_NAME, FACTOR_CERTIFICATE, FACTOR_TLS, FACTORS };

enum {
	FACTOR_BIT_ADDRESS = 1 << FACTOR_ADDRESS,
	FACTOR_BIT_HELO = 1 << FACTOR_HELO,
	FACTOR_BIT_NAME = 1 << FACTOR_NAME,
	FACTOR_BIT_CERTIFICATE = 1 << FACTOR_CERTIFICATE,
	FACTOR_BIT_TLS = 1 << FACTOR_TLS
};

enum outcome { OUTCOME_PERMIT, OUTCOME_REFUSE, OUTCOME_DEFER, OUTCOMES };

enum reason {
	REASON_NO_RECIPIENT,
	REASON_MODE_OFF,
	REASON_AUTHENTICATED,
	REASON_EXEMPT_NETWORK,
	REASON_EXEMPT_RECIPIENT,
	REASON_RELAY,
	REASON_BAD_ADDRESS,
	REASON_NAME_UNVERIFIED,
	REASON_HELO_MISMATCH,
	REASON_NAME_MISMATCH,
	REASON_CERTIFICATE_MISMATCH,
	REASON_NO_TLS,
	REASON_NEAR_MISS,
	REASON_UNKNOWN_ADDRESS,
	REASON_BAD_REQUEST,
	REASONS
};

enum policy_kind { POLICY_DEFAULT, POLICY_DOMAIN, POLICY_DOMAINS, POLICY_KINDS };

enum on_doubt { ON_DEFER, ON_REFUSE, ON_DOUBTS };

enum { FINGERPRINT_MAX = 64 }; /* bytes */

struct fingerprint {
	uint8_t len; /* 16, 20, 32, 48 or 64 */
	uint8_t bytes[FINGERPRINT_MAX];
};

/* Each array is as long as its enum; the spelling is the one of configuration, log and JSON. */
extern const char *const mode_name[MODES];
extern const char *const factor_name[FACTORS];
extern const char *const outcome_name[OUTCOMES];
extern const char *const reason_name[REASONS];
extern const char *const policy_kind_name[POLICY_KINDS]; /* "default" "domain" "domains" */
extern const char *const on_doubt_name[ON_DOUBTS];

#endif
