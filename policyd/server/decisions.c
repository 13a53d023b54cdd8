/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/decisions.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/escape.h"
#include "base/log.h"
#include "policy/config.h"
#include "policy/report.h"
#include "server/clock.h"

enum { HOUR = 3600, MINUTE = 60, WORDS = 4096 };

static bool wanted(const struct snapshot *s, const struct verdict *v)
{
	if (s->policyd.log_decisions == LOG_DECISIONS_REFUSED)
		return verdict_harms(v);
	return s->policyd.log_decisions == LOG_DECISIONS_ALL;
}

static void log_decision(
	struct decisions *d, const struct snapshot *s, const struct request *rq, const struct verdict *v)
{
	struct line l;

	line_start(&l, d->line, sizeof(d->line));
	report_decision(&l, s, rq, v, s->policyd.log_json);
	log_line(LOG_LEVEL_INFO, d->line);
}

static void warn_verdict(const struct snapshot *s, const struct request *rq, const struct verdict *v)
{
	char words[WORDS];
	struct line l;

	line_start(&l, words, sizeof(words));
	report_warning(&l, s, rq, v);
	log_warning("%s", words);
}

static void warn_no_recipient(const struct request *rq)
{
	char words[128];
	struct line l;

	line_start(&l, words, sizeof(words));
	line_value(&l, rq->attr[ATTR_PROTOCOL_STATE]);
	log_warning("asked without a recipient (protocol_state=%s), so nothing can be decided: check_policy_service "
		    "belongs into "
		    "smtpd_recipient_restrictions or smtpd_relay_restrictions (this is said once an hour)",
		words);
}

static void warn_context(const struct request *rq)
{
	char words[512];
	struct line l;

	line_start(&l, words, sizeof(words));
	line_value(&l, rq->attr[ATTR_POLICY_CONTEXT]);
	log_warning("policy_context=%s names no [domains] section: ignored, the recipient's own policy decides (this "
		    "is said once "
		    "a minute)",
		words);
}

static void warn_blind(const struct blindness_finding *f)
{
	char address[IP_TEXT];

	log_warning("nearly all clients seem to be %s (%" PRIu64 " of %" PRIu64
		    " requests): a container network, or a proxy without the PROXY protocol, hides who they are, and "
		    "nothing can be told apart by address: see mxonlyd(8), `clients have one private address` (this is "
		    "said once an hour)",
		ip_print(&f->address, address), f->same, f->seen);
}

static void look_at_clients(struct decisions *d, const struct request *rq)
{
	struct blindness_finding f;
	int64_t now = clock_ms();

	if (blindness_look(&d->clients, rq->attr[ATTR_CLIENT_ADDRESS], now) &&
		blindness_found(d->counters, d->workers, now, &f) &&
		counters_seldom(d->counters, SELDOM_BLIND, now, HOUR))
		warn_blind(&f);
}

static void time_it(struct decisions *d)
{
	if (d->began != 0) {
		counters_time(d->own, clock_ns() - d->began);
		d->began = 0;
		d->untimed = TIMED_ONE_OF;
	}
	if (d->untimed > 0)
		d->untimed--;
}

static void count(const struct decisions *d, const struct snapshot *s, const struct verdict *v)
{
	struct relay_counters *relay;

	counters_add(&d->own->decided[v->outcome][v->reason], 1);
	if (v->relay == NULL || (v->reason != REASON_RELAY && v->reason != REASON_NEAR_MISS))
		return;
	relay = &d->relay[d->number != NULL ? d->number[v->relay - snap_relay(s, 0)] : RELAY_OTHER];
	counters_add(v->reason == REASON_RELAY ? &relay->permitted : &relay->near_misses, 1);
}

static void decided(void *context, const struct snapshot *s, const struct request *rq, const struct verdict *v)
{
	struct decisions *d = context;

	time_it(d);
	count(d, s, v);
	if (wanted(s, v))
		log_decision(d, s, rq, v);
	if (rq == NULL)
		return;
	if (verdict_warns(v))
		warn_verdict(s, rq, v);
	if (v->unknown_context && counters_seldom(d->counters, SELDOM_CONTEXT, clock_ms(), MINUTE))
		warn_context(rq);
	if (v->reason != REASON_AUTHENTICATED &&
		blindness_count(&d->clients, rq->attr[ATTR_CLIENT_ADDRESS], v->reason == REASON_RELAY))
		look_at_clients(d, rq);
	if (v->reason == REASON_NO_RECIPIENT && counters_seldom(d->counters, SELDOM_NO_RECIPIENT, clock_ms(), HOUR))
		warn_no_recipient(rq);
}

static void malformed(void *context, const char *why)
{
	const struct decisions *d = context;

	counters_add(&d->own->malformed, 1);
	log_warning("a request that is not one: %s; the connection is closed without a reply", why);
}

void decisions_desk(struct desk *desk, struct decisions *d)
{
	d->clients.own = &d->own->clients;
	desk->decided = decided;
	desk->malformed = malformed;
	desk->context = d;
}

void decisions_serve(struct decisions *d, const struct snapshot *s)
{
	free(d->number);
	d->number = malloc(s->relays.count * sizeof(*d->number));
	for (uint32_t i = 0; d->number != NULL && i < s->relays.count; i++)
		d->number[i] = (uint16_t)relay_names_find(&d->counters->names, snap_text(s, snap_relay(s, i)->name));
}
