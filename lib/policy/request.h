/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_REQUEST_H
#define MXONLY_REQUEST_H

/*
 * request - one question of the policy delegation protocol (SMTPD_POLICY_README), whoever asks it
 *
 * Life:      slices into the asker's bytes; valid as long as these are
 * Limits:    a missing attribute and an empty one are the same: length 0
 * Tested by: t/unit/test_wire.c
 */

#include "base/text.h"

enum attribute {
	ATTR_REQUEST,
	ATTR_PROTOCOL_STATE,
	ATTR_CLIENT_ADDRESS,
	ATTR_CLIENT_NAME,
	ATTR_REVERSE_CLIENT_NAME,
	ATTR_HELO_NAME,
	ATTR_SENDER,
	ATTR_RECIPIENT,
	ATTR_QUEUE_ID,
	ATTR_INSTANCE,
	ATTR_SASL_USERNAME,
	ATTR_CCERT_FINGERPRINT,
	ATTR_CCERT_PUBKEY_FINGERPRINT,
	ATTR_ENCRYPTION_PROTOCOL,
	ATTR_POLICY_CONTEXT,
	ATTR_COUNT
};

struct request {
	struct text attr[ATTR_COUNT];
};

/* The attribute of that name, or ATTR_COUNT for one that nobody here needs. */
enum attribute attribute_of(struct text name);

/* "client_address" ... */
const char *attribute_name(enum attribute a);

#endif
