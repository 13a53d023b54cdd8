/* SPDX-License-Identifier: BSD-2-Clause */

/* Which lists ask, and which refuse everybody. */

#include <stdlib.h>

#include "policy/lines.h"
#include "postfix/advice_parts.h"

/* It leads elsewhere, but to whom if not to mxonlyd? */
static void judge_meant(struct listed *l, struct text endpoint)
{
	struct text listens = snap_item(l->a->s, l->a->s->policyd.listen, 0);
	char *path = endpoint.len > 5 && memcmp(endpoint.at, "unix:", 5) == 0
			     ? advice_socket_path(l->a, l->sv, endpoint)
			     : NULL;
	char *value = advice_mended(l->a, l->sv, l->value, l->table), *ours = advice_our_endpoint(l->a, l->sv);

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

static void judge_list(struct listed *l)
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
		advise_place(l, &steps, i);
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

static bool asks_in(const struct listed *l, const struct steps *steps)
{
	for (size_t i = 0; i < steps->count; i++)
		if (advice_kind(l->a, l->sv, &steps->at[i]) != ENDPOINT_OTHER ||
			advice_may_lead(l->a, l->sv, &steps->at[i]))
			return true;
	return false;
}

/*
 * The step that refuses whoever the ones before it do not let pass; count: there is none. Where mxonlyd is asked and other
 * servers send to, a table may hold the recipients that there are.
 */
static size_t closing(const struct listed *l, const struct steps *steps, bool tables)
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
static bool list_closed(const struct listed *l)
{
	struct steps steps = { 0 };

	steps_read(&steps, text_of(l->value), l->sv->params);
	bool closed = closing(l, &steps, is_mx(l->sv)) < steps.count;
	steps_free(&steps);
	return closed;
}

/* Those who have logged in are asked about: nothing lets them pass first, or somebody put it here on purpose. */
static bool asks_of_logins(const struct listed *l)
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

static bool is_submission(const struct service *sv)
{
	static const char *const ports[] = { "submission", "submissions", "smtps", "587", "465" };

	for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
		if (strcmp(service_port(sv), ports[i]) == 0)
			return true;
	return false;
}

static void tell_submission(const struct listed *l, enum severity severity, const char *what)
{
	struct buf file = { 0 };

	buf_format(&file, "%s/master.cf", l->a->p->directory);
	advise_at(l->a, severity, file.at, 0, "-o { smtpd_recipient_restrictions = permit_sasl_authenticated, reject }",
		"%s/%s is a submission service%s", l->sv->name, l->sv->type, what);
	buf_free(&file);
}

/* In this list or a later one of the port that others send to mxonlyd is asked, but all are refused; asked: before. */
static bool judge_refusing(struct listed *l, bool *asked)
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

static void judge_refused(struct listed *l)
{
	bool asked = false, any = false;

	for (enum restriction_list list = 0; list <= LIST_RECIPIENT; list++) {
		struct steps steps = { 0 };
		list_enter(l, list);
		steps_read(&steps, text_of(l->value), l->sv->params);
		any |= asks_in(l, &steps);
		steps_free(&steps);
	}
	for (enum restriction_list list = 0; any && list <= LIST_RECIPIENT; list++) {
		list_enter(l, list);
		if (judge_refusing(l, &asked))
			break;
	}
}

/* Strangers are refused anyhow. */
static void judge_closed(struct listed *l)
{
	for (enum restriction_list list = 0; list < LISTS; list++) {
		list_enter(l, list);
		if ((list == LIST_RELAY || list == LIST_RECIPIENT || params_has(&l->sv->set, l->param)) &&
			asks_of_logins(l))
			tell_submission(l, WARNING,
				", whose clients have logged in: asking mxonlyd there only delays them, or refuses "
				"what they send");
	}
}

static void judge_open(struct listed *l)
{
	for (enum restriction_list list = 0; list < LISTS; list++) {
		list_enter(l, list);
		judge_list(l);
	}
	list_enter(l, LIST_RECIPIENT);
	advise_tables(l);
	if (is_submission(l->sv))
		tell_submission(l, l->asked ? WARNING : FAULT,
			l->asked ? " that takes mail from clients that have not logged in"
				 : " that takes mail from clients that have not logged in: directly, for mxonlyd is "
				   "not asked there");
	else if (!l->asked && !l->spoilt)
		advise_list(l, FAULT,
			"no check_policy_service asks mxonlyd: whoever connects delivers directly, whatever mxonly.ini "
			"says",
			text_of(""), "");
}

static void judge_service(struct advice *a, const struct service *sv)
{
	struct listed l = { .a = a, .sv = sv };
	bool closed = false;

	for (enum restriction_list list = 0; list <= LIST_RECIPIENT; list++) {
		list_enter(&l, list);
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
