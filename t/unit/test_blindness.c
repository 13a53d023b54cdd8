/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "server/blindness.h"
#include "server/counters.h"
#include "unit.h"

enum { HOUR = 3600 * 1000, WORKERS = 2 };

static struct counters *counters;
static struct blindness worker[WORKERS];
static int64_t now;

static void start(void)
{
	counters = counters_new();
	ck_assert_ptr_nonnull(counters);
	now = 1000;
	for (unsigned n = 0; n < WORKERS; n++)
		worker[n] = (struct blindness){ .own = &counters->slot[n].clients };
}

/* So many requests of a client; true: at least one look found reason to look at the whole server. */
static bool ask(unsigned n, const char *address, unsigned times)
{
	bool suspicious = false;

	for (unsigned i = 0; i < times; i++)
		if (blindness_count(&worker[n], text_of(address), false))
			suspicious = blindness_look(&worker[n], text_of(address), now) || suspicious;
	return suspicious;
}

/* "ADDRESS SAME/SEEN", or "" when nothing is found. */
static const char *found(void)
{
	static char words[100];
	struct blindness_finding f;
	char address[IP_TEXT];

	if (!blindness_found(counters, WORKERS, now, &f))
		return "";
	snprintf(words, sizeof words, "%s %d/%d", ip_print(&f.address, address), (int)f.same, (int)f.seen);
	return words;
}

START_TEST(addresses)
{
	static const struct {
		const char *address;
		bool hides;
	} rows[] = {
		{ "127.0.0.1", true },
		{ "127.255.255.255", true },
		{ "128.0.0.0", false },
		{ "10.0.0.1", true },
		{ "9.255.255.255", false },
		{ "11.0.0.0", false },
		{ "172.16.0.0", true },
		{ "172.31.255.255", true },
		{ "172.32.0.0", false },
		{ "172.15.255.255", false },
		{ "192.168.0.1", true },
		{ "192.169.0.0", false },
		{ "100.64.0.1", true },
		{ "100.127.255.255", true },
		{ "100.128.0.0", false },
		{ "169.254.1.1", true },
		{ "192.0.2.1", false },
		{ "0.0.0.1", false },
		{ "::ffff:10.0.0.1", true },
		{ "::ffff:192.0.2.1", false },
		{ "::1", true },
		{ "::2", false },
		{ "fc00::", true },
		{ "fdff:ffff::1", true },
		{ "fe00::1", false },
		{ "fe80::1", true },
		{ "fe80::1%eth0", true },
		{ "febf::1", true },
		{ "fec0::1", false },
		{ "2001:db8::1", false },
		{ "unknown", false },
		{ "", false },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		start();
		row_int(rows[i].address, ask(0, rows[i].address, 2 * BLIND_LEAST), rows[i].hides);
		row_int(rows[i].address, found()[0] != '\0', rows[i].hides);
	}
}
END_TEST

START_TEST(how_many)
{
	start();
	ask(0, "10.0.0.1", BLIND_LEAST - 1);
	ck_assert_str_eq(found(), "");
	ask(0, "10.0.0.1", 2);
	ck_assert_str_eq(found(), "10.0.0.1 100/101"); /* the first one told what to look for */

	start(); /* one in twenty is another */
	for (int i = 0; i < 100; i++) {
		ask(0, "10.0.0.1", 20);
		ask(0, "192.0.2.1", 1);
	}
	ck_assert_str_eq(found(), "10.0.0.1 1999/2100");
	ask(0, "192.0.2.1", 10);
	ck_assert_str_eq(found(), "");

	start(); /* another was there before */
	ask(0, "192.0.2.1", 40);
	ask(0, "10.0.0.1", 500);
	ck_assert_str_eq(found(), "");
	ck_assert(ask(0, "10.0.0.1", 2000));
	ck_assert_str_ne(found(), "");
}
END_TEST

/* Clients of all workers count, whatever one of them sees. */
START_TEST(workers)
{
	start();
	ask(0, "10.0.0.1", 60);
	ask(1, "10.0.0.1", 60);
	ck_assert_str_eq(found(), "10.0.0.1 118/120");
	ask(1, "192.0.2.1", 20);
	ck_assert_str_eq(found(), "");

	start();
	ask(0, "10.0.0.1", 200);
	ask(1, "10.0.0.2", 200);
	ck_assert_str_eq(found(), "");

	start();
	ask(0, "10.0.0.1", 200);
	worker[0] = (struct blindness){ .own = &counters->slot[0].clients }; /* replaced: it begins anew */
	ask(0, "10.0.0.1", 200);
	ck_assert_str_eq(found(), "");
}
END_TEST

START_TEST(relays)
{
	bool look = false;

	start();
	for (int i = 0; i < 1000; i++)
		if (blindness_count(&worker[0], text_of("10.0.0.1"), true))
			look = blindness_look(&worker[0], text_of("10.0.0.1"), now) || look;
	ck_assert(!look);
	ck_assert_str_eq(found(), "");
}
END_TEST

START_TEST(hours)
{
	start();
	ask(0, "10.0.0.1", 201);
	now += HOUR - 1;
	ck_assert_str_eq(found(), "10.0.0.1 200/201");
	now += 2;
	ask(0, "10.0.0.1", BLIND_LOOK);
	ck_assert_str_ne(found(), ""); /* with the hour before */
	now += HOUR;
	for (int i = 0; i < 200; i++)
		ask(0, i % 2 ? "192.0.2.1" : "192.0.2.2", 1);
	ck_assert_str_eq(found(), "");
	now += 2 * HOUR;
	ask(0, "10.0.0.1", 400); /* what was long ago is forgotten */
	ck_assert_str_ne(found(), "");
	now += 2 * HOUR;
	ck_assert_str_eq(found(), ""); /* nobody asks any more */
}
END_TEST

int main(void)
{
	return unit_run("blindness", UNIT_TESTS(addresses, how_many, workers, relays, hours));
}
