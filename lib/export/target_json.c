/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdlib.h>

#include "base/escape.h"
#include "export/targets.h"

#define JSON_HELP "relays, policies, domains and ranges, resolved, for programs of your own"

enum { TITLE = 320, PLACE = 4096 + 16 };

static void add_string(struct buf *b, struct text t)
{
	size_t cap = 6 * t.len + 3; /* what every byte can take, the quotes, a NUL */
	struct line l;

	line_start(&l, buf_room(b, cap), cap);
	line_json(&l, t);
	b->len += l.len;
}

static void add_key(struct buf *b, const char *indent, const char *key)
{
	buf_format(b, "%s\"%s\": ", indent, key);
}

static void add_member(struct buf *b, const char *indent, const char *key, struct text value)
{
	add_key(b, indent, key);
	add_string(b, value);
	buf_str(b, ",\n");
}

static void add_ranges(struct buf *b, const struct range_list *l)
{
	buf_str(b, l->count > 0 ? "[\"" : "[");
	ranges_print(b, l, "\", \"");
	buf_str(b, l->count > 0 ? "\"]" : "]");
}

static void add_strings(struct buf *b, const struct snapshot *s, struct span list)
{
	buf_str(b, "[");
	for (uint32_t i = 0; i < list.count; i++) {
		buf_str(b, i > 0 ? ", " : "");
		add_string(b, snap_item(s, list, i));
	}
	buf_str(b, "]");
}

static void add_factors(struct buf *b, uint32_t match)
{
	const char *between = "";

	buf_str(b, "[");
	for (int f = 0; f < FACTORS; f++) {
		if (!(match & 1u << f))
			continue;
		buf_format(b, "%s\"%s\"", between, factor_name[f]);
		between = ", ";
	}
	buf_str(b, "]");
}

static void add_fingerprints(struct buf *b, const struct snapshot *s, struct span list)
{
	const struct fingerprint *f = snap_at(s, list);

	buf_str(b, "[");
	for (uint32_t i = 0; i < list.count; i++) {
		buf_str(b, i > 0 ? ", \"" : "\"");
		for (unsigned k = 0; k < f[i].len; k++)
			buf_format(b, "%02x", f[i].bytes[k]);
		buf_str(b, "\"");
	}
	buf_str(b, "]");
}

static void add_set(struct buf *b, const struct range_set *set)
{
	struct range_list l = { 0 };

	for (size_t i = 0; i < range_set_count(set); i++) {
		struct range r = range_set_get(set, i);
		range_list_add(&l, &r);
	}
	add_ranges(b, &l);
	range_list_free(&l);
}

static void add_relay(struct buf *b, const struct snapshot *s, const struct snap_relay *relay)
{
	buf_str(b, "    {\n");
	add_member(b, "      ", "name", snap_text(s, relay->name));
	add_key(b, "      ", "match");
	add_factors(b, relay->match);
	add_key(b, ",\n      ", "ranges");
	add_set(b, snap_set(s, relay->ranges));
	add_key(b, ",\n      ", "domains");
	add_strings(b, s, relay->domains);
	add_key(b, ",\n      ", "fingerprints");
	add_fingerprints(b, s, relay->fingerprints);
	buf_str(b, "\n    }");
}

static void add_relay_names(struct buf *b, const struct plan *p, const struct snap_policy *policy)
{
	buf_str(b, "[");
	for (uint32_t i = 0; i < policy->relays.count; i++) {
		buf_str(b, i > 0 ? ", " : "");
		add_string(b, snap_text(p->s, plan_relay(p, policy, i)->name));
	}
	buf_str(b, "]");
}

static void add_policy(struct buf *b, const struct plan *p, const struct snap_policy *policy)
{
	char title[TITLE], place[PLACE];
	size_t n = snapshot_policy_title(p->s, policy, title, sizeof title);

	snapshot_place(p->s, policy->place, place, sizeof place);
	buf_str(b, "    {\n");
	add_member(b, "      ", "policy", text_cut(title, n));
	add_member(b, "      ", "place", text_of(place));
	add_member(b, "      ", "mode", text_of(mode_name[policy->mode]));
	add_key(b, "      ", "relays");
	add_relay_names(b, p, policy);
	add_key(b, ",\n      ", "exempt_networks");
	add_set(b, snap_set(p->s, policy->exempt_networks));
	add_key(b, ",\n      ", "exempt_authenticated");
	buf_str(b, policy->exempt_authenticated ? "true" : "false");
	add_key(b, ",\n      ", "exempt_recipients");
	add_strings(b, p->s, policy->exempt_recipients);
	buf_str(b, "\n    }");
}

/* Between the elements of a list. */
static const char *comma(bool *begun)
{
	const char *words = *begun ? ",\n" : "\n";

	*begun = true;
	return words;
}

static void add_relays(struct buf *b, const struct snapshot *s)
{
	bool begun = false;

	add_key(b, "  ", "relays");
	buf_str(b, "[");
	for (uint32_t i = 0; i < s->relays.count; i++) {
		buf_str(b, comma(&begun));
		add_relay(b, s, snap_relay(s, i));
	}
	buf_str(b, "\n  ],\n");
}

static void add_policies(struct buf *b, const struct plan *p)
{
	bool begun = false;

	add_key(b, "  ", "policies");
	buf_str(b, "[");
	for (uint32_t i = 0; i < p->s->policies.count; i++) {
		if (i == SNAP_POLICY_NO_DOMAIN)
			continue;
		buf_str(b, comma(&begun));
		add_policy(b, p, snap_policy(p->s, i));
	}
	buf_str(b, "\n  ],\n");
}

static void add_domains(struct buf *b, const struct plan *p)
{
	bool begun = false;

	add_key(b, "  ", "domains");
	buf_str(b, "{");
	for (size_t i = 0; i < p->domain_count; i++) {
		char title[TITLE];
		size_t n = snapshot_policy_title(p->s, snap_policy(p->s, p->domains[i].policy), title, sizeof title);
		buf_str(b, comma(&begun));
		buf_str(b, "    ");
		add_string(b, p->domains[i].name);
		buf_str(b, ": ");
		add_string(b, text_cut(title, n));
	}
	buf_str(b, "\n  }\n}\n");
}

static int write_json(struct export_job *x, struct err *e)
{
	const struct plan *p = x->plan;
	struct buf *b = export_file(x, x->target->file, NULL);

	(void)e;
	buf_str(b, "{\n");
	add_member(b, "  ", "export", text_of("mxonly export json: " JSON_HELP));
	add_member(b, "  ", "configuration", text_of(p->config));
	add_member(b, "  ", "digest", text_of(p->digest));
	add_member(b, "  ", "written", text_of(p->date));
	add_member(b, "  ", "version", text_of(MXONLY_VERSION));
	add_member(b, "  ", "load", text_of("read it with any JSON parser"));
	add_member(b, "  ", "verify", text_of("relay4 and relay6 must be let in, foreign4 and foreign6 must not"));
	add_member(b, "  ", "relay4", text_of(p->relay4));
	add_member(b, "  ", "relay6", text_of(p->relay6));
	add_member(b, "  ", "foreign4", text_of(p->foreign4));
	add_member(b, "  ", "foreign6", text_of(p->foreign6));
	add_key(b, "  ", "allowed");
	add_ranges(b, &p->allowed);
	add_key(b, ",\n  ", "trusted");
	add_ranges(b, &p->trusted);
	buf_str(b, ",\n");
	add_relays(b, p->s);
	add_policies(b, p);
	add_domains(b, p);
	return 0;
}

const struct target target_json = {
	.name = "json",
	.help = JSON_HELP,
	.flags = TARGET_LIST,
	.file = "mxonly.json",
	.write = write_json,
};
