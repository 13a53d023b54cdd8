/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_PLAN_H
#define MXONLY_PLAN_H

/*
 * plan - what a configuration lets in, in the form that the targets of `mxonly export` write it from
 *
 * Life:      plan_make -> targets read it -> plan_free; the snapshot must stay
 * Memory:    owns its lists; names and texts are the snapshot's
 * Errors:    plan_make returns -1 where nothing may be written at all, whatever the target: everybody let in
 * Tested by: t/unit/test_export.c
 */

#include <stdint.h>
#include <time.h>

#include "base/err.h"
#include "net/range_set.h"
#include "policy/snapshot.h"

/* A domain with a section. A name with a leading dot covers what is below it. */
struct plan_domain {
	struct text name; /* normalised */
	uint32_t policy; /* of snap_policy */
};

enum { PLAN_DATE = 32, PLAN_DIGEST = 17 };

struct plan {
	const struct snapshot *s; /* snap_relay, snap_policy: relays, policies, what each asks for */
	const char *config; /* the path that was read */
	char digest[PLAN_DIGEST]; /* the same as long as the configuration says the same */
	char date[PLAN_DATE]; /* of the export: "2026-11-22 04:50 UTC" */

	bool *used; /* of each relay: some policy has it */
	bool *judged; /* of each relay: some policy that is not off has it */

	/* Sorted, merged, IPv4 first. */
	struct range_list relays; /* of all relays that some policy uses and that ask for an address */
	struct range_list
		judged_relays; /* the same of policies that are not off: for lists, and what decides by recipient */
	struct range_list trusted_here; /* --trusted */
	struct range_list trusted; /* --trusted, and exempt_networks of all policies, but for loopback */
	struct range_list allowed; /* both, and loopback: whom a whole server lets in */

	struct plan_domain *domains; /* all, sorted by name */
	size_t domain_count;

	/* Addresses to try an export with, of [default]'s relays where it is not off. Empty: they have none of this family. */
	char relay4[IP_TEXT], relay6[IP_TEXT];
	char foreign4[IP_TEXT], foreign6[IP_TEXT]; /* in no range above */
};

/* trusted: of the command line; merged here. now: the date of the export. */
int plan_make(struct plan *p, const struct snapshot *s, const char *config, const struct range_list *trusted,
	time_t now, struct err *e);
void plan_free(struct plan *p);

/* The relay asks for an address, so that its ranges are all that can be its clients. */
static inline bool plan_has_ranges(const struct snap_relay *relay)
{
	return (relay->match & FACTOR_BIT_ADDRESS) != 0;
}

/* The i-th relay of a policy, in the order listed. */
const struct snap_relay *plan_relay(const struct plan *p, const struct snap_policy *policy, uint32_t i);

/* Ranges of the policy's relays that ask for an address: sorted, merged; the caller frees them. */
struct range_list plan_relay_ranges(const struct plan *p, const struct snap_policy *policy);

/* Loopback, --trusted, the policy's own exempt_networks: sorted, merged; the caller frees them. */
struct range_list plan_trusted_ranges(const struct plan *p, const struct snap_policy *policy);

/* The two policies use the same relays, in whatever order. */
bool plan_same_relays(const struct plan *p, const struct snap_policy *a, const struct snap_policy *b);

#endif
