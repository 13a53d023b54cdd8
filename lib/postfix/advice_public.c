/* SPDX-License-Identifier: BSD-2-Clause */

/* The services that strangers reach. */

#include "postfix/advice_parts.h"
#include "postfix/words.h"

static bool is_loopback(struct text host)
{
	return text_is(host, "localhost") || text_is(host, "::1") || (host.len > 4 && memcmp(host.at, "127.", 4) == 0);
}

/* A service without a host listens on inet_interfaces. */
static bool listens_outside(const struct service *sv)
{
	struct text host = service_host(sv);
	struct text interfaces = text_of(params_get(sv->params, "inet_interfaces")), word;

	if (strcmp(sv->type, "inet") != 0)
		return false;
	if (host.len > 0)
		return !is_loopback(host);
	while (words_next(&interfaces, &word))
		if (!text_is(word, "loopback-only") && !is_loopback(word))
			return true;
	return false;
}

static bool postscreen_outside(const struct advice *a)
{
	for (size_t i = 0; i < a->p->services.count; i++) {
		const struct service *sv = &a->p->services.at[i];
		if (strcmp(sv->command, "postscreen") == 0 && listens_outside(sv))
			return true;
	}
	return false;
}

static bool is_public(const struct advice *a, const struct service *sv)
{
	return listens_outside(sv) || (strcmp(sv->type, "pass") == 0 && postscreen_outside(a));
}

const struct service *advice_next_public(const struct advice *a, size_t *at)
{
	while (*at < a->p->services.count) {
		const struct service *sv = &a->p->services.at[(*at)++];
		if (strcmp(sv->command, "smtpd") == 0 && (!a->outside || is_public(a, sv)))
			return sv;
	}
	return NULL;
}

bool advice_any_public(const struct advice *a)
{
	for (size_t i = 0; i < a->p->services.count; i++)
		if (strcmp(a->p->services.at[i].command, "smtpd") == 0 && is_public(a, &a->p->services.at[i]))
			return true;
	return false;
}
