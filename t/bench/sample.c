/* SPDX-License-Identifier: BSD-2-Clause */
#include "sample.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>

uint32_t sample_mix(uint32_t i, unsigned bits)
{
	const uint32_t mask = bits < 32 ? (1u << bits) - 1 : UINT32_MAX;

	for (int round = 0; round < 3; round++) {
		i = (i ^ i >> bits / 2) & mask;
		i = i * 0x9e3779b1u & mask;
		i = (i + 0x7f4a7c15u) & mask;
	}
	return (i ^ i >> bits / 2) & mask;
}

/* The k-th number that belongs to i. */
static unsigned draw(uint32_t i, unsigned k, unsigned below)
{
	return sample_mix(i * 32 + k, 32) % below;
}

static bool is_v6(uint32_t range)
{
	return range % 5 == 2;
}

static void v4_of(uint32_t range, unsigned host, char *to, size_t cap)
{
	uint32_t net = sample_mix(range, 24);

	snprintf(to, cap, "%u.%u.%u.%u", net >> 16, net >> 8 & 255, net & 255, host);
}

/* host 0: the network itself. */
static void v6_of(uint32_t range, uint32_t host, char *to, size_t cap)
{
	uint32_t net = sample_mix(range, 32);
	uint16_t group[8] = { (uint16_t)(0x2000 | net >> 19), (uint16_t)(net >> 3), (uint16_t)(net & 7), 0, 0, 0,
		(uint16_t)(host >> 16), (uint16_t)host };
	struct in6_addr address;

	for (int k = 0; k < 8; k++) {
		address.s6_addr[2 * k] = (uint8_t)(group[k] >> 8);
		address.s6_addr[2 * k + 1] = (uint8_t)group[k];
	}
	inet_ntop(AF_INET6, &address, to, (socklen_t)cap);
}

void sample_range(uint32_t i, char to[SAMPLE_NAME])
{
	char net[INET6_ADDRSTRLEN];

	if (is_v6(i))
		v6_of(i, 0, net, sizeof net);
	else
		v4_of(i, 0, net, sizeof net);
	snprintf(to, SAMPLE_NAME, "%s/%d", net, is_v6(i) ? 48 : 24);
}

void sample_domain(uint32_t i, char to[SAMPLE_NAME])
{
	static const char *const above[] = { "example.net", "example.org", "example.com", "mail.test", "site.example" };
	uint32_t m = sample_mix(i, 32);

	snprintf(to, SAMPLE_NAME, "h%x.customer%u.%s", m >> 20, m & 0xfffff, above[i % 5]);
}

/* Who asks. */
struct client {
	char address[INET6_ADDRSTRLEN], name[SAMPLE_NAME], helo[SAMPLE_NAME];
};

static void client_of(uint32_t i, struct client *c)
{
	bool relay = i % 2 == 0;
	uint32_t range = relay ? i / 2 % SAMPLE_RANGES : SAMPLE_RANGES + i;

	if (is_v6(range))
		v6_of(range, 1 + draw(i, 0, 1u << 31), c->address, sizeof c->address);
	else
		v4_of(range, 1 + draw(i, 0, 254), c->address, sizeof c->address);
	if (relay)
		snprintf(c->name, sizeof c->name, "mx%u.%s", draw(i, 1, 20), SAMPLE_RELAY);
	else
		snprintf(c->name, sizeof c->name, "mx%u.mail%u.example.net", draw(i, 1, 20), draw(i, 2, 500));
	snprintf(c->helo, sizeof c->helo, "%s", c->name);
	if (i % 7 == 3)
		snprintf(c->name, sizeof c->name, "unknown");
}

size_t sample_request(uint32_t i, char to[SAMPLE_REQUEST])
{
	char recipient[SAMPLE_NAME], sender[SAMPLE_NAME] = "";
	bool tls = i % 3 != 0, bounce = i % 50 == 49;
	struct client c;

	client_of(i, &c);
	sample_domain(draw(i, 3, 2 * SAMPLE_DOMAINS), recipient);
	if (!bounce)
		snprintf(sender, sizeof sender, "news%u@mail%u.example.net", draw(i, 4, 10000), draw(i, 2, 500));
	return (size_t)snprintf(to, SAMPLE_REQUEST,
		"request=smtpd_access_policy\n"
		"protocol_state=RCPT\n"
		"protocol_name=ESMTP\n"
		"client_address=%s\n"
		"client_name=%s\n"
		"client_port=%u\n"
		"reverse_client_name=%s\n"
		"server_address=%s\n"
		"server_port=25\n"
		"helo_name=%s\n"
		"sender=%s\n"
		"recipient=user%u@%s\n"
		"recipient_count=0\n"
		"queue_id=\n"
		"instance=%x.%08x.%05x.0\n"
		"size=%u\n"
		"etrn_domain=\n"
		"stress=\n"
		"sasl_method=\n"
		"sasl_username=\n"
		"sasl_sender=\n"
		"ccert_subject=\n"
		"ccert_issuer=\n"
		"ccert_fingerprint=\n"
		"ccert_pubkey_fingerprint=\n"
		"encryption_protocol=%s\n"
		"encryption_cipher=%s\n"
		"encryption_keysize=%s\n"
		"policy_context=\n"
		"\n",
		c.address, c.name, 1024 + draw(i, 5, 64000), c.name, i % 5 == 4 ? "2001:db8:25::25" : "192.0.2.25",
		c.helo, sender, draw(i, 6, 5000), recipient, draw(i, 7, 1u << 16), 0x65000000u + draw(i, 8, 1u << 24),
		draw(i, 9, 1u << 20), 500 + draw(i, 10, 200000), tls ? "TLSv1.3" : "",
		tls ? "TLS_AES_256_GCM_SHA384" : "", tls ? "256" : "0");
}
