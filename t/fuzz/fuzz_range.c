/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Whatever range_parse takes: libcidr's own cidr_contains agrees about its first and last address and their neighbours
 * (for the forms that libcidr knows, as they came and as they are printed), print then parse is the identity, and one
 * printed form is the only one.
 * What it refuses, it refuses with words.
 */

#include <libcidr.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "net/range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
	if (!holds)
		abort();
}

/* With room in front: cidr_from_str(3) reads there when a text is shorter than ".arpa". */
static CIDR *cidr_of(struct text t)
{
	char room[8 + RANGE_TEXT] = "        ";

	demand(t.len < RANGE_TEXT);
	memcpy(room + 8, t.at, t.len);
	return cidr_from_str(room + 8);
}

/* libcidr's booleans: 0 is yes. */
static bool contains(const CIDR *net, const struct ip *ip)
{
	char text[IP_TEXT + 8];
	CIDR *one;

	ip_print(ip, text);
	one = cidr_of(text_of(text));
	demand(one != NULL);
	bool is = cidr_contains(net, one) == 0;
	cidr_free(one);
	return is;
}

/* The address below or above; false when there is none. */
static bool neighbour(const struct ip *ip, bool above, struct ip *to)
{
	*to = *ip;
	to->low += above ? 1 : UINT64_MAX;
	if (!ip->v6)
		return to->low <= UINT32_MAX;
	if (above && to->low == 0)
		return ++to->high != 0;
	if (!above && ip->low == 0)
		return to->high-- != 0;
	return true;
}

static void compare(struct text t, const struct range *r)
{
	CIDR *net = cidr_of(t);
	struct ip outside;

	demand(net != NULL);
	demand(contains(net, &r->first) && contains(net, &r->last));
	if (neighbour(&r->first, false, &outside))
		demand(!contains(net, &outside) && !range_holds(r, &outside));
	if (neighbour(&r->last, true, &outside))
		demand(!contains(net, &outside) && !range_holds(r, &outside));
	cidr_free(net);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text t = text_cut((const char *)data, size);
	struct err e = { "" };
	struct range r, again;
	char text[RANGE_TEXT], twice[RANGE_TEXT];

	if (range_parse(&r, t, &e) < 0) {
		demand(*e.text != '\0');
		return 0;
	}
	demand(r.first.v6 == r.last.v6 && ip_compare(&r.first, &r.last) <= 0);
	demand(range_parse(&again, text_of(range_print(&r, text)), NULL) == 0);
	demand(ip_compare(&again.first, &r.first) == 0 && ip_compare(&again.last, &r.last) == 0);
	demand(strcmp(range_print(&again, twice), text) == 0);
	if (!strchr(text, '-'))
		compare(text_of(text), &r);
	if (!memchr(data, '-', size) && (r.first.v6 || !memchr(data, ':', size))) /* mapped is IPv6 to libcidr */
		compare(t, &r);
	return 0;
}
