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

/* Compares a constant number of bytes: no call. */
#define ATTRIBUTE_IS(attribute, literal) (memcmp(name.at, literal, sizeof literal - 1) == 0 ? attribute : ATTR_COUNT)

/* The attribute of that name, or ATTR_COUNT for one that nobody here needs. Inline: asked for each line of a request. */
static inline enum attribute attribute_of(struct text name)
{
	switch (name.len) {
	case 6:
		return ATTRIBUTE_IS(ATTR_SENDER, "sender");
	case 7:
		return ATTRIBUTE_IS(ATTR_REQUEST, "request");
	case 8:
		return name.at[0] == 'q' ? ATTRIBUTE_IS(ATTR_QUEUE_ID, "queue_id")
					 : ATTRIBUTE_IS(ATTR_INSTANCE, "instance");
	case 9:
		return name.at[0] == 'h' ? ATTRIBUTE_IS(ATTR_HELO_NAME, "helo_name")
					 : ATTRIBUTE_IS(ATTR_RECIPIENT, "recipient");
	case 11:
		return ATTRIBUTE_IS(ATTR_CLIENT_NAME, "client_name");
	case 13:
		return ATTRIBUTE_IS(ATTR_SASL_USERNAME, "sasl_username");
	case 14:
		if (name.at[0] == 'c')
			return ATTRIBUTE_IS(ATTR_CLIENT_ADDRESS, "client_address");
		return name.at[1] == 'r' ? ATTRIBUTE_IS(ATTR_PROTOCOL_STATE, "protocol_state")
					 : ATTRIBUTE_IS(ATTR_POLICY_CONTEXT, "policy_context");
	case 17:
		return ATTRIBUTE_IS(ATTR_CCERT_FINGERPRINT, "ccert_fingerprint");
	case 19:
		return name.at[0] == 'r' ? ATTRIBUTE_IS(ATTR_REVERSE_CLIENT_NAME, "reverse_client_name")
					 : ATTRIBUTE_IS(ATTR_ENCRYPTION_PROTOCOL, "encryption_protocol");
	case 24:
		return ATTRIBUTE_IS(ATTR_CCERT_PUBKEY_FINGERPRINT, "ccert_pubkey_fingerprint");
	default:
		return ATTR_COUNT;
	}
}

#undef ATTRIBUTE_IS

/* "client_address" ... */
const char *attribute_name(enum attribute a);

#endif
