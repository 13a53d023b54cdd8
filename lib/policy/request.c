/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/request.h"

static const char *const names[ATTR_COUNT] = {
	[ATTR_REQUEST] = "request",
	[ATTR_PROTOCOL_STATE] = "protocol_state",
	[ATTR_CLIENT_ADDRESS] = "client_address",
	[ATTR_CLIENT_NAME] = "client_name",
	[ATTR_REVERSE_CLIENT_NAME] = "reverse_client_name",
	[ATTR_HELO_NAME] = "helo_name",
	[ATTR_SENDER] = "sender",
	[ATTR_RECIPIENT] = "recipient",
	[ATTR_QUEUE_ID] = "queue_id",
	[ATTR_INSTANCE] = "instance",
	[ATTR_SASL_USERNAME] = "sasl_username",
	[ATTR_CCERT_FINGERPRINT] = "ccert_fingerprint",
	[ATTR_CCERT_PUBKEY_FINGERPRINT] = "ccert_pubkey_fingerprint",
	[ATTR_ENCRYPTION_PROTOCOL] = "encryption_protocol",
	[ATTR_POLICY_CONTEXT] = "policy_context",
};

const char *attribute_name(enum attribute a)
{
	return names[a];
}

/* Compares a constant number of bytes: no call. */
#define IS(attribute, literal) (memcmp(name.at, literal, sizeof literal - 1) == 0 ? attribute : ATTR_COUNT)

enum attribute attribute_of(struct text name)
{
	switch (name.len) {
	case 6:
		return IS(ATTR_SENDER, "sender");
	case 7:
		return IS(ATTR_REQUEST, "request");
	case 8:
		return name.at[0] == 'q' ? IS(ATTR_QUEUE_ID, "queue_id") : IS(ATTR_INSTANCE, "instance");
	case 9:
		return name.at[0] == 'h' ? IS(ATTR_HELO_NAME, "helo_name") : IS(ATTR_RECIPIENT, "recipient");
	case 11:
		return IS(ATTR_CLIENT_NAME, "client_name");
	case 13:
		return IS(ATTR_SASL_USERNAME, "sasl_username");
	case 14:
		if (name.at[0] == 'c')
			return IS(ATTR_CLIENT_ADDRESS, "client_address");
		return name.at[1] == 'r' ? IS(ATTR_PROTOCOL_STATE, "protocol_state")
					 : IS(ATTR_POLICY_CONTEXT, "policy_context");
	case 17:
		return IS(ATTR_CCERT_FINGERPRINT, "ccert_fingerprint");
	case 19:
		return name.at[0] == 'r' ? IS(ATTR_REVERSE_CLIENT_NAME, "reverse_client_name")
					 : IS(ATTR_ENCRYPTION_PROTOCOL, "encryption_protocol");
	case 24:
		return IS(ATTR_CCERT_PUBKEY_FINGERPRINT, "ccert_pubkey_fingerprint");
	default:
		return ATTR_COUNT;
	}
}
