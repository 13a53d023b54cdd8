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
