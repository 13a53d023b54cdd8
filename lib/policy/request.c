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

/* The one attribute that a name of this length and these bytes can be. */
static enum attribute candidate_of(struct text name)
{
	switch (name.len) {
	case 6:
		return ATTR_SENDER;
	case 7:
		return ATTR_REQUEST;
	case 8:
		return name.at[0] == 'q' ? ATTR_QUEUE_ID : ATTR_INSTANCE;
	case 9:
		return name.at[0] == 'h' ? ATTR_HELO_NAME : ATTR_RECIPIENT;
	case 11:
		return ATTR_CLIENT_NAME;
	case 13:
		return ATTR_SASL_USERNAME;
	case 14:
		if (name.at[0] == 'c')
			return ATTR_CLIENT_ADDRESS;
		return name.at[1] == 'r' ? ATTR_PROTOCOL_STATE : ATTR_POLICY_CONTEXT;
	case 17:
		return ATTR_CCERT_FINGERPRINT;
	case 19:
		return name.at[0] == 'r' ? ATTR_REVERSE_CLIENT_NAME : ATTR_ENCRYPTION_PROTOCOL;
	case 24:
		return ATTR_CCERT_PUBKEY_FINGERPRINT;
	default:
		return ATTR_COUNT;
	}
}

enum attribute attribute_of(struct text name)
{
	enum attribute a = candidate_of(name);

	return a != ATTR_COUNT && memcmp(name.at, names[a], name.len) == 0 ? a : ATTR_COUNT;
}
