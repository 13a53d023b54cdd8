/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/config_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PAIRS_MAX = 100, LISTEN_STATE = 0x0a, SMTP_PORT = 25 };

/*
 * What matters is whether an SMTP client can come over IPv6, so the listening sockets are asked: an IPv6 address of the host says
 * nothing when inet_protocols = ipv4, and a host's only IPv6 address may come and go. Without /proc nobody is warned.
 */
bool ipv6_is_listened_to(const char *path)
{
	FILE *sockets = fopen(path, "re");
	char line[512], address[33];
	unsigned port, state;
	bool found = false;

	while (sockets && !found && fgets(line, sizeof line, sockets))
		/* NOLINTNEXTLINE(cert-err34-c): the kernel's numbers fit */
		found = sscanf(line, " %*u: %32[0-9A-F]:%4x %*32[0-9A-F]:%*4x %2x", address, &port, &state) == 3 &&
			port == SMTP_PORT && state == LISTEN_STATE &&
			strcmp(address, "00000000000000000000000001000000") != 0 &&
			strcmp(address, "00000000000000000000000000000001") != 0 &&
			strncmp(address, "0000000000000000FFFF0000", 24) != 0 &&
			strncmp(address, "00000000000000000000FFFF", 24) != 0;
	if (sockets)
		fclose(sockets);
	return found;
}

static void warn_of_ipv4_only(struct build *b)
{
	int listened_to = -1; /* not asked yet */

	for (size_t i = 0; i < b->c->relay_count; i++) {
		const struct relay_config *r = &b->c->relays[i];
		bool v6 = r->ranges.count == 0 || !(r->match & FACTOR_BIT_ADDRESS) || b->relay_notes[i].faulty;
		for (size_t j = 0; !v6 && j < r->ranges.count; j++)
			v6 = r->ranges.at[j].first.v6;
		if (v6)
			continue;
		if (listened_to < 0)
			listened_to = ipv6_is_listened_to("/proc/net/tcp6");
		if (listened_to > 0)
			place_warning(b, r->place,
				"[relay %s] has IPv4 ranges only, while port 25 of this host listens to IPv6: mail "
				"that comes so is refused",
				r->name);
	}
}

static void warn_of_old_files(struct build *b)
{
	const long day = 86400;
	time_t now = time(NULL);

	for (size_t i = 0; i < b->c->relay_count; i++) {
		const struct relay_config *r = &b->c->relays[i];
		struct place place = { r->place.file, b->relay_notes[i].files_line };
		for (size_t j = 0; r->max_age > 0 && j < r->file_count; j++)
			if (now - r->files[j].modified > (time_t)r->max_age)
				place_warning(b, place, "ranges_file: `%s` is older than max_age: %ld days",
					r->files[j].path, (long)(now - r->files[j].modified) / day);
	}
}

/* A range and whose it is, for the sweep over all of them. */
struct owned {
	const struct range *range;
	uint32_t relay;
};

static int by_first(const void *a, const void *b)
{
	return ip_compare(&((const struct owned *)a)->range->first, &((const struct owned *)b)->range->first);
}

/* Every range of every relay, by first address; NULL when less than two relays have any. */
static struct owned *collect(const struct config *c, size_t *count)
{
	size_t with_ranges = 0, n = 0;
	struct owned *all;

	for (size_t i = 0; i < c->relay_count; i++) {
		with_ranges += c->relays[i].ranges.count > 0;
		n += c->relays[i].ranges.count;
	}
	if (with_ranges < 2)
		return NULL;
	all = must_alloc(n * sizeof *all);
	*count = 0;
	for (uint32_t i = 0; i < c->relay_count; i++)
		for (size_t j = 0; j < c->relays[i].ranges.count; j++)
			all[(*count)++] = (struct owned){ &c->relays[i].ranges.at[j], i };
	qsort(all, n, sizeof *all, by_first);
	return all;
}

/* Two relays that share something are told of once. */
static void report_shared(struct build *b, const struct owned *x, const struct owned *y, uint64_t *pairs, size_t *count)
{
	const struct owned *early = x->relay < y->relay ? x : y, *late = early == x ? y : x;
	const struct relay_config *first = &b->c->relays[early->relay], *second = &b->c->relays[late->relay];
	uint64_t pair = (uint64_t)early->relay << 32 | late->relay;
	char text[2][RANGE_TEXT];

	for (size_t i = 0; i < *count; i++)
		if (pairs[i] == pair)
			return;
	pairs[(*count)++] = pair;
	place_warning(b, second->place, "[relay %s] shares ranges with [relay %s] (%s:%u): %s and %s", second->name,
		first->name, place_file(b, first->place), first->place.line, range_print(late->range, text[0]),
		range_print(early->range, text[1]));
}

/* The ranges that hold an address, one a relay: the one that reaches furthest. Each two of them are a pair. */
struct active {
	struct owned at[PAIRS_MAX];
	size_t count;
};

/* Reports every relay that shares o's first address, and puts o among them. */
static void meet(struct build *b, struct active *active, const struct owned *o, uint64_t *pairs, size_t *pair_count)
{
	struct owned own = *o;
	size_t kept = 0;

	for (size_t i = 0; i < active->count; i++) {
		const struct owned *other = &active->at[i];
		if (!range_holds(other->range, &o->range->first))
			continue;
		if (other->relay == o->relay) {
			if (ip_compare(&other->range->last, &o->range->last) > 0)
				own = *other;
			continue;
		}
		if (*pair_count < PAIRS_MAX)
			report_shared(b, other, o, pairs, pair_count);
		active->at[kept++] = *other;
	}
	active->at[kept++] = own;
	active->count = kept;
}

/* One sweep over all ranges by first address. It ends with so many pairs that nobody reads on; so active stays small. */
static void warn_of_shared_ranges(struct build *b)
{
	size_t count = 0, pair_count = 0;
	struct active active = { .count = 0 };
	uint64_t pairs[PAIRS_MAX];
	struct owned *all = collect(b->c, &count);

	for (size_t i = 0; all && i < count && pair_count < PAIRS_MAX; i++)
		meet(b, &active, &all[i], pairs, &pair_count);
	free(all);
}

static void warn_of_unused_relays(struct build *b)
{
	const struct config *c = b->c;
	bool *used = must_alloc(c->relay_count * sizeof *used);

	memset(used, 0, c->relay_count * sizeof *used);
	for (size_t i = 0; i < c->policy_count; i++)
		for (size_t j = 0; !(c->policies[i].like & 1u << FIELD_RELAYS) && j < c->policies[i].relay_count; j++)
			used[c->policies[i].relays[j]] = true;
	for (size_t i = 0; !b->lost_use && i < c->relay_count; i++)
		if (!used[i] && !b->relay_notes[i].ghost)
			place_warning(b, c->relays[i].place, "[relay %s] is used by no policy", c->relays[i].name);
	free(used);
}

static bool holds_loopback(const struct range_list *list)
{
	struct ip v4, v6;

	ip_parse(&v4, text_of("127.0.0.1"));
	ip_parse(&v6, text_of("::1"));
	for (size_t i = 0; i < list->count; i++)
		if (range_holds(&list->at[i], &v4) || range_holds(&list->at[i], &v6))
			return true;
	return false;
}

static void warn_of_policy(struct build *b, uint32_t i)
{
	const struct policy_config *p = &b->c->policies[i];
	const unsigned *line = b->policy_notes[i].line, faulty = b->policy_notes[i].faulty;
	struct place place = p->place;

	place.line = line[FIELD_EXEMPT_NETWORKS];
	if (place.line > 0 && !(faulty & 1u << FIELD_EXEMPT_NETWORKS) && !holds_loopback(&p->exempt_networks))
		place_warning(b, place,
			"exempt_networks: without loopback (127.0.0.0/8 ::1) this host's own mail is refused");
	place.line = line[FIELD_ON_NEAR_MISS] > 0 ? line[FIELD_ON_NEAR_MISS] : line[FIELD_ON_MISMATCH];
	if (place.line > 0 && p->on_near_miss == ON_REFUSE && p->on_mismatch == ON_REFUSE)
		place_warning(b, place,
			"on_near_miss and on_mismatch both `refuse`: when the service adds a host or renames one, its "
			"mail is lost");
	if (p->kind == POLICY_DOMAINS && !b->policy_notes[i].covers)
		place_warning(b, p->place,
			"[domains %s] covers no domain (`names`, `file`): only policy_context=%s chooses it", p->name,
			p->name);
}

static void warn_of_default(struct build *b)
{
	const struct policy_config *p = &b->c->policies[0];
	const unsigned *line = b->policy_notes[0].line;
	size_t relays = 0;

	for (size_t i = 0; i < b->c->relay_count; i++)
		relays += !b->relay_notes[i].ghost;
	if (relays > 1 && line[FIELD_RELAYS] == 0)
		place_warning(b, p->place.line > 0 ? p->place : b->c->relays[b->c->relay_count - 1].place,
			"[default] names no `relays`: each of the %zu relays may deliver to every domain that names "
			"none itself",
			relays);
	if (line[FIELD_MODE] > 0 && p->mode == MODE_OFF)
		place_warning(b, (struct place){ p->place.file, line[FIELD_MODE] },
			"mode: [default] is `off`: what no section names is not protected");
}

void config_warn(struct build *b)
{
	warn_of_default(b);
	for (uint32_t i = 0; i < b->c->policy_count; i++)
		warn_of_policy(b, i);
	warn_of_ipv4_only(b);
	warn_of_old_files(b);
	warn_of_shared_ranges(b);
	warn_of_unused_relays(b);
}
