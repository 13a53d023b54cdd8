/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/log_owner.h"

static struct text cut(struct text t)
{
	return text_cut(t.at, t.len < OWNER_TEXT ? t.len : OWNER_TEXT);
}

static bool is(const struct owner *o, struct text host, struct text instance)
{
	return text_equal(text_cut(o->instance, o->instance_len), instance) &&
	       text_equal(text_cut(o->host, o->host_len), host);
}

static uint8_t find(struct owners *o, struct text host, struct text instance)
{
	for (uint8_t i = 0; i < o->count; i++)
		if (is(&o->list[i], host, instance))
			return i;
	if (o->count == OWNERS)
		return OWNERS - 1;
	struct owner *new = &o->list[o->count];
	memcpy(new->host, host.at, host.len);
	memcpy(new->instance, instance.at, instance.len);
	new->host_len = (uint8_t)host.len;
	new->instance_len = (uint8_t)instance.len;
	return o->count++;
}

uint8_t log_owner(struct owners *o, const struct log_line *l)
{
	struct text host = cut(l->host), instance = cut(l->instance);

	if (o->count == 0 || !is(&o->list[o->latest], host, instance))
		o->latest = find(o, host, instance);
	if (l->kind == LOG_SENDER || l->kind == LOG_RECIPIENT || l->kind == LOG_REMOVED || l->kind == LOG_LOCAL)
		o->list[o->latest].has_queue = true;
	return o->latest;
}

bool log_owner_shares(const struct owners *o, uint8_t a, uint8_t b)
{
	const struct owner *of_a = &o->list[a], *of_b = &o->list[b];

	return a == b || (!of_a->has_queue && text_equal(text_cut(of_a->host, of_a->host_len),
						      text_cut(of_b->host, of_b->host_len)));
}
