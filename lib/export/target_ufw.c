/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/firewall.h"
#include "export/targets.h"

/*
 * All rules are put first, the refusal before those that it must stand behind: whatever else opens port 25 comes too late.
 * ufw leaves a rule where it is that is there already, and puts a refusal in the place of an allowance for the same
 * port: so these are deleted first.
 */
static const char script[] =
	"rule=' to any port 25 proto tcp'\n"
	"own=\"$rule comment 'mxonly'\"\n"
	"\n"
	"before=$(ufw show added)\n"
	"for verdict in allow limit deny; do\n"
	"\t! echo \"$before\" | grep -q \"^ufw $verdict 25/tcp\" || ufw --force delete $verdict 25/tcp\n"
	"done\n"
	"ufw prepend reject proto tcp from any to any port 25 comment 'mxonly: everybody else'\n"
	"for range in $ranges; do\n"
	"\t! echo \"$before\" | grep -qxF \"ufw allow from $range$own\" || continue\n"
	"\t! echo \"$before\" | grep -qF \"ufw allow from $range$rule\" || ufw --force delete allow from $range$rule\n"
	"\tufw prepend allow proto tcp from $range to any port 25 comment 'mxonly'\n"
	"done\n"
	"\n"
	"# What an earlier export let in and this one does not\n"
	"echo \"$before\" | sed -n \"s/^ufw allow from \\(.*\\)$own\\$/\\1/p\" | while read -r range; do\n"
	"\techo \"$ranges\" | grep -qxF \"$range\" || ufw --force delete allow from $range$rule\n"
	"done\n"
	"\n"
	"after=$(ufw show added)\n"
	"for range in $ranges; do\n"
	"\techo \"$after\" | grep -qxF \"ufw allow from $range$own\" || { echo \"ufw did not take $range\" >&2; exit "
	"1; }\n"
	"done\n";

enum { MANY = 300 }; /* ranges: minutes */

static int write_ufw(struct export_job *x, struct err *e)
{
	struct buf *b = export_file(x, x->target->file, &comment_shell);
	struct range_list prefixes = { 0 };
	int result = ranges_split(&prefixes, &x->plan->allowed, 0, 0, e);

	buf_str(b, "\nset -e\n"
		   "grep -q '^IPV6=yes' /etc/default/ufw || {\n"
		   "\techo 'IPV6=yes must be in /etc/default/ufw, else port 25 stays open over IPv6' >&2\n"
		   "\texit 1\n"
		   "}\n"
		   "\nranges='");
	ranges_print(b, &prefixes, "\n");
	buf_format(b, "'\n\n%s", script);
	if (prefixes.count > MANY)
		export_warn(x,
			"ufw takes about half a second for each of %zu ranges: nftables and ipset take all at once",
			prefixes.count);
	range_list_free(&prefixes);
	return result;
}

static const char *const programs[] = { "ufw", "iptables", "ip6tables", NULL };

/*
 * With a copy of this machine's own rules, which only root may read. ufw cannot be asked about an address: so the ranges
 * that its rules accept become routes of the namespace, which can.
 */
static const char trial[] =
	"[ -r /etc/ufw/user.rules ] || { cannot 'anything: only root may read the rules of ufw'; exit 0; }\n"
	"[ $(sed -n \"/^ranges='/,/'$/p\" mxonly-ufw.sh | wc -l) -le 1000 ] || { cannot 'anything: ufw would take too "
	"long for so "
	"many ranges'; exit 0; }\n"
	"cp -a /etc/ufw rules && mount --bind rules /etc/ufw && mount -t tmpfs none /run || exit\n"
	"yes 'ufw takes it' sh mxonly-ufw.sh\n"
	"yes 'ufw takes it a second time' sh mxonly-ufw.sh\n"
	"yes 'ufw loads it' ufw --force enable\n"
	"rules() { $1 -S $2 | grep -e '--dport 25 ' | sed '/-j REJECT/q'; }\n"
	"refusal() { rules $1 $2 | tail -n 1 | grep -v -e ' -s ' | grep -e '-j REJECT'; }\n"
	"others() { rules $1 $2 | grep -v -e ' -s ' | grep -e '-j ACCEPT'; }\n"
	"routes() { rules $1 $2 | sed -n 's/.* -s \\([^ ]*\\) .*-j ACCEPT$/\\1/p' | sed \"s/^/route replace prohibit "
	"/\" | ip -batch -; }\n"
	"asked() { ip $1 route show type prohibit match $2 | grep .; }\n"
	"for chain in 'iptables ufw-user-input' 'ip6tables ufw6-user-input'; do\n"
	"\tyes \"$chain: strangers are refused\" refusal $chain\n"
	"\tno \"$chain: no rule before that lets everybody in\" others $chain\n"
	"\tyes \"$chain: its ranges can be asked about\" routes $chain\n"
	"done\n"
	"[ -z \"$relay4\" ] || yes \"$relay4, a relay's, is let in\" asked -4 $relay4\n"
	"[ -z \"$relay6\" ] || yes \"$relay6, a relay's, is let in\" asked -6 $relay6\n"
	"no \"$foreign4, a stranger's, is not let in\" asked -4 $foreign4\n"
	"no \"$foreign6, a stranger's, is not let in\" asked -6 $foreign6\n";

const struct target target_ufw = {
	.name = "ufw",
	.help = "a script of ufw commands: port 25 for the relays alone",
	.flags = TARGET_WHOLE_SERVER | TARGET_RANGES,
	.file = "mxonly-ufw.sh",
	.what = FIREWALL_REFUSES
	"Its rules come first, so that no rule for an application (Postfix, Mail) opens the port\n"
	"to everybody. It needs ufw 0.36 or later, and does not enable ufw.\n" FIREWALL_CONTAINERS,
	.load = "sh ${output}     as root, as often as you like\n"
		"    it takes half a second a range: the first time, relays are refused (and try again)\n"
		"    until theirs is in; what an earlier one let in and this one does not is taken back\n"
		"ufw status     \"inactive\"? open what you need (ufw allow 22/tcp ...) before ufw enable",
	.undo = "ufw show added | grep \"comment 'mxonly\" | sed 's/^ufw //; s/ comment .*//' |\n"
		"    while read -r rule; do ufw --force delete $rule; done",
	.check = "ufw status numbered     all 25/tcp ALLOW must have lower numbers than the REJECT\n"
		 "${relay4} must be in one of the ranges that are allowed\n"
		 "${relay6} must be in one of the ranges that are allowed\n"
		 "${foreign4} and ${foreign6} must be in none\n" FIREWALL_CHECK,
	.write = write_ufw,
	.programs = programs,
	.trial = trial,
};
