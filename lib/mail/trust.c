/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/trust.h"

#include <stdlib.h>

#include "mail/judge.h"
#include "net/range_set.h"
#include "policy/domain.h"

static const char *const always_internal[] = { "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
	"169.254.0.0/16", "100.64.0.0/10", "::1", "fe80::/10", "fc00::/7" };

static const char *const local_names[] = { "localhost", "localhost.localdomain" };

static void add_range(struct range_list *list, struct text range)
{
	struct range r;

	if (range_parse(&r, range, NULL) == 0)
		range_list_add(list, &r);
}

void trust_start(struct trust *t, const struct snapshot *s)
{
	struct range_list list = { 0 };

	*t = (struct trust){ .snapshot = s, .without_helo = snapshot_without(s, FACTOR_BIT_HELO) };
	for (size_t i = 0; i < sizeof always_internal / sizeof *always_internal; i++)
		add_range(&list, text_of(always_internal[i]));
	for (uint32_t i = 0; i < s->internal_networks.count; i++)
		add_range(&list, snap_item(s, s->internal_networks, i));
	range_set_freeze(&list, &t->internal);
	range_list_free(&list);
	for (uint32_t i = 0; i < s->own.count; i++)
		trust_add_own(t, snap_item(s, s->own, i), NULL);
}

int trust_add_own(struct trust *t, struct text host, struct err *e)
{
	char name[DOMAIN_MAX + 1];

	if (domain_parse(host, false, name, e) < 0)
		return -1;
	t->own = must_grow(t->own, t->own_count, sizeof *t->own);
	t->own[t->own_count++] = must_strndup(name, strlen(name));
	return 0;
}

bool trust_local(const struct trust *t, struct text host)
{
	char at[DOMAIN_MAX];
	struct text name = text_cut(at, domain_of_host(host, at, sizeof at));
	struct ip ip;

	for (size_t i = 0; i < sizeof local_names / sizeof *local_names; i++)
		if (domain_within(name, text_of(local_names[i])))
			return true;
	if (host.len > 2 && host.at[0] == '[' && host.at[host.len - 1] == ']')
		host = text_cut(host.at + 1, host.len - 2);
	return ip_parse_client(&ip, host) && trust_internal(t, &ip);
}

bool trust_own(const struct trust *t, struct text host)
{
	char at[DOMAIN_MAX];
	struct text name = text_cut(at, domain_of_host(host, at, sizeof at));

	for (size_t i = 0; i < t->own_count; i++)
		if (domain_within(name, text_of(t->own[i])))
			return true;
	return false;
}

bool trust_internal(const struct trust *t, const struct ip *ip)
{
	return range_set_holds((const struct range_set *)t->internal.at, ip);
}

void trust_free(struct trust *t)
{
	for (size_t i = 0; i < t->own_count; i++)
		free(t->own[i]);
	free(t->own);
	free(t->without_helo);
	buf_free(&t->internal);
	*t = (struct trust){ 0 };
}
