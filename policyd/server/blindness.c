/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/blindness.h"

#include "server/counters.h"

enum { HOUR_MS = 3600 * 1000 };

/* Loopback, private, shared (RFC 6598) and link-local; in IPv6 loopback, unique local and link-local. */
static bool is_local(const struct ip *ip)
{
	static const struct {
		uint32_t network, mask;
	} local[] = { { 0x7f000000, 0xff000000 }, { 0x0a000000, 0xff000000 }, { 0xac100000, 0xfff00000 },
		{ 0xc0a80000, 0xffff0000 }, { 0x64400000, 0xffc00000 }, { 0xa9fe0000, 0xffff0000 } };

	if (ip->v6)
		return (ip->high == 0 && ip->low == 1) || ip->high >> 57 == 0xfc >> 1 || ip->high >> 54 == 0xfe80 >> 6;
	for (size_t i = 0; i < sizeof local / sizeof *local; i++)
		if ((ip->low & local[i].mask) == local[i].network)
			return true;
	return false;
}

static bool is_published(const struct blindness_slot *s)
{
	return s->high != 0 || s->low != 0;
}

/* No IPv4 address that is_local is 1. */
static struct ip published(const struct blindness_slot *s)
{
	struct ip ip = { .high = s->high, .low = s->low };

	ip.v6 = ip.high != 0 || ip.low == 1;
	return ip;
}

static void adopt(struct blindness *b, struct text address)
{
	struct ip ip;

	if (!ip_parse_client(&ip, address) || !is_local(&ip))
		ip = (struct ip){ 0 };
	b->len = address.len < sizeof b->at ? address.len : 0;
	memcpy(b->at, address.at, b->len);
	b->votes = 1;
	b->own->same[0] = b->own->same[1] = 0;
	b->own->high = ip.high;
	b->own->low = ip.low;
}

/* Hours that are over make way. */
static void turn(struct blindness_slot *s, int64_t now)
{
	bool long_ago = now - s->began >= 2 * HOUR_MS;

	if (now - s->began < HOUR_MS)
		return;
	s->seen[1] = long_ago ? 0 : s->seen[0];
	s->same[1] = long_ago ? 0 : s->same[0];
	s->seen[0] = s->same[0] = 0;
	s->began = now;
}

static bool nearly_all(uint64_t same, uint64_t seen)
{
	return same * 100 >= seen * BLIND_PERCENT;
}

bool blindness_look(struct blindness *b, struct text address, int64_t now_ms)
{
	struct blindness_slot *s = b->own;

	turn(s, now_ms);
	if (b->votes <= 0)
		adopt(b, address);
	else if (b->votes > BLIND_VOTES)
		b->votes = BLIND_VOTES;
	return is_published(s) && nearly_all(s->same[0] + s->same[1], s->seen[0] + s->seen[1]);
}

bool blindness_found(const struct counters *c, unsigned workers, int64_t now_ms, struct blindness_finding *f)
{
	uint64_t most = 0;

	*f = (struct blindness_finding){ .seen = 0 };
	for (unsigned n = 0; n < workers; n++) {
		const struct blindness_slot *s = &c->slot[n].clients;
		uint64_t same = s->same[0] + s->same[1];

		if (now_ms - s->began < 2 * HOUR_MS && is_published(s) && same > most) {
			most = same;
			f->address = published(s);
		}
	}
	for (unsigned n = 0; n < workers; n++) {
		const struct blindness_slot *s = &c->slot[n].clients;
		struct ip address = published(s);

		if (now_ms - s->began >= 2 * HOUR_MS)
			continue;
		f->seen += s->seen[0] + s->seen[1];
		if (ip_compare(&address, &f->address) == 0)
			f->same += s->same[0] + s->same[1];
	}
	return most > 0 && f->seen >= BLIND_LEAST && nearly_all(f->same, f->seen);
}
