/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "snapshot_sample.h"
#include "snapshot_walk.h"
#include "unit.h"

static struct text title_of(const struct snapshot *s, uint32_t policy, char to[300])
{
	return text_cut(to, snapshot_policy_title(s, snap_policy(s, policy), to, 300));
}

START_TEST(what_is_compiled_is_taken)
{
	struct buf b = compiled(snapshot_sample);
	struct err e = { "" };

	ck_assert_msg(snapshot_check(b.at, b.len, &e) == 0, "%s", e.text);
	snapshot_walk(of(&b));
	buf_free(&b);
}
END_TEST

START_TEST(keys_arrive)
{
	struct buf b = compiled(snapshot_sample);
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
	struct buf b = compiled(snapshot_sample);
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
	{ "example.org", "domain example.org", "test.ini:19" },
	{ "a.example.org", "default", "test.ini:15" },
	{ "example.net", "domains customers", "test.ini:24" },
	{ "a.example.net", "domain .example.net", "test.ini:22" },
	{ "a.b.c.example.net", "domain .example.net", "test.ini:22" },
	{ "aexample.net", "default", "test.ini:15" },
	{ "a.example.com", "domains customers", "test.ini:24" },
	{ "net", "default", "test.ini:15" },
	{ "", "default", "test.ini:15" },
	{ ".", "default", "test.ini:15" },
	{ "example.edu", "domains about", "test.ini:28" },
};

START_TEST(domains_are_found)
{
	struct buf b = compiled(snapshot_sample);
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

/* A name may have any length and any number of dots; what is configured is its end. */
START_TEST(endless_names_are_found_by_their_parents)
{
	struct buf b = compiled(snapshot_sample), name = { 0 };
	char title[300];

	for (int i = 0; i < 2000; i++)
		buf_str(&name, i % 2 ? "." : "x.");
	buf_str(&name, ".example.net");
	for (size_t from = 0; from < name.len - 12; from++) {
		struct text t = text_cut(name.at + from, name.len - from);
		ck_assert(text_is(title_of(of(&b), snapshot_policy_of(of(&b), t), title), "domain .example.net"));
	}
	buf_free(&b);
	buf_free(&name);
}
END_TEST

START_TEST(labels_are_found_to_the_letter)
{
	static const struct {
		const char *label, *title;
	} rows[] = { { "customers", "domains customers" }, { "about", "domains about" }, { "Customers", NULL },
		{ "customer", NULL }, { "customers2", NULL }, { "", NULL }, { "example.org", NULL }, { "zzz", NULL } };
	struct buf b = compiled(snapshot_sample);
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

/* A name that only looks as if it were below this one, and one below it that is longer than any configured name. */
static void compare_below(const struct snapshot *s, const struct model_name *model, size_t n, const char *name)
{
	struct buf b = { 0 };

	buf_format(&b, "x%s", name);
	compare_to_model(s, model, n, b.at);
	b.len = 0;
	buf_format(&b, "%0*d.%s", 200 + (int)any(100), 0, name + (name[0] == '.'));
	compare_to_model(s, model, n, b.at);
	buf_free(&b);
}

START_TEST(many_domains_are_those_of_a_search)
{
	static struct model_name model[NAMES];
	size_t n = make_model(model);
	struct buf ini = ini_of(model, n), b = compiled(ini.at);
	char name[40];
	struct err e = { "" };

	ck_assert_uint_gt(n, NAMES / 2);
	ck_assert_msg(snapshot_check(b.at, b.len, &e) == 0, "%s", e.text);
	ck_assert_uint_eq(of(&b)->domain_count, n);
	for (size_t i = 0; i < n; i++) {
		compare_to_model(of(&b), model, n, model[i].name);
		compare_below(of(&b), model, n, model[i].name);
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
	struct buf b = compiled(snapshot_sample);
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
	struct buf b = compiled(snapshot_sample);
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
				    endless_names_are_found_by_their_parents, labels_are_found_to_the_letter,
				    built_in_default_has_no_place, many_domains_are_those_of_a_search,
				    sections_share_what_they_inherit, only_sealed_files_are_mapped, titles_are_cut));
}
