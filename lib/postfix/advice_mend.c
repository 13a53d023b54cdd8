/* SPDX-License-Identifier: BSD-2-Clause */

/* A list of restrictions as it should be. */

#include <stdlib.h>

#include "postfix/advice_parts.h"

static const char recipient_access[] = "check_recipient_access";

/* Behind these only what strangers send to domains of one's own is left. */
static bool belongs_before(const struct step *s)
{
	static const char *const verbs[] = { "permit_mynetworks", "permit_sasl_authenticated", "permit_tls_clientcerts",
		"permit_inet_interfaces", "reject_unauth_destination", "defer_unauth_destination", NULL };

	return step_is_one_of(s, verbs);
}

static void put_step(struct buf *b, const struct step *s)
{
	buf_format(
		b, "%s%s%.*s", b->len > 0 ? ", " : "", s->warns ? "warn_if_reject " : "", (int)s->verb.len, s->verb.at);
	if (s->argument.len > 0)
		buf_format(b, " %.*s", (int)s->argument.len, s->argument.at);
}

/* check_policy_service as it should be, with the attributes that it had. */
static void put_ask(struct buf *b, const struct advice *a, const struct service *sv, struct text attributes)
{
	char *endpoint = advice_our_endpoint(a, sv);

	buf_format(
		b, "%scheck_policy_service { %s, ", b->len > 0 ? ", " : "", endpoint ? endpoint : "unix:mxonly/policy");
	attributes = text_trim(attributes);
	while (attributes.len > 0 && (attributes.at[0] == ',' || attributes.at[0] == ' '))
		attributes = text_cut(attributes.at + 1, attributes.len - 1);
	if (attributes.len > 0)
		buf_format(b, "%.*s }", (int)attributes.len, attributes.at);
	else
		buf_str(b, "timeout=10s, { default_action = DEFER_IF_PERMIT 4.3.5 Policy server is not there: try "
			   "again later } }");
	free(endpoint);
}

/* The step that asks, wherever it is to stand: a class by its name. */
static void put_asking(struct buf *b, const struct advice *a, const struct service *sv, const struct step *asking)
{
	if (asking->verb.len > 0 && !step_is(asking, "check_policy_service"))
		put_step(b, asking);
	else
		put_ask(b, a, sv, policy_call_read(asking->argument).attributes);
}

static bool is_door(const struct advice *a, const struct service *sv, const struct step *s)
{
	struct buf why = { 0 };
	enum door door = advice_door(a, sv, s, &why);

	buf_free(&why);
	return door != DOOR_SHUT;
}

/* Of the steps before `at`, those that let strangers pass go behind the asking. */
static void put_all(struct buf *b, const struct advice *a, const struct service *sv, const struct steps *steps,
	size_t at, const struct step *asking)
{
	bool *door = must_alloc((steps->count + 1) * sizeof *door);

	for (size_t i = 0; i < steps->count; i++) {
		door[i] = i < at && is_door(a, sv, &steps->at[i]);
		if (i < at && !door[i])
			put_step(b, &steps->at[i]);
	}
	put_asking(b, a, sv, asking);
	for (size_t i = 0; i < steps->count; i++)
		if (i >= at || door[i])
			put_step(b, &steps->at[i]);
	free(door);
}

static bool asks(const struct advice *a, const struct service *sv, const struct step *s)
{
	return advice_kind(a, sv, s) != ENDPOINT_OTHER || advice_class_asks(a, sv, s->verb);
}

static bool is_table(const struct step *s, struct text table)
{
	return table.len > 0 && step_is(s, recipient_access) && text_equal(s->argument, table);
}

char *advice_mended(const struct advice *a, const struct service *sv, const char *list, struct text table)
{
	static const struct params no_classes;
	struct step asking = { text_of(table.len > 0 ? recipient_access : ""), table, false };
	struct steps steps = { 0 };
	struct buf b = { 0 };
	size_t kept = 0, at = 0;

	steps_read(&steps, text_of(list), &no_classes);
	for (size_t i = 0; i < steps.count; i++) {
		if (asks(a, sv, &steps.at[i]) || is_table(&steps.at[i], table))
			asking = (struct step){ steps.at[i].verb, steps.at[i].argument, false };
		else
			steps.at[kept++] = steps.at[i];
	}
	steps.count = kept;
	for (size_t i = 0; i < kept && !step_permits_own(&steps.at[i]) && !step_refuses_all(&steps.at[i]); i++)
		if (belongs_before(&steps.at[i]))
			at = i + 1;
	if (kept == 0)
		buf_str(&b, "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination");
	put_all(&b, a, sv, &steps, at, &asking);
	steps_free(&steps);
	return b.at;
}

char *advice_opened(const struct advice *a, const struct service *sv, const char *list)
{
	static const struct params no_classes;
	struct steps steps = { 0 };
	struct buf b = { 0 };
	bool asked = false;

	steps_read(&steps, text_of(list), &no_classes);
	buf_str(&b, "");
	for (size_t i = 0; i < steps.count; i++) {
		asked |= asks(a, sv, &steps.at[i]);
		if (!step_refuses_all(&steps.at[i]))
			put_step(&b, &steps.at[i]);
	}
	steps_free(&steps);
	if (!asked)
		return b.at;
	char *mended = advice_mended(a, sv, b.at, text_of(""));
	buf_free(&b);
	return mended;
}
