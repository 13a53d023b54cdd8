/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snapshot_check - the proof that decide.h, recipient.h, report.h and the server may follow a snapshot blindly
 *
 * It goes through the bytes in their order and remembers what it has just looked at, so that a million policies which share
 * a list cost one look at that list.
 */
#include <inttypes.h>

#include "policy/config.h"
#include "policy/domain.h"
#include "policy/domain_table.h"
#include "policy/fingerprint.h"
#include "policy/recipient.h"
#include "policy/settings.h"
#include "policy/snapshot.h"

enum { LABEL_MAX = 64, SEEN = 64 /* 2^6: see seen() */ };

/* What a span was looked at as; the actions come first. */
enum look { LOOK_RELAYS = ACTION_USES, LOOK_SET, LOOK_EXEMPT, LOOKS };

struct check {
	const struct snapshot *s;
	size_t length;
	struct err *e;
	uint32_t of_kind[POLICY_KINDS]; /* policies that were looked at */
	struct span seen[LOOKS][SEEN]; /* spans that are in order as what they were looked at; at 0: none */
};

typedef bool string_rule(struct text t);

static int damaged(const struct check *c, const char *what, uint32_t i, const char *why)
{
	return err_set(c->e, "damaged: %s %" PRIu32 ": %s", what, i, why);
}

/* Within the snapshot and behind its header; the arithmetic cannot pass 64 bits. */
static bool fits(const struct check *c, struct span span, size_t size)
{
	return span.at >= sizeof *c->s && (uint64_t)span.at + (uint64_t)span.count * size <= c->length;
}

static bool array_fits(const struct check *c, struct span span, size_t size)
{
	return span.count == 0 || (span.at % 8 == 0 && fits(c, span, size));
}

static bool string_fits(const struct check *c, struct span span)
{
	return fits(c, span, 1);
}

/* Whether this span has been looked at as that; if not, it counts as looked at from now on. */
static bool seen(struct check *c, struct span span, unsigned look)
{
	struct span *slot = &c->seen[look][(span.at ^ span.count) * 0x9e3779b9u >> 26];

	if (slot->at == span.at && slot->count == span.count && span.at != 0)
		return true;
	*slot = span;
	return false;
}

/* Strings become C strings where a path or a user is meant. */
static bool no_nul(struct text t)
{
	return memchr(t.at, 0, t.len) == NULL;
}

static bool some_word(struct text t)
{
	return t.len > 0 && no_nul(t);
}

static bool begins(struct text t, const char *with)
{
	size_t n = strlen(with);

	return t.len > n && memcmp(t.at, with, n) == 0;
}

static bool endpoint(struct text t)
{
	return no_nul(t) && (begins(t, "unix:") || begins(t, "inet:"));
}

/* The name of a relay or a label. */
static bool word_of_ours(struct text t)
{
	if (t.len == 0 || t.len > LABEL_MAX)
		return false;
	for (size_t i = 0; i < t.len; i++) {
		char low = ascii_lower(t.at[i]);
		if (!((low >= 'a' && low <= 'z') || (low >= '0' && low <= '9') || low == '-' || low == '_' ||
			    low == '.'))
			return false;
	}
	return true;
}

/* A relay's domain: a name of two labels or more that a host can be below. */
static bool relay_domain(struct text t)
{
	return domain_table_name(t) && t.at[0] != '.' && domain_has_dot(t);
}

static bool strings_ok(const struct check *c, struct span list, string_rule *rule)
{
	const struct span *strings = snap_at(c->s, list);

	if (!array_fits(c, list, sizeof *strings))
		return false;
	for (uint32_t i = 0; i < list.count; i++)
		if (!string_fits(c, strings[i]) || !rule(snap_text(c->s, strings[i])))
			return false;
	return true;
}

/* Each before the next, none twice. */
static bool strings_sorted(const struct check *c, struct span list)
{
	for (uint32_t i = 1; i < list.count; i++)
		if (snapshot_order(snap_item(c->s, list, i - 1), snap_item(c->s, list, i)) >= 0)
			return false;
	return true;
}

static bool string_ok(const struct check *c, struct span string, string_rule *rule)
{
	return string_fits(c, string) && rule(snap_text(c->s, string));
}

static bool place_ok(const struct check *c, struct snap_place place)
{
	return place.line == 0 || place.file < c->s->files.count;
}

static bool set_ok(const struct check *c, struct span set)
{
	return set.at % 8 == 0 && set.count > 0 && fits(c, set, 1) && range_set_check(snap_at(c->s, set), set.count) &&
	       range_set_size(snap_set(c->s, set)) == set.count;
}

static bool fingerprints_ok(const struct check *c, struct span list)
{
	const struct fingerprint *f = snap_at(c->s, list);

	if (!array_fits(c, list, sizeof *f))
		return false;
	for (uint32_t i = 0; i < list.count; i++) {
		if (f[i].len != 16 && f[i].len != 20 && f[i].len != 32 && f[i].len != 48 && f[i].len != 64)
			return false;
		if (i > 0 && fingerprint_compare(&f[i - 1], &f[i]) >= 0)
			return false;
	}
	return true;
}

static bool files_ok(const struct check *c, struct span list)
{
	const struct snap_file *files = snap_at(c->s, list);

	if (!array_fits(c, list, sizeof *files))
		return false;
	for (uint32_t i = 0; i < list.count; i++)
		if (!string_ok(c, files[i].name, some_word))
			return false;
	return true;
}

/* Something that a client cannot choose must be asked for, and the relay have what it is compared with. */
static bool match_ok(const struct snap_relay *r, const struct range_set *ranges)
{
	const unsigned proves = FACTOR_BIT_ADDRESS | FACTOR_BIT_NAME | FACTOR_BIT_CERTIFICATE;

	if (r->match >= 1u << FACTORS || !(r->match & proves))
		return false;
	if ((r->match & FACTOR_BIT_ADDRESS) && range_set_count(ranges) == 0)
		return false;
	if ((r->match & (FACTOR_BIT_HELO | FACTOR_BIT_NAME)) && r->domains.count == 0)
		return false;
	return !(r->match & FACTOR_BIT_CERTIFICATE) || r->fingerprints.count > 0;
}

static int check_relay(const struct check *c, uint32_t i)
{
	const struct snap_relay *r = snap_relay(c->s, i);

	if (!string_ok(c, r->name, word_of_ours) || !place_ok(c, r->place))
		return damaged(c, "relay", i, "its name or place");
	if (!set_ok(c, r->ranges))
		return damaged(c, "relay", i, "its ranges");
	if (!strings_ok(c, r->domains, relay_domain))
		return damaged(c, "relay", i, "its domains");
	if (!fingerprints_ok(c, r->fingerprints))
		return damaged(c, "relay", i, "its fingerprints");
	if (!files_ok(c, r->files))
		return damaged(c, "relay", i, "its ranges_files");
	if (!match_ok(r, snap_set(c->s, r->ranges)))
		return damaged(c, "relay", i, "its match");
	return 0;
}

static bool relay_indexes_ok(struct check *c, struct span list)
{
	const uint32_t *relays = snap_at(c->s, list);

	if (seen(c, list, LOOK_RELAYS))
		return true;
	if (!array_fits(c, list, sizeof *relays))
		return false;
	for (uint32_t i = 0; i < list.count; i++)
		if (relays[i] >= c->s->relays.count)
			return false;
	return true;
}

static bool policy_name_ok(const struct check *c, const struct snap_policy *p, uint32_t i)
{
	if ((i <= SNAP_POLICY_NO_DOMAIN) != (p->kind == POLICY_DEFAULT) || !string_fits(c, p->name))
		return false;
	switch (p->kind) {
	case POLICY_DEFAULT:
		return p->name.count == 0;
	case POLICY_DOMAIN:
		return true; /* domain_table_check looks at it */
	default:
		return p->kind == POLICY_DOMAINS && word_of_ours(snap_text(c->s, p->name));
	}
}

/* As Postfix would take what is not an action for a permit, the words are looked at again. */
static int check_actions(struct check *c, const struct snap_policy *p, uint32_t i)
{
	for (unsigned use = 0; use < ACTION_USES; use++) {
		struct span action = p->action[use];
		struct err why;
		if (seen(c, action, use))
			continue;
		if (!string_fits(c, action))
			return damaged(c, "policy", i, "where an action is");
		if (action_check(snap_text(c->s, action), (enum action_use)use, NULL, &why) < 0)
			return damaged(c, "policy", i, why.text);
	}
	return 0;
}

static int check_policy(struct check *c, uint32_t i)
{
	const struct snap_policy *p = snap_policy(c->s, i);

	if (!policy_name_ok(c, p, i) || !place_ok(c, p->place))
		return damaged(c, "policy", i, "its kind, name or place");
	if (p->mode >= MODES || p->on_near_miss >= ON_DOUBTS || p->on_mismatch >= ON_DOUBTS ||
		p->exempt_authenticated > 1)
		return damaged(c, "policy", i, "a value that is none");
	if (!relay_indexes_ok(c, p->relays))
		return damaged(c, "policy", i, "its relays");
	if (!seen(c, p->exempt_networks, LOOK_SET) && !set_ok(c, p->exempt_networks))
		return damaged(c, "policy", i, "its exempt_networks");
	if (!seen(c, p->exempt_recipients, LOOK_EXEMPT) &&
		(!strings_ok(c, p->exempt_recipients, some_word) || !strings_sorted(c, p->exempt_recipients)))
		return damaged(c, "policy", i, "its exempt_recipients");
	return check_actions(c, p, i);
}

static int check_policies(struct check *c)
{
	uint8_t strictest = MODES - 1;

	if (c->s->policies.count <= SNAP_POLICY_NO_DOMAIN || !array_fits(c, c->s->policies, sizeof(struct snap_policy)))
		return err_set(c->e, "damaged: where the policies are");
	for (uint32_t i = 0; i < c->s->policies.count; i++) {
		const struct snap_policy *p = snap_policy(c->s, i);
		if (check_policy(c, i) < 0)
			return -1;
		if (p->mode < strictest && i != SNAP_POLICY_NO_DOMAIN)
			strictest = p->mode;
		c->of_kind[p->kind]++;
	}
	if (snap_policy(c->s, SNAP_POLICY_NO_DOMAIN)->mode != strictest)
		return damaged(c, "policy", SNAP_POLICY_NO_DOMAIN, "not the strictest mode");
	if (c->s->labels.count != c->of_kind[POLICY_DOMAINS])
		return err_set(c->e, "damaged: the labels are not those of the policies");
	return 0;
}

static int check_labels(const struct check *c)
{
	const uint32_t *labels = snap_at(c->s, c->s->labels);
	struct text last = { "", 0 };

	if (!array_fits(c, c->s->labels, sizeof *labels))
		return err_set(c->e, "damaged: where the labels are");
	for (uint32_t i = 0; i < c->s->labels.count; i++) {
		if (labels[i] >= c->s->policies.count || snap_policy(c->s, labels[i])->kind != POLICY_DOMAINS)
			return damaged(c, "label", i, "not that of a policy");
		struct text name = snap_text(c->s, snap_policy(c->s, labels[i])->name);
		if (snapshot_order(last, name) >= 0)
			return damaged(c, "label", i, "not behind the one before it");
		last = name;
	}
	return 0;
}

/* The bounds that the configuration has. */
static bool number_ok(const char *key, uint32_t value)
{
	const struct setting *setting = setting_find(SECTION_POLICYD, text_of(key));

	return setting && value >= setting->min && value <= setting->max;
}

static int check_policyd(const struct check *c)
{
	const struct snap_policyd *p = &c->s->policyd;

	if (!strings_ok(c, p->listen, endpoint) || !string_ok(c, p->socket_group, no_nul) ||
		!string_ok(c, p->user, no_nul) || !string_ok(c, p->group, no_nul) ||
		!string_ok(c, p->control, no_nul) || !string_ok(c, p->recipient_delimiter, no_nul))
		return err_set(c->e, "damaged: a string of [policyd]");
	if (p->control.count > 0 && !begins(snap_text(c->s, p->control), "unix:"))
		return err_set(c->e, "damaged: [policyd] control");
	if (!number_ok("socket_mode", p->socket_mode) || (p->workers != 0 && !number_ok("workers", p->workers)) ||
		!number_ok("max_connections", p->max_connections) ||
		!number_ok("request_timeout", p->request_timeout) || !number_ok("idle_timeout", p->idle_timeout) ||
		p->routed_recipients > RECIPIENT_IGNORE_ROUTES || p->control_set > 1 || p->log > LOG_TARGET_SYSLOG ||
		p->log_json > 1 || p->log_decisions > LOG_DECISIONS_ALL)
		return err_set(c->e, "damaged: a number of [policyd]");
	return 0;
}

static int check_content(struct check *c)
{
	const struct snapshot *s = c->s;

	if (!strings_ok(c, s->files, some_word))
		return err_set(c->e, "damaged: the names of files");
	if (!array_fits(c, s->relays, sizeof(struct snap_relay)))
		return err_set(c->e, "damaged: where the relays are");
	for (uint32_t i = 0; i < s->relays.count; i++)
		if (check_relay(c, i) < 0)
			return -1;
	if (check_policies(c) < 0 || check_labels(c) < 0 ||
		domain_table_check(c->s, c->length, c->of_kind[POLICY_DOMAIN], c->e) < 0 || check_policyd(c) < 0)
		return -1;
	if (!strings_ok(c, s->own, some_word) || !strings_ok(c, s->internal_networks, some_word))
		return err_set(c->e, "damaged: a string of [audit]");
	return 0;
}

int snapshot_check(const void *bytes, size_t length, struct err *e)
{
	struct check c = { .s = bytes, .length = length, .e = e };

	if (snapshot_check_header(bytes, length, e) < 0)
		return -1;
	if (c.s->checksum != snapshot_checksum(bytes, length))
		return err_set(e, "damaged: its bytes are not those that were written (checksum)");
	return check_content(&c);
}
