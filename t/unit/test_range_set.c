/* SPDX-License-Identifier: BSD-2-Clause */
#include <libcidr.h>
#include <stdio.h>

#include "range_scan.h"
#include "unit.h"

static uint64_t state = 88172645463325252u; /* xorshift: the same numbers in every run */

static uint64_t random_number(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void add(struct range_list *l, struct text text)
{
	struct range r;
	struct err e;

	ck_assert_msg(range_parse(&r, text, &e) == 0, "%s", e.text);
	range_list_add(l, &r);
}

/* The list that these words are. */
static struct range_list list_of(const char *words)
{
	struct range_list l = { 0 };
	struct text rest = text_of(words), word;

	while (text_next_word(&rest, &word))
		add(&l, word);
	return l;
}

/* Frozen behind some bytes that are no multiple of 8; checked. */
static const struct range_set *freeze(struct range_list *l, struct buf *b)
{
	buf_str(b, "xyz");
	size_t offset = range_set_freeze(l, b);
	const struct range_set *s = (const void *)(b->at + offset);

	ck_assert_uint_eq(offset % 8, 0);
	ck_assert_uint_eq(range_set_size(s) % 8, 0);
	ck_assert_uint_eq(offset + range_set_size(s), b->len);
	ck_assert(range_set_check(s, range_set_size(s)));
	ck_assert_uint_eq(range_set_count(s), l->count);
	return s;
}

/* The merged ranges with spaces between them. */
static char *printed(const struct range_set *s)
{
	struct buf b = { 0 };

	buf_str(&b, "");
	for (size_t i = 0; i < range_set_count(s); i++) {
		struct range r = range_set_get(s, i);
		char text[RANGE_TEXT];
		buf_format(&b, "%s%s", i > 0 ? " " : "", range_print(&r, text));
	}
	return b.at;
}

START_TEST(merged)
{
	static const struct {
		const char *list, *want;
	} rows[] = {
		{ "", "" },
		{ "192.0.2.1 192.0.2.1", "192.0.2.1" },
		{ "192.0.2.0/25 192.0.2.128/25", "192.0.2.0/24" },
		{ "192.0.2.128/25 192.0.2.0/25", "192.0.2.0/24" },
		{ "192.0.2.0/24 192.0.2.7", "192.0.2.0/24" },
		{ "192.0.2.1-192.0.2.9 192.0.2.5-192.0.2.20", "192.0.2.1-192.0.2.20" },
		{ "192.0.2.1 192.0.2.3", "192.0.2.1 192.0.2.3" },
		{ "192.0.2.3 192.0.2.1 192.0.2.2", "192.0.2.1-192.0.2.3" },
		{ "0.0.0.0/0 1.2.3.4 255.255.255.255", "0.0.0.0/0" },
		{ "255.255.255.254 255.255.255.255 0.0.0.0", "0.0.0.0 255.255.255.254/31" },
		{ "::1 192.0.2.1", "192.0.2.1 ::1" },
		{ "::/0 192.0.2.1", "192.0.2.1 ::/0" },
		{ "::ffff:192.0.2.0/121 192.0.2.128/25", "192.0.2.0/24" },
		{ "2001:db8::/33 2001:db8:8000::/33", "2001:db8::/32" },
		{ "::ffff:ffff:ffff:ffff 0:0:0:1::", "::ffff:ffff:ffff:ffff-0:0:0:1::" },
		{ "::1 ::3", "::1 ::3" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff :: ::1", "::/127 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
		{ "8000::/1 ::/1 ffff::", "::/0" },
		{ "255.255.255.255 ::", "255.255.255.255 ::" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct range_list l = list_of(rows[i].list);
		struct buf b = { 0 };
		const struct range_set *s = freeze(&l, &b);
		char *got = printed(s);
		row_str(rows[i].list, got, rows[i].want);
		for (size_t k = 0; k < l.count; k++)
			row_ok(rows[i].list, range_set_holds(s, &l.at[k].first) && range_set_holds(s, &l.at[k].last));
		free(got);
		range_list_free(&l);
		buf_free(&b);
	}
}
END_TEST

START_TEST(found)
{
	static const struct {
		const char *list, *ip, *want;
	} rows[] = {
		{ "", "192.0.2.1", NULL },
		{ "", "255.255.255.255", NULL },
		{ "", "::", NULL },
		{ "", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL },
		{ "192.0.2.0/25 192.0.2.128/25", "192.0.2.200", "192.0.2.0/24" },
		{ "192.0.2.0/24", "::c000:201", NULL }, /* the same bits, another family */
		{ "::c000:200/120", "192.0.2.1", NULL },
		{ "::/0", "::ffff:192.0.2.1", NULL }, /* a shorter prefix never matches IPv4 */
		{ "::/80", "192.0.2.1", NULL },
		{ "192.0.2.0/24", "::ffff:192.0.2.1", "192.0.2.0/24" },
		{ "0.0.0.0/0", "0.0.0.0", "0.0.0.0/0" },
		{ "0.0.0.0/0", "255.255.255.255", "0.0.0.0/0" },
		{ "::/0", "::", "::/0" },
		{ "::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0" },
		{ "192.0.2.1 2001:db8::/32", "2001:db8::25", "2001:db8::/32" },
		{ "192.0.2.1 2001:db8::/32", "2001:db9::", NULL },
		{ "192.0.2.1 2001:db8::/32", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", NULL },
		{ "10.0.0.0/8 10.128.0.0-192.0.2.7", "128.0.0.0", "10.0.0.0-192.0.2.7" },
		{ "2001:db8::1 2001:db8::1000", "2001:db8::1000", "2001:db8::1000" }, /* slices within a /64 */
		{ "2001:db8::1 2001:db8::1000", "2001:db8::fff", NULL },
		{ "2001:db8::1 2001:db8::1000", "2001:db8:0:1::1", NULL },
		{ "2001:db8::1 2001:db8::1000", "2001:db7:ffff:ffff:ffff:ffff:ffff:1000", NULL },
		{ "2001:db8::1 2001:db8::1000", "2001:db8::", NULL },
		{ "2001:db8::7 2001:db9::7", "2001:db8::7", "2001:db8::7" }, /* slices of many /64 */
		{ "2001:db8::7 2001:db9::7", "2001:db8::6", NULL },
		{ "2001:db8::7 2001:db9::7", "2001:db9::8", NULL },
		{ "2001:db8::7 2001:db9::7", "2001:db8:8000::7", NULL },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct range_list l = list_of(rows[i].list);
		struct buf b = { 0 };
		const struct range_set *s = freeze(&l, &b);
		struct range r;
		struct ip ip;
		char text[RANGE_TEXT];
		row_ok(rows[i].ip, ip_parse(&ip, text_of(rows[i].ip)));
		bool is = range_set_find(s, &ip, &r);
		row_str(rows[i].ip, is ? range_print(&r, text) : "none", rows[i].want ? rows[i].want : "none");
		row_int(rows[i].ip, range_set_holds(s, &ip), is);
		range_list_free(&l);
		buf_free(&b);
	}
}
END_TEST

static struct ip moved(struct ip ip, int by)
{
	uint64_t low = ip.low + (uint64_t)(int64_t)by;

	if (!ip.v6)
		return (struct ip){ .low = low & UINT32_MAX };
	if (by > 0)
		ip.high += low < ip.low;
	else if (by < 0)
		ip.high -= low > ip.low;
	ip.low = low;
	return ip;
}

/* Near a few places, so that ranges overlap and touch, or anywhere; `bits` says how far from a place. */
static struct ip random_ip(unsigned places, unsigned bits)
{
	uint64_t place = random_number() % places, off = random_number() >> (64 - bits);

	if (random_number() % 2)
		return (struct ip){ .low = (uint32_t)(place * 0x9e3779b1u + off) };
	if (random_number() % 2)
		return moved((struct ip){ place * 0x9e3779b97f4a7c15u, off, true }, -(int)(random_number() % 3));
	return (struct ip){ place * 0x9e3779b97f4a7c15u + off, random_number(), true };
}

static struct range random_range(unsigned places, unsigned bits)
{
	struct range r = { .first = random_ip(places, bits) };

	do
		r.last = random_ip(places, bits);
	while (r.last.v6 != r.first.v6);
	if (random_number() % 4)
		r.last = moved(r.first, (int)(random_number() % 40));
	if (ip_compare(&r.first, &r.last) > 0)
		return (struct range){ r.last, r.first };
	return r;
}

static void compare_with_scan(size_t count, unsigned places, unsigned bits)
{
	struct range_list l = { 0 }, kept = { 0 };
	struct buf b = { 0 };

	for (size_t i = 0; i < count; i++) {
		struct range r = random_range(places, bits);
		range_list_add(&l, &r);
		range_list_add(&kept, &r);
	}
	const struct range_set *s = freeze(&l, &b);
	range_scan_compare(s, &kept);
	for (size_t i = 0; i < count; i++) {
		range_scan_around(s, &kept, kept.at[i].first);
		range_scan_around(s, &kept, kept.at[i].last);
		range_scan_same(s, &kept, random_ip(places, bits));
		range_scan_same(s, &kept, random_ip(1000, 32));
	}
	range_list_free(&l);
	range_list_free(&kept);
	buf_free(&b);
}

START_TEST(random_lists)
{
	for (unsigned i = 0; i < 600; i++)
		compare_with_scan(1 + random_number() % 60, 1 + (unsigned)(random_number() % 20), 1 + i % 40);
	compare_with_scan(3000, 1000, 20);
	compare_with_scan(3000, 1, 14);
}
END_TEST

/* cidr_from_str(3) reads in front of texts shorter than ".arpa": here that is harmless. */
static CIDR *cidr_of(const char *text)
{
	char room[8 + RANGE_TEXT] = "        ";

	snprintf(room + 8, sizeof room - 8, "%s", text);
	return cidr_from_str(room + 8);
}

/* Random blocks near each other, as texts, given to both. */
START_TEST(as_libcidr)
{
	enum { BLOCKS = 60, KEYS = 400 };

	for (int round = 0; round < 20; round++) {
		CIDR *nets[BLOCKS];
		struct range_list l = { 0 };
		struct buf b = { 0 };
		for (int i = 0; i < BLOCKS; i++) {
			struct ip ip = random_ip(3, 20);
			unsigned host = (unsigned)(random_number() % 20);
			char text[RANGE_TEXT], address[IP_TEXT];
			ip.low &= ~(((uint64_t)1 << host) - 1);
			snprintf(text, sizeof text, "%s/%u", ip_print(&ip, address), (ip.v6 ? 128 : 32) - host);
			add(&l, text_of(text));
			nets[i] = cidr_of(text);
			ck_assert_ptr_nonnull(nets[i]);
		}
		const struct range_set *s = freeze(&l, &b);
		for (int k = 0; k < KEYS; k++) {
			struct ip ip = random_ip(3, 20);
			char text[IP_TEXT];
			CIDR *one = cidr_of(ip_print(&ip, text));
			bool want = false;
			for (int i = 0; i < BLOCKS && !want; i++)
				want = cidr_contains(nets[i], one) == 0; /* 0 is yes */
			ck_assert_msg(range_set_holds(s, &ip) == want, "%s", text);
			cidr_free(one);
		}
		for (int i = 0; i < BLOCKS; i++)
			cidr_free(nets[i]);
		range_list_free(&l);
		buf_free(&b);
	}
}
END_TEST

/* Any byte changed, any length cut: refused, or still a set whose look-ups are right. */
static void damaged_is_refused_or_sound(const void *bytes, size_t size)
{
	struct range_list l = { 0 };
	const struct range_set *s = bytes;

	if (!range_set_check(bytes, size))
		return;
	ck_assert_uint_eq(range_set_size(s), size);
	for (size_t i = 0; i < range_set_count(s); i++)
		range_list_add(&l, (struct range[]){ range_set_get(s, i) });
	range_scan_compare(s, &l);
	range_list_free(&l);
}

static void damage_every_byte(const char *list)
{
	struct range_list l = list_of(list);
	struct buf b = { 0 };
	const struct range_set *s = freeze(&l, &b);
	size_t size = range_set_size(s);
	unsigned char *copy = must_alloc(size);

	for (size_t at = 0; at < size; at++) {
		for (int bit = 0; bit < 8; bit++) {
			memcpy(copy, s, size);
			copy[at] = (unsigned char)(copy[at] ^ 1 << bit);
			damaged_is_refused_or_sound(copy, size);
		}
		copy[at] = 0xff;
		damaged_is_refused_or_sound(copy, size);
		ck_assert(!range_set_check(s, at));
	}
	ck_assert(!range_set_check(s, size + 8));
	ck_assert(!range_set_check((const char *)s + 4, size - 4));
	free(copy);
	range_list_free(&l);
	buf_free(&b);
}

START_TEST(damage)
{
	damage_every_byte("192.0.2.0/24 198.51.100.7 203.0.113.0/25 2001:db8::/32 2001:db9::1 2001:dba::7");
	damage_every_byte("192.0.2.0/24 198.51.100.7");
	damage_every_byte("2001:db8::/32 2001:db9::1");
	damage_every_byte("0.0.0.0/0 ::/0");
	damage_every_byte("");
}
END_TEST

/* What stands before the ranges follows from them to the last bit. */
START_TEST(damaged_index)
{
	struct range_list l = list_of("192.0.2.0/24 198.51.100.7 203.0.113.0/25 2001:db8::/32 2001:db9::1 2001:dba::7");
	struct buf b = { 0 };
	const struct range_set *s = freeze(&l, &b);
	size_t size = range_set_size(s), count4 = range_set_count_v4(s), count6 = l.count - count4;
	unsigned char *copy = must_alloc(size);

	memcpy(copy, s, size);
	for (size_t bit = 0; bit < 8 * (size - 8 * count4 - 32 * count6); bit++) {
		copy[bit / 8] ^= (unsigned char)(1 << bit % 8);
		ck_assert_msg(!range_set_check(copy, size), "bit %zu", bit);
		copy[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	ck_assert(range_set_check(copy, size));
	free(copy);
	range_list_free(&l);
	buf_free(&b);
}
END_TEST

/* Two bytes at once: a family without ranges whose base and top have an address between them. */
START_TEST(damaged_empty_set)
{
	struct range_list l = { 0 };
	struct buf b = { 0 };
	const struct range_set *s = freeze(&l, &b);
	size_t size = range_set_size(s);
	unsigned char *copy = must_alloc(size);

	for (size_t i = 0; i < size; i++) {
		for (size_t j = 0; j < i; j++) {
			memcpy(copy, s, size);
			copy[i] ^= 0xff;
			copy[j] ^= 0xff;
			damaged_is_refused_or_sound(copy, size);
		}
	}
	free(copy);
	buf_free(&b);
}
END_TEST

START_TEST(sizes)
{
	enum { COUNT = 100000 };
	struct range_list l = { 0 };
	struct buf b = { 0 };

	ck_assert_uint_le(range_set_size(freeze(&l, &b)), 64);
	buf_free(&b);
	for (uint64_t i = 0; i < COUNT; i++) {
		struct ip ip = { .low = (uint32_t)(i * 40000) };
		range_list_add(&l, &(struct range){ ip, ip });
	}
	ck_assert_uint_le(range_set_size(freeze(&l, &b)), 14 * COUNT);
	ck_assert_uint_eq(range_set_count_v4((const void *)(b.at + 8)), COUNT);
	buf_free(&b);
	for (size_t i = 0; i < COUNT; i++)
		l.at[i].first.v6 = l.at[i].last.v6 = true;
	ck_assert_uint_le(range_set_size(freeze(&l, &b)), 38 * COUNT);
	ck_assert_uint_eq(range_set_count_v4((const void *)(b.at + 8)), 0);
	buf_free(&b);
	range_list_free(&l);
}
END_TEST

int main(void)
{
	return unit_run("range_set",
		UNIT_TESTS(merged, found, random_lists, as_libcidr, damage, damaged_index, damaged_empty_set, sizes));
}
