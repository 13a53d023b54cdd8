/* SPDX-License-Identifier: BSD-2-Clause */

/* mxonly check --dns: do the MX records of the protected domains point to their relays, and to nobody else? */

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "feed/resolver.h"
#include "policy/domain.h"
#include "policy/terms.h"
#include "tool/check_parts.h"

enum { BATCH = 512 }; /* domains whose answers are kept at a time */

struct looked_up {
	char *name;
	const struct snap_policy *policy;
};

struct look {
	const struct snapshot *s;
	struct faults *faults;
	struct resolver *resolver;
	struct looked_up *domains; /* sorted by name */
	size_t count;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct looked_up *)a)->name, ((const struct looked_up *)b)->name);
}

/* Names, not what is below them, that have a section of their own which is not off. */
static void collect(struct look *l)
{
	const struct snap_domain *slot = snap_at(l->s, l->s->domains);

	for (uint32_t i = 0; i < l->s->domains.count; i++) {
		const char *name = (const char *)l->s + slot[i].name;
		const struct snap_policy *policy = snap_policy(l->s, slot[i].policy);
		if (slot[i].name == 0 || slot[i].alias || *name == '.' || policy->mode == MODE_OFF)
			continue;
		l->domains = must_grow(l->domains, l->count, sizeof *l->domains);
		l->domains[l->count++] = (struct looked_up){ must_strndup(name, (unsigned char)name[-1]), policy };
	}
	if (l->count > 0)
		qsort(l->domains, l->count, sizeof *l->domains, by_name);
}

/* One line at the section of the domain. lost: mail is, or would be if the domain were enforced. */
static void tell(struct look *l, const struct looked_up *d, bool lost, const char *what, const char *write)
{
	struct text file = snap_item(l->s, l->s->files, d->policy->place.file);
	char *name = must_strndup(file.at, file.len);
	bool enforced = d->policy->mode == MODE_ENFORCE;
	const char *then = !lost      ? ""
			   : enforced ? ": what is sent there is refused here"
				      : ": if enforced, what is sent there would be refused here";
	unsigned line = d->policy->place.line;

	if (lost && enforced)
		fault_add(l->faults, name, line, "%s: %s%s; write: %s", d->name, what, then, write);
	else
		warning_add(l->faults, name, line, "%s: %s%s; write: %s", d->name, what, then, write);
	free(name);
}

static const struct snap_relay *relay_of(const struct look *l, const struct looked_up *d, uint32_t i)
{
	const uint32_t *relays = snap_at(l->s, d->policy->relays);

	return snap_relay(l->s, relays[i]);
}

/* At or below a domain of some relay of the policy. */
static bool is_relays(const struct look *l, const struct looked_up *d, const char *host)
{
	for (uint32_t i = 0; i < d->policy->relays.count; i++) {
		const struct snap_relay *relay = relay_of(l, d, i);
		for (uint32_t j = 0; j < relay->domains.count; j++)
			if (domain_within(text_of(host), snap_item(l->s, relay->domains, j)))
				return true;
	}
	return false;
}

/* "relay.example ([relay filter])", of all that the policy has; false: there is none. */
static bool put_relays(struct buf *b, const struct look *l, const struct looked_up *d)
{
	for (uint32_t i = 0; i < d->policy->relays.count; i++) {
		const struct snap_relay *relay = relay_of(l, d, i);
		struct text name = snap_text(l->s, relay->name);
		for (uint32_t j = 0; j < relay->domains.count; j++) {
			struct text domain = snap_item(l->s, relay->domains, j);
			buf_format(b, "%s%.*s", b->len > 0 ? ", " : "", (int)domain.len, domain.at);
		}
		if (relay->domains.count > 0)
			buf_format(b, " ([relay %.*s])", (int)name.len, name.at);
	}
	return b->len > 0;
}

/* A relay of the policy whose hosts have no names here, so that any host may be one of them; NULL: there is none. */
static const struct snap_relay *nameless(const struct look *l, const struct looked_up *d)
{
	for (uint32_t i = 0; i < d->policy->relays.count; i++)
		if (relay_of(l, d, i)->domains.count == 0)
			return relay_of(l, d, i);
	return NULL;
}

/* Mail goes to a host that is no relay's, as far as the names tell. */
static void tell_stranger(struct look *l, const struct looked_up *d, struct buf *what, const char *write)
{
	const struct snap_relay *relay = nameless(l, d);
	struct buf line = { 0 };

	if (!relay) {
		tell(l, d, true, what->at, write);
		return;
	}
	struct text name = snap_text(l->s, relay->name);
	buf_format(what, ", but [relay %.*s] has no `domains`: whether it is that relay's cannot be told",
		(int)name.len, name.at);
	buf_format(&line, "domains = the names of its hosts, in [relay %.*s]", (int)name.len, name.at);
	tell(l, d, false, what->at, line.at);
	buf_free(&line);
}

static void put_record(struct buf *b, const struct looked_up *d, const char *relays)
{
	buf_format(b, "%s. MX 10 HOST., a host at or below %s", d->name, relays);
}

/* The host is none of the relays'; hosts: the answers to what it is an alias of. */
static void judge_host(
	struct look *l, const struct looked_up *d, const struct dns_record *mx, const struct dns_question *host)
{
	struct buf relays = { 0 }, what = { 0 }, line = { 0 };

	put_relays(&relays, l, d);
	put_record(&line, d, relays.at);
	if (host->alias_of && is_relays(l, d, host->alias_of)) {
		buf_format(&what,
			"MX %u %s is an alias (CNAME) of %s, which RFC 2181 forbids: some senders do not follow it",
			mx->preference, mx->text, host->alias_of);
		tell(l, d, false, what.at, line.at);
	} else {
		buf_format(&what, "MX %u %s is not at or below %s", mx->preference, mx->text, relays.at);
		tell_stranger(l, d, &what, line.at);
	}
	buf_free(&relays);
	buf_free(&what);
	buf_free(&line);
}

/* The MX records of one domain, against its relays; each host that is none of theirs is asked about once more. */
static int judge_records(struct look *l, const struct looked_up *d, const struct dns_question *mx, struct err *e)
{
	struct dns_question *hosts = must_alloc(mx->count * sizeof *hosts);
	const struct dns_record *const records = mx->records;
	size_t *of = must_alloc(mx->count * sizeof *of); /* the record of each host */
	size_t n = 0;
	int status;

	for (size_t i = 0; i < mx->count; i++) {
		if (is_relays(l, d, records[i].text))
			continue;
		of[n] = i;
		hosts[n++] = (struct dns_question){ .name = records[i].text, .type = DNS_A };
	}
	status = resolver_ask(l->resolver, hosts, n, e);
	for (size_t i = 0; status == 0 && i < n; i++)
		judge_host(l, d, &records[of[i]], &hosts[i]);
	dns_free(hosts, n);
	free(hosts);
	free(of);
	return status;
}

/* Without MX records a domain's own address takes its mail (RFC 5321, 5.1). */
static int judge_address(struct look *l, const struct looked_up *d, struct err *e)
{
	struct dns_question q[] = { { .name = d->name, .type = DNS_A }, { .name = d->name, .type = DNS_AAAA } };
	struct buf relays = { 0 }, what = { 0 }, line = { 0 };
	int status = resolver_ask(l->resolver, q, 2, e);

	put_relays(&relays, l, d);
	put_record(&line, d, relays.at);
	if (q[0].count + q[1].count > 0) {
		buf_format(
			&what, "no MX record, so mail goes to its own address, %s", q[q[0].count == 0].records[0].text);
		tell_stranger(l, d, &what, line.at);
	} else if (status == 0) {
		tell(l, d, false, "neither an MX record nor an address: nobody can send mail there", line.at);
	}
	dns_free(q, 2);
	buf_free(&relays);
	buf_free(&what);
	buf_free(&line);
	return status;
}

static int judge(struct look *l, const struct looked_up *d, const struct dns_question *mx, struct err *e)
{
	struct buf line = { 0 };
	int status = 0;

	buf_format(&line, "%s. MX 10 HOST., a host of its relay", d->name);
	if (mx->status == DNS_FAILED)
		tell(l, d, false, "its MX records could not be looked up (a time-out, or the name server failed)",
			"mxonly check --dns, later");
	else if (mx->status == DNS_NO_NAME)
		tell(l, d, false, "there is no such domain in the DNS", "the name that is meant, or mode = off");
	else if (mx->status == DNS_NO_DATA)
		status = judge_address(l, d, e);
	else if (mx->count == 1 && mx->records[0].text[0] == '\0')
		tell(l, d, false, "its MX record says that it takes no mail at all (null MX, RFC 7505)", line.at);
	else
		status = judge_records(l, d, mx, e);
	buf_free(&line);
	return status;
}

static bool can_tell(struct look *l, const struct looked_up *d)
{
	struct buf relays = { 0 };
	bool can = put_relays(&relays, l, d);

	if (!can)
		tell(l, d, false, "none of its relays has `domains`: where its MX records should point cannot be told",
			"domains = the names of the relay's hosts, in its [relay ...] section");
	buf_free(&relays);
	return can;
}

/* 1: nobody answered any of them. */
static int look_up(struct look *l, const struct looked_up *domains, size_t count, struct err *e)
{
	struct dns_question *mx = must_alloc(count * sizeof *mx);
	size_t failed = 0;
	int status;

	for (size_t i = 0; i < count; i++)
		mx[i] = (struct dns_question){ .name = domains[i].name, .type = DNS_MX };
	status = resolver_ask(l->resolver, mx, count, e);
	for (size_t i = 0; i < count; i++)
		failed += mx[i].status == DNS_FAILED;
	if (status == 0 && failed == count && count > 1)
		status = 1;
	for (size_t i = 0; status == 0 && i < count; i++)
		if (can_tell(l, &domains[i]))
			status = judge(l, &domains[i], &mx[i], e);
	dns_free(mx, count);
	free(mx);
	return status;
}

static void look_up_all(struct look *l)
{
	struct err e;
	int status = 0;

	for (size_t at = 0; status == 0 && at < l->count; at += BATCH)
		status = look_up(l, l->domains + at, l->count - at < BATCH ? l->count - at : BATCH, &e);
	if (status < 0)
		fault_add(l->faults, NULL, 0, "--dns: %s", e.text);
	else if (status > 0)
		warning_add(l->faults, NULL, 0,
			"--dns: no name server answers: nothing was looked up; write: nameserver ADDRESS, in "
			"/etc/resolv.conf");
}

void check_dns(const char *server, const struct snapshot *s, struct faults *f)
{
	struct look l = { .s = s, .faults = f };
	struct err e;

	collect(&l);
	if (l.count == 0) {
		warning_add(f, NULL, 0,
			"--dns: mxonly.ini names no protected domain whose MX records could be looked up; write: "
			"[domain ...]");
	} else if (!(l.resolver = resolver_new(server, &e))) {
		fault_add(f, NULL, 0, "--dns: %s", e.text);
	} else {
		look_up_all(&l);
		resolver_free(l.resolver);
	}
	for (size_t i = 0; i < l.count; i++)
		free(l.domains[i].name);
	free(l.domains);
}
