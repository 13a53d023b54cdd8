/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/endpoint.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/file.h"
#include "net/ip.h"
#include "policy/domain.h"
#include "policy/lines.h"

static bool cut_prefix(struct text *t, const char *prefix)
{
	size_t n = strlen(prefix);

	if (t->len < n || memcmp(t->at, prefix, n) != 0)
		return false;
	*t = text_cut(t->at + n, t->len - n);
	return true;
}

static char *parse_unix(struct text path, const char *beside, struct err *e)
{
	struct buf b = { 0 };
	char *resolved;

	if (path.len == 0)
		return err_set(e, "`unix:` without a path"), NULL;
	if (path.at[0] == '@')
		return err_set(e, "`unix:%.*s`: abstract sockets have no permissions and are not served", WORDS(path)),
		       NULL;
	resolved = path_beside(beside, path);
	if (strlen(resolved) > UNIX_PATH) {
		err_set(e, "`unix:%s`: a socket's path has at most %d bytes", resolved, UNIX_PATH);
		free(resolved);
		return NULL;
	}
	buf_format(&b, "unix:%s", resolved);
	free(resolved);
	return b.at;
}

/* host between brackets, or a name or IPv4 address; *port: what follows the colon behind it. */
static int split_inet(struct text t, struct text *host, struct text *port, struct err *e)
{
	const char *colon = t.len > 0 ? memrchr(t.at, ':', t.len) : NULL;
	unsigned long number;

	if (!colon && text_number(t, 65535, &number))
		return err_set(e, "`inet:%.*s` has no host: `inet:127.0.0.1:%lu` meant?", WORDS(t), number);
	if (!colon || t.at[t.len - 1] == ']')
		return err_set(e, "`inet:%.*s` has no port: `inet:%.*s:10040` meant?", WORDS(t), WORDS(t));
	*host = text_cut(t.at, (size_t)(colon - t.at));
	*port = text_cut(colon + 1, t.len - host->len - 1);
	return 0;
}

static int check_host(struct text host, struct text port, struct err *e)
{
	bool brackets = host.len > 1 && host.at[0] == '[' && host.at[host.len - 1] == ']';
	struct text inner = brackets ? text_cut(host.at + 1, host.len - 2) : host;
	bool colons = text_find(inner, ':');
	char name[DOMAIN_MAX + 1];
	struct ip ip;

	if (host.len == 0)
		return err_set(e, "`inet::%.*s` has no host: `inet:127.0.0.1:%.*s` meant?", WORDS(port), WORDS(port));
	if (text_is(host, "*"))
		return err_set(e, "`inet:*:%.*s`: `inet:0.0.0.0:%.*s` or `inet:[::]:%.*s` meant?", WORDS(port),
			WORDS(port), WORDS(port));
	if (ip_parse(&ip, inner)) {
		if (brackets == colons)
			return 0;
		return err_set(e,
			"`%.*s`: an IPv6 address stands in brackets, an IPv4 address does not: `inet:%s%.*s%s:%.*s` "
			"meant?",
			WORDS(host), colons ? "[" : "", WORDS(inner), colons ? "]" : "", WORDS(port));
	}
	if (brackets || colons || domain_parse(host, false, name, e) < 0)
		return err_set(e, "`%.*s` is neither an address nor the name of a host", WORDS(host));
	return 0;
}

static char *parse_inet(struct text t, struct err *e)
{
	struct text host = t, port = t;
	struct buf b = { 0 };
	unsigned long number;

	if (split_inet(t, &host, &port, e) < 0 || check_host(host, port, e) < 0)
		return NULL;
	if (!text_number(port, 65535, &number) || number == 0)
		return err_set(e, "`inet:%.*s`: the port is a number from 1 to 65535", WORDS(t)), NULL;
	buf_format(&b, "inet:%.*s:%lu", (int)host.len, host.at, number);
	return b.at;
}

char *endpoint_parse(struct text t, const char *beside, struct err *e)
{
	struct text rest = t;

	if (cut_prefix(&rest, "unix:"))
		return parse_unix(rest, beside, e);
	if (cut_prefix(&rest, "inet:"))
		return parse_inet(rest, e);
	if (t.len > 0 && t.at[0] == '/')
		err_set(e, "`%.*s` is no endpoint: `unix:%.*s` meant?", WORDS(t), WORDS(t));
	else if (text_find(t, ':') && t.at[t.len - 1] >= '0' && t.at[t.len - 1] <= '9')
		err_set(e, "`%.*s` is no endpoint: `inet:%.*s` meant?", WORDS(t), WORDS(t));
	else
		err_set(e, "`%.*s` is no endpoint: unix:/path or inet:host:port", WORDS(t));
	return NULL;
}
