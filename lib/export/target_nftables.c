/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/firewall.h"
#include "export/targets.h"

static const struct comment comment_nft = { .first = "#!/usr/sbin/nft -f\n", .open = "", .line = "# ", .close = "" };

/* nft takes no empty list of elements. */
static void add_set(struct buf *b, const char *name, const struct range_list *ranges, bool v6)
{
	struct range_list family = ranges_of(ranges, v6);

	buf_format(b, "\tset %s%d {\n\t\ttype ipv%d_addr\n\t\tflags interval\n\t\tauto-merge\n", name, v6 ? 6 : 4,
		v6 ? 6 : 4);
	if (family.count > 0) {
		buf_str(b, "\t\telements = {\n\t\t\t");
		ranges_print(b, &family, ",\n\t\t\t");
		buf_str(b, "\n\t\t}\n");
	}
	buf_str(b, "\t}\n");
	range_list_free(&family);
}

static int write_nftables(struct export_job *x, struct err *e)
{
	struct buf *b = export_file(x, x->target->file, &comment_nft);

	(void)e;
	buf_str(b, "\ntable inet mxonly\ndelete table inet mxonly\n\ntable inet mxonly {\n");
	add_set(b, "relay", &x->plan->relays, false);
	add_set(b, "relay", &x->plan->relays, true);
	add_set(b, "trusted", &x->plan->trusted, false);
	add_set(b, "trusted", &x->plan->trusted, true);
	buf_str(b, "\tchain input {\n"
		   "\t\ttype filter hook input priority -5; policy accept;\n"
		   "\t\ttcp dport != 25 return\n"
		   "\t\tiif \"lo\" accept\n"
		   "\t\tct state established,related accept\n"
		   "\t\tip saddr @relay4 accept\n"
		   "\t\tip6 saddr @relay6 accept\n"
		   "\t\tip saddr @trusted4 accept\n"
		   "\t\tip6 saddr @trusted6 accept\n"
		   "\t\tlimit rate 10/minute burst 20 packets log prefix \"mxonly-reject: \"\n"
		   "\t\tcounter reject with tcp reset\n"
		   "\t}\n}\n");
	return 0;
}

static const char *const programs[] = { "nft", NULL };

static const char trial[] = "yes 'nft loads it' nft -f mxonly.nft\n"
			    "yes 'nft loads it a second time' nft -f mxonly.nft\n"
			    "[ -z \"$relay4\" ] || yes \"$relay4, a relay's, is let in\" nft get element inet mxonly "
			    "relay4 \"{ $relay4 }\"\n"
			    "[ -z \"$relay6\" ] || yes \"$relay6, a relay's, is let in\" nft get element inet mxonly "
			    "relay6 \"{ $relay6 }\"\n"
			    "for set in relay4 trusted4; do no \"$foreign4, a stranger's, is not in $set\" nft get "
			    "element inet mxonly $set \"{ $foreign4 }\"; done\n"
			    "for set in relay6 trusted6; do no \"$foreign6, a stranger's, is not in $set\" nft get "
			    "element inet mxonly $set \"{ $foreign6 }\"; done\n";

const struct target target_nftables = {
	.name = "nftables",
	.help = "a table of its own for nft: port 25 for the relays alone",
	.flags = TARGET_WHOLE_SERVER | TARGET_RANGES,
	.file = "mxonly.nft",
	.what = FIREWALL_REFUSES
	"It is a table of its own: other tables are left alone, and what they drop stays\n"
	"dropped, so port 25 must be open in them. Sessions that are open go on.\n" FIREWALL_CONTAINERS,
	.load = "nft -c -f ${output}     says whether it is well-formed\n"
		"nft -f ${output}        replaces what an earlier one loaded, whole or not at all\n"
		"at each start: include \"${output}\" (the whole path) at the end of /etc/nftables.conf",
	.undo = "nft delete table inet mxonly",
	.check = "nft get element inet mxonly relay4 '{ ${relay4} }'     must find it\n"
		 "nft get element inet mxonly relay6 '{ ${relay6} }'     must find it\n"
		 "nft get element inet mxonly relay4 '{ ${foreign4} }'     must find nothing\n"
		 "nft get element inet mxonly relay6 '{ ${foreign6} }'     must find nothing\n" FIREWALL_CHECK,
	.write = write_nftables,
	.programs = programs,
	.trial = trial,
};
