/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/domain.h"

#include "unit.h"

static const struct {
	const char *name, *want;
} normal[] = {
	{ "Example.ORG", "example.org" },
	{ "example.org.", "example.org" },
	{ "example.org...", "example.org" },
	{ "b_c.test", "b_c.test" },
	{ "-x.test", "-x.test" },
	{ "xn--zzzzzz.test", "xn--zzzzzz.test" }, /* no A-label of anything: ASCII never passes through libidn2 */
	{ "B\xc3\xbc"
	  "cher2.test",
		"xn--bcher2-3ya.test" },
	{ "B\xc3\x9c"
	  "CHER2.test.",
		"xn--bcher2-3ya.test" },
	{ "stra\xc3\x9f"
	  "e.test",
		"xn--strae-oqa.test" },
	{ "\xe2\x98\x95.Relayed.test", "\xe2\x98\x95.relayed.test" }, /* refused: as it is, in lower case */
	{ "\xe2\x98\x95.B\xc3\x9c"
	  "CHER2.test",
		"\xe2\x98\x95.xn--bcher2-3ya.test" }, /* label by label then */
	/* refused, too, but Postfix folds the case of the letters beside the emoji, or of another direction */
	{ "\xe2\x98\x95\xc3\x89.test", "\xe2\x98\x95\xc3\xa9.test" },
	{ "\xe2\x98\x95\xc3\xa9.test", "\xe2\x98\x95\xc3\xa9.test" },
	{ "I\xe2\x9d\xa4\xd0\x96.test", "i\xe2\x9d\xa4\xd0\xb6.test" },
	{ "x\xf0\x9e\xa4\x80y.test", "x\xf0\x9e\xa4\xa2y.test" },
	{ "\xe2\x98\x95\xe3\x80\x82\xef\xbc\xa1\xc2\xa0.test", "\xe2\x98\x95\xe3\x80\x82"
							       "a\xc2\xa0.test" }, /* no dots or spaces come of it */
	{ "\xff\xfe.Test", "\xff\xfe.test" }, /* no UTF-8 */
	{ "victim.te\xc5\xbft", "victim.test" },
	{ "", "" },
	{ "...", "" },
};

START_TEST(names_are_compared_as_a_labels)
{
	for (int i = 0; i < (int)(sizeof normal / sizeof *normal); i++) {
		char to[DOMAIN_MAX];
		size_t len = domain_normalise(text_of(normal[i].name), to, sizeof to);

		ck_assert_msg(text_is(text_cut(to, len), normal[i].want), "row %d (%s): got %.*s", i, normal[i].name,
			(int)len, to);
	}
}
END_TEST

START_TEST(normalising_again_changes_nothing)
{
	for (int i = 0; i < (int)(sizeof normal / sizeof *normal); i++) {
		char once[DOMAIN_MAX], twice[DOMAIN_MAX];
		size_t len = domain_normalise(text_of(normal[i].name), once, sizeof once);
		size_t again = domain_normalise(text_cut(once, len), twice, sizeof twice);

		ck_assert_msg(text_equal(text_cut(once, len), text_cut(twice, again)), "row %d", i);
	}
}
END_TEST

START_TEST(a_long_name_is_cut_and_says_so)
{
	char name[1000], to[8];

	memset(name, 'A', sizeof name);
	ck_assert_uint_eq(domain_normalise(text_cut(name, sizeof name), to, sizeof to), sizeof name);
	ck_assert_int_eq(memcmp(to, "aaaaaaaa", 8), 0);
}
END_TEST

static const struct {
	const char *name;
	bool dot;
	const char *want; /* NULL: refused, with hint in the words */
	const char *hint;
} parsed[] = {
	{ "Example.org", false, "example.org", NULL },
	{ "example.org.", false, "example.org", NULL },
	{ ".Example.net", true, ".example.net", NULL },
	{ "single", false, "single", NULL },
	{ "_dmarc.b-c.test", false, "_dmarc.b-c.test", NULL },
	{ "b\xc3\xbc"
	  "cher2.test",
		false, "xn--bcher2-3ya.test", NULL },
	{ "", false, NULL, "empty" },
	{ ".example.net", false, NULL, "`example.net` meant" },
	{ "*.example.net", true, NULL, "`.example.net` meant" },
	{ "*.example.net", false, NULL, "`example.net` meant" },
	{ "a.\xc2\x80"
	  "b.example",
		true, NULL, "U+0080 cannot stand in a domain" },
	{ "a.\xe2\x80\xae"
	  "b.example",
		true, NULL, "U+202E cannot stand in a domain" },
	{ "a.\xff"
	  "b.example",
		true, NULL, "is not UTF-8" },
	{ "a.\xc3", true, NULL, "is not UTF-8" },
	{ "b\xc3\xbc"
	  "cher.example",
		true, "xn--bcher-kva.example", NULL },
	{ "u@example.net", true, NULL, "`example.net` meant" },
	{ "[192.0.2.1]", true, NULL, "literal" },
	{ "192.0.2.1", true, NULL, "address" },
	{ "192.0.2.1.", true, NULL, "address" },
	{ "192.0.2.\xef\xbb\xbf"
	  "1",
		true, NULL, "`192.0.2.1` is an address" },
	{ "\xef\xbc\x91.2.3.4", true, NULL, "`1.2.3.4` is an address" },
	{ "2001:db8::1", true, NULL, "address" },
	{ "a..b", true, NULL, "empty label" },
	{ "..a", true, NULL, "empty label" },
	{ ".", true, NULL, "empty label" },
	{ "a b", true, NULL, "cannot stand" },
	{ "example.org:25", true, NULL, "cannot stand" },
	{ "a/b", true, NULL, "cannot stand" },
	{ "0123456789012345678901234567890123456789012345678901234567890123.test", true, NULL,
		"label of more than 63" },
};

START_TEST(names_of_a_configuration_are_checked)
{
	for (int i = 0; i < (int)(sizeof parsed / sizeof *parsed); i++) {
		char to[DOMAIN_MAX + 1];
		struct err e = { "" };
		int rc = domain_parse(text_of(parsed[i].name), parsed[i].dot, to, &e);

		if (parsed[i].want)
			ck_assert_msg(rc == 0 && strcmp(to, parsed[i].want) == 0, "row %d (%s): %d %s", i,
				parsed[i].name, rc, e.text);
		else
			ck_assert_msg(rc == -1 && strstr(e.text, parsed[i].hint), "row %d (%s): %d %s", i,
				parsed[i].name, rc, e.text);
	}
}
END_TEST

static const struct {
	const char *host, *domain;
	bool want;
} within[] = {
	{ "mx1.relay.example", "relay.example", true }, { "MX1.Relay.Example.", "relay.example", true },
	{ "relay.example", "relay.example", true }, { "evilrelay.example", "relay.example", false },
	{ "relay.example.evil", "relay.example", false }, { "relay.example..", "relay.example", false },
	{ ".relay.example", "relay.example", false }, { "a..relay.example", "relay.example", false },
	{ "[192.0.2.5]", "relay.example", false }, { "[x.relay.example", "relay.example", false },
	{ "example", "relay.example", false }, { "", "relay.example", false }, { ".", "relay.example", false },
	{ "unknown", "relay.example", false }, { "mx_1.relay.example", "relay.example", true },
	{ "mx.b\xc3\xbc"
	  "cher2.test",
		"xn--bcher2-3ya.test", true },
	{ "\xe2\x98\x95.relay.example", "relay.example", true },
	{ "a\xe3\x80\x82.relay.example", "relay.example", false }, /* an ideographic full stop makes an empty label */
};

START_TEST(hosts_are_at_or_below_by_whole_labels)
{
	for (int i = 0; i < (int)(sizeof within / sizeof *within); i++) {
		char to[256];
		size_t len = domain_of_host(text_of(within[i].host), to, sizeof to);

		ck_assert_msg(domain_within(text_cut(to, len), text_of(within[i].domain)) == within[i].want,
			"row %d (%s)", i, within[i].host);
	}
}
END_TEST

static const struct {
	const char *name, *want; /* want NULL: there is no other */
} folded[] = {
	{ "xn--strae-oqa.test", "strasse.test" },
	{ ".xn--gro-7ka.xn--strae-oqa.test", ".gross.strasse.test" },
	{ "xn--hxa2bjr.test", "xn--hxa2bmn.test" }, /* a final sigma */
	{ "\xe2\x98\x95\xc3\x9f.test", "\xe2\x98\x95ss.test" }, /* libidn2 refuses the label */
	{ "\xe2\x98\x95.xn--gro-7ka.test", "\xe2\x98\x95.gross.test" },
	{ "strasse.test", NULL },
	{ "xn--bcher2-3ya.test", NULL },
	{ "xn--zzzzzz.test", NULL },
	{ "\xe2\x98\x95.test", NULL },
	{ ".test", NULL },
};

START_TEST(names_are_folded_as_postfix_does)
{
	for (int i = 0; i < (int)(sizeof folded / sizeof *folded); i++) {
		char to[DOMAIN_MAX + 1] = "";
		bool other = domain_folded(text_of(folded[i].name), to);

		ck_assert_msg(other == (folded[i].want != NULL) && (!other || strcmp(to, folded[i].want) == 0),
			"row %d (%s): got %s", i, folded[i].name, to);
		ck_assert(!other || domain_is_foreign(text_of(folded[i].name)));
	}
}
END_TEST

int main(void)
{
	return unit_run("domain", UNIT_TESTS(names_are_compared_as_a_labels, normalising_again_changes_nothing,
					  a_long_name_is_cut_and_says_so, names_of_a_configuration_are_checked,
					  hosts_are_at_or_below_by_whole_labels, names_are_folded_as_postfix_does));
}
