/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>

#include "net/ip.h"
#include "unit.h"

/* What inet_pton(3) takes, and what is made of it; NULL: no address. */
static const struct {
	const char *text, *want;
} rows[] = {
	{ "192.0.2.1", "192.0.2.1" },
	{ "0.0.0.0", "0.0.0.0" },
	{ "255.255.255.255", "255.255.255.255" },
	{ "2001:db8::1", "2001:db8::1" },
	{ "2001:DB8:0:0:0:0:0:1", "2001:db8::1" },
	{ "2001:0db8::0001", "2001:db8::1" },
	{ "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8" },
	{ "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0" },
	{ "1:2:3:4:5:6:192.0.2.1", "1:2:3:4:5:6:c000:201" },
	{ "::", "::" },
	{ "::1", "::1" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	{ "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" }, /* RFC 5952, 4.2.3: the first of equal runs */
	{ "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },
	{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" }, /* 4.2.2: one group of zeros stays */
	{ "::ffff:192.0.2.1", "192.0.2.1" }, /* mapped */
	{ "::FFFF:c000:201", "192.0.2.1" },
	{ "0:0:0:0:0:ffff:0.0.0.0", "0.0.0.0" },
	{ "::fffe:192.0.2.1", "::fffe:c000:201" }, /* not mapped */
	{ "::1:ffff:192.0.2.1", "::1:ffff:c000:201" },
	{ "1::ffff:192.0.2.1", "1::ffff:c000:201" },
	{ "", NULL },
	{ " 192.0.2.1", NULL },
	{ "192.0.2.1 ", NULL },
	{ "192.0.2", NULL },
	{ "192.0.2.", NULL },
	{ ".192.0.2.1", NULL },
	{ "192.0..1", NULL },
	{ "192.0.2.1.", NULL },
	{ "192.0.2.1.1", NULL },
	{ "192.0.2.256", NULL },
	{ "192.0.2.1000", NULL },
	{ "192.0.2.01", NULL },
	{ "192.0.2.00", NULL },
	{ "010.1.1.1", NULL },
	{ "0x10.1.1.1", NULL },
	{ "192.0.2.-1", NULL },
	{ "192.0.2.+1", NULL },
	{ "3221225985", NULL },
	{ "192.0.2.1/32", NULL },
	{ "192.0.2.1:25", NULL },
	{ "[2001:db8::1]", NULL },
	{ "2001:db8::1%eth0", NULL },
	{ "1:2:3:4:5:6:7", NULL },
	{ "1:2:3:4:5:6:7:8:9", NULL },
	{ "1::2::3", NULL },
	{ ":::", NULL },
	{ ":1::2", NULL },
	{ "1::2:", NULL },
	{ "12345::", NULL },
	{ "g::", NULL },
	{ "::192.0.2", NULL },
	{ "::192.0.2.256", NULL },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2550", NULL },
	{ "0000000000000000000000000000000000000000000000::1", NULL },
	{ "unknown", NULL },
};

START_TEST(parse)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct ip ip;
		char got[IP_TEXT];
		bool is = ip_parse(&ip, text_of(rows[i].text));
		row_str(rows[i].text, is ? ip_print(&ip, got) : "none", rows[i].want ? rows[i].want : "none");
		if (is)
			row_int(rows[i].text, ip.v6, strchr(rows[i].want, ':') != NULL);
	}
}
END_TEST

/* The rows again, asked of inet_pton(3) itself: the table is not what we wish it to be. */
START_TEST(parse_as_inet_pton)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unsigned char bytes[16];
		bool is = inet_pton(AF_INET, rows[i].text, bytes) == 1 || inet_pton(AF_INET6, rows[i].text, bytes) == 1;
		row_int(rows[i].text, is, rows[i].want != NULL);
	}
}
END_TEST

START_TEST(slices)
{
	struct ip ip;

	ck_assert(ip_parse(&ip, text_cut("192.0.2.17", 9)));
	ck_assert_uint_eq(ip.low, 0xc0000201);
	ck_assert(ip_parse(&ip, text_cut("::12", 3)));
	ck_assert_uint_eq(ip.low, 1);
	ck_assert(!ip_parse(&ip, text_cut("::1\0", 4)));
	ck_assert(!ip_parse(&ip, text_cut("192.0.2.1\0", 10)));
	ck_assert(!ip_parse(&ip, text_cut(NULL, 0)));
	ck_assert(!ip_parse_client(&ip, text_cut(NULL, 0)));
}
END_TEST

START_TEST(clients)
{
	static const struct {
		const char *text, *want;
	} sent[] = {
		{ "192.0.2.1", "192.0.2.1" },
		{ "fe80::1%eth0", "fe80::1" },
		{ "fe80::1%", "fe80::1" },
		{ "fe80::1%a%b", "fe80::1" },
		{ "::ffff:192.0.2.1%1", "192.0.2.1" },
		{ "192.0.2.1%eth0", NULL },
		{ "%eth0", NULL },
		{ "%::1", NULL },
		{ "unknown", NULL },
		{ "IPv6:2001:db8::1", NULL },
	};

	for (size_t i = 0; i < sizeof sent / sizeof *sent; i++) {
		struct ip ip;
		char got[IP_TEXT];
		bool is = ip_parse_client(&ip, text_of(sent[i].text));
		row_str(sent[i].text, is ? ip_print(&ip, got) : "none", sent[i].want ? sent[i].want : "none");
	}
}
END_TEST

START_TEST(order)
{
	static const char *const ascending[] = { "0.0.0.0", "0.0.0.1", "9.255.255.255", "10.0.0.0", "127.255.255.255",
		"128.0.0.0", "255.255.255.255", "::", "::1", "::8000:0:0:0", "::ffff:ffff:ffff:ffff",
		"0:0:0:1::", "2001:db8::", "8000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" };
	enum { COUNT = sizeof ascending / sizeof *ascending };

	for (int i = 0; i < COUNT; i++) {
		for (int j = 0; j < COUNT; j++) {
			struct ip a, b;
			ck_assert(ip_parse(&a, text_of(ascending[i])) && ip_parse(&b, text_of(ascending[j])));
			int got = ip_compare(&a, &b);
			row_int(ascending[i], (got > 0) - (got < 0), (i > j) - (i < j));
		}
	}
}
END_TEST

int main(void)
{
	return unit_run("ip", UNIT_TESTS(parse, parse_as_inet_pton, slices, clients, order));
}
