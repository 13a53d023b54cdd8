/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/facts.h"

#include "policy/domain.h"
#include "policy/fingerprint.h"

void facts_start(struct facts *f, const struct snapshot *s, const struct request *rq)
{
	f->s = s;
	f->rq = rq;
	f->has_ip = ip_parse_client(&f->ip, rq->attr[ATTR_CLIENT_ADDRESS]);
	f->fingerprints_ready = f->recipient_ready = false;
	memset(f->host_ready, 0, sizeof f->host_ready);
}

bool facts_unknown_name(const struct facts *f)
{
	struct text name = f->rq->attr[ATTR_CLIENT_NAME];

	return name.len == 0 || text_equal_nocase(name, text_of("unknown"));
}

static struct text host_of(struct facts *f, enum fact_name name)
{
	static const enum attribute from[FACT_NAMES] = { ATTR_HELO_NAME, ATTR_CLIENT_NAME, ATTR_REVERSE_CLIENT_NAME };
	struct fact_host *h = &f->host[name];

	if (!f->host_ready[name]) {
		h->len = domain_of_host(f->rq->attr[from[name]], h->at, sizeof h->at);
		f->host_ready[name] = true;
	}
	return text_cut(h->at, h->len);
}

bool facts_name_within(struct facts *f, enum fact_name name, const struct snap_relay *relay)
{
	if (relay->domains.count == 0)
		return false;
	struct text host = host_of(f, name);
	for (uint32_t i = 0; i < relay->domains.count; i++)
		if (domain_within(host, snap_item(f->s, relay->domains, i)))
			return true;
	return false;
}

static bool has_fingerprint(const struct snapshot *s, const struct snap_relay *relay, const struct fingerprint *wanted)
{
	const struct fingerprint *list = snap_at(s, relay->fingerprints);
	uint32_t from = 0, to = relay->fingerprints.count;

	while (from < to) {
		uint32_t middle = from + (to - from) / 2;
		int order = fingerprint_compare(wanted, &list[middle]);
		if (order == 0)
			return true;
		if (order < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return false;
}

static bool certificate_holds(struct facts *f, const struct snap_relay *relay)
{
	if (!f->fingerprints_ready) {
		f->fingerprint_count = 0;
		for (int i = 0; i < 2; i++) {
			struct text t = f->rq->attr[i ? ATTR_CCERT_PUBKEY_FINGERPRINT : ATTR_CCERT_FINGERPRINT];
			if (fingerprint_parse(&f->fingerprints[f->fingerprint_count], t))
				f->fingerprint_count++;
		}
		f->fingerprints_ready = true;
	}
	for (unsigned i = 0; i < f->fingerprint_count; i++)
		if (has_fingerprint(f->s, relay, &f->fingerprints[i]))
			return true;
	return false;
}

bool facts_factor(struct facts *f, const struct snap_relay *relay, enum factor factor, struct range *found)
{
	switch (factor) {
	case FACTOR_ADDRESS:
		return f->has_ip && (found ? range_set_find(snap_set(f->s, relay->ranges), &f->ip, found)
					   : range_set_holds(snap_set(f->s, relay->ranges), &f->ip));
	case FACTOR_HELO:
		return facts_name_within(f, FACT_HELO, relay);
	case FACTOR_NAME:
		return facts_name_within(f, FACT_CLIENT_NAME, relay);
	case FACTOR_CERTIFICATE:
		return certificate_holds(f, relay);
	case FACTOR_TLS:
		return f->rq->attr[ATTR_ENCRYPTION_PROTOCOL].len > 0;
	default:
		return false;
	}
}

/* Local part in lower case, "@", domain as it is compared; and where the recipient_delimiter cuts the local part. */
static void work_out_recipient(struct facts *f)
{
	struct text r = f->rq->attr[ATTR_RECIPIENT];
	struct text delimiter = snap_text(f->s, f->s->policyd.recipient_delimiter);
	const char *at = memrchr(r.at, '@', r.len);
	size_t local = at ? (size_t)(at - r.at) : r.len, room = sizeof f->whole;

	f->local_len = f->cut_len = local;
	for (size_t i = 0; i < local; i++) {
		f->whole[i] = ascii_lower(r.at[i]);
		if (i > 0 && f->cut_len == local && memchr(delimiter.at, r.at[i], delimiter.len))
			f->cut_len = i;
	}
	f->whole_len = local;
	if (at) {
		f->whole[local] = '@';
		f->whole_len += 1 + domain_normalise(text_cut(at + 1, r.len - local - 1), f->whole + local + 1,
					    room - local - 1);
	}
	if (f->whole_len > room)
		f->whole_len = 0;
	f->recipient_ready = true;
}

bool facts_exempt_recipient(struct facts *f, const struct snap_policy *p)
{
	if (p->exempt_recipients.count == 0)
		return false;
	if (!f->recipient_ready)
		work_out_recipient(f);
	struct text whole = text_cut(f->whole, f->whole_len), local = text_cut(f->whole, f->local_len);
	struct text cut = text_cut(f->whole, f->cut_len);
	for (uint32_t i = 0; i < p->exempt_recipients.count; i++) {
		struct text item = snap_item(f->s, p->exempt_recipients, i);
		bool address = item.len > 0 && memchr(item.at, '@', item.len) != NULL;
		/* a dressed-up recipient may have an address for its local part: it is not that address */
		if (address ? text_equal(item, whole) : text_equal(item, cut) || text_equal(item, local))
			return true;
	}
	return false;
}
