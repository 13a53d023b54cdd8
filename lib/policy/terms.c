/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/terms.h"

const char *const mode_name[MODES] = { "enforce", "monitor", "off" };
const char *const factor_name[FACTORS] = { "address", "helo", "name", "certificate", "tls" };
const char *const outcome_name[OUTCOMES] = { "permit", "refuse", "defer" };
const char *const policy_kind_name[POLICY_KINDS] = { "default", "domain", "domains" };
const char *const on_doubt_name[ON_DOUBTS] = { "defer", "refuse" };

const char *const reason_name[REASONS] = {
	[REASON_NO_RECIPIENT] = "no-recipient",
	[REASON_MODE_OFF] = "mode-off",
	[REASON_AUTHENTICATED] = "authenticated",
	[REASON_EXEMPT_NETWORK] = "exempt-network",
	[REASON_EXEMPT_RECIPIENT] = "exempt-recipient",
	[REASON_RELAY] = "relay",
	[REASON_BAD_ADDRESS] = "bad-address",
	[REASON_NAME_UNVERIFIED] = "name-unverified",
	[REASON_HELO_MISMATCH] = "helo-mismatch",
	[REASON_NAME_MISMATCH] = "name-mismatch",
	[REASON_CERTIFICATE_MISMATCH] = "certificate-mismatch",
	[REASON_NO_TLS] = "no-tls",
	[REASON_NEAR_MISS] = "near-miss",
	[REASON_UNKNOWN_ADDRESS] = "unknown-address",
	[REASON_BAD_REQUEST] = "bad-request",
};
