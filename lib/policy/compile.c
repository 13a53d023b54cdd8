/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/compile.h"

#include <stdlib.h>
#include <time.h>

#include "policy/builder.h"
#include "policy/domain_table.h"
#include "policy/fingerprint.h"

/* The set of a policy, shared with equal ones. */
static struct span put_shared_set(struct builder *b, const struct range_list *ranges)
{
	struct range_list copy = { NULL, 0 };
	struct buf set = { 0 };
	struct span span;

	for (size_t i = 0; i < ranges->count; i++)
		range_list_add(&copy, &ranges->at[i]);
	range_set_freeze(&copy, &set);
	span = builder_bytes(b, set.at, set.len, BUILDER_ALIGN);
	range_list_free(&copy);
	buf_free(&set);
	return span;
}

static int by_fingerprint(const void *a, const void *b)
{
	return fingerprint_compare(a, b);
}

static struct span put_fingerprints(struct builder *b, const struct relay_config *r)
{
	struct fingerprint *list = must_alloc(r->fingerprint_count * sizeof *list);
	struct span span;
	size_t n = 0;

	if (r->fingerprint_count > 0)
		memcpy(list, r->fingerprints, r->fingerprint_count * sizeof *list);
	qsort(list, r->fingerprint_count, sizeof *list, by_fingerprint);
	for (size_t i = 0; i < r->fingerprint_count; i++)
		if (n == 0 || fingerprint_compare(&list[n - 1], &list[i]) != 0)
			list[n++] = list[i];
	span = builder_array(b, list, n, sizeof *list);
	free(list);
	return span;
}

static struct span put_ranges_files(struct builder *b, const struct relay_config *r)
{
	struct snap_file *list = must_alloc(r->file_count * sizeof *list);
	struct span span;

	for (size_t i = 0; i < r->file_count; i++)
		list[i] = (struct snap_file){ builder_string(b, r->files[i].path), r->files[i].modified };
	span = builder_array(b, list, r->file_count, sizeof *list);
	free(list);
	return span;
}

static struct snap_place place_of(struct place p)
{
	return (struct snap_place){ p.file, p.line };
}

static void put_relay(struct builder *b, size_t i, struct relay_config *r)
{
	struct snap_relay relay = {
		.name = builder_string(b, r->name),
		.place = place_of(r->place),
		.domains = builder_strings(b, &r->domains),
		.fingerprints = put_fingerprints(b, r),
		.files = put_ranges_files(b, r),
		.match = r->match,
		.max_age = r->max_age,
	};

	relay.ranges.at = (uint32_t)range_set_freeze(&r->ranges, b->out);
	relay.ranges.count = (uint32_t)b->out->len - relay.ranges.at;
	memcpy(builder_at(b, b->head.relays, i, sizeof relay), &relay, sizeof relay);
}

/* What the policy has for itself; the rest is pointed to where [default] has it. base: NULL for [default]. */
static void put_policy(struct builder *b, size_t i, const struct policy_config *p, const struct snap_policy *base)
{
	struct snap_policy policy, *to = builder_at(b, b->head.policies, i, sizeof policy);
	uint32_t like = base ? p->like : 0;

	policy = base ? *base : *to;
	policy.name = to->name.count > 0 ? to->name : builder_string(b, p->name);
	policy.place = place_of(p->place);
	policy.kind = (uint8_t)p->kind;
	policy.mode = (uint8_t)p->mode;
	policy.on_near_miss = (uint8_t)p->on_near_miss;
	policy.on_mismatch = (uint8_t)p->on_mismatch;
	policy.exempt_authenticated = p->exempt_authenticated;
	if (!(like & 1u << FIELD_RELAYS))
		policy.relays = builder_array(b, p->relays, p->relay_count, sizeof *p->relays);
	for (unsigned use = 0; use < ACTION_USES; use++)
		if (!(like & 1u << (FIELD_REFUSE_ACTION + use)))
			policy.action[use] = builder_string(b, p->action[use]);
	if (!(like & 1u << FIELD_EXEMPT_NETWORKS))
		policy.exempt_networks = put_shared_set(b, &p->exempt_networks);
	if (!(like & 1u << FIELD_EXEMPT_RECIPIENTS))
		policy.exempt_recipients = builder_sorted_strings(b, &p->exempt_recipients);
	memcpy(builder_at(b, b->head.policies, i, sizeof policy), &policy, sizeof policy);
}

static void put_policies(struct builder *b)
{
	const struct config *c = b->c;
	uint8_t strictest = MODES - 1;
	struct snap_policy base, none;

	put_policy(b, SNAP_POLICY_DEFAULT, &c->policies[0], NULL);
	memcpy(&base, builder_at(b, b->head.policies, SNAP_POLICY_DEFAULT, sizeof base), sizeof base);
	for (size_t i = 0; i < c->policy_count; i++) {
		if (i > 0)
			put_policy(b, builder_policy_index(i), &c->policies[i], &base);
		if (c->policies[i].mode < strictest)
			strictest = (uint8_t)c->policies[i].mode;
	}
	none = base;
	none.mode = strictest;
	memcpy(builder_at(b, b->head.policies, SNAP_POLICY_NO_DOMAIN, sizeof none), &none, sizeof none);
}

static int by_name(const void *a, const void *b, void *context)
{
	const struct config *c = context;

	return strcmp(c->policies[*(const size_t *)a].name, c->policies[*(const size_t *)b].name);
}

static void put_labels(struct builder *b)
{
	size_t *labels = must_alloc(b->c->policy_count * sizeof *labels), n = 0;
	struct config all = *b->c;

	for (size_t i = 0; i < all.policy_count; i++)
		if (all.policies[i].kind == POLICY_DOMAINS)
			labels[n++] = i;
	qsort_r(labels, n, sizeof *labels, by_name, &all);
	b->head.labels = builder_reserve(b, n, sizeof(uint32_t));
	for (size_t i = 0; i < n; i++)
		*(uint32_t *)builder_at(b, b->head.labels, i, sizeof(uint32_t)) = builder_policy_index(labels[i]);
	free(labels);
}

static void put_policyd(struct builder *b)
{
	const struct policyd_config *c = &b->c->policyd;

	b->head.policyd = (struct snap_policyd){
		.listen = builder_strings(b, &c->listen),
		.socket_group = builder_string(b, c->socket_group),
		.user = builder_string(b, c->user),
		.group = builder_string(b, c->group),
		.control = builder_string(b, c->control),
		.recipient_delimiter = builder_string(b, c->recipient_delimiter),
		.socket_mode = c->socket_mode,
		.workers = c->workers,
		.max_connections = c->max_connections,
		.request_timeout = c->request_timeout,
		.idle_timeout = c->idle_timeout,
		.routed_recipients = (uint8_t)c->routed_recipients,
		.control_set = c->control_set,
		.log = (uint8_t)c->log,
		.log_json = c->log_json,
		.log_decisions = (uint8_t)c->log_decisions,
	};
}

static void put_header(struct builder *b)
{
	memcpy(b->head.magic, SNAPSHOT_MAGIC, sizeof b->head.magic);
	b->head.format = SNAPSHOT_FORMAT;
	b->head.byte_order = 0x01020304;
	b->head.length = b->out->len;
	b->head.compiled = time(NULL);
	memcpy(b->out->at, &b->head, sizeof b->head);
	b->head.checksum = snapshot_checksum(b->out->at, b->out->len);
	memcpy(b->out->at, &b->head, sizeof b->head);
}

int compile(struct config *c, struct buf *out, struct err *e)
{
	struct builder b = { .c = c, .out = out };

	/* 16 bytes a slot with its share of empty ones, so that no count below passes 32 bits. */
	if (c->domain_count > UINT32_MAX / 16 || c->policy_count > UINT32_MAX / sizeof(struct snap_policy) - 1)
		return err_set(e, "too many domains for a snapshot: it is 4 GiB at most");
	builder_reserve(&b, 1, sizeof b.head);
	b.head.relays = builder_reserve(&b, c->relay_count, sizeof(struct snap_relay));
	b.head.policies = builder_reserve(&b, c->policy_count + 1, sizeof(struct snap_policy));
	put_labels(&b);
	domain_table_put(&b);
	put_policies(&b);
	for (size_t i = 0; i < c->relay_count; i++)
		put_relay(&b, i, &c->relays[i]);
	b.head.files = builder_strings(&b, &c->files);
	b.head.own = builder_strings(&b, &c->own);
	b.head.internal_networks = builder_strings(&b, &c->internal_networks);
	put_policyd(&b);
	builder_align(&b);
	builder_end(&b);
	if (out->len > UINT32_MAX)
		return err_set(e, "the snapshot would be %zu bytes: it is 4 GiB at most", out->len);
	put_header(&b);
	return 0;
}
