/* SPDX-License-Identifier: BSD-2-Clause */

/* Where mxonlyd is asked, and behind what. */

#include <stdlib.h>

#include "postfix/advice_parts.h"

void list_enter(struct listed *l, enum restriction_list list)
{
	l->list = list;
	l->param = restriction_list_name[list];
	l->value = params_get(l->sv->params, l->param);
}

void advise_list(struct listed *l, enum severity severity, const char *before, struct text about, const char *after)
{
	char *value = advice_mended(l->a, l->sv, l->value, l->table);

	advise(l->a, severity, l->sv, l->param, value, "%s%.*s%s", before, (int)about.len, about.at, after);
	free(value);
}

/* The same when the place is smtpd_recipient_restrictions. */
static void tell_to_move(struct listed *l, enum severity severity, const char *why)
{
	static const char *const right = "smtpd_recipient_restrictions";
	char *value = advice_mended(l->a, l->sv, params_get(l->sv->params, right), l->table);

	advise(l->a, severity, l->sv, right, value, "mxonlyd is asked in %s, %s", l->param, why);
	free(value);
}

/* false: nobody is asked there of a recipient. */
static bool has_recipient(struct listed *l)
{
	if (l->list == LIST_DATA || l->list == LIST_END_OF_DATA) {
		tell_to_move(l, FAULT,
			"where there is no recipient when a mail has several, so that whoever names two delivers "
			"directly; ask here");
		return false;
	}
	if (l->list == LIST_ETRN) {
		tell_to_move(l, FAULT, "where there is never a recipient: nothing is decided; ask here");
		return false;
	}
	if (l->list >= LIST_RELAY)
		return true;
	if (!params_yes(l->sv->params, "smtpd_delay_reject")) {
		tell_to_move(l, FAULT,
			"where there is no recipient yet, for smtpd_delay_reject = no: nothing is decided; ask here");
		return false;
	}
	tell_to_move(l, WARNING,
		"where there is a recipient only as long as smtpd_delay_reject = yes, and where your own clients are "
		"judged too; ask here");
	return true;
}

static bool exempt_hold(const struct advice *a, const struct range_list *networks)
{
	for (uint32_t i = 0; i < a->s->policies.count; i++) {
		const struct snap_policy *p = snap_policy(a->s, i);
		if (p->mode != MODE_OFF && !networks_within(networks, snap_set(a->s, p->exempt_networks)))
			return false;
	}
	return true;
}

/* Your own clients, whom permit_mynetworks lets pass, are not judged anyhow. Unless it is set, that is this host alone. */
static bool own_are_exempt(const struct listed *l)
{
	struct range_list networks = { 0 };
	bool unknown = false, exempt;

	if (!params_has(&l->sv->set, "mynetworks") && !params_has(&l->a->p->set, "mynetworks"))
		return true;
	networks_read(&networks, params_get(l->sv->params, "mynetworks"), &unknown);
	exempt = !unknown && exempt_hold(l->a, &networks);
	range_list_free(&networks);
	return exempt;
}

static bool logged_in_are_exempt(const struct advice *a)
{
	for (uint32_t i = 0; i < a->s->policies.count; i++)
		if (snap_policy(a->s, i)->mode != MODE_OFF && !snap_policy(a->s, i)->exempt_authenticated)
			return false;
	return true;
}

static size_t position(const struct steps *steps, const char *verb)
{
	size_t i = 0;

	while (i < steps->count && !step_is(&steps->at[i], verb))
		i++;
	return i;
}

/* Those who come past here without being strangers. */
static void judge_own_clients(struct listed *l, const struct steps *steps, size_t at)
{
	size_t networks = position(steps, "permit_mynetworks"), login = position(steps, "permit_sasl_authenticated");
	bool exempt = own_are_exempt(l);

	if (networks > at && networks < steps->count)
		advise_list(l, exempt ? WARNING : loses_mail(l->a), "", steps->at[at].verb,
			exempt ? " stands before permit_mynetworks: what your own clients send is asked about too, and "
				 "only "
				 "exempt_networks lets it pass"
			       : " stands before permit_mynetworks: what your own clients send is judged as if "
				 "strangers sent it");
	else if (networks == steps->count && !exempt && l->list >= LIST_RELAY)
		advise_list(l, loses_mail(l->a), "no permit_mynetworks before ", steps->at[at].verb,
			", and exempt_networks does not hold mynetworks: what your own "
			"clients send is judged as if strangers sent it");
	if (login > at && login < steps->count && !logged_in_are_exempt(l->a))
		advise_list(l, loses_mail(l->a), "", steps->at[at].verb,
			" stands before permit_sasl_authenticated, and exempt_authenticated = no: clients that have "
			"logged in are judged as strangers");
}

/* false: nobody is left who comes past it. */
static bool judge_door(struct listed *l, const struct step *s)
{
	size_t end = step_is_table(s) ? (size_t)(s->argument.at + s->argument.len - s->verb.at) : s->verb.len;
	struct buf after = { 0 };

	buf_str(&after, "` before mxonlyd ");
	enum door door = advice_door(l->a, l->sv, s, &after);
	if (door != DOOR_SHUT)
		advise_list(l, door == DOOR_SOME ? WARNING : FAULT, "`", text_cut(s->verb.at, end), after.at);
	buf_free(&after);
	return door != DOOR_ALL;
}

/* false: what stands before lets nobody, or nobody who matters, come so far. */
static bool judge_before(struct listed *l, const struct steps *steps, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (step_permits_own(&steps->at[i])) {
			advise_list(l, FAULT, "mxonlyd is asked behind `", steps->at[i].verb,
				"`, which lets everybody pass first: it is never asked");
			return false;
		}
		if (!judge_door(l, &steps->at[i]))
			return false;
	}
	return true;
}

void advise_place(struct listed *l, const struct steps *steps, size_t at)
{
	const struct step *step = &steps->at[at];

	l->spoilt = true;
	if (!has_recipient(l) || !judge_before(l, steps, at))
		return;
	if (step->warns && l->a->enforces) {
		advise_list(l, FAULT, "warn_if_reject before ", step->verb,
			": Postfix logs refusals and lets pass (mode = monitor is the way to try)");
		return;
	}
	judge_own_clients(l, steps, at);
	l->spoilt = false;
	l->asked = true;
}
