/* SPDX-License-Identifier: BSD-2-Clause */

/* Restriction classes that ask. */

#include <stdlib.h>

#include "postfix/advice_parts.h"
#include "postfix/words.h"

bool advice_value_asks(const struct advice *a, const struct service *sv, struct text value, struct text *label)
{
	struct steps steps = { 0 };
	bool asks = false;

	*label = text_of("");
	steps_read(&steps, value, sv->params);
	for (size_t i = 0; i < steps.count && !asks; i++) {
		struct policy_call call = policy_call_read(steps.at[i].argument);
		asks = advice_kind(a, sv, &steps.at[i]) != ENDPOINT_OTHER;
		if (asks)
			policy_call_get(&call, "policy_context", label);
	}
	steps_free(&steps);
	return asks;
}

static bool is_class(const struct service *sv, struct text name)
{
	struct text rest = text_of(params_get(sv->params, "smtpd_restriction_classes")), class;

	while (words_next(&rest, &class))
		if (text_equal(class, name))
			return true;
	return false;
}

bool advice_class_asks(const struct advice *a, const struct service *sv, struct text class)
{
	struct text label;

	return is_class(sv, class) && advice_value_asks(a, sv, class, &label);
}

struct text advice_class(const struct advice *a, const struct service *sv)
{
	struct text rest = text_of(params_get(sv->params, "smtpd_restriction_classes")), class;

	while (words_next(&rest, &class))
		if (advice_class_asks(a, sv, class))
			return class;
	return text_of("");
}

bool advice_may_lead(const struct advice *a, const struct service *sv, const struct step *s)
{
	return step_is(s, "check_recipient_access") && advice_class(a, sv).len > 0;
}

bool advise_classes(struct advice *a, const struct service *sv)
{
	struct text rest = text_of(params_get(sv->params, "smtpd_restriction_classes")), class;
	bool any = false;

	while (words_next(&rest, &class)) {
		struct steps steps = { 0 };
		char *name = must_strndup(class.at, class.len);
		steps_read(&steps, text_of(params_get(sv->params, name)), sv->params);
		for (size_t i = 0; i < steps.count; i++) {
			struct policy_call call = policy_call_read(steps.at[i].argument);
			if (!step_is(&steps.at[i], "check_policy_service") ||
				advice_endpoint(a, sv, call.endpoint) == ENDPOINT_OTHER)
				continue;
			any = true;
			advise_call(a, sv, name, &call);
		}
		steps_free(&steps);
		free(name);
	}
	return any;
}
