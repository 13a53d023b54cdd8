/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_ADVICE_PARTS_H
#define MXONLY_ADVICE_PARTS_H

/*
 * advice_parts - the parts of advice.h: a file each, and how they tell what they find
 *
 * Life:      advice_run makes a struct advice and hands it to every part
 * Tested by: t/live/check_postfix.t
 */

#include "base/buf.h"
#include "postfix/advice.h"
#include "postfix/restrictions.h"

enum severity { FAULT, WARNING };

struct advised_domain {
	char *name; /* normalised, no leading dot */
	uint32_t policy;
};

struct advice {
	const struct postfix *p;
	const struct snapshot *s;
	struct faults *faults;
	struct advised_domain *domains; /* that have a section of their own whose mode is not off; sorted by name */
	size_t domain_count;
	bool outside; /* some service is open to strangers */
	bool enforces; /* some policy does: what refuses mail wrongly loses it */
};

/*
 * One finding, told once (advice_tell.c). sv, param: the place, and what the line to write instead sets: for a service that
 * sets the parameter itself an -o of it, else a line of main.cf; value is its right side. sv may be NULL.
 */
void advise(struct advice *a, enum severity severity, const struct service *sv, const char *param, const char *value,
	const char *format, ...) __attribute__((format(printf, 6, 7)));

/* The same for another place (file NULL: main.cf; line 0: the whole of it) and a whole line to write. */
void advise_at(struct advice *a, enum severity severity, const char *file, unsigned line, const char *write,
	const char *format, ...) __attribute__((format(printf, 6, 7)));

/* The words for [domain NAME] and the like where it is written; of a policy. */
void advise_policy(struct advice *a, enum severity severity, uint32_t policy, const char *write, const char *format,
	...) __attribute__((format(printf, 5, 6)));

/* What would refuse mail wrongly: a fault where some policy enforces, else a warning. */
static inline enum severity loses_mail(const struct advice *a)
{
	return a->enforces ? FAULT : WARNING;
}

/*
 * The next smtpd that strangers reach (advice_public.c), from *at on: on an address that is not loopback, or behind such a
 * postscreen; where there is none at all, any smtpd. NULL behind the last.
 */
const struct service *advice_next_public(const struct advice *a, size_t *at);
bool advice_any_public(const struct advice *a);

/* The parts, in the order of their findings. */
void advise_lists(struct advice *a); /* advice_lists.c: who is asked, where, behind what */
void advise_front(struct advice *a); /* advice_front.c: postscreen, proxies, mynetworks */
void advise_factors(struct advice *a); /* advice_factors.c: what relays are told by, against what Postfix tells */
void advise_names(struct advice *a); /* advice_names.c: addresses that become other addresses */
void advise_domains(struct advice *a); /* advice_domains.c: what is received, and what is protected */

/* A list of an smtpd, while it is looked at, and what all of them come to. */
struct listed {
	struct advice *a;
	const struct service *sv;
	enum restriction_list list;
	const char *param, *value; /* its name, and what is in it */
	struct text table; /* that leads to mxonlyd, where one is looked at; else empty */
	bool asked; /* mxonlyd is, where strangers come by, of a recipient */
	bool spoilt; /* it would be, but for something that was told */
};

void list_enter(struct listed *l, enum restriction_list list);

/* What is wrong with this list, said around one of its words, and what to write in its place. */
void advise_list(struct listed *l, enum severity severity, const char *before, struct text about, const char *after);

/* mxonlyd is asked by this step of the list, or by what its table leads to: of a recipient, and behind what (advice_place.c)? */
void advise_place(struct listed *l, const struct steps *steps, size_t at);

/* One check_policy_service: how it asks (advice_call.c). */
void advise_call(struct advice *a, const struct service *sv, const char *param, const struct policy_call *call);

/* Where a check_policy_service leads (advice_endpoint.c). */
enum endpoint_kind { ENDPOINT_OURS, ENDPOINT_MEANT, ENDPOINT_OTHER }; /* MEANT: ours was meant, but it is not */
enum endpoint_kind advice_endpoint(const struct advice *a, const struct service *sv, struct text endpoint);

/* Where a restriction leads that asks a policy server. */
enum endpoint_kind advice_kind(const struct advice *a, const struct service *sv, const struct step *s);

/*
 * What a restriction lets pass so that mxonlyd behind it is not asked (advice_doors.c); why: the words for it. Not for what
 * permits whoever comes so far (step_permits_own).
 */
enum door {
	DOOR_SHUT,
	DOOR_SOME,
	DOOR_WIDE,
	DOOR_ALL
}; /* WIDE: a protected domain, or whoever wants; ALL: everybody */
enum door advice_door(const struct advice *a, const struct service *sv, const struct step *s, struct buf *why);

/*
 * A list as it should be (advice_mend.c): mxonlyd is asked, by this table unless it is empty, behind what lets one's own clients
 * pass, and before what lets others pass; malloc'ed.
 */
char *advice_mended(const struct advice *a, const struct service *sv, const char *list, struct text table);

/* The same without what refuses everybody; mxonlyd is asked only where it was. */
char *advice_opened(const struct advice *a, const struct service *sv, const char *list);

/* Restriction classes (advice_classes.c). The first that asks; empty: none does. */
struct text advice_class(const struct advice *a, const struct service *sv);
bool advice_class_asks(const struct advice *a, const struct service *sv, struct text class);

/* A class's value, or an access table's, asks; *label: the policy_context that it asks with, or empty. */
bool advice_value_asks(const struct advice *a, const struct service *sv, struct text value, struct text *label);

/* A table that may name one. */
bool advice_may_lead(const struct advice *a, const struct service *sv, const struct step *s);

/* How the classes ask, once each; whether one does. */
bool advise_classes(struct advice *a, const struct service *sv);

/* Unless somebody asks of every recipient anyhow: which tables lead to such a class, and where they stand (advice_tables.c). */
void advise_tables(struct listed *l);

/* The service of master.cf that runs mxonlyd -i for unix:private/NAME; NULL: none. */
const struct service *advice_spawned(const struct advice *a, struct text endpoint);

/* The file that a unix: endpoint is for this service; malloc'ed. */
char *advice_socket_path(const struct advice *a, const struct service *sv, struct text endpoint);

/* How to name mxonlyd's first `listen` in this service's lists: "unix:mxonly/policy"; malloc'ed. NULL: it cannot reach it. */
char *advice_our_endpoint(const struct advice *a, const struct service *sv);

/* mxonlyd listens where this service can never reach it. */
void advise_listen(struct advice *a, const struct service *sv);

/* Connects as smtpd of this service would, and tells what is in the way (advice_socket.c). */
void advise_socket(struct advice *a, const struct service *sv, struct text endpoint);

/* Policy `a` lets something in that policy `b` does not: a word for it, or NULL (advice_policies.c). */
const char *policy_weaker(const struct snapshot *s, uint32_t a, uint32_t b);

/* Addresses of mynetworks and the like; *unknown: something in it is no address. (advice_networks.c) */
void networks_read(struct range_list *l, const char *list, bool *unknown);

/* Every range of l lies within the set. */
bool networks_within(const struct range_list *l, const struct range_set *set);

#endif
