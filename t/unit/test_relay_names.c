/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "server/relay_names.h"
#include "unit.h"

static struct relay_names *names;

static void set_up(void)
{
	names = calloc(1, sizeof *names);
}

static struct text name_of(char *to, size_t cap, unsigned i)
{
	snprintf(to, cap, "relay-%u", i);
	return text_of(to);
}

START_TEST(stay)
{
	set_up();
	ck_assert_uint_eq(relay_names_find(names, text_of("a")), RELAY_OTHER);
	relay_names_add(names, text_of("a"));
	relay_names_add(names, text_of("b"));
	relay_names_add(names, text_of("a"));
	ck_assert_uint_eq(relay_names_find(names, text_of("a")), 0);
	ck_assert_uint_eq(relay_names_find(names, text_of("b")), 1);
	ck_assert_uint_eq(relay_names_find(names, text_of("A")), RELAY_OTHER);
	ck_assert_uint_eq(names->count, 2);
	ck_assert_str_eq(names->name[1], "b");
	free(names);
}
END_TEST

START_TEST(full)
{
	char name[32];

	set_up();
	for (unsigned i = 0; i < RELAYS_NAMED + 500; i++)
		relay_names_add(names, name_of(name, sizeof name, i));
	ck_assert_uint_eq(names->count, RELAYS_NAMED);
	for (unsigned i = 0; i < RELAYS_NAMED + 500; i++)
		row_int(name, relay_names_find(names, name_of(name, sizeof name, i)),
			i < RELAYS_NAMED ? i : (unsigned)RELAY_OTHER);
	free(names);
}
END_TEST

START_TEST(too_long)
{
	char longest[RELAY_NAME + 1];

	set_up();
	memset(longest, 'x', sizeof longest);
	relay_names_add(names, text_cut(longest, RELAY_NAME + 1));
	ck_assert_uint_eq(names->count, 0);
	relay_names_add(names, text_cut(longest, RELAY_NAME));
	ck_assert_uint_eq(relay_names_find(names, text_cut(longest, RELAY_NAME)), 0);
	ck_assert_uint_eq(relay_names_find(names, text_cut(longest, RELAY_NAME + 1)), RELAY_OTHER);
	free(names);
}
END_TEST

/* A worker that somebody has got hold of can write there. */
START_TEST(scribbled)
{
	static const int bytes[] = { 1, 0x7f, 0xff };

	for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
		set_up();
		memset(names, bytes[i], sizeof *names);
		ck_assert_uint_eq(relay_names_find(names, text_of("a")), RELAY_OTHER);
		relay_names_add(names, text_of("a"));
		ck_assert_uint_le(relay_names_find(names, text_of("a")), RELAY_OTHER);
		ck_assert_uint_eq(relay_names_at(names, RELAYS_NAMED - 1).len, RELAY_NAME);
		free(names);
	}
}
END_TEST

int main(void)
{
	return unit_run("relay_names", UNIT_TESTS(stay, full, too_long, scribbled));
}
