/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/domain_table.h"

#include <inttypes.h>
#include <stdlib.h>

#include "policy/domain.h"

static uint32_t home_of(uint32_t hash, uint32_t homes)
{
	return (uint32_t)((uint64_t)hash * homes >> 32);
}

static const struct snap_domain *find_domain(const struct snapshot *s, struct text name, uint32_t hash)
{
	const struct snap_domain *slot = snap_at(s, s->domains);

	for (slot += home_of(hash, s->domain_homes); slot->name != 0 && slot->hash <= hash; slot++) {
		const char *at = (const char *)s + slot->name;
		if (slot->hash == hash && text_equal(name, text_cut(at, (unsigned char)at[-1])))
			return slot;
	}
	return NULL;
}

/* An alias, or a name that is in a section; NULL: there is none, or it is of the other kind. */
static const struct snap_domain *find_exact(const struct snapshot *s, struct text domain, bool alias)
{
	const struct snap_domain *found = domain.len <= DOMAIN_MAX ? find_domain(s, domain, text_hash(domain)) : NULL;

	return found && found->alias == alias ? found : NULL;
}

bool snapshot_has_domain(const struct snapshot *s, struct text domain)
{
	return find_exact(s, domain, false) != NULL;
}

/* The longest name with a leading dot that domain is below. */
static const struct snap_domain *find_parent(const struct snapshot *s, struct text domain, bool alias)
{
	size_t most = domain.len < DOMAIN_MAX ? domain.len : DOMAIN_MAX; /* no name is longer */
	const char *end = domain.at + domain.len, *dot = end - most;

	while ((dot = memchr(dot, '.', (size_t)(end - dot))) != NULL) {
		struct text parent = text_cut(dot, (size_t)(end - dot));
		const struct snap_domain *found = find_domain(s, parent, text_hash(parent));
		if (found && found->alias == alias)
			return found;
		dot++;
	}
	return NULL;
}

uint32_t snapshot_policy_of(const struct snapshot *s, struct text domain)
{
	const struct snap_domain *found = find_exact(s, domain, false);

	if (!found && s->has_parents)
		found = find_parent(s, domain, false);
	return found ? found->policy : SNAP_POLICY_DEFAULT;
}

bool snapshot_alias_of(const struct snapshot *s, struct text domain, uint32_t *policy)
{
	const struct snap_domain *found;

	if (s->alias_count == 0 || find_exact(s, domain, false))
		return false;
	found = find_exact(s, domain, true);
	if (!found && s->has_parents)
		found = find_parent(s, domain, true);
	if (found)
		*policy = found->policy;
	return found != NULL;
}

/* Slots to look ahead: a processor fetches while it works. */
enum { AHEAD = 16 };

/* Filling it */

/* A slot of the table while it is filled; domain: index into config.domains and 1, or 0. */
struct home_slot {
	uint32_t hash, domain;
};

static bool behind(const struct config *c, struct home_slot a, struct home_slot b)
{
	if (a.hash != b.hash)
		return a.hash > b.hash;
	return strcmp(c->domains[a.domain - 1].name, c->domains[b.domain - 1].name) > 0;
}

/* Into its place in the order; what stands behind moves on by one, up to the next empty slot. */
static size_t place_domain(const struct config *c, struct home_slot *table, uint32_t homes, struct home_slot new)
{
	size_t i = home_of(new.hash, homes);

	for (; table[i].domain != 0; i++) {
		struct home_slot old = table[i];
		if (behind(c, old, new)) {
			table[i] = new;
			new = old;
		}
	}
	table[i] = new;
	return i;
}

/* The table without its names, slots as many as it needs; freed by the caller. */
static struct home_slot *place_domains(struct builder *b, size_t *slots)
{
	const struct config *c = b->c;
	uint32_t homes = (uint32_t)(c->domain_count + c->domain_count / 3 + 1);
	size_t most = (size_t)homes + c->domain_count + 1;
	struct home_slot *table = must_alloc(most * sizeof *table);

	memset(table, 0, most * sizeof *table);
	*slots = homes;
	for (size_t i = 0; i < c->domain_count; i++) {
		struct home_slot new = { text_hash(text_of(c->domains[i].name)), (uint32_t)(i + 1) };
		size_t last = place_domain(c, table, homes, new);
		if (last >= *slots)
			*slots = last + 1;
	}
	*slots += 1; /* the last one is empty */
	b->head.domain_homes = homes;
	return table;
}

/* Names lie anywhere in memory: those of the slots to come are fetched while this one is written. */
static void fetch_ahead(const struct config *c, const struct home_slot *table, size_t slots, size_t i)
{
	if (i + 2 * AHEAD < slots && table[i + 2 * AHEAD].domain != 0)
		__builtin_prefetch(&c->domains[table[i + 2 * AHEAD].domain - 1]);
	if (i + AHEAD < slots && table[i + AHEAD].domain != 0)
		__builtin_prefetch(c->domains[table[i + AHEAD].domain - 1].name);
}

/* Names stand in the order of their slots, so that a check goes straight through memory. */
void domain_table_put(struct builder *b)
{
	const struct config *c = b->c;
	struct home_slot *table;
	size_t slots;

	table = place_domains(b, &slots);
	b->head.domain_count = (uint32_t)c->domain_count;
	b->head.domains = builder_reserve(b, slots, sizeof(struct snap_domain));
	for (size_t i = 0; i < slots; i++) {
		fetch_ahead(c, table, slots, i);
		if (table[i].domain == 0)
			continue;
		const struct config_domain *domain = &c->domains[table[i].domain - 1];
		size_t n = strlen(domain->name);
		char len = (char)n;
		buf_add(b->out, &len, 1);
		struct span name = { (uint32_t)b->out->len, (uint32_t)n };
		buf_add(b->out, domain->name, n);
		*(struct snap_domain *)builder_at(b, b->head.domains, i, sizeof(struct snap_domain)) =
			(struct snap_domain){ name.at, table[i].hash, builder_policy_index(domain->policy),
				domain->alias };
		if (domain->alias) {
			b->head.alias_count++;
			b->head.domain_count--;
		} else if (c->policies[domain->policy].kind == POLICY_DOMAIN) {
			struct snap_policy *p =
				builder_at(b, b->head.policies, builder_policy_index(domain->policy), sizeof *p);
			p->name = name;
		}
		b->head.has_parents |= domain->name[0] == '.';
	}
	free(table);
}

/* Proving it */

/* Bytes that a normalised name may hold. */
static const uint8_t name_byte[256] = {
	['a' ... 'z'] = 1, ['0' ... '9'] = 1, ['-'] = 1, ['_'] = 1, ['.'] = 1, [128 ... 255] = 1
};

bool domain_table_name(struct text t)
{
	uint8_t all = 1;

	for (size_t i = 0; i < t.len; i++)
		all &= name_byte[(unsigned char)t.at[i]];
	return t.len > 0 && t.len <= DOMAIN_MAX && all != 0;
}

/* What the slots before the one that is looked at have shown. */
struct walk {
	const struct snapshot *s;
	size_t length;
	uint32_t run; /* no slot is empty from here on */
	uint32_t used, aliases; /* slots */
	uint32_t own_policies; /* slots whose policy is theirs alone */
	uint32_t hash;
	struct text name; /* of the last slot in use */
	bool parents;
};

/* NULL, or what is wrong with the name. */
static const char *slot_name(const struct walk *w, const struct snap_domain *slot, struct text *name)
{
	const char *bytes = (const char *)w->s;

	if (slot->name >= w->length)
		return "where its name is";
	*name = text_cut(bytes + slot->name, (unsigned char)bytes[slot->name - 1]);
	if (slot->name + name->len > w->length || !domain_table_name(*name))
		return "its name";
	return slot->hash == text_hash(*name) ? NULL : "its hash";
}

/* A [domain NAME] policy has its name from its slot: so each of them has one, and its name needs no other proof. */
static const char *slot_policy(struct walk *w, const struct snap_domain *slot, struct text name)
{
	const struct snap_policy *p;

	if (slot->policy >= w->s->policies.count || slot->policy <= SNAP_POLICY_NO_DOMAIN)
		return "its policy";
	p = snap_policy(w->s, slot->policy);
	w->aliases += slot->alias;
	if (p->kind != POLICY_DOMAIN || slot->alias)
		return NULL;
	w->own_policies++;
	return p->name.at == slot->name && p->name.count == name.len ? NULL : "not the domain of its policy";
}

static const char *slot_fault(struct walk *w, uint32_t i, const struct snap_domain *slot)
{
	uint32_t home = home_of(slot->hash, w->s->domain_homes);
	struct text name;
	const char *fault = slot_name(w, slot, &name);

	if (fault)
		return fault;
	if (home < w->run || home > i)
		return "not at its home, nor behind it without a gap";
	if (w->used > 0 && (slot->hash < w->hash || (slot->hash == w->hash && snapshot_order(w->name, name) >= 0)))
		return "not behind the one before it";
	w->used++;
	w->hash = slot->hash;
	w->name = name;
	w->parents |= name.at[0] == '.';
	return slot_policy(w, slot, name);
}

int domain_table_check(const struct snapshot *s, size_t length, uint32_t own_policies, struct err *e)
{
	const struct snap_domain *slots = snap_at(s, s->domains);
	struct walk w = { .s = s, .length = length };

	if (s->domains.at % 8 != 0 || s->domains.at < sizeof *s || s->domains.count == 0 ||
		s->domains.at + (uint64_t)s->domains.count * sizeof *slots > length || s->domain_homes == 0 ||
		s->domain_homes > s->domains.count || slots[s->domains.count - 1].name != 0)
		return err_set(e, "damaged: where the domains are");
	for (uint32_t i = 0; i < s->domains.count; i++) {
		if (i + AHEAD < s->domains.count && slots[i + AHEAD].policy < s->policies.count)
			__builtin_prefetch(snap_policy(s, slots[i + AHEAD].policy));
		if (slots[i].name == 0) {
			w.run = i + 1;
			continue;
		}
		const char *fault = slot_fault(&w, i, &slots[i]);
		if (fault)
			return err_set(e, "damaged: domain %" PRIu32 ": %s", i, fault);
	}
	if (w.aliases != s->alias_count || w.used - w.aliases != s->domain_count || w.own_policies != own_policies ||
		w.parents != (s->has_parents != 0))
		return err_set(e, "damaged: the count of the domains");
	return 0;
}
