/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/firewall.h"
#include "export/targets.h"

/* Filled beside the set in use. */
static void add_new_set(struct buf *b, const struct range_list *prefixes, bool v6)
{
	struct range_list family = ranges_of(prefixes, v6);
	size_t most = family.count > 65536 ? family.count : 65536;
	int n = v6 ? 6 : 4;
	char text[RANGE_TEXT];

	for (int i = 0; i < 2; i++)
		buf_format(b, "create mxonly%d%s hash:net family %s hashsize 1024 maxelem %zu -exist\n", n,
			i == 0 ? "" : "-new", v6 ? "inet6" : "inet", most);
	buf_format(b, "flush mxonly%d-new\n", n);
	for (size_t i = 0; i < family.count; i++)
		buf_format(b, "add mxonly%d-new %s\n", n, range_print(&family.at[i], text));
	range_list_free(&family);
}

/* ipset takes the lines one by one, up to the first that is faulty: nothing in use changes before all are in. */
static void add_sets(struct buf *b, const struct range_list *prefixes)
{
	add_new_set(b, prefixes, false);
	add_new_set(b, prefixes, true);
	for (int n = 4; n <= 6; n += 2)
		buf_format(b, "swap mxonly%d-new mxonly%d\ndestroy mxonly%d-new\n", n, n, n);
}

static const char rules[] =
	"rules() {\n"
	"\tcat <<-END\n"
	"\t\t*filter\n"
	"\t\t:MXONLY - [0:0]\n"
	"\t\t-F MXONLY\n"
	"\t\t-A MXONLY -i lo -j RETURN\n"
	"\t\t-A MXONLY -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN\n"
	"\t\t-A MXONLY -m set --match-set $1 src -j RETURN\n"
	"\t\t-A MXONLY -m limit --limit 10/min --limit-burst 20 -j LOG --log-prefix \"mxonly-reject: \"\n"
	"\t\t-A MXONLY -p tcp -j REJECT --reject-with tcp-reset\n"
	"\t\tCOMMIT\n"
	"\tEND\n"
	"}\n"
	"\n"
	"hook() {\n"
	"\t$1 -C INPUT -p tcp --dport 25 -j MXONLY 2>/dev/null || $1 -I INPUT 1 -p tcp --dport 25 -j MXONLY\n"
	"}\n"
	"\n"
	"rules mxonly4 | iptables-restore --test --noflush\n"
	"rules mxonly6 | ip6tables-restore --test --noflush\n"
	"rules mxonly4 | iptables-restore --noflush\n"
	"rules mxonly6 | ip6tables-restore --noflush\n"
	"hook iptables\n"
	"hook ip6tables\n";

static int write_ipset(struct export_job *x, struct err *e)
{
	struct buf *b = export_file(x, x->target->file, &comment_shell);
	struct range_list prefixes = { 0 };
	int result = ranges_split(&prefixes, &x->plan->allowed, 0, 0, e);

	buf_str(b, "\nset -e\n\nipset restore <<'END'\n");
	add_sets(b, &prefixes);
	buf_format(b, "END\n\n%s", rules);
	range_list_free(&prefixes);
	return result;
}

static const char *const programs[] = { "ipset", "iptables-restore", "ip6tables-restore", NULL };

static const char trial[] = "yes 'ipset, iptables-restore and ip6tables-restore load it' sh mxonly-ipset.sh\n"
			    "yes 'they load it a second time' sh mxonly-ipset.sh\n"
			    "[ -z \"$relay4\" ] || yes \"$relay4, a relay's, is let in\" ipset test mxonly4 $relay4\n"
			    "[ -z \"$relay6\" ] || yes \"$relay6, a relay's, is let in\" ipset test mxonly6 $relay6\n"
			    "no \"$foreign4, a stranger's, is not let in\" ipset test mxonly4 $foreign4\n"
			    "no \"$foreign6, a stranger's, is not let in\" ipset test mxonly6 $foreign6\n"
			    "yes 'port 25 is looked at over IPv4' iptables -C INPUT -p tcp --dport 25 -j MXONLY\n"
			    "yes 'port 25 is looked at over IPv6' ip6tables -C INPUT -p tcp --dport 25 -j MXONLY\n";

const struct target target_ipset = {
	.name = "ipset",
	.help = "a script for ipset, iptables-restore and ip6tables-restore: port 25 for the relays alone",
	.flags = TARGET_WHOLE_SERVER | TARGET_RANGES,
	.file = "mxonly-ipset.sh",
	.what = FIREWALL_REFUSES
	"It makes the sets mxonly4 and mxonly6, the chain MXONLY, and a rule in INPUT that leads\n"
	"port 25 there. Other rules are left alone, and what they drop stays dropped.\n" FIREWALL_CONTAINERS,
	.load = "sh ${output}     as root, as often as you like; what is faulty leaves the old rules\n"
		"at each start: have it done by the service that loads your rules, before the network is up",
	.undo = "iptables -D INPUT -p tcp --dport 25 -j MXONLY; ip6tables -D INPUT -p tcp --dport 25 -j MXONLY\n"
		"iptables -F MXONLY; iptables -X MXONLY; ip6tables -F MXONLY; ip6tables -X MXONLY\n"
		"ipset destroy mxonly4; ipset destroy mxonly6",
	.check = "ipset test mxonly4 ${relay4}     must be in\n"
		 "ipset test mxonly6 ${relay6}     must be in\n"
		 "ipset test mxonly4 ${foreign4}     must not be in\n"
		 "ipset test mxonly6 ${foreign6}     must not be in\n"
		 "iptables -C INPUT -p tcp --dport 25 -j MXONLY     must be silent\n"
		 "ip6tables -C INPUT -p tcp --dport 25 -j MXONLY     must be silent\n" FIREWALL_CHECK,
	.write = write_ipset,
	.programs = programs,
	.trial = trial,
};
