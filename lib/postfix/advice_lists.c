/* SPDX-License-Identifier: BSD-2-Clause */

/* Who is asked in which list, and behind what. */

#include <stdlib.h>

#include "policy/lines.h"
#include "postfix/advice_parts.h"

/* What the lists of one smtpd come to. */
struct look {
	struct advice *a;
	const struct service *sv;
	enum restriction_list list; /* that is looked at now */
	const char *param, *value; /* its name, and what is in it */
	bool asked; /* mxonlyd is, where strangers come by, of a recipient */
	bool spoilt; /* it would be, but for something that was told */
};

/* What is wrong with this list, said around one of its words, and what to write in its place. */
static void tell_list(struct look *l, enum severity severity, const char *before, struct text about, const char *after)
{
	char *value = advice_mended(l->a, l->sv, l->value);

	advise(l->a, severity, l->sv, l->param, value, "%s%.*s%s", before, (int)about.len, about.at, after);
	free(value);
}

/* The same when the place is smtpd_recipient_restrictions. */
static void tell_to_move(struct look *l, enum severity severity, const char *why)
{
	static const char *const right = "smtpd_recipient_restrictions";
	char *value = advice_mended(l->a, l->sv, params_get(l->sv->params, right));

	advise(l->a, severity, l->sv, right, value, "mxonlyd is asked in %s, %s", l->param, why);
	free(value);
}

/* false: nobody is asked there of a recipient. */
static bool has_recipient(struct look *l)
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
static bool own_are_exempt(const struct look *l)
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
static void judge_own_clients(struct look *l, const struct steps *steps, size_t at)
{
	size_t networks = position(steps, "permit_mynetworks"), login = position(steps, "permit_sasl_authenticated");
	bool exempt = own_are_exempt(l);

	if (networks > at && networks < steps->count)
		tell_list(l, exempt ? WARNING : loses_mail(l->a), "", steps->at[at].verb,
			exempt ? " stands before permit_mynetworks: what your own clients send is asked about too, and "
				 "only "
				 "exempt_networks lets it pass"
			       : " stands before permit_mynetworks: what your own clients send is judged as if "
				 "strangers sent it");
	else if (networks == steps->count && !exempt && l->list >= LIST_RELAY)
		tell_list(l, loses_mail(l->a), "no permit_mynetworks before ", steps->at[at].verb,
			", and exempt_networks does not hold mynetworks: what your own "
			"clients send is judged as if strangers sent it");
	if (login > at && login < steps->count && !logged_in_are_exempt(l->a))
		tell_list(l, loses_mail(l->a), "", steps->at[at].verb,
			" stands before permit_sasl_authenticated, and exempt_authenticated = no: clients that have "
			"logged in are judged as strangers");
}

/* false: nobody is left who comes past it. */
static bool judge_door(struct look *l, const struct step *s)
{
	size_t end = step_is_table(s) ? (size_t)(s->argument.at + s->argument.len - s->verb.at) : s->verb.len;
	struct buf after = { 0 };

	buf_str(&after, "` before mxonlyd ");
	enum door door = advice_door(l->a, l->sv, s, &after);
	if (door != DOOR_SHUT)
		tell_list(l, door == DOOR_SOME ? WARNING : FAULT, "`", text_cut(s->verb.at, end), after.at);
	buf_free(&after);
	return door != DOOR_ALL;
}

/* false: what stands before lets nobody, or nobody who matters, come so far. */
static bool judge_before(struct look *l, const struct steps *steps, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (step_permits_own(&steps->at[i])) {
			tell_list(l, FAULT, "mxonlyd is asked behind `", steps->at[i].verb,
				"`, which lets everybody pass first: it is never asked");
			return false;
		}
		if (!judge_door(l, &steps->at[i]))
			return false;
	}
	return true;
}

static void judge_place(struct look *l, const struct steps *steps, size_t at)
{
	const struct step *step = &steps->at[at];

	l->spoilt = true;
	if (!has_recipient(l) || !judge_before(l, steps, at))
		return;
	if (step->warns && l->a->enforces) {
		tell_list(l, FAULT, "warn_if_reject before ", step->verb,
			": Postfix logs refusals and lets pass (mode = monitor is the way to try)");
		return;
	}
	judge_own_clients(l, steps, at);
	l->spoilt = false;
	l->asked = true;
}

/* It leads elsewhere, but to whom if not to mxonlyd? */
static void judge_meant(struct look *l, struct text endpoint)
{
	struct text listens = snap_item(l->a->s, l->a->s->policyd.listen, 0);
	char *path = endpoint.len > 5 && memcmp(endpoint.at, "unix:", 5) == 0
			     ? advice_socket_path(l->a, l->sv, endpoint)
			     : NULL;
	char *value = advice_mended(l->a, l->sv, l->value), *ours = advice_our_endpoint(l->a, l->sv);

	l->spoilt = true;
	if (!ours)
		advise_listen(l->a, l->sv);
	else
		advise(l->a, FAULT, l->sv, l->param, value,
			"%.*s leads to %s%s, but mxonlyd listens at %.*s: mail waits", (int)endpoint.len, endpoint.at,
			path ? path : "another port",
			path && postfix_chrooted(l->a->p, l->sv) ? " (smtpd is chrooted)" : "", (int)listens.len,
			listens.at);
	free(path);
	free(value);
	free(ours);
}

static void judge_list(struct look *l)
{
	struct steps steps = { 0 };

	steps_read(&steps, text_of(l->value), l->sv->params);
	for (size_t i = 0; i < steps.count; i++) {
		enum endpoint_kind kind = advice_kind(l->a, l->sv, &steps.at[i]);
		struct policy_call call = policy_call_read(steps.at[i].argument);
		if (kind == ENDPOINT_MEANT)
			judge_meant(l, call.endpoint);
		if (kind != ENDPOINT_OURS)
			continue;
		judge_place(l, &steps, i);
		advise_call(l->a, l->sv, l->param, &call);
	}
	steps_free(&steps);
}

/* The port that other servers send to. */
static bool is_mx(const struct service *sv)
{
	return strcmp(sv->type, "pass") == 0 || strcmp(service_port(sv), "smtp") == 0 ||
	       strcmp(service_port(sv), "25") == 0;
}

static bool asks_in(const struct look *l, const struct steps *steps)
{
	for (size_t i = 0; i < steps->count; i++)
		if (advice_kind(l->a, l->sv, &steps->at[i]) != ENDPOINT_OTHER)
			return true;
	return false;
}

/*
 * The step that refuses whoever the ones before it do not let pass; count: there is none. Where mxonlyd is asked and other
 * servers send to, a table may hold the recipients that there are.
 */
static size_t closing(const struct look *l, const struct steps *steps, bool tables)
{
	for (size_t i = 0; i < steps->count && !step_permits_own(&steps->at[i]); i++) {
		if (step_refuses_all(&steps->at[i]))
			return i;
		if (tables && asks_in(l, steps) && step_is_table(&steps->at[i]))
			break;
	}
	return steps->count;
}

/* This list refuses whoever it does not let pass. */
static bool list_closed(const struct look *l)
{
	struct steps steps = { 0 };

	steps_read(&steps, text_of(l->value), l->sv->params);
	bool closed = closing(l, &steps, is_mx(l->sv)) < steps.count;
	steps_free(&steps);
	return closed;
}

/* Those who have logged in are asked about: nothing lets them pass first, or somebody put it here on purpose. */
static bool asks_of_logins(const struct look *l)
{
	struct steps steps = { 0 };
	bool asks = false, own = params_has(&l->sv->set, l->param);

	steps_read(&steps, text_of(l->value), l->sv->params);
	for (size_t i = 0; i < steps.count && !asks && (own || !step_is(&steps.at[i], "permit_sasl_authenticated"));
		i++)
		asks = advice_kind(l->a, l->sv, &steps.at[i]) != ENDPOINT_OTHER;
	steps_free(&steps);
	return asks;
}

static void next_list(struct look *l, enum restriction_list list)
{
	l->list = list;
	l->param = restriction_list_name[list];
	l->value = params_get(l->sv->params, l->param);
}

static bool is_submission(const struct service *sv)
{
	static const char *const ports[] = { "submission", "submissions", "smtps", "587", "465" };

	for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
		if (strcmp(service_port(sv), ports[i]) == 0)
			return true;
	return false;
}

static void tell_submission(const struct look *l, enum severity severity, const char *what)
{
	struct buf file = { 0 };

	buf_format(&file, "%s/master.cf", l->a->p->directory);
	advise_at(l->a, severity, file.at, 0, "-o { smtpd_recipient_restrictions = permit_sasl_authenticated, reject }",
		"%s/%s is a submission service%s", l->sv->name, l->sv->type, what);
	buf_free(&file);
}

/* In this list or a later one of the port that others send to mxonlyd is asked, but all are refused; asked: before. */
static bool judge_refusing(struct look *l, bool *asked)
{
	struct steps steps = { 0 };
	size_t at, end;

	steps_read(&steps, text_of(l->value), l->sv->params);
	at = closing(l, &steps, true);
	end = steps.count;
	steps.count = at;
	*asked |= asks_in(l, &steps);
	steps.count = end;
	if (at < end) {
		char *value = advice_opened(l->a, l->sv, l->value);
		advise(l->a, *asked ? WARNING : FAULT, l->sv, l->param, value,
			"`%.*s` refuses everybody%s: no mail is received but from your own clients",
			WORDS(steps.at[at].verb), *asked ? ", whatever mxonlyd answers" : " before mxonlyd is asked");
		free(value);
	}
	steps_free(&steps);
	return at < end;
}

static void judge_refused(struct look *l)
{
	bool asked = false, any = false;

	for (enum restriction_list list = 0; list <= LIST_RECIPIENT; list++) {
		struct steps steps = { 0 };
		next_list(l, list);
		steps_read(&steps, text_of(l->value), l->sv->params);
		any |= asks_in(l, &steps);
		steps_free(&steps);
	}
	for (enum restriction_list list = 0; any && list <= LIST_RECIPIENT; list++) {
		next_list(l, list);
		if (judge_refusing(l, &asked))
			break;
	}
}

/* Strangers are refused anyhow. */
static void judge_closed(struct look *l)
{
	for (enum restriction_list list = 0; list < LISTS; list++) {
		next_list(l, list);
		if ((list == LIST_RELAY || list == LIST_RECIPIENT || params_has(&l->sv->set, l->param)) &&
			asks_of_logins(l))
			tell_submission(l, WARNING,
				", whose clients have logged in: asking mxonlyd there only delays them, or refuses "
				"what they send");
	}
}

static void judge_open(struct look *l)
{
	for (enum restriction_list list = 0; list < LISTS; list++) {
		next_list(l, list);
		judge_list(l);
	}
	next_list(l, LIST_RECIPIENT);
	l->asked |= advise_tables(l->a, l->sv, l->asked);
	if (is_submission(l->sv))
		tell_submission(l, l->asked ? WARNING : FAULT,
			l->asked ? " that takes mail from clients that have not logged in"
				 : " that takes mail from clients that have not logged in: directly, for mxonlyd is "
				   "not asked there");
	else if (!l->asked && !l->spoilt)
		tell_list(l, FAULT,
			"no check_policy_service asks mxonlyd: whoever connects delivers directly, whatever mxonly.ini "
			"says",
			text_of(""), "");
}

static void judge_service(struct advice *a, const struct service *sv)
{
	struct look l = { .a = a, .sv = sv };
	bool closed = false;

	for (enum restriction_list list = 0; list <= LIST_RECIPIENT; list++) {
		next_list(&l, list);
		closed |= list_closed(&l);
	}
	if (closed && is_mx(sv))
		judge_refused(&l);
	else if (closed)
		judge_closed(&l);
	else
		judge_open(&l);
}

void advise_lists(struct advice *a)
{
	const struct service *sv;
	size_t at = 0;

	while ((sv = advice_next_public(a, &at)))
		judge_service(a, sv);
}
