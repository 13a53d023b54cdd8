/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>

#include "base/file.h"
#include "policy/compile.h"
#include "policy_fixture.h"
#include "snapshot_walk.h"
#include "unit.h"

static const char sample[] = "[policyd]\n"
			     "listen = unix:/tmp/p inet:[::1]:10040\n"
			     "control =\n"
			     "workers = 3\n"
			     "idle_timeout = 4000\n"
			     "routed_recipients = ignore\n"
			     "log_decisions = all\n"
			     "[relay filter]\n"
			     "ranges = 192.0.2.0/24, 2001:db8:25::/48\n"
			     "domains = relay.example other.example\n"
			     "[relay certified]\n"
			     "fingerprints = ff112233445566778899aabbccddeeff00112233\n"
			     "  00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33\n"
			     "  ff112233445566778899aabbccddeeff00112233\n"
			     "[default]\n"
			     "relays = filter\n"
			     "mode = monitor\n"
			     "exempt_recipients = postmaster abuse@example.org abuse\n"
			     "[domain example.org]\n"
			     "mode = enforce\n"
			     "relays = certified filter\n"
			     "[domain .example.net]\n"
			     "mode = off\n"
			     "[domains customers]\n"
			     "names = example.com .example.com example.net a.example.com b.example.com\n"
			     "refuse_action = 550 5.7.1 No: ${recipient_domain}\n"
			     "exempt_networks = 127.0.0.0/8 10.0.0.0/8\n"
			     "[domains about]\n"
			     "names = example.edu\n"
			     "[audit]\n"
			     "own = mx.example.org\n";

/* The bytes that a configuration is compiled into. */
static struct buf compiled(const char *ini)
{
	struct config c = { .relay_count = 0 };
	struct buf out = { 0 };
	struct faults f = { 0 };
	struct err e = { "" };

	config_read_text(&c, text_of(ini), "test.ini", &f);
	faults_print(&f, stderr);
	ck_assert_uint_eq(f.errors, 0);
	ck_assert_msg(compile(&c, &out, &e) == 0, "%s", e.text);
	faults_free(&f);
	config_free(&c);
	return out;
}

static const struct snapshot *of(const struct buf *b)
{
	return (const struct snapshot *)b->at;
}

static void put_right(struct buf *b)
{
	struct snapshot *s = (struct snapshot *)b->at;

	s->checksum = snapshot_checksum(b->at, b->len);
}

static struct text title_of(const struct snapshot *s, uint32_t policy, char to[300])
{
	return text_cut(to, snapshot_policy_title(s, snap_policy(s, policy), to, 300));
}

START_TEST(what_is_compiled_is_taken)
{
	struct buf b = compiled(sample);
	struct err e = { "" };

	ck_assert_msg(snapshot_check(b.at, b.len, &e) == 0, "%s", e.text);
	snapshot_walk(of(&b));
	buf_free(&b);
}
END_TEST

START_TEST(keys_arrive)
{
	struct buf b = compiled(sample);
	const struct snapshot *s = of(&b);
	const struct snap_relay *filter = snap_relay(s, 0), *certified = snap_relay(s, 1);
	const struct fingerprint *fingerprints = snap_at(s, certified->fingerprints);
	struct ip ip;

	ck_assert_uint_eq(s->relays.count, 2);
	ck_assert(text_is(snap_text(s, filter->name), "filter"));
	ck_assert(ip_parse(&ip, text_of("2001:db8:25::7")) && range_set_holds(snap_set(s, filter->ranges), &ip));
	ck_assert(ip_parse(&ip, text_of("2001:db8:26::7")) && !range_set_holds(snap_set(s, filter->ranges), &ip));
	ck_assert(!range_set_holds(snap_set(s, certified->ranges), &ip));
	ck_assert_uint_eq(filter->domains.count, 2);
	ck_assert(text_is(snap_item(s, filter->domains, 1), "other.example"));
	ck_assert_uint_eq(filter->match, FACTOR_BIT_ADDRESS | FACTOR_BIT_HELO);
	ck_assert_uint_eq(certified->match, FACTOR_BIT_CERTIFICATE);
	ck_assert_uint_eq(certified->fingerprints.count, 2); /* sorted, each once */
	ck_assert_uint_eq(fingerprints[0].bytes[0], 0x00);
	ck_assert_uint_eq(fingerprints[1].bytes[0], 0xff);
	ck_assert_uint_eq(s->policyd.listen.count, 2);
	ck_assert(text_is(snap_item(s, s->policyd.listen, 1), "inet:[::1]:10040"));
	ck_assert_uint_eq(s->policyd.control.count, 0);
	ck_assert_uint_eq(s->policyd.control_set, 1);
	ck_assert_uint_eq(s->policyd.workers, 3);
	ck_assert_uint_eq(s->policyd.idle_timeout, 4000);
	ck_assert_uint_eq(s->policyd.routed_recipients, RECIPIENT_IGNORE_ROUTES);
	ck_assert_uint_eq(s->policyd.log_decisions, LOG_DECISIONS_ALL);
	ck_assert(text_is(snap_item(s, s->own, 0), "mx.example.org"));
	ck_assert_int_le(time(NULL) - s->compiled, 60);
	buf_free(&b);
}
END_TEST

START_TEST(policies_inherit)
{
	struct buf b = compiled(sample);
	const struct snapshot *s = of(&b);
	const struct snap_policy *base = snap_policy(s, SNAP_POLICY_DEFAULT),
				 *none = snap_policy(s, SNAP_POLICY_NO_DOMAIN);
	const struct snap_policy *org = snap_policy(s, snapshot_policy_of(s, text_of("example.org")));
	const struct snap_policy *net = snap_policy(s, snapshot_policy_of(s, text_of("x.example.net")));
	const struct snap_policy *customers = snap_policy(s, snapshot_policy_of(s, text_of("example.net")));

	ck_assert_uint_eq(base->mode, MODE_MONITOR);
	ck_assert_uint_eq(none->mode, MODE_ENFORCE);
	ck_assert_uint_eq(none->kind, POLICY_DEFAULT);
	ck_assert_uint_eq(none->relays.at, base->relays.at);
	ck_assert_uint_eq(org->mode, MODE_ENFORCE);
	ck_assert_uint_eq(org->relays.count, 2);
	ck_assert_uint_eq(((const uint32_t *)snap_at(s, org->relays))[0], 1);
	ck_assert_uint_eq(net->mode, MODE_OFF);
	ck_assert_uint_eq(net->relays.at, base->relays.at);
	ck_assert_uint_eq(net->exempt_networks.at, base->exempt_networks.at);
	ck_assert_uint_eq(customers->mode, MODE_MONITOR);
	ck_assert(text_is(snap_text(s, customers->action[ACTION_REFUSE]), "550 5.7.1 No: ${recipient_domain}"));
	ck_assert_uint_eq(customers->action[ACTION_DEFER].at, base->action[ACTION_DEFER].at);
	ck_assert_uint_ne(customers->exempt_networks.at, base->exempt_networks.at);
	ck_assert_uint_eq(base->exempt_recipients.count, 3);
	ck_assert(text_is(snap_item(s, base->exempt_recipients, 0), "abuse"));
	ck_assert(text_is(snap_item(s, base->exempt_recipients, 2), "postmaster"));
	buf_free(&b);
}
END_TEST

static const struct {
	const char *domain, *title, *place;
} found[] = {
	{ "example.org", "domain example.org", "test.ini:18" },
	{ "a.example.org", "default", "test.ini:14" },
	{ "example.net", "domains customers", "test.ini:23" },
	{ "a.example.net", "domain .example.net", "test.ini:21" },
	{ "a.b.c.example.net", "domain .example.net", "test.ini:21" },
	{ "aexample.net", "default", "test.ini:14" },
	{ "a.example.com", "domains customers", "test.ini:23" },
	{ "net", "default", "test.ini:14" },
	{ "", "default", "test.ini:14" },
	{ ".", "default", "test.ini:14" },
	{ "example.edu", "domains about", "test.ini:27" },
};

START_TEST(domains_are_found)
{
	struct buf b = compiled(sample);
	char title[300], place[80];

	for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
		uint32_t policy = snapshot_policy_of(of(&b), text_of(found[i].domain));
		snapshot_place(of(&b), snap_policy(of(&b), policy)->place, place, sizeof place);
		row_ok(found[i].domain, text_is(title_of(of(&b), policy, title), found[i].title));
		row_str(found[i].domain, place, found[i].place);
	}
	buf_free(&b);
}
END_TEST

START_TEST(labels_are_found_to_the_letter)
{
	static const struct {
		const char *label, *title;
	} rows[] = { { "customers", "domains customers" }, { "about", "domains about" }, { "Customers", NULL },
		{ "customer", NULL }, { "customers2", NULL }, { "", NULL }, { "example.org", NULL }, { "zzz", NULL } };
	struct buf b = compiled(sample);
	char title[300];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int64_t policy = snapshot_policy_labelled(of(&b), text_of(rows[i].label));
		row_int(rows[i].label, policy >= 0, rows[i].title != NULL);
		if (policy >= 0)
			row_ok(rows[i].label, text_is(title_of(of(&b), (uint32_t)policy, title), rows[i].title));
	}
	buf_free(&b);
}
END_TEST

START_TEST(built_in_default_has_no_place)
{
	struct buf b = compiled("[relay a]\nranges = 192.0.2.1\n");
	char place[80], short_place[4];

	snapshot_place(of(&b), snap_policy(of(&b), 0)->place, place, sizeof place);
	ck_assert_str_eq(place, "built-in");
	snapshot_place(of(&b), snap_relay(of(&b), 0)->place, short_place, sizeof short_place);
	ck_assert_uint_lt(strlen(short_place), sizeof short_place);
	buf_free(&b);
}
END_TEST

/* Names of which many are parents of one another: short labels of few letters. */

enum { NAMES = 10000, LABELS = 16, DOMAIN_SECTIONS = 300 };

struct model_name {
	char name[40];
	int section; /* below LABELS: that label; else a section of its own */
};

static uint64_t state = 88172645463325252u;

static uint32_t any(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state % below);
}

static void any_name(char to[40], bool parent)
{
	int at = parent ? sprintf(to, ".") : 0;

	for (uint32_t labels = 1 + any(4), i = 0; i < labels; i++) {
		at += sprintf(to + at, "%s%c", i > 0 ? "." : "", 'a' + (int)any(6));
		if (any(3) > 0)
			at += sprintf(to + at, "%c", 'a' + (int)any(20));
	}
	sprintf(to + at, ".%s", any(2) ? "test" : "example");
}

static int by_model_name(const void *a, const void *b)
{
	return strcmp(((const struct model_name *)a)->name, ((const struct model_name *)b)->name);
}

static size_t make_model(struct model_name model[NAMES])
{
	size_t n = 0;

	for (size_t i = 0; i < NAMES; i++)
		any_name(model[i].name, any(3) == 0);
	qsort(model, NAMES, sizeof *model, by_model_name);
	for (size_t i = 0; i < NAMES; i++)
		if (n == 0 || strcmp(model[n - 1].name, model[i].name) != 0)
			model[n++] = model[i];
	for (size_t i = 0; i < n; i++)
		model[i].section = any(20) == 0 ? LABELS : (int)any(LABELS);
	return n;
}

static struct buf ini_of(const struct model_name *model, size_t n)
{
	struct buf ini = { 0 };

	buf_str(&ini, "[relay a]\nranges = 192.0.2.1\n");
	for (int label = 0; label < LABELS; label++) {
		buf_format(&ini, "[domains label%d]\nnames =\n", label);
		for (size_t i = 0; i < n; i++)
			if (model[i].section == label)
				buf_format(&ini, "\t%s\n", model[i].name);
	}
	for (size_t i = 0; i < n; i++)
		if (model[i].section == LABELS)
			buf_format(&ini, "[domain %s]\nmode = %s\n", model[i].name, any(2) ? "off" : "monitor");
	return ini;
}

static const struct model_name *exactly(const struct model_name *model, size_t n, const char *name)
{
	struct model_name key = { .section = 0 };

	if (strlen(name) >= sizeof key.name)
		return NULL;
	strcpy(key.name, name);
	return bsearch(&key, model, n, sizeof *model, by_model_name);
}

/* As the manual says it: the name, else the longest parent. */
static void wanted_title(const struct model_name *model, size_t n, const char *name, char to[300])
{
	const struct model_name *m = exactly(model, n, name);

	for (const char *dot = name; !m && (dot = strchr(dot, '.')) != NULL; dot++)
		m = exactly(model, n, dot);
	if (!m)
		strcpy(to, "default");
	else if (m->section == LABELS)
		sprintf(to, "domain %s", m->name);
	else
		sprintf(to, "domains label%d", m->section);
}

static void compare_to_model(const struct snapshot *s, const struct model_name *model, size_t n, const char *name)
{
	char want[300], got[300];

	wanted_title(model, n, name, want);
	got[snapshot_policy_title(s, snap_policy(s, snapshot_policy_of(s, text_of(name))), got, sizeof got - 1)] = '\0';
	row_str(name, got, want);
	row_int(name, snapshot_has_domain(s, text_of(name)), exactly(model, n, name) != NULL);
}

START_TEST(many_domains_are_those_of_a_search)
{
	static struct model_name model[NAMES];
	size_t n = make_model(model);
	struct buf ini = ini_of(model, n), b = compiled(ini.at);
	char name[400];
	struct err e = { "" };

	ck_assert_uint_gt(n, NAMES / 2);
	ck_assert_msg(snapshot_check(b.at, b.len, &e) == 0, "%s", e.text);
	ck_assert_uint_eq(of(&b)->domain_count, n);
	for (size_t i = 0; i < n; i++) {
		compare_to_model(of(&b), model, n, model[i].name);
		snprintf(name, sizeof name, "x%s", model[i].name);
		compare_to_model(of(&b), model, n, name);
		snprintf(name, sizeof name, "%0*d.%s", 200 + (int)any(100), 0,
			model[i].name + (model[i].name[0] == '.'));
		compare_to_model(of(&b), model, n, name);
		any_name(name, false);
		compare_to_model(of(&b), model, n, name);
	}
	buf_free(&ini);
	buf_free(&b);
}
END_TEST

START_TEST(sections_share_what_they_inherit)
{
	struct buf ini = { 0 }, b;
	enum { SECTIONS_MANY = 3000, EACH = 140 };

	buf_str(&ini, "[relay a]\nranges = 192.0.2.1\n[relay b]\nranges = 192.0.2.2\n[default]\nrelays = a b\n"
		      "exempt_recipients = abuse postmaster\n");
	for (int i = 0; i < SECTIONS_MANY; i++)
		buf_format(&ini,
			"[domain d%d.example]\nrefuse_action = 550 5.7.1 Not from here\nexempt_networks = ::1\n"
			"exempt_recipients = a b c\n",
			i);
	b = compiled(ini.at);
	ck_assert_uint_lt(b.len, SECTIONS_MANY * EACH);
	buf_free(&ini);
	buf_free(&b);
}
END_TEST

START_TEST(every_changed_byte_is_noticed)
{
	static const uint8_t flips[] = { 0x01, 0x80, 0xff };
	struct buf b = compiled(sample);
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
	struct buf b = compiled(sample);
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
	struct buf b = compiled(sample);
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
	struct buf b = compiled(sample);
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
enum part { HEAD, RELAY, POLICY, SLOT };

#define IN_HEAD(member) HEAD, 0, offsetof(struct snapshot, member), sizeof(((struct snapshot *)0)->member)
#define IN_POLICYD(member) \
	HEAD, 0, offsetof(struct snapshot, policyd.member), sizeof(((struct snapshot *)0)->policyd.member)
#define IN_RELAY(i, member) RELAY, i, offsetof(struct snap_relay, member), sizeof(((struct snap_relay *)0)->member)
#define IN_POLICY(i, member) POLICY, i, offsetof(struct snap_policy, member), sizeof(((struct snap_policy *)0)->member)
#define IN_SLOT(i, member) SLOT, i, offsetof(struct snap_domain, member), sizeof(((struct snap_domain *)0)->member)

static const struct {
	const char *row;
	enum part part;
	uint32_t index;
	size_t at, size;
	uint64_t value;
	const char *words;
} damages[] = {
	{ "magic", IN_HEAD(magic), 0, "no compiled configuration" },
	{ "format", IN_HEAD(format), 7,
		"compiled by another version (format 7, this program reads 1): compile it again with `mxonly "
		"compile`" },
	{ "byte order", IN_HEAD(byte_order), 0x04030201, "compiled on a machine of the other byte order: " },
	{ "no byte order", IN_HEAD(byte_order), 5, "damaged: " },
	{ "longer", IN_HEAD(length), 1234567, "of 1,234,567 bytes" },
	{ "shorter", IN_HEAD(length), 1000, "bytes where it says 1,000" },
	{ "homes", IN_HEAD(domain_homes), 0, "damaged: where the domains are" },
	{ "more homes than slots", IN_HEAD(domain_homes), 1000, "damaged: where the domains are" },
	{ "another scale of homes", IN_HEAD(domain_homes), 2, "damaged: " },
	{ "count of domains", IN_HEAD(domain_count), 4, "damaged: the count of the domains" },
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
	{ "exempt_networks", IN_POLICY(0, exempt_networks.at), 8, "damaged: policy 0: its exempt_networks" },
	{ "label too short", IN_POLICY(4, name.count), 0, "damaged: policy 4: its kind, name" },
};

static void damage(struct buf *b, size_t i)
{
	const struct snapshot *s = of(b);
	const size_t starts[] = {
		[HEAD] = 0, [RELAY] = s->relays.at, [POLICY] = s->policies.at, [SLOT] = s->domains.at
	};
	const size_t sizes[] = { 0, sizeof(struct snap_relay), sizeof(struct snap_policy), sizeof(struct snap_domain) };
	char *at = b->at + starts[damages[i].part] + damages[i].index * sizes[damages[i].part] + damages[i].at;

	memcpy(at, &damages[i].value, damages[i].size);
}

START_TEST(damage_is_named)
{
	for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
		struct buf b = compiled(sample);
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
	struct buf b = compiled(sample), copy = { 0 };
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

START_TEST(checksum_is_named)
{
	struct buf b = compiled(sample);
	struct err e = { "" };

	b.at[b.len / 2] ^= 1;
	ck_assert_int_eq(snapshot_check(b.at, b.len, &e), -1);
	ck_assert_msg(strstr(e.text, "damaged: ") == e.text && strstr(e.text, "checksum"), "%s", e.text);
	buf_free(&b);
}
END_TEST

static int memory_file(const struct buf *b, int seals)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, b->at, b->len), (ssize_t)b->len);
	ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

START_TEST(only_sealed_files_are_mapped)
{
	const int all = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
	static const int less[] = { 0, F_SEAL_WRITE, F_SEAL_WRITE | F_SEAL_SHRINK, F_SEAL_SHRINK | F_SEAL_GROW };
	struct buf b = compiled(sample);
	const struct snapshot *s;
	struct err e;

	for (size_t i = 0; i < sizeof less / sizeof *less; i++) {
		int fd = memory_file(&b, less[i]);
		ck_assert_int_eq(snapshot_map(&s, fd, &e), -1);
		close(fd);
	}
	int null = open("/dev/null", O_RDONLY), fd = memory_file(&b, all);
	ck_assert_int_eq(snapshot_map(&s, null, &e), -1);
	close(null);
	ck_assert_msg(snapshot_map(&s, fd, &e) == 0, "%s", e.text);
	close(fd);
	snapshot_walk(s);
	snapshot_unmap(s);
	for (size_t n = 0; n < b.len; n += 13) {
		struct buf cut = { b.at, n, n };
		fd = memory_file(&cut, all);
		ck_assert_int_eq(snapshot_map(&s, fd, &e), -1);
		close(fd);
	}
	buf_free(&b);
}
END_TEST

START_TEST(titles_are_cut)
{
	struct buf b = compiled(sample);
	uint32_t policy = snapshot_policy_of(of(&b), text_of("example.org"));
	char to[18];

	for (size_t cap = 0; cap <= sizeof to; cap++) {
		memset(to, '#', sizeof to);
		size_t n = snapshot_policy_title(of(&b), snap_policy(of(&b), policy), to, cap);
		ck_assert_uint_eq(n, cap);
		ck_assert(memcmp(to, "domain example.org", n) == 0);
		ck_assert(n == sizeof to || to[n] == '#');
	}
	buf_free(&b);
}
END_TEST

int main(void)
{
	return unit_run(
		"snapshot", UNIT_TESTS(what_is_compiled_is_taken, keys_arrive, policies_inherit, domains_are_found,
				    labels_are_found_to_the_letter, built_in_default_has_no_place,
				    many_domains_are_those_of_a_search, sections_share_what_they_inherit,
				    every_changed_byte_is_noticed, a_changed_byte_under_a_right_checksum_is_harmless,
				    a_changed_word_under_a_right_checksum_is_harmless, every_cut_is_refused,
				    damage_is_named, misplaced_domains_are_noticed, checksum_is_named,
				    only_sealed_files_are_mapped, titles_are_cut));
}
