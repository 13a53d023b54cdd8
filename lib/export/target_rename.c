/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/targets.h"

enum { MOST_DOMAINS = 1000 };

/* What is tried in front of a domain, the most frequent first. */
static const char *const prefix[] = { "mail", "smtp", "mx", "mx1", "mx2", "mxs", "email", "webmail", "www", "server",
	"host", "ns1", "ftp", "cpanel", "whm", "autodiscover", "autoconfig", "imap", "pop", "pop3", "relay", "exchange",
	"owa", "remote", "mail1", "mail2", "smtp1", "mta", "gateway", "secure" };

/* The name by which Microsoft 365 takes a domain's mail: dots as hyphens. */
static void add_microsoft(struct buf *b, struct text domain)
{
	for (size_t i = 0; i < domain.len; i++)
		buf_add(b, domain.at[i] == '.' ? "-" : &domain.at[i], 1);
	buf_str(b, ".mail.protection.outlook.com\n");
}

static void add_names(struct buf *b, struct text domain)
{
	buf_format(b, "\n# %.*s\n%.*s\n", (int)domain.len, domain.at, (int)domain.len, domain.at);
	for (size_t i = 0; i < sizeof prefix / sizeof *prefix; i++)
		buf_format(b, "%s.%.*s\n", prefix[i], (int)domain.len, domain.at);
	add_microsoft(b, domain);
}

static bool is_off(const struct plan *p, const struct plan_domain *d)
{
	return snap_policy(p->s, d->policy)->mode == MODE_OFF;
}

/* ".example.net" gives the names of "example.net", which may have been given. */
static bool given(const struct plan *p, const struct plan_domain *d, struct text domain)
{
	struct plan_domain whole = { domain, snapshot_policy_of(p->s, domain) };

	return domain.at != d->name.at && snapshot_has_domain(p->s, domain) && !is_off(p, &whole);
}

static int write_rename(struct export_job *x, struct err *e)
{
	const struct plan *p = x->plan;
	struct buf *b = export_file(x, x->target->file, &comment_hash);
	size_t written = 0, most = p->domain_count < MOST_DOMAINS ? p->domain_count : MOST_DOMAINS;

	(void)e;
	for (size_t i = 0; i < most; i++) {
		const struct plan_domain *d = &p->domains[i];
		size_t dot = d->name.at[0] == '.';
		struct text domain = text_cut(d->name.at + dot, d->name.len - dot);
		if (is_off(p, d) || given(p, d, domain))
			continue;
		add_names(b, domain);
		written++;
	}
	if (p->domain_count > most)
		export_warn(x, "%zu domains are left out: the first %zu are enough to see a server's names by",
			p->domain_count - most, most);
	if (written == 0) {
		export_warn(x,
			"no domain is named that is not off: these names are of example.com, put yours in its place");
		add_names(b, text_of("example.com"));
	}
	return 0;
}

const struct target target_rename = {
	.name = "rename",
	.help = "a check list of the names by which a server of these domains is found, for who renames it",
	.flags = 0,
	.file = "mxonly-names.txt",
	.what = "Lists the names that are tried to find the server behind the MX records of these domains.\n"
		"A server that is to be hidden has none of them, but a name that nobody guesses.\n"
		"A name is no lock: keep mxonlyd or a firewall as well. And renaming is not enough where\n"
		"the address was ever public. These tell it too, whatever the name:\n"
		"- MX records of the past, in services that keep them (passive DNS): take a new address\n"
		"- more MX records than the relay service gave you: whoever takes a lesser one goes around\n"
		"- SPF records (ip4:, a, mx) and Received lines of mail that the server sends: send it\n"
		"  through another address\n"
		"- the web site's address, if it is the same machine\n"
		"- certificates, whose names are public (certificate transparency): use a wildcard\n"
		"- the PTR record, and the name in greetings on ports 25, 465, 587, 993",
	.load = "grep -v '^#' ${output} | while read -r name; do\n"
		"    getent ahosts \"$name\" | sed \"s/^/$name /\"; done     looks each name up\n"
		"those that lead to the server: let them lead elsewhere, or nowhere\n"
		"then: a new name and, if you can, a new address; PTR record, certificate, the relay\n"
		"service's delivery host, and the settings of all mail clients that used the old name",
	.undo = "give the server its old names back",
	.check = "no name of this list may lead to the server\n"
		 "a test delivery through the service, from ${relay4}, must arrive\n"
		 "a test delivery through the service, from ${relay6}, must arrive\n"
		 "from a foreign host (as ${foreign4}): port 25 of no name may reach the server",
	.write = write_rename,
};
