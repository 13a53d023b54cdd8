/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/config_parts.h"

#include <stdlib.h>

static uint64_t relay_key(const char *key)
{
	return UINT64_C(1) << (setting_find(SECTION_RELAY, text_of(key)) - settings);
}

/* What was not set in [policyd] and [default]; the table of settings has it as text. */
static void fill_in_presets(struct build *b)
{
	for (size_t i = 0; i < setting_count; i++) {
		const struct setting *row = &settings[i];
		enum section_kind kind = row->sections & (1u << SECTION_POLICYD) ? SECTION_POLICYD : SECTION_DEFAULT;
		if (!row->preset || row->sections & (1u << SECTION_RELAY))
			continue;
		if (kind == SECTION_POLICYD ? (b->policyd_seen >> i & 1) != 0 : b->policy_notes[0].line[row->field] > 0)
			continue;
		struct value v = value_of(b, row, kind, 0, text_of(row->preset));
		value_read(b, &v);
	}
	for (unsigned use = 0; use < ACTION_USES; use++)
		if (b->policy_notes[0].line[FIELD_REFUSE_ACTION + use] == 0)
			b->c->policies[0].action[use] = must_strndup(action_default[use], strlen(action_default[use]));
}

static void check_sockets(struct build *b)
{
	const struct policyd_config *p = &b->c->policyd;

	for (size_t i = 0; p->control && i < p->listen.count; i++)
		if (strcmp(p->listen.at[i], p->control) == 0)
			place_fault(b, b->once[SECTION_POLICYD], "`%s` is both in `listen` and `control`", p->control);
}

static unsigned default_match(const struct relay_config *r)
{
	if (r->ranges.count > 0)
		return FACTOR_BIT_ADDRESS | (r->domains.count > 0 ? FACTOR_BIT_HELO : 0);
	if (r->domains.count > 0)
		return FACTOR_BIT_NAME;
	return r->fingerprint_count > 0 ? FACTOR_BIT_CERTIFICATE : 0;
}

/* The factors of r's match that it has data for, or would have if its lines were no faults. */
static unsigned factors_with_data(const struct build *b, uint32_t i)
{
	const struct relay_config *r = &b->c->relays[i];
	const struct relay_notes *notes = &b->relay_notes[i];
	unsigned factors = FACTOR_BIT_TLS;

	if (r->ranges.count > 0 || notes->faulty & (relay_key("ranges") | relay_key("ranges_file")))
		factors |= FACTOR_BIT_ADDRESS;
	if (r->domains.count > 0 || notes->faulty & relay_key("domains"))
		factors |= FACTOR_BIT_HELO | FACTOR_BIT_NAME;
	if (r->fingerprint_count > 0 || notes->faulty & relay_key("fingerprints"))
		factors |= FACTOR_BIT_CERTIFICATE;
	return factors;
}

static void check_match(struct build *b, uint32_t i)
{
	static const char *const data[FACTORS] = { "`ranges` or `ranges_file`", "`domains`", "`domains`",
		"`fingerprints`", "" };
	const struct relay_config *r = &b->c->relays[i];
	struct place place = { r->place.file, b->relay_notes[i].match_line };
	unsigned with_data = factors_with_data(b, i);

	if (with_data == FACTOR_BIT_TLS && !b->relay_notes[i].broken) {
		place_fault(b, r->place,
			"[relay %s] has no ranges, no domains and no fingerprints: nothing can match it", r->name);
		return;
	}
	for (unsigned factor = 0; factor < FACTORS; factor++)
		if (r->match & ~with_data & (1u << factor))
			place_fault(b, place, "match: `%s`, while [relay %s] has no %s", factor_name[factor], r->name,
				data[factor]);
}

static void check_relay(struct build *b, uint32_t i)
{
	struct relay_config *r = &b->c->relays[i];
	const struct relay_notes *notes = &b->relay_notes[i];

	if (notes->ghost)
		return;
	if (notes->match_line == 0 && !(notes->faulty & relay_key("match"))) {
		r->match = default_match(r);
		if (r->fingerprint_count > 0 && !(r->match & FACTOR_BIT_CERTIFICATE))
			place_warning(b, r->place,
				"[relay %s] has fingerprints that nobody looks at: its `match` would have to name "
				"`certificate`",
				r->name);
	}
	check_match(b, i);
}

static void check_wide(struct build *b)
{
	char text[RANGE_TEXT];

	for (size_t i = 0; i < b->wide_count; i++) {
		const struct wide_range *wide = &b->wide[i];
		const struct relay_config *r = &b->c->relays[wide->relay];
		if (r->allow_wide_ranges || b->relay_notes[wide->relay].faulty & relay_key("allow_wide_ranges"))
			continue;
		place_fault(b, wide->place,
			"%s is wider than %s: if that is meant, say `allow_wide_ranges = yes` in [relay %s]",
			range_print(&wide->range, text), wide->range.first.v6 ? "an IPv6 /16" : "an IPv4 /8", r->name);
	}
}

/* Words are dear with thousands of relays: none for faults that nobody will see. */
static const char *nearest_relay(const struct build *b, const char *name)
{
	const char **names, *nearest;

	if (b->faults->errors >= FAULTS_KEPT)
		return NULL;
	names = must_alloc(b->c->relay_count * sizeof *names);
	for (size_t i = 0; i < b->c->relay_count; i++)
		names[i] = b->c->relays[i].name;
	nearest = text_nearest(text_of(name), names, b->c->relay_count);
	free(names);
	return nearest;
}

static void report_unknown_relay(struct build *b, const struct relay_use *use)
{
	const char *nearest = nearest_relay(b, use->name);

	b->lost_use = true;
	if (b->lost_section && !nearest)
		return;
	place_fault(b, use->place, "relays: there is no [relay %.80s]%s%s%s", use->name, nearest ? ": `" : "",
		nearest ? nearest : "", nearest ? "` meant?" : "");
}

static void relay_list_add(struct policy_config *p, uint32_t relay)
{
	p->relays = must_grow(p->relays, p->relay_count, sizeof *p->relays);
	p->relays[p->relay_count++] = relay;
}

/* The words of every `relays`; a relay that is listed again adds nothing. */
static void resolve_uses(struct build *b)
{
	struct config *c = b->c;
	uint32_t *listed_by = must_alloc(c->relay_count * sizeof *listed_by); /* policy, and 1; 0: none yet */

	memset(listed_by, 0, c->relay_count * sizeof *listed_by);
	for (size_t i = 0; i < b->use_count; i++) {
		const struct relay_use *use = &b->uses[i];
		uint32_t relay = name_table_find(&b->relays, text_of(use->name));
		if (relay == NAME_ABSENT) {
			report_unknown_relay(b, use);
		} else if (listed_by[relay] != use->policy + 1) {
			listed_by[relay] = use->policy + 1;
			relay_list_add(&c->policies[use->policy], relay);
		}
	}
	free(listed_by);
	for (uint32_t i = 0; b->policy_notes[0].line[FIELD_RELAYS] == 0 && i < c->relay_count; i++)
		relay_list_add(&c->policies[0], i);
}

/* Every key that p did not set is [default]'s; the memory stays [default]'s too. */
static void inherit(struct policy_config *p, const struct policy_notes *notes, const struct policy_config *base)
{
	struct policy_config own = *p;

	*p = *base;
	p->kind = own.kind;
	p->name = own.name;
	p->place = own.place;
	for (unsigned field = 0; field < POLICY_FIELDS; field++)
		if (notes->line[field] == 0)
			p->like |= 1u << field;
	if (notes->line[FIELD_MODE] > 0)
		p->mode = own.mode;
	if (notes->line[FIELD_RELAYS] > 0) {
		p->relays = own.relays;
		p->relay_count = own.relay_count;
	}
	for (unsigned use = 0; use < ACTION_USES; use++)
		if (notes->line[FIELD_REFUSE_ACTION + use] > 0)
			p->action[use] = own.action[use];
	if (notes->line[FIELD_ON_NEAR_MISS] > 0)
		p->on_near_miss = own.on_near_miss;
	if (notes->line[FIELD_ON_MISMATCH] > 0)
		p->on_mismatch = own.on_mismatch;
	if (notes->line[FIELD_EXEMPT_NETWORKS] > 0)
		p->exempt_networks = own.exempt_networks;
	if (notes->line[FIELD_EXEMPT_AUTHENTICATED] > 0)
		p->exempt_authenticated = own.exempt_authenticated;
	if (notes->line[FIELD_EXEMPT_RECIPIENTS] > 0)
		p->exempt_recipients = own.exempt_recipients;
}

void config_check(struct build *b)
{
	struct config *c = b->c;

	names_add_aliases(b);
	fill_in_presets(b);
	check_sockets(b);
	if (c->relay_count == 0 && !b->lost_section)
		fault_add(b->faults, c->files.at[0], 1,
			"no [relay NAME] section: nobody could deliver mail (`mxonly init` writes one)");
	for (uint32_t i = 0; i < c->relay_count; i++)
		check_relay(b, i);
	check_wide(b);
	resolve_uses(b);
	for (size_t i = 1; i < c->policy_count; i++)
		inherit(&c->policies[i], &b->policy_notes[i], &c->policies[0]);
}
