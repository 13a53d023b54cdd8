/* SPDX-License-Identifier: BSD-2-Clause */

/* One check_policy_service: its attributes, and what holds where it has none. */

#include <stdlib.h>
#include <string.h>

#include "postfix/advice_parts.h"
#include "postfix/words.h"

enum { PATIENCE = 60 }; /* seconds; Postfix tries twice, and its client gives up after five minutes */

static const char *const attributes[] = { "timeout", "default_action", "try_limit", "retry_delay", "max_idle",
	"max_ttl", "request_limit", "policy_context" };

enum { ATTRIBUTES = sizeof attributes / sizeof *attributes };

struct ask {
	struct advice *a;
	const struct service *sv;
	const char *param; /* where it stands */
	const struct policy_call *call;
};

static bool is_attribute(struct text name)
{
	for (size_t i = 0; i < ATTRIBUTES; i++)
		if (text_is(name, attributes[i]))
			return true;
	return false;
}

/* The call with this attribute in place of the one that has its name (NULL: that one left out), and without words that are none. */
static char *mended(const struct ask *k, const char *name, const char *instead)
{
	struct text rest = k->call->attributes, word, key, value;
	struct buf b = { 0 };

	buf_format(&b, "check_policy_service { %.*s", (int)k->call->endpoint.len, k->call->endpoint.at);
	while (words_next(&rest, &word))
		if (words_pair(word, &key, &value) && is_attribute(key) && !text_is(key, name))
			buf_format(&b, ", %.*s", (int)word.len, word.at);
	if (instead)
		buf_format(&b, ", %s", instead);
	buf_str(&b, " }");
	*buf_room(&b, 0) = '\0';
	return b.at;
}

static void tell(const struct ask *k, enum severity severity, const char *name, const char *instead, const char *what,
	struct text about, const char *why)
{
	bool own = params_has(&k->sv->set, k->param);
	char *line = mended(k, name, instead);
	struct buf file = { 0 }, place = { 0 };

	buf_format(&file, "%s/%s", k->a->p->directory, own ? "master.cf" : "main.cf");
	if (own)
		buf_format(&place, "%s/%s: ", k->sv->name, k->sv->type);
	buf_format(&place, "%s", k->param);
	advise_at(k->a, severity, file.at, 0, line, "%s: %s%.*s%s", place.at, what, (int)about.len, about.at, why);
	free(line);
	buf_free(&file);
	buf_free(&place);
}

/* smtpd(8) ends with "fatal" over each of these, for every client. */
static void judge_attributes(const struct ask *k)
{
	struct text rest = k->call->attributes, word, name, value;

	while (words_next(&rest, &word)) {
		if (!words_pair(word, &name, &value)) {
			tell(k, FAULT, "", NULL, "`", word,
				"` is no attribute=value: every smtpd ends over it (a value with spaces needs braces: "
				"{ name = value })");
		} else if (!is_attribute(name)) {
			char *copy = must_strndup(name.at, name.len);
			const char *nearest = text_nearest(name, attributes, ATTRIBUTES);
			struct buf why = { 0 };
			buf_format(&why, "` is no attribute that Postfix knows: every smtpd ends over it%s%s%s",
				nearest ? " (`" : "", nearest ? nearest : "", nearest ? "` meant?)" : "");
			tell(k, FAULT, copy, NULL, "`", name, why.at);
			buf_free(&why);
			free(copy);
		}
	}
}

/* The attribute of the call, or Postfix's parameter for all calls. */
static struct text effective(const struct ask *k, const char *name)
{
	struct buf param = { 0 };
	struct text value;

	if (policy_call_get(k->call, name, &value))
		return value;
	buf_format(&param, "smtpd_policy_service_%s", name);
	value = text_of(params_get(k->sv->params, param.at));
	buf_free(&param);
	return value;
}

static long effective_number(const struct ask *k, const char *name)
{
	struct text value = effective(k, name);
	char *copy = must_strndup(value.at, value.len);
	long number = params_number(copy);

	free(copy);
	return number;
}

static bool begins_with_word(struct text t, const char *word)
{
	size_t n = strlen(word);

	return t.len >= n && text_equal_nocase(text_cut(t.at, n), text_of(word)) && (t.len == n || t.at[n] == ' ');
}

static bool all_digits(struct text t)
{
	return t.len > 0 && strspn(t.at, "0123456789") >= t.len;
}

static bool lets_pass(struct text action)
{
	static const char *const verbs[] = { "DUNNO", "OK", "PERMIT", "INFO", "WARN", "PREPEND", "BCC", "FILTER",
		"REDIRECT", "permit_mynetworks", "permit_auth_destination" };

	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (begins_with_word(action, verbs[i]))
			return true;
	return action.len == 0 || all_digits(action);
}

static bool refuses(struct text action)
{
	return begins_with_word(action, "REJECT") || begins_with_word(action, "DISCARD") ||
	       (action.len > 3 && action.at[0] == '5' && all_digits(text_cut(action.at, 3)));
}

static void judge_default_action(const struct ask *k)
{
	static const char *const right =
		"{ default_action = DEFER_IF_PERMIT 4.3.5 Policy server is not there: try again later }";
	struct text action = effective(k, "default_action");

	if (lets_pass(action))
		tell(k, FAULT, "default_action", right, "default_action = ", action,
			": whenever mxonlyd does not answer, everybody delivers directly; and whoever keeps it busy "
			"may bring that about");
	else if (refuses(action))
		tell(k, FAULT, "default_action", right, "default_action = ", action,
			": whenever mxonlyd does not answer, mail is refused for good");
	else if (text_is(action, "451 4.3.5 Server configuration problem"))
		tell(k, WARNING, "default_action", right, "default_action is Postfix's own, `", action,
			"`: it ends the mail's other checks, and tells nobody what is the matter");
}

static void judge_limits(const struct ask *k)
{
	long timeout = effective_number(k, "timeout"), tries = effective_number(k, "try_limit");
	long idle = effective_number(k, "max_idle");
	struct buf why = { 0 };

	if (timeout > PATIENCE)
		tell(k, WARNING, "timeout", "timeout=10s", "timeout = ", effective(k, "timeout"),
			": with mxonlyd held up, each recipient would wait twice as long, and every smtpd with it");
	if (tries >= 0 && tries < 2)
		tell(k, WARNING, "try_limit", NULL, "try_limit = ", effective(k, "try_limit"),
			": the first connection that ends (a restart of mxonlyd) puts the mail off, where a second try "
			"would do");
	if (idle >= (long)k->a->s->policyd.idle_timeout) {
		buf_format(&why,
			": mxonlyd closes connections that are silent for idle_timeout = %u s, before Postfix does: it "
			"costs a "
			"second each time",
			k->a->s->policyd.idle_timeout);
		tell(k, WARNING, "max_idle", "max_idle=300s", "max_idle = ", effective(k, "max_idle"), why.at);
		buf_free(&why);
	}
}

/* spawn(8) ends mxonlyd -i in the middle of a connection. */
static void judge_spawn(const struct ask *k)
{
	const struct service *spawned = advice_spawned(k->a, k->call->endpoint);
	struct buf param = { 0 };

	if (!spawned)
		return;
	buf_format(&param, "%s_time_limit", spawned->name);
	const char *limit = params_get(&k->a->p->main, param.at);
	if (params_number(limit) <= effective_number(k, "max_ttl"))
		advise(k->a, WARNING, NULL, param.at, "3600",
			"%s: spawn(8) ends mxonlyd before smtpd ends the connection, in the middle of a mail", limit);
	buf_free(&param);
}

static void judge_context(const struct ask *k)
{
	struct text label = effective(k, "policy_context");

	if (label.len > 0 && snapshot_policy_labelled(k->a->s, label) < 0)
		tell(k, WARNING, "policy_context", NULL, "policy_context = ", label,
			": no section [domains ...] of mxonly.ini has this label, so it is ignored");
}

/* smtpd(8) ends over a name that it cannot resolve, as it often cannot within its chroot. */
static void judge_host(const struct ask *k)
{
	struct text endpoint = k->call->endpoint;
	struct text host = text_cut(endpoint.at + 5, endpoint.len > 5 ? endpoint.len - 5 : 0);
	const char *colon = host.len > 0 ? memrchr(host.at, ':', host.len) : NULL;
	struct ip ip;

	if (endpoint.len < 5 || memcmp(endpoint.at, "inet:", 5) != 0 || !colon)
		return;
	host = text_cut(host.at, (size_t)(colon - host.at));
	if (host.len == 0 || host.at[0] == '[' || ip_parse(&ip, host))
		return;
	struct policy_call numeric = *k->call;
	struct ask right = *k;
	struct buf b = { 0 };
	buf_format(&b, "inet:127.0.0.1%.*s", (int)(endpoint.len - 5 - host.len), colon);
	numeric.endpoint = text_cut(b.at, b.len);
	right.call = &numeric;
	tell(&right, WARNING, "", NULL, "`", host,
		"` is a name: where smtpd cannot resolve it (in its chroot), every smtpd ends; write an address");
	buf_free(&b);
}

void advise_call(struct advice *a, const struct service *sv, const char *param, const struct policy_call *call)
{
	struct ask k = { a, sv, param, call };

	judge_attributes(&k);
	judge_default_action(&k);
	judge_limits(&k);
	judge_spawn(&k);
	judge_context(&k);
	judge_host(&k);
	advise_socket(a, sv, call->endpoint);
}
