/* SPDX-License-Identifier: BSD-2-Clause */

/* What stands between clients and smtpd: postscreen, proxies, networks that are trusted. */

#include <stdlib.h>
#include <string.h>

#include "postfix/advice_parts.h"
#include "postfix/tables.h"
#include "postfix/words.h"

enum { TRUSTED4 = 8, TRUSTED6 = 7 }; /* mynetworks wider than 10.0.0.0/8 or fc00::/7 are no network of one's own */

static const struct service *find_command(const struct advice *a, const char *command, const char *type)
{
	for (size_t i = 0; i < a->p->services.count; i++) {
		const struct service *sv = &a->p->services.at[i];
		if (strcmp(sv->command, command) == 0 && strcmp(sv->type, type) == 0)
			return sv;
	}
	return NULL;
}

/* postscreen_access_list answers permit for this address. */
static bool screen_permits(const struct advice *a, const struct service *screen, const struct ip *ip)
{
	struct text rest = text_of(params_get(screen->params, "postscreen_access_list")), word;
	char address[IP_TEXT];
	bool permits = false;

	ip_print(ip, address);
	while (!permits && words_next(&rest, &word)) {
		struct buf answers = { 0 };
		if (table_is(word) && table_ask(a->p, word, text_of(address), &answers) == 0)
			permits = answers.len > 0 && memmem(answers.at, answers.len, "permit", 6) != NULL;
		buf_free(&answers);
	}
	return permits;
}

/* Some test of postscreen's puts new clients off, or refuses them by lists. */
static bool screen_tests(const struct service *screen)
{
	static const char *const deep[] = { "postscreen_bare_newline_enable", "postscreen_non_smtp_command_enable",
		"postscreen_pipelining_enable" };

	for (size_t i = 0; i < sizeof deep / sizeof *deep; i++)
		if (params_yes(screen->params, deep[i]))
			return true;
	return params_get(screen->params, "postscreen_dnsbl_sites")[0] &&
	       strcmp(params_get(screen->params, "postscreen_dnsbl_action"), "ignore") != 0;
}

static void judge_screen(struct advice *a, const struct service *screen)
{
	struct buf value = { 0 };

	for (uint32_t i = 0; screen_tests(screen) && i < a->s->relays.count; i++) {
		const struct snap_relay *relay = snap_relay(a->s, i);
		struct text name = snap_text(a->s, relay->name);
		if (relay->ranges.count == 0)
			continue;
		struct range first = range_set_get(snap_set(a->s, relay->ranges), 0);
		if (screen_permits(a, screen, &first.first))
			continue;
		value.len = 0;
		buf_format(&value, "%s, cidr:/etc/postfix/mxonly_relays.cidr",
			params_get(screen->params, "postscreen_access_list"));
		advise(a, WARNING, screen, "postscreen_access_list", value.at,
			"postscreen tests the hosts of [relay %.*s] as it does strangers, and puts off or refuses what "
			"they bring (`mxonly "
			"export postscreen` writes that file)",
			(int)name.len, name.at);
	}
	buf_free(&value);
}

static void judge_postscreen(struct advice *a)
{
	const struct service *screen = find_command(a, "postscreen", "inet");
	struct buf file = { 0 };

	if (!screen)
		return;
	if (!find_command(a, "smtpd", "pass")) {
		buf_format(&file, "%s/master.cf", a->p->directory);
		advise_at(a, FAULT, file.at, 0, "smtpd pass - - y - - smtpd",
			"%s/%s is postscreen, but there is no smtpd behind it: no mail comes in", screen->name,
			screen->type);
		buf_free(&file);
	}
	judge_screen(a, screen);
}

/* Only this host reaches the service: whoever hands mail over is a proxy, and hides the client. */
static void judge_proxy(struct advice *a, const struct service *sv)
{
	const char *smtpd = params_get(sv->params, "smtpd_upstream_proxy_protocol");

	if (!a->outside && *smtpd == '\0' && strcmp(sv->type, "inet") == 0)
		advise(a, WARNING, sv, "smtpd_upstream_proxy_protocol", "haproxy",
			"smtpd listens on loopback only: if a proxy in front hands mail over without telling whose, "
			"every client is this "
			"host, which is exempt");
	else if (params_get(sv->params, "proxy_interfaces")[0] && *smtpd == '\0' && strcmp(sv->type, "inet") == 0)
		advise(a, WARNING, sv, "smtpd_upstream_proxy_protocol", "haproxy",
			"proxy_interfaces = %s: if that is a proxy (not a NAT that keeps clients' addresses), every "
			"client has its "
			"address, and mxonlyd cannot tell them apart",
			params_get(sv->params, "proxy_interfaces"));
}

/* permit_mynetworks lets these pass before mxonlyd is asked. */
static void judge_trusted(struct advice *a, const struct service *sv, const struct range *r)
{
	char text[RANGE_TEXT];

	range_print(r, text);
	if (range_wider(r, TRUSTED4, TRUSTED6)) {
		advise(a, FAULT, sv, "mynetworks", "127.0.0.0/8 [::1]/128",
			"%s is no network of yours alone: permit_mynetworks lets it pass before mxonlyd is asked, and "
			"relay through this "
			"host",
			text);
		return;
	}
	for (uint32_t i = 0; i < a->s->relays.count; i++) {
		const struct snap_relay *relay = snap_relay(a->s, i);
		struct text name = snap_text(a->s, relay->name);
		if (relay->ranges.count > 0 && range_set_holds(snap_set(a->s, relay->ranges), &r->first))
			advise(a, WARNING, sv, "mynetworks", "127.0.0.0/8 [::1]/128",
				"%s belongs to [relay %.*s]: mxonlyd is not asked about what its other machines and "
				"customers send, and "
				"they may relay through this host",
				text, (int)name.len, name.at);
	}
}

static void judge_service(struct advice *a, const struct service *sv)
{
	struct range_list networks = { 0 };
	bool unknown = false;

	judge_proxy(a, sv);
	/* Unless it is set, it holds the addresses of this host. */
	if (params_has(&sv->set, "mynetworks") || params_has(&a->p->set, "mynetworks"))
		networks_read(&networks, params_get(sv->params, "mynetworks"), &unknown);
	for (size_t i = 0; i < networks.count; i++)
		judge_trusted(a, sv, &networks.at[i]);
	range_list_free(&networks);
}

/* Together they may hold more connections than mxonlyd takes; the rest wait. */
static void judge_processes(struct advice *a)
{
	long most = params_number(params_get(&a->p->main, "default_process_limit")), all = 0;
	const struct service *sv;
	size_t at = 0;

	while ((sv = advice_next_public(a, &at)))
		all += sv->processes < 0 ? most : sv->processes == 0 ? 100000 : sv->processes;
	if (all <= (long)a->s->policyd.max_connections)
		return;
	struct text file = snap_item(a->s, a->s->files, 0);
	char *name = must_strndup(file.at, file.len);
	struct buf line = { 0 };
	buf_format(&line, "[policyd] max_connections = %ld", all);
	advise_at(a, WARNING, name, 0, line.at,
		"Postfix may run %ld smtpd, each with a connection of its own, but mxonlyd takes %u: the others wait",
		all, a->s->policyd.max_connections);
	buf_free(&line);
	free(name);
}

static void judge_smtpd(struct advice *a)
{
	struct buf file = { 0 };
	size_t at = 0;

	if (advice_next_public(a, &at) || find_command(a, "postscreen", "inet"))
		return;
	buf_format(&file, "%s/master.cf", a->p->directory);
	advise_at(a, FAULT, file.at, 0, "smtp inet n - y - - smtpd",
		"there is no smtpd: this Postfix receives no mail, and asks nobody");
	buf_free(&file);
}

void advise_front(struct advice *a)
{
	const struct service *sv;
	size_t at = 0;

	judge_smtpd(a);
	judge_postscreen(a);
	while ((sv = advice_next_public(a, &at)))
		judge_service(a, sv);
	judge_processes(a);
}
