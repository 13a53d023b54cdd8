/* SPDX-License-Identifier: BSD-2-Clause */

/* Addresses that become other addresses behind the policy's back. */

#include <stdlib.h>
#include <string.h>

#include "policy/domain.h"
#include "policy/recipient.h"
#include "postfix/advice_parts.h"
#include "postfix/tables.h"
#include "postfix/words.h"

enum { ALIASES_TOLD = 20 };

static void judge_rewriting(struct advice *a)
{
	static const char *const routes[] = { "allow_percent_hack", "swap_bangpath", "resolve_dequoted_address" };
	const char *domain = params_get(&a->p->main, "mydomain");

	if (params_yes(&a->p->main, "append_dot_mydomain"))
		advise(a, WARNING, NULL, "append_dot_mydomain", "no",
			"u@name becomes u@name.%s after mxonlyd was asked about `name`: another policy may have "
			"decided",
			domain);
	if (params_yes(&a->p->main, "allow_untrusted_routing"))
		advise(a, WARNING, NULL, "allow_untrusted_routing", "no",
			"an address such as mx\"other.example!u is delivered to a domain that nobody was asked about");
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
		if (a->s->policyd.routed_recipients == RECIPIENT_IGNORE_ROUTES && params_yes(&a->p->main, routes[i]))
			advise(a, WARNING, NULL, routes[i], "no",
				"routed_recipients = ignore looks only behind the last @, but Postfix delivers an "
				"address such as "
				"u%%protected.example@other.example to the protected domain (or leave "
				"routed_recipients at strict)");
}

/* The policy of an address, or of "@domain"; of one without a domain $myorigin's. name: its domain, for people. */
static uint32_t policy_of_address(const struct advice *a, struct text address, char name[DOMAIN_MAX + 1])
{
	const char *at = address.len > 0 ? memrchr(address.at, '@', address.len) : NULL;
	struct text domain = at ? text_cut(at + 1, address.len - (size_t)(at + 1 - address.at))
				: text_of(params_get(&a->p->main, "myorigin"));
	size_t n = domain_normalise(domain, name, DOMAIN_MAX);

	name[n < DOMAIN_MAX ? n : DOMAIN_MAX] = '\0';
	return snapshot_policy_of(a->s, text_of(name));
}

static void judge_alias(
	struct advice *a, const char *param, struct text table, struct text from, struct text to, unsigned *told)
{
	char source[DOMAIN_MAX + 1], target[DOMAIN_MAX + 1];
	uint32_t policy = policy_of_address(a, from, source), protected = policy_of_address(a, to, target);
	const char *weaker = policy_weaker(a->s, policy, protected);
	struct buf line = { 0 };

	if (!weaker || ++*told > ALIASES_TOLD)
		return;
	buf_format(&line, "[domain %s] in mxonly.ini, with the %s of %s", source, weaker, target);
	advise_at(a, WARNING, NULL, 0, line.at,
		"%s: %.*s turns %.*s into %.*s after mxonlyd was asked about %s, whose policy is weaker (%s): who "
		"writes there "
		"delivers directly to %s",
		param, (int)table.len, table.at, (int)from.len, from.at, (int)to.len, to.at, source, weaker, target);
	buf_free(&line);
}

static void judge_alias_table(struct advice *a, const char *param, struct text table)
{
	struct buf entries = { 0 };
	struct text rest, from, list, to;
	unsigned told = 0;

	if (table_list(a->p, table, &entries) == 0) {
		rest = text_cut(entries.at, entries.len);
		while (table_next(&rest, &from, &list))
			while (words_next(&list, &to))
				judge_alias(a, param, table, from, to, &told);
	}
	buf_free(&entries);
}

/* Tables that cannot be listed (LDAP, SQL, regular expressions) are not looked into. */
static void judge_aliases(struct advice *a)
{
	static const char *const params[] = { "canonical_maps", "recipient_canonical_maps", "virtual_alias_maps" };
	struct text rest, word;

	for (size_t i = 0; i < sizeof params / sizeof *params; i++) {
		rest = text_of(params_get(&a->p->main, params[i]));
		while (words_next(&rest, &word))
			if (table_is(word))
				judge_alias_table(a, params[i], word);
	}
}

/* An address without a domain is decided by [default], and delivered to $myorigin. */
static void judge_origin(struct advice *a)
{
	const char *origin = params_get(&a->p->main, "myorigin");
	char name[DOMAIN_MAX + 1];
	uint32_t policy = snapshot_policy_of(a->s, text_cut(name, domain_of_host(text_of(origin), name, DOMAIN_MAX)));
	const char *weaker = policy_weaker(a->s, SNAP_POLICY_NO_DOMAIN, policy);
	struct buf line = { 0 };

	if (!weaker || !params_yes(&a->p->main, "append_at_myorigin"))
		return;
	buf_format(&line, "%s = the one of [domain %s], in [default] of mxonly.ini", weaker, origin);
	advise_at(a, WARNING, NULL, 0, line.at,
		"myorigin: an address without a domain is decided by [default] and delivered to %s "
		"(append_at_myorigin), whose policy is "
		"stricter (%s): who writes to `u` goes round it",
		origin, weaker);
	buf_free(&line);
}

static bool exempts_recipients(const struct snapshot *s)
{
	for (uint32_t i = 0; i < s->policies.count; i++)
		if (snap_policy(s, i)->exempt_recipients.count > 0 && snap_policy(s, i)->mode != MODE_OFF)
			return true;
	return false;
}

/* What is cut off an exempt recipient is, where Postfix does not cut there, the name of another mailbox. */
static void judge_delimiter(struct advice *a)
{
	struct text ours = snap_text(a->s, a->s->policyd.recipient_delimiter);
	const char *theirs = params_get(&a->p->main, "recipient_delimiter");
	struct buf line = { 0 };

	for (size_t i = 0; i < ours.len && exempts_recipients(a->s); i++) {
		if (strchr(theirs, ours.at[i]))
			continue;
		buf_format(&line, "recipient_delimiter = %s in [policyd] of mxonly.ini", theirs);
		advise_at(a, WARNING, NULL, 0, line.at,
			"recipient_delimiter: `%c` ends a local part for mxonlyd, but not for this Postfix: what is "
			"exempt as "
			"postmaster%cx may be another mailbox than postmaster",
			ours.at[i], ours.at[i]);
		break;
	}
	buf_free(&line);
}

void advise_names(struct advice *a)
{
	judge_delimiter(a);
	judge_rewriting(a);
	judge_aliases(a);
	judge_origin(a);
}
