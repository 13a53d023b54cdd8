/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whatever postconf prints: a list printed from its words has these words again; a parameter has the value of its last line; a
 * service has a name, a type and a command; a list has a bounded number of steps, each with a verb, classes or not.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "postfix/restrictions.h"
#include "postfix/services.h"
#include "postfix/tables.h"
#include "postfix/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void check_words(struct text list)
{
	struct text rest = list, word, again, name, value;
	struct buf printed = { 0 };

	while (words_next(&rest, &word)) {
		buf_format(&printed, "%s", printed.len > 0 ? " " : "");
		buf_add(&printed, word.at, word.len);
		must(words_inside(word).len <= word.len);
		must(!words_pair(word, &name, &value) || name.len > 0);
	}
	struct text second = text_cut(printed.at ? printed.at : "", printed.len);
	for (rest = list; words_next(&rest, &word);)
		must(words_next(&second, &again) && text_equal(word, again));
	must(!words_next(&second, &again));
	buf_free(&printed);
}

static void check_params(const struct params *p)
{
	for (size_t i = 0; i < p->count; i++) {
		must(p->at[i].name[0] != '\0' && params_has(p, p->at[i].name));
		must(i == 0 || strcmp(p->at[i - 1].name, p->at[i].name) <= 0);
		const char *last = p->at[i].value;
		for (size_t j = i + 1; j < p->count && strcmp(p->at[j].name, p->at[i].name) == 0; j++)
			last = p->at[j].value;
		must(params_get(p, p->at[i].name) == last);
		must(params_number(p->at[i].value) >= -1);
	}
}

static void check_services(struct text text)
{
	struct services s;

	services_read(&s, text, text);
	for (size_t i = 0; i < s.count; i++) {
		const struct service *one = &s.at[i];
		must(one->name[0] && one->type[0] && one->command[0] && one->arguments && one->processes >= -1);
		must(service_port(one) != NULL && service_host(one).len < strlen(one->name) + 1);
		check_params(&one->set);
	}
	services_free(&s);
}

static void check_steps(struct text list, const struct params *p)
{
	struct steps steps = { 0 };
	struct text value;

	steps_read(&steps, list, p);
	must(steps.count <= STEPS_MAX);
	for (size_t i = 0; i < steps.count; i++) {
		struct policy_call c = policy_call_read(steps.at[i].argument);
		must(steps.at[i].verb.len > 0);
		must(!(step_permits_all(&steps.at[i]) && step_refuses_all(&steps.at[i])));
		must(steps.at[i].argument.len == 0 || verb_takes_argument(steps.at[i].verb));
		if (policy_call_get(&c, "timeout", &value))
			must(value.len < steps.at[i].argument.len);
	}
	steps_free(&steps);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = { (const char *)data, size < 4096 ? size : 4096 }, rest = text, key, value;
	struct params p;

	check_words(text);
	params_read(&p, text);
	check_params(&p);
	check_steps(text_of(params_get(&p, "smtpd_recipient_restrictions")), &p);
	check_services(text);
	while (table_next(&rest, &key, &value))
		must(table_is(key) || key.len <= text.len);
	params_free(&p);
	return 0;
}
