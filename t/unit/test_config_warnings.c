/* SPDX-License-Identifier: BSD-2-Clause */
/* What is allowed, and said to be unwise. */
#include <fcntl.h>
#include <time.h>

#include "config_reading.h"
#include "policy/config_parts.h"

#define A "[relay a]\nranges = 192.0.2.0/24 2001:db8::/32\n"
#define B "[relay b]\nranges = 198.51.100.0/24 2001:db9::/32\n"
#define LOOPBACK " warning: exempt_networks: without loopback (127.0.0.0/8 ::1) this host's own mail is refused\n"
#define BOTH                                                                                                           \
	" warning: on_near_miss and on_mismatch both `refuse`: when the service adds a host or renames one, its mail " \
	"is lost\n"
#define EVERY                                                                                                      \
	" warning: [default] names no `relays`: each of the 2 relays may deliver to every domain that names none " \
	"itself\n"

START_TEST(policies)
{
	static const struct said rows[] = {
		{ FILTER "[default]\nexempt_recipients = postmaster *\n",
			"m.ini:4: warning: exempt_recipients: `*`: there are no wildcards here: only a recipient that "
			"is spelled so is exempt\n" },
		{ A B, "m.ini:3:" EVERY },
		{ A B "[default]\n", "m.ini:5:" EVERY },
		{ A B "[default]\nrelays = a b\n", "" },
		{ A B "[default]\nrelays = a\n", "m.ini:3: warning: [relay b] is used by no policy\n" },
		{ A B "[default]\nrelays = a\n[domain a.example]\nrelays = b\n", "" },
		{ A "[default]\nmode = off\n",
			"m.ini:4: warning: mode: [default] is `off`: what no section names is not protected\n" },
		{ A "[domain a.example]\nmode = off\n", "" },
		{ A "[default]\nexempt_networks = 10.0.0.0/8\n", "m.ini:4:" LOOPBACK },
		{ A "[default]\nexempt_networks =\n", "m.ini:4:" LOOPBACK },
		{ A "[default]\nexempt_networks = 127.0.0.1\n", "" },
		{ A "[default]\nexempt_networks = ::1 10.0.0.0/8\n", "" },
		{ A "[domain a.example]\nexempt_networks = 127.0.0.2\n[domain b.example]\n", "m.ini:4:" LOOPBACK },
		{ A "[default]\non_near_miss = refuse\n", "m.ini:4:" BOTH },
		{ A "[default]\non_mismatch = defer\non_near_miss = refuse\n[domain a.example]\n", "" },
		{ A "[default]\non_near_miss = refuse\non_mismatch = defer\n[domain a.example]\nmode = "
		    "monitor\non_mismatch = "
		    "refuse\n[domain b.example]\n",
			"m.ini:8:" BOTH },
		{ A "[domains l]\nmode = off\n", "m.ini:3: warning: [domains l] covers no domain (`names`, `file`): "
						 "only policy_context=l chooses it\n" },
	};

	expect_said(rows, sizeof rows / sizeof *rows);
}
END_TEST

START_TEST(shared_ranges)
{
	static const struct {
		const char *a, *b, *c, *want; /* the warnings about sharing, in short: pairs of names */
	} rows[] = {
		{ "192.0.2.0/24", "192.0.3.0/24", "192.0.4.0/24", "" },
		{ "192.0.2.0/24", "192.0.2.0/24", "::1", "ba" },
		{ "192.0.2.0/24", "192.0.2.255", "::1", "ba" },
		{ "192.0.2.0/24 192.0.2.0/25", "192.0.3.0", "::1", "" },
		{ "192.0.2.0/24", "192.0.2.1 192.0.2.2", "192.0.2.2", "ba ca cb" },
		{ "192.0.0.0/16 192.0.1.0/24", "192.0.1.1-192.1.0.0", "192.0.255.255", "ba ca cb" },
		{ "192.0.0.0/16", "193.0.0.0/16 ::2", "192.0.5.0/24 ::2", "ca cb" },
		{ "0.0.0.0-0.0.0.9", "0.0.0.1-0.0.0.3", "0.0.0.9", "ba ca" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[400], got[100] = "", *at;
		snprintf(text, sizeof text, "[relay a]\nranges = %s\n[relay b]\nranges = %s\n[relay c]\nranges = %s\n",
			rows[i].a, rows[i].b, rows[i].c);
		struct reading r = read_string(text);
		for (at = strstr(r.words, " shares"); at; at = strstr(at + 1, " shares"))
			snprintf(got + strlen(got), sizeof got - strlen(got), "%s%c%c", got[0] ? " " : "", at[-2],
				at[strlen(" shares ranges with [relay ")]);
		row_str(rows[i].want[0] ? rows[i].want : "nothing", got, rows[i].want);
		reading_free(&r);
	}
}
END_TEST

/* The sweep tells of exactly those pairs of relays of which some two ranges overlap. */
START_TEST(shared_ranges_at_random)
{
	enum { RANGES = 12, EACH = 3 };
	unsigned seed = 1;

	for (int round = 0; round < 500; round++) {
		unsigned first[RANGES], last[RANGES], shared[RANGES / EACH][RANGES / EACH] = { 0 };
		char text[800] = "", pair[60];
		for (unsigned i = 0; i < RANGES; i++) {
			first[i] = (unsigned)rand_r(&seed) % 200;
			last[i] = first[i] + (unsigned)rand_r(&seed) % (unsigned)(round % 40 + 1);
			for (unsigned j = 0; j < i; j++)
				shared[i / EACH][j / EACH] |= first[i] <= last[j] && first[j] <= last[i];
			if (i % EACH == 0)
				snprintf(text + strlen(text), sizeof text - strlen(text),
					"\n[relay r%u]\nranges =", i / EACH);
			snprintf(text + strlen(text), sizeof text - strlen(text), " 192.0.2.%u-192.0.2.%u", first[i],
				last[i]);
		}
		struct reading r = read_string(text);
		row_int(text, r.f.errors, 0);
		for (unsigned i = 0; i < RANGES / EACH; i++)
			for (unsigned j = 0; j < i; j++) {
				snprintf(pair, sizeof pair, "[relay r%u] shares ranges with [relay r%u]", i, j);
				row_int(text, strstr(r.words, pair) != NULL, shared[i][j]);
			}
		reading_free(&r);
	}
}
END_TEST

START_TEST(old_ranges_files)
{
	struct folder d = folder_make();
	struct timespec times[2] = { { 0, UTIME_NOW }, { time(NULL) - 10 * 86400 - 3600, 0 } };

	folder_put(&d, "a.ranges", "192.0.2.1\n2001:db8::1\n");
	folder_put(&d, "b.ranges", "192.0.2.2\n");
	ck_assert_int_eq(utimensat(AT_FDCWD, folder_path(&d, "a.ranges"), times, 0), 0);
	for (int days = 10; days < 12; days++) {
		char text[200];
		snprintf(text, sizeof text, "[relay r]\nmax_age = %dd\nranges_file = a.ranges b.ranges\n", days);
		folder_put(&d, "m.ini", text);
		struct reading r = read_file(folder_path(&d, "m.ini"));
		ck_assert_str_eq(folder_cut(&d, r.words),
			days > 10 ? "" : "m.ini:3: warning: ranges_file: `a.ranges` is older than max_age: 10 days\n");
		reading_free(&r);
	}
	folder_remove(&d);
}
END_TEST

#define TCP6_HEAD                                                                                                    \
	"  sl  local_address                         remote_address                        st tx_queue rx_queue tr " \
	"tm->when retrnsmt   uid\n"
#define ANY "00000000000000000000000000000000"

START_TEST(listening_to_ipv6)
{
	static const struct {
		const char *local, *state;
		bool want;
	} rows[] = {
		{ ANY ":0019", "0A", true },
		{ "B80D0120000000000000000001000000:0019", "0A", true },
		{ ANY ":0019", "01", false },
		{ ANY ":0050", "0A", false },
		{ "00000000000000000000000001000000:0019", "0A", false },
		{ "0000000000000000FFFF00000100007F:0019", "0A", false },
	};
	struct folder d = folder_make();

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[600];
		snprintf(text, sizeof text,
			TCP6_HEAD "   0: " ANY ":0016 " ANY ":0000 0A 00000000:00000000 00:0 0 0\n"
				  "  10: %s " ANY ":0000 %s 00000000:00000000 00:0 0 0\n",
			rows[i].local, rows[i].state);
		folder_put(&d, "tcp6", text);
		row_int(rows[i].local, ipv6_is_listened_to(folder_path(&d, "tcp6")), rows[i].want);
	}
	ck_assert(!ipv6_is_listened_to(folder_path(&d, "none")));
	folder_remove(&d);
}
END_TEST

/* Whatever this host listens to: a relay with IPv4 alone is warned of when it is so. A server may start or end meanwhile. */
START_TEST(ipv4_only)
{
	bool before, after;
	size_t warnings;

	do {
		before = ipv6_is_listened_to("/proc/net/tcp6");
		struct reading r = read_string("[relay r]\nranges = 192.0.2.1\n");
		after = ipv6_is_listened_to("/proc/net/tcp6");
		warnings = r.f.warnings;
		reading_free(&r);
	} while (before != after);
	ck_assert_uint_eq(warnings, before ? 1 : 0);
}
END_TEST

int main(void)
{
	return unit_run("config_warnings", UNIT_TESTS(policies, shared_ranges, shared_ranges_at_random,
						   old_ranges_files, listening_to_ipv6, ipv4_only));
}
