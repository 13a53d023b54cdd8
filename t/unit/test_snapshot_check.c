/* SPDX-License-Identifier: BSD-2-Clause */
#include <stddef.h>

#include "base/buf.h"
#include "snapshot_sample.h"
#include "snapshot_walk.h"
#include "unit.h"

static void put_right(struct buf *b)
{
	struct snapshot *s = (struct snapshot *)b->at;

	s->checksum = snapshot_checksum(b->at, b->len);
}

START_TEST(every_changed_byte_is_noticed)
{
	static const uint8_t flips[] = { 0x01, 0x80, 0xff };
	struct buf b = compiled(snapshot_sample);
	struct err e;

	for (size_t at = 0; at < b.len; at++)
		for (size_t i = 0; i < sizeof flips; i++) {
			b.at[at] = (char)(b.at[at] ^ flips[i]);
			ck_assert_msg(snapshot_check(b.at, b.len, &e) < 0, "byte %zu, flip %x", at, flips[i]);
			b.at[at] = (char)(b.at[at] ^ flips[i]);
		}
	ck_assert_int_eq(snapshot_check(b.at, b.len, &e), 0);
	buf_free(&b);
}
END_TEST

/* Whoever makes a snapshot by hand makes the checksum too: then it is refused, or can be followed anywhere. */
static unsigned refused_or_safe(const char *bytes, size_t length, size_t at, size_t size, uint32_t value)
{
	char *copy = must_alloc(length); /* its exact size, for the sanitizer */
	struct snapshot *s = (struct snapshot *)copy;
	struct err e;
	bool taken;

	memcpy(copy, bytes, length);
	memcpy(copy + at, &value, size);
	s->checksum = snapshot_checksum(copy, length);
	taken = snapshot_check(copy, length, &e) == 0;
	if (taken)
		snapshot_walk(s);
	free(copy);
	return taken;
}

START_TEST(a_changed_byte_under_a_right_checksum_is_harmless)
{
	static const uint8_t flips[] = { 0x01, 0x02, 0x08, 0x20, 0x80, 0xff };
	struct buf b = compiled(snapshot_sample);
	unsigned taken = 0;

	for (size_t at = 0; at < b.len; at++)
		for (size_t i = 0; i < sizeof flips; i++)
			taken += refused_or_safe(b.at, b.len, at, 1, (uint8_t)b.at[at] ^ flips[i]);
	/* Both happen: letters of an action may change, offsets may not. */
	ck_assert_uint_gt(taken, b.len / 100);
	ck_assert_uint_lt(taken, b.len * sizeof flips / 2);
	buf_free(&b);
}
END_TEST

START_TEST(a_changed_word_under_a_right_checksum_is_harmless)
{
	struct buf b = compiled(snapshot_sample);
	const uint32_t words[] = { 0, 1, 2, 8, sizeof(struct snapshot), (uint32_t)b.len - 8, (uint32_t)b.len - 1,
		(uint32_t)b.len, (uint32_t)b.len + 8, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff };

	for (size_t at = 0; at < b.len; at += 4)
		for (size_t i = 0; i < sizeof words / sizeof *words; i++)
			refused_or_safe(b.at, b.len, at, 4, words[i]);
	buf_free(&b);
}
END_TEST

START_TEST(every_cut_is_refused)
{
	struct buf b = compiled(snapshot_sample);
	struct err e;

	for (size_t n = 0; n < b.len; n++) {
		char *copy = must_alloc(n);
		memcpy(copy, b.at, n);
		ck_assert_msg(snapshot_check(copy, n, &e) < 0, "length %zu", n);
		if (n >= sizeof(struct snapshot)) {
			struct snapshot *s = (struct snapshot *)copy;
			ck_assert_msg(strstr(e.text, "cut off: ") == e.text, "length %zu: %s", n, e.text);
			s->length = n;
			s->checksum = snapshot_checksum(copy, n);
			if (snapshot_check(copy, n, &e) == 0)
				snapshot_walk(s);
		}
		free(copy);
	}
	buf_free(&b);
}
END_TEST

/* What a row of the table below changes. */
enum part { HEAD, RELAY, POLICY, LABEL };

#define IN_HEAD(member) HEAD, 0, offsetof(struct snapshot, member), sizeof(((struct snapshot *)0)->member)
#define IN_POLICYD(member) \
	HEAD, 0, offsetof(struct snapshot, policyd.member), sizeof(((struct snapshot *)0)->policyd.member)
#define IN_RELAY(i, member) RELAY, i, offsetof(struct snap_relay, member), sizeof(((struct snap_relay *)0)->member)
#define IN_POLICY(i, member) POLICY, i, offsetof(struct snap_policy, member), sizeof(((struct snap_policy *)0)->member)

/* clang-format off */
static const struct {
	const char *row;
	enum part part;
	uint32_t index;
	size_t at, size;
	uint64_t value;
	const char *words;
} damages[] = {
	{ "magic", IN_HEAD(magic), 0, "no compiled configuration" },
	{ "format", IN_HEAD(format), 7, "compiled by another version (format 7, this program reads 2): compile it again with `mxonly compile`" },
	{ "byte order", IN_HEAD(byte_order), 0x04030201, "compiled on a machine of the other byte order: " },
	{ "no byte order", IN_HEAD(byte_order), 5, "damaged: " },
	{ "longer", IN_HEAD(length), 1234567, "of 1,234,567 bytes" },
	{ "shorter", IN_HEAD(length), 1000, "bytes where it says 1,000" },
	{ "homes", IN_HEAD(domain_homes), 0, "damaged: where the domains are" },
	{ "more homes than slots", IN_HEAD(domain_homes), 1000, "damaged: where the domains are" },
	{ "another scale of homes", IN_HEAD(domain_homes), 2, "damaged: " },
	{ "count of domains", IN_HEAD(domain_count), 4, "damaged: the count of the domains" },
	{ "count of aliases", IN_HEAD(alias_count), 1, "damaged: the count of the domains" },
	{ "parents denied", IN_HEAD(has_parents), 0, "damaged: the count of the domains" },
	{ "no policies", IN_HEAD(policies.count), 1, "damaged: where the policies are" },
	{ "a label less", IN_HEAD(labels.count), 1, "damaged: the labels" },
	{ "workers", IN_POLICYD(workers), 257, "damaged: a number of [policyd]" },
	{ "timeout", IN_POLICYD(idle_timeout), 0, "damaged: a number of [policyd]" },
	{ "recipients", IN_POLICYD(routed_recipients), 2, "damaged: a number of [policyd]" },
	{ "log", IN_POLICYD(log), 3, "damaged: a number of [policyd]" },
	{ "socket mode", IN_POLICYD(socket_mode), 01777, "damaged: a number of [policyd]" },
	{ "match nothing", IN_RELAY(0, match), 0, "damaged: relay 0: its match" },
	{ "match HELO alone", IN_RELAY(0, match), FACTOR_BIT_HELO, "damaged: relay 0: its match" },
	{ "match what is not there", IN_RELAY(1, match), FACTOR_BIT_ADDRESS, "damaged: relay 1: its match" },
	{ "no such factor", IN_RELAY(0, match), 1 << FACTORS | 1, "damaged: relay 0: its match" },
	{ "no relay domains", IN_RELAY(0, domains.count), 0, "damaged: relay 0: its match" },
	{ "no file", IN_RELAY(0, place.file), 1, "damaged: relay 0: its name or place" },
	{ "range set cut", IN_RELAY(0, ranges.count), 8, "damaged: relay 0: its ranges" },
	{ "kind of [default]", IN_POLICY(0, kind), POLICY_DOMAINS, "damaged: policy 0: its kind" },
	{ "kind of a domain", IN_POLICY(2, kind), POLICY_DEFAULT, "damaged: policy 2: its kind" },
	{ "domain as label", IN_POLICY(2, kind), POLICY_DOMAINS, "damaged: " },
	{ "no such kind", IN_POLICY(2, kind), POLICY_KINDS, "damaged: policy 2: its kind" },
	{ "mode", IN_POLICY(0, mode), MODES, "damaged: policy 0: a value" },
	{ "near miss", IN_POLICY(0, on_near_miss), ON_DOUBTS, "damaged: policy 0: a value" },
	{ "no domain is lax", IN_POLICY(1, mode), MODE_OFF, "damaged: policy 1: not the strictest mode" },
	{ "relays", IN_POLICY(0, relays.count), 1000, "damaged: policy 0: its relays" },
	{ "action cut to a number", IN_POLICY(4, action[ACTION_REFUSE].count), 3, "damaged: policy 4: " },
	{ "empty action", IN_POLICY(4, action[ACTION_MONITOR].count), 0, "damaged: policy 4: " },
	{ "shared action cut", IN_POLICY(4, action[ACTION_DEFER].count), 3, "damaged: policy 4: " },
	{ "a string in the header", IN_POLICYD(group.at), 8, "damaged: a string of [policyd]" },
	{ "a label without end", LABEL, 1, 0, sizeof(uint32_t), 1000, "damaged: label 1: not that of a policy" },
	{ "a domain as label", LABEL, 1, 0, sizeof(uint32_t), 2, "damaged: label 1: not that of a policy" },
	{ "a label twice", LABEL, 0, 0, sizeof(uint32_t), 4, "damaged: label 1: not behind the one before it" },
	{ "exempt_networks", IN_POLICY(0, exempt_networks.at), 8, "damaged: policy 0: its exempt_networks" },
	{ "label too short", IN_POLICY(4, name.count), 0, "damaged: policy 4: its kind, name" },
};
/* clang-format on */

static void damage(struct buf *b, size_t i)
{
	const struct snapshot *s = of(b);
	const size_t starts[] = {
		[HEAD] = 0, [RELAY] = s->relays.at, [POLICY] = s->policies.at, [LABEL] = s->labels.at
	};
	const size_t sizes[] = { 0, sizeof(struct snap_relay), sizeof(struct snap_policy), sizeof(uint32_t) };
	char *at = b->at + starts[damages[i].part] + damages[i].index * sizes[damages[i].part] + damages[i].at;

	memcpy(at, &damages[i].value, damages[i].size);
}

START_TEST(damage_is_named)
{
	for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
		struct buf b = compiled(snapshot_sample);
		struct err e = { "" };
		damage(&b, i);
		put_right(&b);
		row_int(damages[i].row, snapshot_check(b.at, b.len, &e), -1);
		row_has(damages[i].row, e.text, damages[i].words);
		buf_free(&b);
	}
}
END_TEST

/* Damage to the table that only its order shows: two slots changed for one another, one moved behind a gap. */
START_TEST(misplaced_domains_are_noticed)
{
	struct buf b = compiled(snapshot_sample), copy = { 0 };
	uint32_t slots = of(&b)->domains.count, tried = 0;
	struct err e;

	for (uint32_t i = 0; i < slots; i++)
		for (uint32_t j = i + 1; j < slots; j++) {
			copy.len = 0;
			buf_add(&copy, b.at, b.len);
			struct snap_domain *table = (struct snap_domain *)(copy.at + of(&copy)->domains.at),
					   kept = table[i];
			if (table[i].name == 0 && table[j].name == 0)
				continue;
			table[i] = table[j];
			table[j] = kept;
			put_right(&copy);
			ck_assert_msg(snapshot_check(copy.at, copy.len, &e) < 0, "slots %u and %u", i, j);
			tried++;
		}
	ck_assert_uint_gt(tried, 20);
	buf_free(&b);
	buf_free(&copy);
}
END_TEST

START_TEST(domains_have_their_own_policies)
{
	struct buf b = compiled(snapshot_sample);
	struct snap_domain *table = (struct snap_domain *)(b.at + of(&b)->domains.at);
	const uint32_t count = of(&b)->policies.count, policies[] = { 0, 1, 2, 3, 4, 5, count, count + 1, UINT32_MAX };
	struct err e;

	ck_assert_uint_eq(count, 6);
	for (uint32_t i = 0; i < of(&b)->domains.count; i++) {
		uint32_t own = table[i].policy;
		for (size_t j = 0; table[i].name != 0 && j < sizeof policies / sizeof *policies; j++) {
			bool labels = own >= 4 && (policies[j] == 4 || policies[j] == 5);
			table[i].policy = policies[j];
			put_right(&b);
			ck_assert_msg((snapshot_check(b.at, b.len, &e) == 0) == (policies[j] == own || labels),
				"slot %u of policy %u as of %u", i, own, policies[j]);
		}
		table[i].policy = own;
	}
	buf_free(&b);
}
END_TEST

/* An alias has the policy of a name that is no alias. */
START_TEST(aliases_are_counted)
{
	struct buf b = compiled("[relay r]\nranges = 192.0.2.1\n[domain stra\xc3\x9f"
				"e.example]\n");
	struct snap_domain *table = (struct snap_domain *)(b.at + of(&b)->domains.at);
	uint32_t aliases = 0;
	struct err e;

	ck_assert_uint_eq(of(&b)->domain_count, 1);
	ck_assert_uint_eq(of(&b)->alias_count, 1);
	for (uint32_t i = 0; i < of(&b)->domains.count; i++) {
		if (table[i].name == 0)
			continue;
		ck_assert_uint_eq(table[i].policy, 2);
		aliases += table[i].alias;
		table[i].alias ^= 1;
		put_right(&b);
		ck_assert_int_eq(snapshot_check(b.at, b.len, &e), -1);
		table[i].alias ^= 1;
	}
	ck_assert_uint_eq(aliases, 1);
	put_right(&b);
	ck_assert_int_eq(snapshot_check(b.at, b.len, &e), 0);
	buf_free(&b);
}
END_TEST

/* One domain has two homes; when it takes the second, the table without its empty end has no end for a look-up. */
START_TEST(the_last_slot_is_empty)
{
	struct err e;
	bool tried = false;

	for (char c = 'a'; c <= 'z' && !tried; c++) {
		char ini[80];
		snprintf(ini, sizeof ini, "[relay r]\nranges = 192.0.2.1\n[domain %c.example]\n", c);
		struct buf b = compiled(ini);
		struct snapshot *s = (struct snapshot *)b.at;
		ck_assert_uint_eq(s->domains.count, 3);
		if (((const struct snap_domain *)snap_at(s, s->domains))[1].name != 0) {
			s->domains.count = 2;
			put_right(&b);
			ck_assert_int_eq(snapshot_check(b.at, b.len, &e), -1);
			tried = true;
		}
		buf_free(&b);
	}
	ck_assert(tried);
}
END_TEST

static void swap(char *a, char *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char kept = a[i];
		a[i] = b[i];
		b[i] = kept;
	}
}

START_TEST(lists_out_of_order_are_noticed)
{
	struct buf b = compiled(snapshot_sample);
	const size_t recipients = snap_policy(of(&b), 0)->exempt_recipients.at;
	const size_t fingerprints = snap_relay(of(&b), 1)->fingerprints.at;
	struct err e;

	swap(b.at + recipients, b.at + recipients + sizeof(struct span), sizeof(struct span));
	put_right(&b);
	ck_assert_int_eq(snapshot_check(b.at, b.len, &e), -1);
	row_has("recipients", e.text, "its exempt_recipients");
	swap(b.at + recipients, b.at + recipients + sizeof(struct span), sizeof(struct span));
	swap(b.at + fingerprints, b.at + fingerprints + sizeof(struct fingerprint), sizeof(struct fingerprint));
	put_right(&b);
	ck_assert_int_eq(snapshot_check(b.at, b.len, &e), -1);
	row_has("fingerprints", e.text, "its fingerprints");
	buf_free(&b);
}
END_TEST

/* Whatever the length, and wherever the byte, but for its own field. */
START_TEST(checksum_sees_every_byte)
{
	static char bytes[sizeof(struct snapshot) + 80];
	const size_t own = offsetof(struct snapshot, checksum);

	for (size_t n = 0; n <= sizeof bytes; n++)
		for (size_t at = 0; at < n; at++) {
			uint64_t before = snapshot_checksum(bytes, n);
			bytes[at] ^= 4;
			row_int("changed", snapshot_checksum(bytes, n) == before,
				at >= own && at < own + sizeof(uint64_t));
			bytes[at] ^= 4;
			row_int("longer", snapshot_checksum(bytes, n - 1) == before, 0);
		}
}
END_TEST

START_TEST(checksum_is_named)
{
	struct buf b = compiled(snapshot_sample);
	struct err e = { "" };

	b.at[b.len / 2] ^= 1;
	ck_assert_int_eq(snapshot_check(b.at, b.len, &e), -1);
	ck_assert_msg(strstr(e.text, "damaged: ") == e.text && strstr(e.text, "checksum"), "%s", e.text);
	buf_free(&b);
}
END_TEST

int main(void)
{
	return unit_run("snapshot_check",
		UNIT_TESTS(every_changed_byte_is_noticed, a_changed_byte_under_a_right_checksum_is_harmless,
			a_changed_word_under_a_right_checksum_is_harmless, every_cut_is_refused, damage_is_named,
			misplaced_domains_are_noticed, domains_have_their_own_policies, aliases_are_counted,
			the_last_slot_is_empty, lists_out_of_order_are_noticed, checksum_sees_every_byte,
			checksum_is_named));
}
