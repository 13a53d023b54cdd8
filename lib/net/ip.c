/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/ip.h"

#include <arpa/inet.h>

/* One part of a dotted quad, as inet_pton(3) takes it: no leading zero, at most 255; the bytes it took, or 0. */
static size_t part(struct text t, uint32_t *value)
{
	uint32_t number = 0;
	size_t n = 0;

	for (; n < t.len && n < 4; n++) {
		unsigned digit = (unsigned)t.at[n] - '0';
		if (digit > 9)
			break;
		number = number * 10 + digit;
	}
	*value = number;
	return n > 3 || number > 255 || (n > 1 && t.at[0] == '0') ? 0 : n;
}

/* By hand because every request asks for it; t/fuzz/fuzz_ip.c holds it to inet_pton(3). */
static bool parse_v4(struct ip *ip, struct text t)
{
	uint32_t number = 0, value;

	for (int i = 0; i < 4; i++) {
		if (i > 0) {
			if (t.len == 0 || *t.at != '.')
				return false;
			t = text_cut(t.at + 1, t.len - 1);
		}
		size_t n = part(t, &value);
		if (n == 0)
			return false;
		number = number << 8 | value;
		t = text_cut(t.at + n, t.len - n);
	}
	*ip = (struct ip){ .low = number };
	return t.len == 0;
}

static uint64_t number_of(const uint8_t bytes[8])
{
	uint64_t n = 0;

	for (int i = 0; i < 8; i++)
		n = n << 8 | bytes[i];
	return n;
}

static bool parse_v6(struct ip *ip, struct text t)
{
	struct in6_addr bytes;
	char words[IP_TEXT];

	if (t.len >= sizeof words || memchr(t.at, '\0', t.len))
		return false;
	memcpy(words, t.at, t.len);
	words[t.len] = '\0';
	if (inet_pton(AF_INET6, words, &bytes) != 1)
		return false;
	*ip = (struct ip){ number_of(bytes.s6_addr), number_of(bytes.s6_addr + 8), true };
	if (ip->high == 0 && ip->low >> 32 == 0xffff)
		*ip = (struct ip){ .low = ip->low & UINT32_MAX };
	return true;
}

bool ip_parse(struct ip *ip, struct text t)
{
	if (t.len == 0)
		return false;
	return memchr(t.at, ':', t.len) ? parse_v6(ip, t) : parse_v4(ip, t);
}

bool ip_parse_client(struct ip *ip, struct text t)
{
	if (t.len == 0 || !memchr(t.at, ':', t.len))
		return parse_v4(ip, t);
	const char *scope = memchr(t.at, '%', t.len);
	return ip_parse(ip, scope ? text_cut(t.at, (size_t)(scope - t.at)) : t);
}

const char *ip_print(const struct ip *ip, char to[IP_TEXT])
{
	uint8_t bytes[16];

	for (int i = 0; i < 8; i++) {
		bytes[i] = (uint8_t)(ip->high >> (56 - 8 * i));
		bytes[8 + i] = (uint8_t)(ip->low >> (56 - 8 * i));
	}
	return ip->v6 ? inet_ntop(AF_INET6, bytes, to, IP_TEXT) : inet_ntop(AF_INET, bytes + 12, to, IP_TEXT);
}

int ip_compare(const struct ip *a, const struct ip *b)
{
	if (a->v6 != b->v6)
		return a->v6 ? 1 : -1;
	if (a->high != b->high)
		return a->high < b->high ? -1 : 1;
	return a->low < b->low ? -1 : a->low > b->low;
}
