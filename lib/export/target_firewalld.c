/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/firewall.h"
#include "export/targets.h"

static void add_ipset(struct export_job *x, const struct range_list *prefixes, bool v6)
{
	struct buf *b = export_file(x, v6 ? "ipsets/mxonly6.xml" : "ipsets/mxonly4.xml", &comment_xml);
	struct range_list family = ranges_of(prefixes, v6);
	char text[RANGE_TEXT];

	buf_format(b,
		"<ipset type=\"hash:net\">\n"
		"  <short>mxonly%d</short>\n"
		"  <option name=\"family\" value=\"%s\"/>\n"
		"  <option name=\"maxelem\" value=\"%zu\"/>\n",
		v6 ? 6 : 4, v6 ? "inet6" : "inet", family.count > 65536 ? family.count : 65536);
	for (size_t i = 0; i < family.count; i++)
		buf_format(b, "  <entry>%s</entry>\n", range_print(&family.at[i], text));
	buf_str(b, "</ipset>\n");
	range_list_free(&family);
}

/* A refusal without a family is dropped by firewalld, with a warning and exit status 0. */
static void add_rules(struct buf *b, int v)
{
	buf_format(b,
		"  <rule priority=\"-100\" family=\"ipv%d\"><source ipset=\"mxonly%d\"/>"
		"<port port=\"25\" protocol=\"tcp\"/><accept/></rule>\n"
		"  <rule priority=\"-50\" family=\"ipv%d\"><port port=\"25\" protocol=\"tcp\"/>"
		"<log prefix=\"mxonly-reject: \" level=\"info\"><limit value=\"10/m\"/></log><reject "
		"type=\"tcp-reset\"/></rule>\n",
		v, v, v);
}

static int write_firewalld(struct export_job *x, struct err *e)
{
	struct range_list prefixes = { 0 };
	int result = ranges_split(&prefixes, &x->plan->allowed, 0, 0, e);

	add_ipset(x, &prefixes, false);
	add_ipset(x, &prefixes, true);
	struct buf *b = export_file(x, "policies/mxonly.xml", &comment_xml);
	buf_str(b, "<policy priority=\"-10\" target=\"CONTINUE\">\n"
		   "  <short>mxonly</short>\n"
		   "  <ingress-zone name=\"ANY\"/>\n"
		   "  <egress-zone name=\"HOST\"/>\n");
	add_rules(b, 4);
	add_rules(b, 6);
	buf_str(b, "</policy>\n");
	range_list_free(&prefixes);
	return result;
}

static const char *const programs[] = { "firewalld", "firewall-offline-cmd", "firewall-cmd", "dbus-daemon", "nft",
	NULL };

/* A firewalld and a bus of its own, with a copy of this machine's own configuration. */
static const char trial[] =
	"[ -w /etc/firewalld ] || { cannot 'anything: only root may start a firewalld'; exit 0; }\n"
	"cp -a /etc/firewalld own && cp -r ipsets policies own/ && mount --bind own /etc/firewalld || exit\n"
	"mount -t tmpfs none /run && mkdir /run/dbus && mount -t tmpfs none /var/log || exit\n"
	"silent() { firewall-offline-cmd --check-config 2>&1 >/dev/null | (! grep .); }\n"
	"yes 'firewalld finds it well-formed, and says nothing about it' silent\n"
	"dbus-daemon --system --nofork --nopidfile >/dev/null 2>&1 & bus=$!\n"
	"firewalld --nofork --nopid >/dev/null 2>&1 & firewall=$!\n"
	"running() { i=0; until firewall-cmd --state; do i=$((i + 1)); [ $i -lt 40 ] || return 1; sleep 0.2; done; }\n"
	"asked() { nft get element inet firewalld $1 \"{ $2 }\"; }\n"
	"yes 'firewalld runs with it' running\n"
	"[ -z \"$relay4\" ] || yes \"$relay4, a relay's, is let in\" asked mxonly4 $relay4\n"
	"[ -z \"$relay6\" ] || yes \"$relay6, a relay's, is let in\" asked mxonly6 $relay6\n"
	"no \"$foreign4, a stranger's, is not let in\" asked mxonly4 $foreign4\n"
	"no \"$foreign6, a stranger's, is not let in\" asked mxonly6 $foreign6\n"
	"rules() { nft list chain inet firewalld filter_IN_policy_mxonly_pre | grep -c 'dport 25.*reject with tcp "
	"reset' | grep -qx 2; }\n"
	"yes 'everybody else is refused over IPv4 and IPv6' rules\n"
	"kill $firewall; wait $firewall; kill $bus\n";

const struct target target_firewalld = {
	.name = "firewalld",
	.help = "two ipsets and a policy for /etc/firewalld: port 25 for the relays alone",
	.flags = TARGET_WHOLE_SERVER | TARGET_RANGES | TARGET_FOLDER,
	.file = "mxonly-firewalld",
	.what = FIREWALL_REFUSES "The policy comes before all zones, whatever they let in. It needs firewalld 0.9 or "
				 "later.\n" FIREWALL_CONTAINERS,
	.load = "cp -r ${output}/ipsets ${output}/policies /etc/firewalld/\n"
		"firewall-offline-cmd --check-config     must print nothing, for its status is 0 even when\n"
		"    it leaves out what is faulty\n"
		"firewall-cmd --reload",
	.undo = "rm /etc/firewalld/policies/mxonly.xml /etc/firewalld/ipsets/mxonly4.xml "
		"/etc/firewalld/ipsets/mxonly6.xml\n"
		"firewall-cmd --reload",
	.check = "firewall-cmd --info-policy=mxonly     must show four rules for port 25\n"
		 "nft get element inet firewalld mxonly4 '{ ${relay4} }'     must find it\n"
		 "nft get element inet firewalld mxonly6 '{ ${relay6} }'     must find it\n"
		 "nft get element inet firewalld mxonly4 '{ ${foreign4} }'     must find nothing\n"
		 "nft get element inet firewalld mxonly6 '{ ${foreign6} }'     must find nothing\n" FIREWALL_CHECK,
	.write = write_firewalld,
	.programs = programs,
	.trial = trial,
};
