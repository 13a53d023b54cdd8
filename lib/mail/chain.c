/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/chain.h"

#include <gmime/gmime.h>

#include "mail/received.h"

struct walk {
	struct text above[FIELD_NAMES]; /* what the nearest such field above the line says; empty: none */
	bool ours; /* a line of ours was seen */
};

static void unknown(struct finding *f, const char *why)
{
	f->way = WAY_UNKNOWN;
	f->why = why;
}

/* What hands mail on within a host or between ours, whatever the address: submitted over the web, fetched, taken from a store. */
static bool is_internal_protocol(struct text protocol)
{
	static const char *const words[] = { "mapi", "http", "local", "pop3", "imap", "SpamAssassin" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (text_begins(protocol, words[i]))
			return true;
	return false;
}

static time_t date_of(struct text date)
{
	char words[128];

	if (date.len == 0 || date.len >= sizeof words)
		return 0;
	memcpy(words, date.at, date.len);
	words[date.len] = '\0';
	GDateTime *when = g_mime_utils_header_decode_date(words);
	time_t seconds = when ? (time_t)g_date_time_to_unix(when) : 0;
	if (when)
		g_date_time_unref(when);
	return seconds > 0 ? seconds : 0;
}

/* Takes what stands before the next comma outside of quotes off the list. */
static struct text next_of(struct text *list)
{
	bool quoted = false;
	size_t n = 0;

	for (; n < list->len && (quoted || list->at[n] != ','); n++) {
		if (list->at[n] == '\\' && n + 1 < list->len)
			n++;
		else if (list->at[n] == '"')
			quoted = !quoted;
	}
	struct text one = text_cut(list->at, n);
	n += n < list->len;
	*list = text_cut(list->at + n, list->len - n);
	return one;
}

/* An address that a field tells, without <>. */
static struct text address_of(struct text value)
{
	struct text rest = text_trim(value), word = rest;

	if (!text_find(rest, '"'))
		text_next_word(&rest, &word);
	if (word.len >= 2 && word.at[0] == '<' && word.at[word.len - 1] == '>')
		word = text_cut(word.at + 1, word.len - 2);
	return word.len <= RECEIVED_WORD ? word : text_cut(word.at, 0);
}

/* The recipient; of several the first, and *others is the list of the others. */
static struct text recipient_of(const struct walk *w, const struct received *r, struct text *others)
{
	*others = text_cut(NULL, 0);
	if (r->recipient.len > 0)
		return r->recipient;
	if (w->above[FIELD_DELIVERED_TO].len > 0)
		return w->above[FIELD_DELIVERED_TO];
	if (w->above[FIELD_X_ORIGINAL_TO].len > 0)
		return w->above[FIELD_X_ORIGINAL_TO];
	*others = w->above[FIELD_ENVELOPE_TO];
	return address_of(next_of(others));
}

/* Google's names end in one. */
static struct text without_dot(struct text name)
{
	return name.len > 0 && name.at[name.len - 1] == '.' ? text_cut(name.at, name.len - 1) : name;
}

/* Mail for an unknown recipient is judged as mail for one without a domain. Returns how severe that is. */
static int judge_for(struct chain *c, struct request *rq, struct text recipient, struct finding *f)
{
	f->recipient = recipient;
	f->relay = text_cut(NULL, 0);
	rq->attr[ATTR_RECIPIENT] = recipient.len > 0 ? recipient : text_of("<>");
	judge(f, &c->judgement, f->without_helo ? c->trust->without_helo : c->trust->snapshot, rq);
	return f->outcome == OUTCOME_REFUSE ? 2 : f->outcome == OUTCOME_DEFER ? 1 : 0;
}

/* Of a message for several, the worst, as the server would have answered one of them so; among equals the first. */
static void judge_worst(struct chain *c, struct request *rq, struct text first, struct text others, struct finding *f)
{
	struct text worst = first;
	int level = judge_for(c, rq, first, f);

	if (others.len == 0)
		return;
	while (level < 2 && others.len > 0) {
		struct text one = address_of(next_of(&others));
		int found = one.len > 0 ? judge_for(c, rq, one, f) : 0;
		if (found <= level)
			continue;
		level = found;
		worst = one;
	}
	judge_for(c, rq, worst, f);
}

/* As Postfix would have asked. */
static void decided(struct chain *c, const struct walk *w, const struct received *r, struct finding *f)
{
	char address[IP_TEXT];
	struct request rq = { 0 };
	struct text others, recipient = recipient_of(w, r, &others);

	f->has_address = true;
	f->address = r->address;
	f->name = without_dot(r->name);
	f->helo = r->helo;
	f->without_helo = r->helo_untold;
	f->sender = w->above[FIELD_RETURN_PATH];
	f->date = date_of(r->date);
	rq.attr[ATTR_CLIENT_ADDRESS] = text_of(ip_print(&r->address, address));
	rq.attr[ATTR_CLIENT_NAME] = r->name.len > 0 ? r->name : text_of("unknown");
	rq.attr[ATTR_REVERSE_CLIENT_NAME] = r->name.len > 0 ? r->name : r->reverse;
	rq.attr[ATTR_HELO_NAME] = r->helo;
	rq.attr[ATTR_ENCRYPTION_PROTOCOL] = r->tls;
	rq.attr[ATTR_SASL_USERNAME] = r->user;
	rq.attr[ATTR_SENDER] = f->sender;
	judge_worst(c, &rq, recipient, others, f);
}

/* What the line says; true when it is the last to be looked at. */
static bool look(struct chain *c, struct walk *w, const struct received *r, struct finding *f)
{
	bool own = r->by.len > 0 && trust_own(c->trust, r->by);
	bool ours = own || (r->by.len > 0 && trust_local(c->trust, r->by));

	if (r->has_from && !ours) {
		if (!w->ours)
			c->stranger = r->by;
		unknown(f, "not-own");
		return true;
	}
	w->ours |= ours;
	if (ours && f->date == 0)
		f->date = date_of(r->date);
	if (!r->has_from || is_internal_protocol(r->protocol))
		return false;
	if (!r->has_address && !text_begins(r->protocol, "lmtp")) {
		unknown(f, "no-address");
		return true;
	}
	if (!r->has_address || trust_internal(c->trust, &r->address))
		return false;
	if (!own) {
		unknown(f, "not-own");
		return true;
	}
	decided(c, w, r, f);
	return true;
}

/*
 * One line of the walk; true when it ended there. What a client may have written itself does it no good. open: the message
 * ends in this line, so that a host's name in it may be the beginning of another's.
 */
static bool step(struct chain *c, struct walk *w, struct text value, bool open, struct finding *f)
{
	const struct finding above = *f;
	struct received r;

	received_parse(&r, value);
	if (open && r.date.len == 0) {
		unknown(f, "truncated");
		return true;
	}
	bool ended = !r.odd && look(c, w, &r, f);
	bool nothing_good = ended && (!f->judged || f->way == WAY_DIRECT);
	if (!r.odd && (!r.doubtful || nothing_good))
		return ended;
	*f = above;
	unknown(f, "malformed");
	return true;
}

static bool relay_has_name(const struct snapshot *s, const struct snap_relay *relay, struct text name)
{
	for (uint32_t i = 0; i < relay->domains.count; i++)
		if (domain_within(name, snap_item(s, relay->domains, i)))
			return true;
	return false;
}

/* A word that is an address or a name of one of the policy's relays. */
static bool names_relay(const struct chain *c, struct text word)
{
	const struct snapshot *s = c->trust->snapshot;
	const struct verdict *v = &c->judgement.verdict;
	const struct snap_policy *p = v->policy ? v->policy : snap_policy(s, SNAP_POLICY_DEFAULT);
	const uint32_t *relays = snap_at(s, p->relays);
	char at[DOMAIN_MAX];
	struct ip ip;
	bool is_ip = ip_parse_client(&ip, word);
	struct text name = text_cut(at, is_ip ? 0 : domain_of_host(word, at, sizeof at));

	for (uint32_t i = 0; i < p->relays.count; i++) {
		const struct snap_relay *relay = snap_relay(s, relays[i]);
		if (is_ip && relay->ranges.count > 0 && range_set_holds(snap_set(s, relay->ranges), &ip))
			return true;
		if (relay_has_name(s, relay, name))
			return true;
	}
	return false;
}

static bool word_byte(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || strchr("-_.:", c) ||
	       (c & 0x80);
}

/* Whether a line, in whatever form, names a relay anywhere. */
static bool line_names_relay(const struct chain *c, struct text line)
{
	const char *at = line.at, *end = at + line.len;

	while (at < end) {
		const char *begin = at;
		while (at < end && *at && word_byte(*at))
			at++;
		struct text word = text_cut(begin, (size_t)(at - begin));
		if (text_begins(word, "IPv6:"))
			word = text_cut(word.at + 5, word.len - 5);
		if (word.len > 0 && names_relay(c, word))
			return true;
		at += at < end;
	}
	return false;
}

void chain_judge(struct chain *c, const struct header *h, struct finding *f)
{
	struct walk w = { 0 };
	size_t i;

	*f = (struct finding){ 0 };
	c->stranger = text_cut(NULL, 0);
	if (h->headless) {
		unknown(f, "truncated");
		return;
	}
	unsigned line = 0;
	for (i = 0; i < h->count; i++) {
		const struct field *field = &h->fields[i];
		if (field->name != FIELD_RECEIVED) {
			w.above[field->name] =
				field->name == FIELD_ENVELOPE_TO ? field->value : address_of(field->value);
			continue;
		}
		line++;
		if (step(c, &w, field->value, h->open && i + 1 == h->count, f))
			break;
	}
	if (i == h->count) {
		f->way = w.ours && !h->cut ? WAY_LOCAL : WAY_UNKNOWN;
		f->why = h->cut ? "truncated" : w.ours ? "internal" : line > 0 ? "not-own" : "no-received";
		return;
	}
	if (f->judged)
		f->received = line;
	for (i++; f->way == WAY_DIRECT && !f->forged && i < h->count; i++)
		f->forged = h->fields[i].name == FIELD_RECEIVED && line_names_relay(c, h->fields[i].value);
}
