/* SPDX-License-Identifier: BSD-2-Clause */
#include "postfix/restrictions.h"

#include <stdlib.h>

#include "base/buf.h"
#include "postfix/words.h"

const char *const restriction_list_name[LISTS] = {
	[LIST_CLIENT] = "smtpd_client_restrictions",
	[LIST_HELO] = "smtpd_helo_restrictions",
	[LIST_SENDER] = "smtpd_sender_restrictions",
	[LIST_RELAY] = "smtpd_relay_restrictions",
	[LIST_RECIPIENT] = "smtpd_recipient_restrictions",
	[LIST_DATA] = "smtpd_data_restrictions",
	[LIST_END_OF_DATA] = "smtpd_end_of_data_restrictions",
	[LIST_ETRN] = "smtpd_etrn_restrictions",
};

static bool begins(struct text t, const char *with)
{
	size_t n = strlen(with);

	return t.len >= n && text_equal_nocase(text_cut(t.at, n), text_of(with));
}

static bool ends(struct text t, const char *with)
{
	size_t n = strlen(with);

	return t.len >= n && text_equal_nocase(text_cut(t.at + t.len - n, n), text_of(with));
}

bool verb_takes_argument(struct text verb)
{
	static const char *const beginnings[] = { "reject_rbl_", "reject_rhsbl_", "permit_dnswl_", "permit_rhswl_" };

	for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
		if (begins(verb, beginnings[i]))
			return true;
	return text_equal_nocase(verb, text_of("check_policy_service")) || text_equal_nocase(verb, text_of("sleep")) ||
	       (begins(verb, "check_") && ends(verb, "_access"));
}

/* name is one of smtpd_restriction_classes. */
static const char *class_of(const struct params *p, struct text name)
{
	struct text rest = text_of(params_get(p, "smtpd_restriction_classes")), class;

	while (words_next(&rest, &class)) {
		if (!text_equal(class, name))
			continue;
		char *word = must_strndup(name.at, name.len);
		const char *value = params_get(p, word);
		free(word);
		return value;
	}
	return NULL;
}

static void read_list(struct steps *to, struct text list, const struct params *p, bool warns, unsigned depth)
{
	struct step step = { .warns = warns };
	const char *class;

	while (to->words++ < STEPS_MAX && words_next(&list, &step.verb)) {
		if (text_equal_nocase(step.verb, text_of("warn_if_reject"))) {
			step.warns = true;
			continue;
		}
		class = depth < CLASS_DEPTH ? class_of(p, step.verb) : NULL;
		if (class) {
			read_list(to, text_of(class), p, step.warns, depth + 1);
		} else {
			step.argument = text_of("");
			if (verb_takes_argument(step.verb))
				words_next(&list, &step.argument);
			to->at = must_grow(to->at, to->count, sizeof *to->at);
			to->at[to->count++] = step;
		}
		step.warns = warns;
	}
}

void steps_read(struct steps *to, struct text list, const struct params *p)
{
	read_list(to, list, p, false, 0);
}

bool step_is(const struct step *s, const char *verb)
{
	return text_equal_nocase(s->verb, text_of(verb));
}

bool step_is_one_of(const struct step *s, const char *const *verbs)
{
	for (; *verbs; verbs++)
		if (step_is(s, *verbs))
			return true;
	return false;
}

bool step_is_table(const struct step *s)
{
	return begins(s->verb, "check_") && ends(s->verb, "_access");
}

/* check_..._access static:WORD answers WORD to everybody. */
static struct text outcome(const struct step *s)
{
	if (step_is_table(s) && begins(s->argument, "static:"))
		return text_cut(s->argument.at + 7, s->argument.len - 7);
	return s->verb;
}

bool step_permits_all(const struct step *s)
{
	struct text word = outcome(s);

	return text_equal_nocase(word, text_of("permit")) || text_equal_nocase(word, text_of("ok"));
}

bool step_refuses_all(const struct step *s)
{
	struct text word = outcome(s);

	return !s->warns && (text_equal_nocase(word, text_of("reject")) || text_equal_nocase(word, text_of("defer")));
}

bool step_permits_own(const struct step *s)
{
	return step_permits_all(s) || step_is(s, "permit_auth_destination") || step_is(s, "permit_mx_backup");
}

void steps_free(struct steps *s)
{
	free(s->at);
	*s = (struct steps){ 0 };
}

struct policy_call policy_call_read(struct text argument)
{
	struct policy_call c = { .attributes = words_inside(argument) };

	words_next(&c.attributes, &c.endpoint);
	return c;
}

bool policy_call_get(const struct policy_call *c, const char *name, struct text *value)
{
	struct text rest = c->attributes, word, key;

	while (words_next(&rest, &word))
		if (words_pair(word, &key, value) && text_is(key, name))
			return true;
	return false;
}
