/* SPDX-License-Identifier: BSD-2-Clause */
/* [relay NAME]: data, match, and what must be there for it. */
#include "config_reading.h"

#define A FACTOR_BIT_ADDRESS
#define H FACTOR_BIT_HELO
#define N FACTOR_BIT_NAME
#define C FACTOR_BIT_CERTIFICATE
#define T FACTOR_BIT_TLS
#define RANGES "ranges = 192.0.2.1 2001:db8::1\n"
#define DOMAINS "domains = relay.example\n"
#define SHA1 "0123456789abcdef0123456789abcdef01234567"
#define PRINTS "fingerprints = " SHA1 "\n"
#define UNSEEN                                                                                               \
	"m.ini:1: warning: [relay r] has fingerprints that nobody looks at: its `match` would have to name " \
	"`certificate`\n"
#define NO_DATA "m.ini:1: [relay r] has no ranges, no domains and no fingerprints: nothing can match it\n"
#define PROOF                                                                                                       \
	"match: without one of `address`, `name`, `certificate` anybody matches: the client chooses its HELO, and " \
	"TLS proves nothing alone\n"

START_TEST(matches)
{
	static const struct {
		const char *keys;
		unsigned match;
		const char *words;
	} rows[] = {
		{ RANGES DOMAINS, A | H, "" },
		{ RANGES, A, "" },
		{ DOMAINS, N, "" },
		{ PRINTS, C, "" },
		{ RANGES DOMAINS PRINTS, A | H, UNSEEN },
		{ RANGES PRINTS, A, UNSEEN },
		{ DOMAINS PRINTS, N, UNSEEN },
		{ RANGES DOMAINS PRINTS "match = tls, certificate name\n helo address\n", A | H | N | C | T, "" },
		{ "match = address\n" RANGES, A, "" },
		{ RANGES "match = address tls address\n", A | T, "" },
		{ RANGES DOMAINS "match = address\n", A, "" },
		{ "", 0, NO_DATA },
		{ "ranges =\n" DOMAINS, N, "m.ini:2: ranges: names none: leave the key out if the relay has none\n" },
		{ RANGES "domains = ,\n", A,
			"m.ini:3: domains: names none: leave the key out if the relay has none\n" },
		{ "match = address\n", A, NO_DATA },
		{ RANGES "match = address helo\n", A | H,
			"m.ini:3: match: `helo`, while [relay r] has no `domains`\n" },
		{ RANGES "match = name\n", N, "m.ini:3: match: `name`, while [relay r] has no `domains`\n" },
		{ DOMAINS "match = address name\n", A | N,
			"m.ini:3: match: `address`, while [relay r] has no `ranges` or `ranges_file`\n" },
		{ RANGES "match = certificate\n", C,
			"m.ini:3: match: `certificate`, while [relay r] has no `fingerprints`\n" },
		{ RANGES DOMAINS "match = helo\n", H, "m.ini:4: " PROOF },
		{ RANGES "match = tls\n", T, "m.ini:3: " PROOF },
		{ RANGES DOMAINS "match = helo tls\n", H | T, "m.ini:4: " PROOF },
		{ RANGES "match =\n", 0, "m.ini:3: match: names no factor (address, helo, name, certificate, tls)\n" },
		{ RANGES "match = address Helo\n", A,
			"m.ini:3: match: `Helo` is no factor (address, helo, name, certificate, tls): `helo` "
			"meant?\n" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[400];
		snprintf(text, sizeof text, "[relay r]\n%s", rows[i].keys);
		struct reading r = read_string(text);
		row_words(rows[i].keys, r.words, rows[i].words);
		row_int(rows[i].keys, r.c.relays[0].match, rows[i].match);
		reading_free(&r);
	}
}
END_TEST

START_TEST(faults_of_data)
{
	static const struct said rows[] = {
		{ "[relay r]\nranges = 192.0.2.1/24,\n  bad 2001:db8::1\n", "m.ini:2: ranges: \"192.0.2.1/24\"*\n"
									    "m.ini:3: ranges: \"bad\"*\n" },
		{ "[relay r]\ndomains = unknown UNKNOWN. com\n  .a.example 192.0.2.1 [::1] *.a.example a@b.example\n",
			"m.ini:2: domains: `unknown` is what Postfix calls a client without a verified name: anybody\n"
			"m.ini:2: domains: `unknown` is what Postfix calls a client without a verified name: anybody\n"
			"m.ini:2: domains: `com` is a single label, and would let in every name below it\n"
			"m.ini:3: domains: `.a.example`*\n"
			"m.ini:3: domains: `192.0.2.1`*\n"
			"m.ini:3: domains: `[::1]`*\n"
			"m.ini:3: domains: `*.a.example`*\n"
			"m.ini:3: domains: `a@b.example`*\n" },
		{ "[relay r]\ndomains = a.example b.example\n  A.Example.\n",
			"m.ini:2: warning: domains: `a.example` twice\n" },
		{ "[relay r]\nfingerprints = 00:11 " SHA1 "\n",
			"m.ini:2: fingerprints: `00:11` is no fingerprint: hex digits of 16, 20, 32, 48 or 64 bytes, a "
			"colon between any "
			"two bytes or none\n" },
		{ "[relay r]\nfingerprints = 00112233445566778899aabbccddeeff\n",
			"m.ini:2: warning: fingerprints: `00112233445566778899aabbccddeeff` is an MD5 digest, which "
			"can be forged "
			"(smtpd_tls_fingerprint_digest = sha256)\n" },
		{ "[relay r]\n" RANGES "max_age = 90y\n",
			"m.ini:3: max_age: `90y` is no time from 1 to 4294967295 seconds (45s, 30m, 12h, 90d)\n" },
		{ "[relay r]\n" RANGES "allow_wide_ranges = true\n",
			"m.ini:3: allow_wide_ranges: `true` is none of no or yes: `yes` meant?\n" },
		{ "[policyd]\n",
			"m.ini:1: no [relay NAME] section: nobody could deliver mail (`mxonly init` writes one)\n" },
		{ "", "m.ini:1: no [relay NAME] section: nobody could deliver mail (`mxonly init` writes one)\n" },
	};

	expect_said(rows, sizeof rows / sizeof *rows);
}
END_TEST

START_TEST(wide_ranges)
{
	static const struct said rows[] = {
		{ "[relay r]\nranges = 10.0.0.0/8 2001::/16\n", "" },
		{ "[relay r]\nranges = 10.0.0.0/7,\n 0.0.0.0/0 1.0.0.0-2.0.0.0\n  2000::/15\n",
			"m.ini:2: 10.0.0.0/7 is wider than an IPv4 /8: if that is meant, say `allow_wide_ranges = yes` "
			"in [relay r]\n"
			"m.ini:3: 0.0.0.0/0 is wider than an IPv4 /8: if that is meant, say `allow_wide_ranges = yes` "
			"in [relay r]\n"
			"m.ini:3: 1.0.0.0-2.0.0.0 is wider than an IPv4 /8: if that is meant, say `allow_wide_ranges = "
			"yes` in [relay r]\n"
			"m.ini:4: 2000::/15 is wider than an IPv6 /16: if that is meant, say `allow_wide_ranges = yes` "
			"in [relay r]\n" },
		{ "[relay r]\nranges = 10.0.0.0/7 2000::/15\nallow_wide_ranges = yes\n", "" },
		{ "[relay r]\nallow_wide_ranges = yes\nranges = 10.0.0.0/7 2000::/15\n", "" },
		{ "[relay r]\nallow_wide_ranges = no\nranges = 10.0.0.0/7 ::1\n",
			"m.ini:3: 10.0.0.0/7 is wider than an IPv4 /8: if that is meant, say `allow_wide_ranges = yes` "
			"in [relay r]\n" },
		{ "[relay r]\nranges = 10.0.0.0/7 ::1\n[relay s]\nallow_wide_ranges = yes\n" DOMAINS
		  "[default]\nrelays = r s\n",
			"m.ini:2: 10.0.0.0/7 is wider than an IPv4 /8: if that is meant, say `allow_wide_ranges = yes` "
			"in [relay r]\n" },
	};

	expect_said(rows, sizeof rows / sizeof *rows);
}
END_TEST

START_TEST(whole_relay)
{
	struct reading r = read_string(
		"; first\n[relay One.1_-]\nranges = 192.0.2.0/255.255.255.0, 192.0.2.10-192.0.2.99\n"
		"  2001:db8::/32\ndomains = Relay.Example. b\xc3\xbc"
		"cher.example\nfingerprints = 01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67\n  " SHA1 SHA1
		"00112233445566778899aabb" SHA1 SHA1 "00112233445566778899aabb " SHA1
		"00112233445566778899aabb\nmatch = address\nmax_age = 90d\n");
	const struct relay_config *relay = &r.c.relays[0];

	row_has("one bad", r.words, "is no fingerprint");
	ck_assert_uint_eq(r.f.errors, 1);
	ck_assert_str_eq(relay->name, "One.1_-");
	ck_assert_uint_eq(relay->place.line, 2);
	ck_assert_uint_eq(relay->ranges.count, 3);
	ck_assert_uint_eq(relay->domains.count, 2);
	ck_assert_str_eq(relay->domains.at[0], "relay.example");
	ck_assert_str_eq(relay->domains.at[1], "xn--bcher-kva.example");
	ck_assert_uint_eq(relay->fingerprint_count, 2);
	ck_assert_uint_eq(relay->fingerprints[0].len, 20);
	ck_assert_uint_eq(relay->fingerprints[0].bytes[19], 0x67);
	ck_assert_uint_eq(relay->fingerprints[1].len, 32);
	ck_assert_uint_eq(relay->max_age, 90 * 86400);
	ck_assert(!relay->allow_wide_ranges);
	reading_free(&r);
}
END_TEST

int main(void)
{
	return unit_run("config_relays", UNIT_TESTS(matches, faults_of_data, wide_ranges, whole_relay));
}
