/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * ip_parse takes what inet_pton(3) takes, and nothing else; IPv4-mapped is IPv4; print then parse is the identity; a
 * scope id changes nothing for a client.
 */

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "net/ip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
	if (!holds)
		abort();
}

/* What inet_pton(3) makes of the text: IPv4 as the mapped IPv6 address. */
static bool reference(const char *text, size_t size, uint8_t bytes[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	memcpy(bytes, mapped, sizeof mapped);
	return strlen(text) == size &&
	       (inet_pton(AF_INET, text, bytes + 12) == 1 || inet_pton(AF_INET6, text, bytes) == 1);
}

static void compare(const struct ip *ip, const uint8_t bytes[16])
{
	uint64_t high = ip->high, low = ip->v6 ? ip->low : UINT64_C(0xffff00000000) | ip->low;

	demand(ip->v6 || (high == 0 && ip->low <= UINT32_MAX));
	for (int i = 7; i >= 0; i--, high >>= 8, low >>= 8)
		demand(bytes[i] == (high & 0xff) && bytes[8 + i] == (low & 0xff));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = must_alloc(size + 6), printed[IP_TEXT];
	struct ip ip, again;
	uint8_t bytes[16];

	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	bool is = ip_parse(&ip, text_cut(text, size));
	demand(is == reference(text, size, bytes));
	if (is) {
		compare(&ip, bytes);
		demand(ip_parse(&again, text_of(ip_print(&ip, printed))) && ip_compare(&ip, &again) == 0);
		demand(ip_parse_client(&again, text_cut(text, size)) && ip_compare(&ip, &again) == 0);
		memcpy(text + size, "%eth0", 6);
		demand(!ip_parse(&again, text_of(text)));
		demand(ip_parse_client(&again, text_of(text)) == (memchr(data, ':', size) != NULL));
	}
	free(text);
	return 0;
}
