/* SPDX-License-Identifier: BSD-2-Clause */
#include <libcidr.h>
#include <stdio.h>

#include "net/range.h"
#include "unit.h"

/* first: NULL for a fault, and last then holds words that its message must have. */
static const struct {
	const char *text, *first, *last, *print; /* print: NULL when it is text */
} rows[] = {
	{ "192.0.2.1", "192.0.2.1", "192.0.2.1", NULL },
	{ "192.0.2.0/24", "192.0.2.0", "192.0.2.255", NULL },
	{ "192.0.2.0/255.255.255.0", "192.0.2.0", "192.0.2.255", "192.0.2.0/24" },
	{ "192.0.2.1/255.255.255.255", "192.0.2.1", "192.0.2.1", "192.0.2.1" },
	{ "192.0.2.1/32", "192.0.2.1", "192.0.2.1", "192.0.2.1" },
	{ "192.0.2.10-192.0.2.99", "192.0.2.10", "192.0.2.99", NULL },
	{ "192.0.2.0-192.0.2.255", "192.0.2.0", "192.0.2.255", "192.0.2.0/24" },
	{ "192.0.2.7-192.0.2.7", "192.0.2.7", "192.0.2.7", "192.0.2.7" },
	{ "192.0.2.1-192.0.2.2", "192.0.2.1", "192.0.2.2", NULL },
	{ "192.0.2.0-192.0.2.2", "192.0.2.0", "192.0.2.2", NULL },
	{ "0.0.0.0/0", "0.0.0.0", "255.255.255.255", NULL },
	{ "0.0.0.0/0.0.0.0", "0.0.0.0", "255.255.255.255", "0.0.0.0/0" },
	{ "128.0.0.0/1", "128.0.0.0", "255.255.255.255", NULL },
	{ "255.255.255.255", "255.255.255.255", "255.255.255.255", NULL },
	{ "10.0.0.0/8", "10.0.0.0", "10.255.255.255", NULL },
	{ "2001:db8::1", "2001:db8::1", "2001:db8::1", NULL },
	{ "2001:DB8::/32", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::/32" },
	{ "2001:db8::/64", "2001:db8::", "2001:db8::ffff:ffff:ffff:ffff", NULL },
	{ "2001:db8::/63", "2001:db8::", "2001:db8:0:1:ffff:ffff:ffff:ffff", NULL },
	{ "2001:db8::/65", "2001:db8::", "2001:db8::7fff:ffff:ffff:ffff", NULL },
	{ "2001:db8::1/128", "2001:db8::1", "2001:db8::1", "2001:db8::1" },
	{ "2001:db8::1-2001:db8::ff", "2001:db8::1", "2001:db8::ff", NULL },
	{ "1:2:3:4:5:6:7::/112", "1:2:3:4:5:6:7:0", "1:2:3:4:5:6:7:ffff", "1:2:3:4:5:6:7:0/112" },
	{ "::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL },
	{ "8000::/1", "8000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL },
	{ "::1", "::1", "::1", NULL },
	{ "2001:db8::1-2001:db8::2", "2001:db8::1", "2001:db8::2", NULL },
	{ "0:0:0:1::-::2:ffff:ffff:ffff:ffff", "0:0:0:1::", "::2:ffff:ffff:ffff:ffff", NULL },
	{ "fc00::-fdff::", "fc00::", "fdff::", NULL },

	/* IPv4-mapped */
	{ "::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.1" },
	{ "::ffff:192.0.2.0/120", "192.0.2.0", "192.0.2.255", "192.0.2.0/24" },
	{ "::ffff:c000:200/120", "192.0.2.0", "192.0.2.255", "192.0.2.0/24" },
	{ "::ffff:192.0.2.1/128", "192.0.2.1", "192.0.2.1", "192.0.2.1" },
	{ "::ffff:0.0.0.0/96", "0.0.0.0", "255.255.255.255", "0.0.0.0/0" },
	{ "::ffff:192.0.2.1-::ffff:192.0.2.9", "192.0.2.1", "192.0.2.9", "192.0.2.1-192.0.2.9" },
	{ "::fffe:0:0/95", "::fffe:0:0", NULL, NULL }, /* holds the mapped ones, but is IPv6 */
	{ "::/80", "::", NULL, NULL },
	{ "::ffff:0.0.0.0/95", NULL, "host bits are set: ::fffe:0:0/95 meant?", NULL },
	{ "::ffff:192.0.2.1/120", NULL, "host bits are set: 192.0.2.0/24 meant?", NULL },
	{ "::ffff:192.0.2.0/24", NULL, "a prefix of 96 or more: 192.0.2.0/24 meant?", NULL },
	{ "::ffff:192.0.2.0/255.255.255.0", NULL, "takes a prefix, not a netmask", NULL },
	{ "::ffff:192.0.2.1-2001:db8::1", NULL, "one end is IPv4-mapped IPv6, the other IPv6", NULL },
	{ "::1-::ffff:192.0.2.1", NULL, "one end is IPv6, the other IPv4-mapped IPv6", NULL },
	{ "192.0.2.1-::ffff:192.0.2.9", NULL, "one end is IPv4, the other IPv4-mapped IPv6", NULL },

	/* what libcidr alone makes something else of */
	{ "1.2.3.4/-1", NULL, "the prefix is a number from 0 to 32", NULL }, /* 0.0.0.0/0 */
	{ "2001:db8::/-1", NULL, "the prefix is a number from 0 to 128", NULL },
	{ "10/8", NULL, "10.0.0.0/8 meant?", NULL }, /* 0.0.0.10/8 */
	{ "010.1.1.1", NULL, "without leading zeros: 10.1.1.1 meant?", NULL }, /* 8.1.1.1 */
	{ "1.2.3.4/8x", NULL, "the prefix is a number from 0 to 32", NULL }, /* 1.2.3.4/8 */
	{ "1..2.3", NULL, "four numbers from 0 to 255", NULL }, /* 1.0.2.3 */
	{ "1::2::3", NULL, "not an address", NULL }, /* 1:0:2::3 */
	{ "1:2:3:4:5:6:7:8:9", NULL, "not an address", NULL }, /* 2:3:4:5:6:7:8:9 */
	{ "0x10.1.1.1", NULL, "not an address", NULL }, /* 16.1.1.1 */
	{ "1.2.3.4/", NULL, "nothing stands behind the slash", NULL }, /* 1.2.3.4/32 */
	{ "4.3.2.1.in-addr.arpa", NULL, "names belong to `domains`", NULL }, /* 1.2.3.4 */
	{ "192.0.2.1/24", NULL, "host bits are set: 192.0.2.0/24 meant?", NULL }, /* taken, silently */

	/* prefixes and masks */
	{ "192.0.2.0/33", NULL, "the prefix is a number from 0 to 32", NULL },
	{ "192.0.2.0/08", NULL, "without leading zeros", NULL },
	{ "192.0.2.0/00", NULL, "without leading zeros", NULL },
	{ "192.0.2.0/+8", NULL, "the prefix is a number", NULL },
	{ "192.0.2.0/4294967320", NULL, "the prefix is a number", NULL },
	{ "192.0.2.0/24/24", NULL, "the prefix is a number", NULL },
	{ "192.0.2.0/24,", NULL, "the prefix is a number", NULL },
	{ "2001:db8::/129", NULL, "the prefix is a number from 0 to 128", NULL },
	{ "2001:db8::1/32", NULL, "host bits are set: 2001:db8::/32 meant?", NULL },
	{ "2001:db8::/255.255.0.0", NULL, "takes a prefix, not a netmask", NULL },
	{ "2001:db8::/ffff:ffff::", NULL, "the prefix is a number", NULL },
	{ "192.0.2.1/255.255.255.0", NULL, "host bits are set: 192.0.2.0/24 meant?", NULL },
	{ "192.0.2.0/0.0.0.255", NULL, "ones: 255.255.255.0 meant?", NULL },
	{ "192.0.2.0/255.0.255.0", NULL, "the netmask has a hole", NULL },
	{ "192.0.2.0/0.255.255.255", NULL, "ones: 255.0.0.0 meant?", NULL },
	{ "192.0.2.0/255.255.255", NULL, "\"255.255.255\" is no netmask", NULL },
	{ "192.0.2.0/255.255.255.00", NULL, "is no netmask", NULL },
	{ "192.0.2.0/255.255.255.256", NULL, "is no netmask", NULL },
	{ "/24", NULL, "an address is missing", NULL },
	{ "/", NULL, "an address is missing", NULL },

	/* pairs */
	{ "192.0.2.99-192.0.2.10", NULL, "the first address is above the last: 192.0.2.10-192.0.2.99 meant?", NULL },
	{ "2001:db8::2-2001:db8::1", NULL, "above the last", NULL },
	{ "192.0.2.1-2001:db8::1", NULL, "one end is IPv4, the other IPv6", NULL },
	{ "192.0.2.10-99", NULL, "192.0.2.10-192.0.2.99 meant?", NULL },
	{ "2001:db8::1-ff", NULL, "not an address", NULL },
	{ "-", NULL, "written without spaces", NULL },
	{ "192.0.2.1-", NULL, "written without spaces", NULL },
	{ "-192.0.2.1", NULL, "written without spaces", NULL },
	{ "192.0.2.1-192.0.2.2-192.0.2.3", NULL, "not an address", NULL },
	{ "192.0.2.0/24-192.0.3.0/24", NULL, "a prefix or a pair, not both", NULL },
	{ "192.0.2.0-192.0.3.0/24", NULL, "a prefix or a pair, not both", NULL },
	{ "192.0.2.0/24-26", NULL, "a prefix or a pair, not both", NULL },
	{ "192.0.2-192.0.3", NULL, "four numbers: 192.0.2.0/24 meant?", NULL },

	/* addresses */
	{ "", NULL, "a range is missing", NULL },
	{ " 192.0.2.1", NULL, "not an address", NULL },
	{ "192.0.2.1 ", NULL, "not an address", NULL },
	{ "192.0.2.0 /24", NULL, "not an address", NULL },
	{ "192.0.2.0/ 24", NULL, "the prefix is a number", NULL },
	{ "192.0.2.256", NULL, "four numbers from 0 to 255", NULL },
	{ "192.0.2.1.1", NULL, "four numbers from 0 to 255", NULL },
	{ "192.0.2", NULL, "192.0.2.0/24 meant?", NULL },
	{ "192.0.2.", NULL, "192.0.2.0/24 meant?", NULL },
	{ "192.0.2.*", NULL, "192.0.2.0/24 meant?", NULL },
	{ "192.0.x", NULL, "192.0.0.0/16 meant?", NULL },
	{ "192.0.*.*", NULL, "no wildcards", NULL },
	{ "*", NULL, "no wildcards", NULL },
	{ "192.0.2/24", NULL, "192.0.2.0/24 meant?", NULL },
	{ "010.0.0.0/8", NULL, "10.0.0.0/8 meant?", NULL },
	{ "[2001:db8::1]", NULL, "without brackets", NULL },
	{ "[2001:db8::]/32", NULL, "without brackets", NULL },
	{ "192.0.2.1:25", NULL, "a port has no place here", NULL },
	{ "fe80::1%eth0", NULL, "a scope id", NULL },
	{ "mx1.relay.example", NULL, "names belong to `domains`", NULL },
	{ "3221225985", NULL, "four numbers from 0 to 255", NULL },
	{ "2001:db8", NULL, "not an address", NULL },
	{ "192.0.2.1;", NULL, "not an address", NULL },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL,
		"too long for a range", NULL },
};
enum { ROWS = sizeof rows / sizeof *rows };

START_TEST(accepted)
{
	for (size_t i = 0; i < ROWS; i++) {
		struct range r, again;
		struct err e = { "" };
		char first[IP_TEXT], last[IP_TEXT], text[RANGE_TEXT];
		if (!rows[i].first)
			continue;
		ck_assert_msg(range_parse(&r, text_of(rows[i].text), &e) == 0, "row \"%s\": %s", rows[i].text, e.text);
		row_str(rows[i].text, ip_print(&r.first, first), rows[i].first);
		if (rows[i].last)
			row_str(rows[i].text, ip_print(&r.last, last), rows[i].last);
		row_int(rows[i].text, r.first.v6, r.last.v6);
		row_str(rows[i].text, range_print(&r, text), rows[i].print ? rows[i].print : rows[i].text);
		row_int(rows[i].text, range_parse(&again, text_of(text), &e), 0);
		row_int(rows[i].text, ip_compare(&again.first, &r.first), 0);
		row_int(rows[i].text, ip_compare(&again.last, &r.last), 0);
	}
}
END_TEST

START_TEST(refused)
{
	for (size_t i = 0; i < ROWS; i++) {
		struct range r;
		struct err e = { "" };
		char begin[100];
		if (rows[i].first)
			continue;
		row_int(rows[i].text, range_parse(&r, text_of(rows[i].text), &e), -1);
		row_has(rows[i].text, e.text, rows[i].last);
		row_int(rows[i].text, range_parse(&r, text_of(rows[i].text), NULL), -1);
		snprintf(begin, sizeof begin, "\"%.60s", rows[i].text);
		if (*rows[i].text)
			row_int(rows[i].text, strncmp(e.text, begin, strlen(begin)), 0);
	}
}
END_TEST

/* "X meant?" is something that is taken. */
START_TEST(what_is_meant_is_taken)
{
	int hints = 0;

	for (size_t i = 0; i < ROWS; i++) {
		struct range r;
		struct err e = { "" };
		if (range_parse(&r, text_of(rows[i].text), &e) == 0 || !strstr(e.text, " meant?"))
			continue;
		char *end = strstr(e.text, " meant?"), *word;
		*end = '\0';
		word = strrchr(e.text, ' ') + 1;
		row_int(word, range_parse(&r, text_of(word), NULL), 0);
		hints++;
	}
	ck_assert_int_gt(hints, 15);
}
END_TEST

START_TEST(slices)
{
	struct range r;
	struct err e;

	ck_assert_int_eq(range_parse(&r, text_cut("192.0.2.0/245", 12), &e), 0);
	ck_assert_uint_eq(r.last.low, 0xc00002ff);
	ck_assert_int_eq(range_parse(&r, text_cut("192.0.2.0/24\0", 13), &e), -1);
	ck_assert_int_eq(range_parse(&r, text_cut("192.0.2.1\0", 10), &e), -1);
	ck_assert_int_eq(range_parse(&r, text_cut("192.0.2.1\0-192.0.2.2", 20), &e), -1);
	ck_assert_int_eq(range_parse(&r, text_cut("::1\0/128", 8), &e), -1);
	ck_assert_int_eq(range_parse(&r, text_cut(NULL, 0), &e), -1);
}
END_TEST

START_TEST(wider)
{
	static const struct {
		const char *text;
		unsigned prefix4, prefix6;
		bool want;
	} wide[] = {
		{ "10.0.0.0/8", 8, 16, false },
		{ "10.0.0.0/7", 8, 16, true },
		{ "10.0.0.1-11.0.0.0", 8, 16, false },
		{ "10.0.0.0-11.0.0.0", 8, 16, true },
		{ "0.0.0.0/0", 8, 16, true },
		{ "0.0.0.0/0", 0, 0, false },
		{ "192.0.2.1", 32, 128, false },
		{ "192.0.2.0/31", 32, 128, true },
		{ "2001::/16", 8, 16, false },
		{ "2000::/15", 8, 16, true },
		{ "2001::1-2002::", 8, 16, false },
		{ "2001::-2002::", 8, 16, true },
		{ "::/0", 8, 16, true },
		{ "::/0", 0, 0, false },
		{ "::/64", 8, 64, false },
		{ "::/63", 8, 64, true },
		{ "::/65", 8, 65, false },
		{ "::/64", 8, 65, true },
		{ "::1", 8, 128, false },
		{ "::/127", 8, 128, true },
		{ "fc00::/7", 8, 7, false },
	};

	for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
		struct range r;
		row_int(wide[i].text, range_parse(&r, text_of(wide[i].text), NULL), 0);
		row_int(wide[i].text, range_wider(&r, wide[i].prefix4, wide[i].prefix6), wide[i].want);
	}
}
END_TEST

/* cidr_from_str(3) reads in front of texts shorter than ".arpa": here that is harmless. */
static CIDR *cidr_of(const char *text)
{
	char room[8 + RANGE_TEXT] = "        ";

	snprintf(room + 8, sizeof room - 8, "%s", text);
	return cidr_from_str(room + 8);
}

/* libcidr's booleans: 0 is yes. */
static void agree(const CIDR *net, struct range *r, struct ip ip, const char *row)
{
	char text[IP_TEXT];
	CIDR *one = cidr_of(ip_print(&ip, text));

	row_ok(row, one != NULL);
	ck_assert_msg((cidr_contains(net, one) == 0) == range_holds(r, &ip), "row \"%s\": %s", row, text);
	cidr_free(one);
}

static struct ip next(struct ip ip, bool up)
{
	if (up) {
		ip.low++;
		ip.high += ip.low == 0;
	} else {
		ip.high -= ip.low == 0;
		ip.low--;
	}
	if (!ip.v6) {
		ip.high = 0;
		ip.low &= UINT32_MAX;
	}
	return ip;
}

/* A block of every length, against libcidr's own cidr_contains, on both sides of both edges. */
START_TEST(every_length)
{
	static const char *const bases[] = { "203.0.113.77", "2001:db8:1234:5678:9abc:def0:1234:5679" };

	for (unsigned i = 0; i < 2 * 129; i++) {
		struct ip ip;
		struct err e;
		struct range r;
		char text[RANGE_TEXT + 8], printed[RANGE_TEXT];
		unsigned length = i % 129, bits = i < 129 ? 32 : 128;
		if (length > bits)
			continue;
		ck_assert(ip_parse(&ip, text_of(bases[i / 129])));
		snprintf(text, sizeof text, "%s/%u", bases[i / 129], length);
		if (range_parse(&r, text_of(text), &e) < 0) { /* what the message says was meant */
			snprintf(text, sizeof text, "%s", strstr(e.text, "set: ") + 5);
			*strchr(text, ' ') = '\0';
			row_int(text, range_parse(&r, text_of(text), &e), 0);
		}
		row_ok(text, range_holds(&r, &ip));
		row_int(text, range_wider(&r, i < 129 ? length : 0, i < 129 ? 0 : length), 0);
		row_int(text, range_parse(&r, text_of(range_print(&r, printed)), &e), 0);
		CIDR *net = cidr_of(text);
		agree(net, &r, ip, text);
		agree(net, &r, r.first, text);
		agree(net, &r, r.last, text);
		agree(net, &r, next(r.first, false), text);
		agree(net, &r, next(r.last, true), text);
		cidr_free(net);
	}
}
END_TEST

int main(void)
{
	return unit_run("range", UNIT_TESTS(accepted, refused, what_is_meant_is_taken, slices, wider, every_length));
}
