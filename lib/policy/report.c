/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/report.h"

enum { FOREIGN_MAX = 512 }; /* bytes of one foreign value in a log line */

enum key {
	KEY_OUTCOME,
	KEY_REASON,
	KEY_MODE,
	KEY_POLICY,
	KEY_DOMAIN,
	KEY_RELAY,
	KEY_CLIENT_ADDRESS,
	KEY_CLIENT_NAME,
	KEY_HELO_NAME,
	KEY_SENDER,
	KEY_RECIPIENT,
	KEY_QUEUE_ID,
	KEY_INSTANCE,
	KEYS
};

const char *const decision_key[] = {
	"outcome",
	"reason",
	"mode",
	"policy",
	"domain",
	"relay",
	"client_address",
	"client_name",
	"helo_name",
	"sender",
	"recipient",
	"queue_id",
	"instance",
};
const unsigned decision_keys = KEYS;

/* What each key says; title has room for the policy's. */
static void values_of(struct text values[KEYS], const struct snapshot *s, const struct request *rq,
	const struct verdict *v, char *title, size_t cap)
{
	static const enum attribute attribute[KEYS] = {
		[KEY_CLIENT_ADDRESS] = ATTR_CLIENT_ADDRESS,
		[KEY_CLIENT_NAME] = ATTR_CLIENT_NAME,
		[KEY_HELO_NAME] = ATTR_HELO_NAME,
		[KEY_SENDER] = ATTR_SENDER,
		[KEY_RECIPIENT] = ATTR_RECIPIENT,
		[KEY_QUEUE_ID] = ATTR_QUEUE_ID,
		[KEY_INSTANCE] = ATTR_INSTANCE,
	};

	memset(values, 0, KEYS * sizeof *values);
	values[KEY_OUTCOME] = text_of(outcome_name[v->outcome]);
	values[KEY_REASON] = text_of(reason_name[v->reason]);
	if (v->policy) {
		values[KEY_MODE] = text_of(mode_name[v->mode]);
		values[KEY_POLICY] = text_cut(title, snapshot_policy_title(s, v->policy, title, cap));
	}
	values[KEY_DOMAIN] = text_cut(v->domain, v->domain_len);
	if (v->relay)
		values[KEY_RELAY] = snap_text(s, v->relay->name);
	for (int k = KEY_CLIENT_ADDRESS; rq && k < KEYS; k++) {
		values[k] = rq->attr[attribute[k]];
		if (values[k].len > FOREIGN_MAX)
			values[k].len = FOREIGN_MAX;
	}
}

/* What stands before each value, the separator first. */
#define BEFORE(name)                                      \
	{                                                 \
		{ " " name "=", sizeof name + 1 },        \
		{                                         \
			",\"" name "\":", sizeof name + 3 \
		}                                         \
	}
static const struct {
	struct text plain, json;
} before[KEYS] = {
	BEFORE("outcome"),
	BEFORE("reason"),
	BEFORE("mode"),
	BEFORE("policy"),
	BEFORE("domain"),
	BEFORE("relay"),
	BEFORE("client_address"),
	BEFORE("client_name"),
	BEFORE("helo_name"),
	BEFORE("sender"),
	BEFORE("recipient"),
	BEFORE("queue_id"),
	BEFORE("instance"),
};

/* What stands before the value of a key. */
static struct text name_of(int key, bool json)
{
	struct text name = json ? before[key].json : before[key].plain;

	return key == 0 ? text_cut(name.at + 1, name.len - 1) : name;
}

static void put_words(struct line *l, const struct text values[KEYS])
{
	for (int k = 0; k < KEYS; k++) {
		if (values[k].len == 0)
			continue;
		line_text(l, name_of(k, false));
		line_value(l, values[k]);
	}
}

/*
 * The closing brace is set aside first, and a member without room for any value is left out whole, so that a line that was cut
 * still is an object. (Inlined, it would make lines of text take a fifth more.)
 */
static __attribute__((noinline)) void put_members(struct line *l, const struct text values[KEYS])
{
	l->full |= l->cap - l->len < 3;
	if (l->full)
		return;
	line_str(l, "{");
	l->cap--;
	for (int k = 0; k < KEYS && !l->full; k++) {
		struct text name = name_of(k, true);
		if (values[k].len == 0)
			continue;
		l->full = l->cap - l->len <= name.len + 2;
		line_text(l, name);
		line_json(l, values[k]);
	}
	l->cap++;
	l->at[l->len++] = '}';
	l->at[l->len] = '\0';
}

void report_decision(
	struct line *l, const struct snapshot *s, const struct request *rq, const struct verdict *v, bool json)
{
	char title[DOMAIN_MAX + 16];
	struct text values[KEYS];

	values_of(values, s, rq, v, title, sizeof title);
	if (json)
		put_members(l, values);
	else
		put_words(l, values);
}

static void put_place(struct line *l, const struct snapshot *s, const struct snap_relay *relay)
{
	char place[512];

	snapshot_place(s, relay->place, place, sizeof place);
	line_str(l, "[relay ");
	line_text(l, snap_text(s, relay->name));
	line_str(l, "] (");
	line_str(l, place);
	line_str(l, ")");
}

static void put_client(struct line *l, const struct request *rq)
{
	line_plain(l, rq->attr[ATTR_CLIENT_ADDRESS]);
	line_str(l, " [");
	line_value(l, rq->attr[ATTR_CLIENT_NAME].len > 0 ? rq->attr[ATTR_CLIENT_NAME] : text_of("unknown"));
	line_str(l, "]");
}

static void warn_near_miss(struct line *l, const struct snapshot *s, const struct request *rq, const struct verdict *v)
{
	put_client(l, rq);
	line_str(l, " has a name of the relay's, but is not in the ranges of ");
	put_place(l, s, v->relay);
	line_str(l, ": has the service added a host? If its pages say so, add the address to `ranges`");
}

/* What of the client is not the relay's, and what an administrator does about it. */
static const struct {
	const char *has, *in_ranges /* what else it may be where the address is the relay's; or NULL */, *advice;
	enum attribute attribute;
} mismatches[REASONS] = {
	[REASON_HELO_MISMATCH] = { "its HELO is not at or below `domains`: ", "another customer's host, or ",
		"the service says HELO under one more domain: then add it to `domains`", ATTR_HELO_NAME },
	[REASON_NAME_MISMATCH] = { "its verified name is not at or below `domains`: ",
		"the range may have changed hands, or ",
		"the service names its hosts under one more domain: then add it to `domains`", ATTR_CLIENT_NAME },
	[REASON_CERTIFICATE_MISMATCH] = { "its certificate is none of `fingerprints`: ", NULL,
		"the certificate may have been renewed: then add the new fingerprint; or Postfix asks for none "
		"(smtpd_tls_ask_ccert)",
		ATTR_CCERT_FINGERPRINT },
	[REASON_NO_TLS] = { "it did not use TLS", NULL, "is TLS offered to it (smtpd_tls_security_level = may)?",
		ATTR_COUNT },
};

static void warn_mismatch(struct line *l, const struct snapshot *s, const struct request *rq, const struct verdict *v)
{
	enum attribute a = mismatches[v->reason].attribute;
	bool in_ranges = (v->relay->match & FACTOR_BIT_ADDRESS) != 0;

	put_client(l, rq);
	line_str(l, in_ranges ? " is in the ranges of " : " is not taken for ");
	put_place(l, s, v->relay);
	line_str(l, ", but ");
	line_str(l, mismatches[v->reason].has);
	if (a != ATTR_COUNT)
		line_value(l, rq->attr[a].len > 0 ? rq->attr[a] : text_of("(none)"));
	line_str(l, "; ");
	if (in_ranges && mismatches[v->reason].in_ranges)
		line_str(l, mismatches[v->reason].in_ranges);
	line_str(l, mismatches[v->reason].advice);
}

void report_warning(struct line *l, const struct snapshot *s, const struct request *rq, const struct verdict *v)
{
	line_str(l, reason_name[v->reason]);
	line_str(l, ": ");
	if (v->reason == REASON_NEAR_MISS)
		warn_near_miss(l, s, rq, v);
	else
		warn_mismatch(l, s, rq, v);
	line_format(l, " (%s for ",
		v->mode == MODE_MONITOR	      ? "only monitored"
		: v->outcome == OUTCOME_DEFER ? "deferred"
					      : "refused");
	line_plain(l, verdict_domain(v));
	line_str(l, ")");
}

static void put_member(struct line *l, const char *name, struct text value)
{
	line_format(l, "\"%s\":", name);
	if (value.len > 0)
		line_json(l, value);
	else
		line_str(l, "null");
}

void report_object(struct line *l, const struct snapshot *s, const struct request *rq, const struct verdict *v)
{
	char title[DOMAIN_MAX + 16], action[ACTION_MAX];
	struct text values[KEYS];

	values_of(values, s, rq, v, title, sizeof title);
	line_str(l, "{");
	put_member(l, "outcome", values[KEY_OUTCOME]);
	line_str(l, ",");
	put_member(l, "reason", values[KEY_REASON]);
	line_str(l, ",");
	line_str(l, "\"action\":");
	line_json_printable(l, text_cut(action, verdict_action(s, rq, v, action)));
	for (int k = KEY_MODE; k <= KEY_RELAY; k++) {
		line_str(l, ",");
		put_member(l, decision_key[k], values[k]);
	}
	line_str(l, "}");
}
