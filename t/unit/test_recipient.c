/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/recipient.h"

#include "unit.h"

#define B           \
	"b\xc3\xbc" \
	"cher2.test"
#define STRASSE        \
	"stra\xc3\x9f" \
	"e.test"

/* Candidates in their order, a space apart; "-" is "no domain". `single` and `sisingle` have sections of their own. */
static const struct {
	const char *address, *want;
} rows[] = {
	{ "u@victim.test", "victim.test" },
	{ "U@VICTIM.TEST", "victim.test" },
	{ "u@victim.test.", "victim.test" },
	{ "u%victim.test@off.test", "off.test victim.test" },
	{ "u@victim.test@off.test", "off.test victim.test" },
	{ "victim.test!u", "victim.test" },
	{ "victim.test!u@off.test", "off.test victim.test" },
	{ "u%victim.test", "victim.test" },
	{ "u@victim.test@", "victim.test" },
	{ "u%victim.test@", "victim.test" },
	{ "u%victim.test@[127.0.0.1]", "victim.test" },
	/* A: backslashes */
	{ "u@victim\\.test@mx.off.test", "mx.off.test victim.test" },
	{ "u@victim\\.test", "victim.test" },
	{ "vi\\ctim.test!u", "victim.test" },
	{ "u.%single\\", "single" },
	/* B: quotes */
	{ "u@\"victim.test\"@mx.off.test", "mx.off.test victim.test" },
	{ "\"victim.test\"!u", "victim.test" },
	{ "u@\"Victim\".Test.", "victim.test" },
	{ "u@\"\\\"victim.test\\\"\"", "victim.test" },
	/* C: white space */
	{ "u@ victim.test @mx.off.test", "mx.off.test victim.test" },
	{ "u@victim.test ", "victim.test" },
	{ " victim.test!u", "victim.test" },
	{ "u@victim .test", "victim.test" },
	{ "u@\tvictim.test\r", "victim.test" },
	{ "u@\x01victim\x7f.test", "victim.test" },
	/* D: source routes inside quotes */
	{ "@mx.off.test:victim.test!u@off.test", "off.test victim.test mx.off.test -" },
	{ "%mx.off.test:\"victim.test\"!u@off.test", "off.test victim.test mx.off.test -" },
	/* E: behind the last @ */
	{ "@mx.off.test:u%victim.test", "victim.test mx.off.test -" },
	{ "@:victim.test!u", "victim.test -" },
	/* F: case folding that is not IDNA's */
	{ "u@" STRASSE, "xn--strae-oqa.test strasse.test" },
	{ "u%" STRASSE "@mx.off.test", "mx.off.test xn--strae-oqa.test strasse.test" },
	{ "u@victim.te\xc5\xbft", "victim.test victim.test" },
	{ "u@\xe2\x84\xaa.test", "k.test k.test" },
	{ "u@\xef\xac\x84.test", "ffl.test ffl.test" },
	{ "u@\xef\xac\x86.test", "st.test st.test" },
	{ "u@a\xcf\x82.test", "xn--a-ymb.test xn--a-0mb.test" },
	/* G: names that are not ASCII, also those that libidn2 refuses */
	{ "u%B\xc3\x9c"
	  "CHER2.test@mx.off.test",
		"mx.off.test xn--bcher2-3ya.test" },
	{ "u%\xe2\x98\x95.relayed.test@mx.off.test", "mx.off.test \xe2\x98\x95.relayed.test" },
	/* H: a route that eats the domain */
	{ "%:u@off.test", "off.test -" },
	{ "@x.test:u", "x.test -" },
	{ "%:u-x@off.test", "off.test -" },
	{ "u", "-" },
	{ "u@", "-" },
	{ "u@[192.0.2.1]", "-" },
	{ "u@[IPv6:2001:db8::1]", "-" },
	/* what counts without a dot */
	{ "u%single@off.test", "off.test single" },
	{ "u%other@off.test", "off.test" },
	{ "u@other", "other" },
	{ "u@other@", "-" },
	{ "single!u@off.test", "off.test single" },
	{ "u%\xc5\xbfi\xc5\xbfingle@off.test", "off.test sisingle sisingle" }, /* only its folded form has a section */
	/* what cannot be meant as a domain */
	{ "john.doe@off.test", "off.test" },
	{ "bounce+u=victim.test@off.test", "off.test" },
	{ "SRS0=x=y=victim.test=u@off.test", "off.test" },
	{ "john:doe@off.test", "off.test" },
	{ "a,b.test@off.test", "off.test" },
	{ "u@vic*tim.test", "-" },
	{ "u@victim.test,off.test", "victim.test" },
	{ "u@a!b@off.test", "off.test" },
};

static bool section(const void *context, struct text name)
{
	(void)context;
	return text_is(name, "single") || text_is(name, "sisingle");
}

static void candidates(const char *address, enum recipient_rule rule, char *to)
{
	static struct recipient r;
	char name[256];
	size_t len;

	*to = 0;
	recipient_start(&r, text_of(address), rule, section, NULL);
	while (recipient_next(&r, name, sizeof name, &len)) {
		if (*to)
			strcat(to, " ");
		strncat(to, len ? name : "-", len ? len : 1);
	}
}

START_TEST(every_disguise_is_seen_through)
{
	for (int i = 0; i < (int)(sizeof rows / sizeof *rows); i++) {
		char got[1000];

		candidates(rows[i].address, RECIPIENT_STRICT, got);
		ck_assert_msg(strcmp(got, rows[i].want) == 0, "row %d (%s): got %s, want %s", i, rows[i].address, got,
			rows[i].want);
	}
}
END_TEST

static const struct {
	const char *address, *want;
} ignoring[] = {
	{ "u%victim.test@off.test", "off.test" },
	{ "u@victim.test@off.test", "off.test" },
	{ "victim.test!u", "-" },
	{ "u@\"victim.test \"", "victim.test" },
	{ "u@" STRASSE, "xn--strae-oqa.test strasse.test" },
	{ "@mx.off.test:u%victim.test", "-" },
	{ "u@victim.test@", "-" },
	{ "%:u@off.test", "off.test" },
	{ "u@other", "other" },
};

START_TEST(routes_can_be_ignored)
{
	for (int i = 0; i < (int)(sizeof ignoring / sizeof *ignoring); i++) {
		char got[1000];

		candidates(ignoring[i].address, RECIPIENT_IGNORE_ROUTES, got);
		ck_assert_msg(strcmp(got, ignoring[i].want) == 0, "row %d (%s): got %s, want %s", i,
			ignoring[i].address, got, ignoring[i].want);
	}
}
END_TEST

START_TEST(the_longest_address_ends)
{
	static struct recipient r;
	static char address[RECIPIENT_MAX];
	char name[256];
	size_t len, count = 0;

	for (size_t i = 0; i < sizeof address; i++)
		address[i] = "@a.b"[i % 4];
	recipient_start(&r, text_cut(address, sizeof address), RECIPIENT_STRICT, section, NULL);
	while (recipient_next(&r, name, sizeof name, &len))
		count++;
	ck_assert_uint_eq(count, sizeof address / 4);
}
END_TEST

int main(void)
{
	return unit_run("recipient",
		UNIT_TESTS(every_disguise_is_seen_through, routes_can_be_ignored, the_longest_address_ends));
}
