/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/explain.h"

#include "base/escape.h"

enum { LINE = 4096, FOREIGN_MAX = 256 };

struct teller {
	struct buf *b;
	const struct snapshot *s;
	const struct request *rq;
	const struct snap_relay *relay; /* whose factors are being told */
};

static void start(struct line *l, char at[LINE], unsigned depth)
{
	line_start(l, at, LINE - 1);
	line_format(l, "%*s", (int)(2 * depth), "");
}

static void end(struct teller *t, struct line *l)
{
	buf_add(t->b, l->at, l->len);
	buf_str(t->b, "\n");
}

static void say(struct teller *t, unsigned depth, const char *words)
{
	char at[LINE];
	struct line l;

	start(&l, at, depth);
	line_str(&l, words);
	end(t, &l);
}

static struct text attribute(const struct teller *t, enum attribute a)
{
	struct text value = t->rq->attr[a];

	if (value.len > FOREIGN_MAX)
		value.len = FOREIGN_MAX;
	return value;
}

/* An attribute as a person reads it: "client_name mx1.relay.example", "client_name missing". */
static void put_attribute(struct line *l, const struct teller *t, enum attribute a)
{
	line_str(l, attribute_name(a));
	line_str(l, " ");
	if (t->rq->attr[a].len == 0)
		line_str(l, "(empty)");
	else
		line_value(l, attribute(t, a));
}

static void put_section(struct line *l, const struct teller *t, const struct snap_policy *p)
{
	char title[DOMAIN_MAX + 16], place[512];

	line_str(l, "[");
	line_plain(l, text_cut(title, snapshot_policy_title(t->s, p, title, sizeof title)));
	line_str(l, "] at ");
	snapshot_place(t->s, p->place, place, sizeof place);
	line_str(l, place);
}

static void tell_candidate(struct teller *t, const struct decide_event *e)
{
	char at[LINE];
	struct line l;

	start(&l, at, 1);
	if (e->domain.len > 0) {
		line_str(&l, "candidate ");
		line_plain(&l, e->domain);
	} else {
		line_str(&l, "candidate: no domain (strictest mode of any section)");
	}
	line_str(&l, ": policy ");
	put_section(&l, t, e->policy);
	line_format(&l, ", mode %s", mode_name[e->policy->mode]);
	if (e->holds)
		line_str(&l, ", chosen by policy_context");
	end(t, &l);
	t->relay = NULL;
}

static void tell_network(struct teller *t, const struct decide_event *e)
{
	char at[LINE], range[RANGE_TEXT];
	struct line l;

	start(&l, at, 2);
	put_attribute(&l, t, ATTR_CLIENT_ADDRESS);
	if (e->holds)
		line_format(&l, ": in exempt_networks (%s)", range_print(e->range, range));
	else
		line_str(&l, ": in none of exempt_networks");
	end(t, &l);
}

/* Steps whose answer is a yes or no about one attribute. */
static void tell_exempt(struct teller *t, const struct decide_event *e)
{
	bool authenticated = e->step == STEP_AUTHENTICATED;
	char at[LINE];
	struct line l;

	start(&l, at, 2);
	put_attribute(&l, t, authenticated ? ATTR_SASL_USERNAME : ATTR_RECIPIENT);
	if (authenticated)
		line_str(&l, e->holds			       ? ": authenticated, exempt"
			     : e->policy->exempt_authenticated ? ": not authenticated"
							       : ": exempt_authenticated = no");
	else
		line_str(&l, e->holds ? ": one of exempt_recipients" : ": none of exempt_recipients");
	end(t, &l);
}

static void tell_relay(struct teller *t, const struct snap_relay *relay)
{
	char at[LINE], place[512];
	struct line l;

	start(&l, at, 2);
	line_str(&l, "relay ");
	line_text(&l, snap_text(t->s, relay->name));
	snapshot_place(t->s, relay->place, place, sizeof place);
	line_format(&l, " at %s, match", place);
	for (unsigned i = 0; i < FACTORS; i++)
		if (relay->match & 1u << i)
			line_format(&l, " %s", factor_name[i]);
	end(t, &l);
	t->relay = relay;
}

static void put_domains(struct line *l, const struct teller *t, const struct snap_relay *relay)
{
	for (uint32_t i = 0; i < relay->domains.count && i < 8; i++) {
		line_str(l, i ? ", " : " ");
		line_plain(l, snap_item(t->s, relay->domains, i));
	}
	if (relay->domains.count > 8)
		line_str(l, ", ...");
}

static void put_address_factor(struct line *l, const struct teller *t, const struct decide_event *e)
{
	char range[RANGE_TEXT];
	struct ip ip;

	put_attribute(l, t, ATTR_CLIENT_ADDRESS);
	if (e->holds)
		line_format(l, " is in %s", range_print(e->range, range));
	else if (ip_parse_client(&ip, t->rq->attr[ATTR_CLIENT_ADDRESS]))
		line_format(l, " is in none of its %zu ranges", range_set_count(snap_set(t->s, e->relay->ranges)));
	else
		line_str(l, " is no address");
}

static void tell_factor(struct teller *t, const struct decide_event *e)
{
	char at[LINE];
	struct line l;

	if (e->relay != t->relay)
		tell_relay(t, e->relay);
	start(&l, at, 3);
	line_format(&l, "%s: %s: ", factor_name[e->factor], e->holds ? "yes" : "no");
	switch (e->factor) {
	case FACTOR_ADDRESS:
		put_address_factor(&l, t, e);
		break;
	case FACTOR_HELO:
	case FACTOR_NAME:
		put_attribute(&l, t, e->factor == FACTOR_HELO ? ATTR_HELO_NAME : ATTR_CLIENT_NAME);
		line_str(&l, e->holds ? " is at or below" : " is not at or below");
		put_domains(&l, t, e->relay);
		break;
	case FACTOR_CERTIFICATE:
		put_attribute(&l, t, ATTR_CCERT_FINGERPRINT);
		line_str(&l, ", ");
		put_attribute(&l, t, ATTR_CCERT_PUBKEY_FINGERPRINT);
		line_format(&l, ": %s of its %u fingerprints", e->holds ? "one" : "none", e->relay->fingerprints.count);
		break;
	default:
		put_attribute(&l, t, ATTR_ENCRYPTION_PROTOCOL);
	}
	end(t, &l);
}

/* A reason in words; the rest of the sentence "permit: relay: ...". */
static const char *const reason_words[REASONS] = {
	[REASON_NO_RECIPIENT] = "asked at a stage without one recipient, where nothing can be decided",
	[REASON_MODE_OFF] = "the policy's mode is off",
	[REASON_AUTHENTICATED] = "the client has logged in",
	[REASON_EXEMPT_NETWORK] = "the client's address is in exempt_networks",
	[REASON_EXEMPT_RECIPIENT] = "the recipient is in exempt_recipients",
	[REASON_RELAY] = "every factor of this relay's match holds",
	[REASON_BAD_ADDRESS] = "client_address is no address",
	[REASON_NAME_UNVERIFIED] = "all holds but the name, which Postfix could not verify now",
	[REASON_HELO_MISMATCH] = "a relay's client with another HELO",
	[REASON_NAME_MISMATCH] = "a relay's client with another verified name",
	[REASON_CERTIFICATE_MISMATCH] = "a relay's client without its certificate",
	[REASON_NO_TLS] = "a relay's client without TLS",
	[REASON_NEAR_MISS] = "a relay's name at an address that is not in its ranges: has the service added a host?",
	[REASON_UNKNOWN_ADDRESS] = "the address belongs to no relay of the policy: direct delivery",
	[REASON_BAD_REQUEST] = "the request is longer than the protocol's limits",
};

static void tell_result(struct teller *t, const struct decide_event *e)
{
	const struct verdict *v = e->verdict;
	char at[LINE];
	struct line l;

	start(&l, at, 2);
	line_format(&l, "%s: %s", outcome_name[v->outcome], reason_name[v->reason]);
	if (v->relay) {
		line_str(&l, ", relay ");
		line_text(&l, snap_text(t->s, v->relay->name));
	}
	line_format(&l, ": %s", reason_words[v->reason]);
	if (v->mode == MODE_MONITOR && v->outcome != OUTCOME_PERMIT)
		line_str(&l, " (mode monitor: only logged)");
	end(t, &l);
}

static void tell(void *context, const struct decide_event *e)
{
	struct teller *t = context;

	switch (e->step) {
	case STEP_CANDIDATE:
		return tell_candidate(t, e);
	case STEP_OFF:
		return;
	case STEP_EXEMPT_NETWORK:
		return tell_network(t, e);
	case STEP_AUTHENTICATED:
	case STEP_EXEMPT_RECIPIENT:
		return tell_exempt(t, e);
	case STEP_FACTOR:
		return tell_factor(t, e);
	case STEP_NEAR_MISS:
		return say(
			t, 3, "near miss: its name (verified, or claimed while none could be verified) is the relay's");
	case STEP_RESULT:
		return tell_result(t, e);
	}
}

static void conclude(struct teller *t, const struct verdict *v)
{
	char at[LINE];
	struct line l;

	start(&l, at, 1);
	line_format(&l, "decided: %s, %s", outcome_name[v->outcome], reason_name[v->reason]);
	if (v->policy) {
		line_str(&l, ", for ");
		line_plain(&l, verdict_domain(v));
		line_str(&l, " by ");
		put_section(&l, t, v->policy);
	} else {
		line_format(&l, ": %s", reason_words[v->reason]);
	}
	end(t, &l);
}

void explain(struct buf *b, const struct snapshot *s, const struct request *rq)
{
	struct teller t = { .b = b, .s = s, .rq = rq };
	struct buf steps = { 0 };
	struct verdict v;
	char action[ACTION_MAX];

	t.b = &steps;
	decide(s, rq, &v, &(struct decide_trace){ .context = &t, .tell = tell });
	t.b = b;
	buf_add(b, action, verdict_action(s, rq, &v, action));
	buf_str(b, "\n");
	if (v.unknown_context)
		say(&t, 1, "policy_context names no [domains LABEL] section: ignored");
	buf_add(b, steps.at, steps.len);
	buf_free(&steps);
	conclude(&t, &v);
}
