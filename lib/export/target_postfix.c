/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Postfix by itself: a restriction class for each lane, chosen by the recipient's domain as Postfix resolved it. The same
 * tables serve those who run mxonlyd: then the classes ask it, naming the policy.
 */

#include <stdio.h>

#include "export/lanes.h"
#include "export/postfix_trial.h"
#include "export/targets.h"
#include "policy/domain.h"

#define FOLDER "$config_directory/mxonly/"

static const char queue_folder[] = "unix:/var/spool/postfix/";

static bool exempts_recipients(const struct lane *lane)
{
	return lane->policy->exempt_recipients.count > 0;
}

static struct buf *numbered_file(struct export_job *x, const char *name, size_t lane)
{
	char full[64];

	snprintf(full, sizeof full, "%s-%zu", name, lane + 1);
	return export_file(x, full, &comment_hash_brief);
}

/* What a table says of a lane's domains. */
static void add_class(struct buf *b, int lane)
{
	if (lane == LANE_OFF)
		buf_str(b, "DUNNO\n");
	else
		buf_format(b, "mxonly_%d\n", lane + 1);
}

/* The bytes of a name in a regular expression. */
static void add_pattern(struct buf *b, struct text t)
{
	for (size_t i = 0; i < t.len; i++) {
		if (strchr(".+*?()[]{}|^$\\/", t.at[i]))
			buf_str(b, "\\");
		buf_add(b, &t.at[i], 1);
	}
}

/* Whether Postfix asks for d by another name too, which is no other section's. */
static bool other_spelling(const struct export_job *x, const struct plan_domain *d, char to[DOMAIN_LETTERS])
{
	char folded[DOMAIN_MAX + 1];
	uint32_t policy;

	if (!domain_letters(d->name, to))
		return false;
	if (!domain_folded(d->name, folded))
		return true;
	return snapshot_alias_of(x->plan->s, text_of(folded), &policy) && policy == d->policy;
}

static void write_domains(struct export_job *x, const struct lanes *l)
{
	struct buf *b = export_file(x, "domains", &comment_hash_brief);
	char letters[DOMAIN_LETTERS];

	for (size_t i = 0; i < l->exact_count; i++) {
		buf_add(b, l->exact[i].name.at, l->exact[i].name.len);
		buf_str(b, "\t");
		add_class(b, lane_of(l, &l->exact[i]));
		if (!other_spelling(x, &l->exact[i], letters))
			continue;
		buf_format(b, "%s\t", letters);
		add_class(b, lane_of(l, &l->exact[i]));
	}
	b = export_file(x, "others", &comment_hash_brief);
	for (size_t i = 0; i < l->parent_count; i++) {
		buf_str(b, "/");
		add_pattern(b, l->parents[i].name);
		if (other_spelling(x, &l->parents[i], letters)) {
			buf_str(b, "$|");
			add_pattern(b, text_of(letters));
		}
		buf_str(b, "$/\t");
		add_class(b, lane_of(l, &l->parents[i]));
	}
	buf_str(b, "/^/\t");
	add_class(b, lane_default(l));
	b = export_file(x, "domain", &comment_hash_brief);
	buf_str(b, "# Of an address its domain, which is looked up in `domains', then in `others'.\n/@([^@]+)$/\t$1\n");
	b = export_file(x, "first", &comment_hash_brief);
	buf_str(b, "# Of what both said the first.\n/^([^,]+)/\t$1\n");
}

static int write_clients(struct export_job *x, const struct lanes *l, size_t i, struct err *e)
{
	struct buf *b = numbered_file(x, "clients", i), refusal = { 0 };
	struct range_list prefixes = { 0 };
	char text[RANGE_TEXT];

	if (ranges_split(&prefixes, &l->at[i].allowed, 0, 0, e) < 0) {
		range_list_free(&prefixes);
		return -1;
	}
	for (size_t k = 0; k < prefixes.count; k++)
		buf_format(b, "%s\tDUNNO\n", range_print(&prefixes.at[k], text));
	lane_refusal(&refusal, l, &l->at[i]);
	for (int v6 = 0; v6 <= 1; v6++)
		buf_format(b, "%s\t%.*s\n", v6 ? "::/0" : "0.0.0.0/0", (int)refusal.len, refusal.at);
	buf_free(&refusal);
	range_list_free(&prefixes);
	return 0;
}

/* A local part is exempt with an extension too, a whole address is not. */
static void add_exempt(struct buf *b, struct text recipient, struct text delimiters)
{
	bool whole = memchr(recipient.at, '@', recipient.len) != NULL;

	buf_str(b, "/^");
	add_pattern(b, recipient);
	if (!whole && delimiters.len > 0) {
		buf_str(b, "((");
		for (size_t i = 0; i < delimiters.len; i++) {
			buf_str(b, i > 0 ? "|" : "");
			add_pattern(b, text_cut(delimiters.at + i, 1));
		}
		buf_str(b, ").*)?");
	}
	buf_str(b, whole ? "$/\tDUNNO\n" : "@[^@]*$/\tDUNNO\n");
}

static void write_exempt(struct export_job *x, const struct lanes *l, size_t i)
{
	const struct snapshot *s = l->plan->s;
	struct span list = l->at[i].policy->exempt_recipients;

	if (list.count == 0)
		return;
	struct buf *b = numbered_file(x, "exempt", i);
	for (uint32_t k = 0; k < list.count; k++) {
		struct text recipient = snap_item(s, list, k);
		if (lane_plain_recipient(recipient))
			add_exempt(b, recipient, snap_text(s, s->policyd.recipient_delimiter));
	}
	buf_format(b, "/^/\tmxonly_%zu_clients\n", i + 1);
}

/* The names of all classes, then what each is. */
static void begin_classes(struct buf *b, const struct lanes *l, bool daemon)
{
	buf_str(b, "smtpd_restriction_classes =");
	for (size_t i = 0; i < l->count; i++) {
		buf_format(b, "%s mxonly_%zu", i > 0 ? "," : "", i + 1);
		if (!daemon && exempts_recipients(&l->at[i]))
			buf_format(b, ", mxonly_%zu_clients", i + 1);
	}
	buf_str(b, "\n");
}

static void add_restrictions(struct buf *b)
{
	buf_str(b, "\n# Your own entries may stand before and behind it.\n"
		   "smtpd_recipient_restrictions =\n"
		   "\tcheck_recipient_access pipemap:{regexp:" FOLDER "domain,\n"
		   "\t\tunionmap:{$default_database_type:" FOLDER "domains, regexp:" FOLDER "others},\n"
		   "\t\tregexp:" FOLDER "first}\n");
}

static void write_main(struct export_job *x, const struct lanes *l)
{
	struct buf *b = export_file(x, "main.cf", &comment_hash_brief);

	buf_str(b, "\n# Without a daemon: add this to /etc/postfix/main.cf.\n\n");
	begin_classes(b, l, false);
	for (size_t i = 0; i < l->count; i++) {
		const struct snap_policy *policy = l->at[i].policy;
		buf_format(b, "\n# %s: %s\n", l->at[i].titles.at, mode_name[policy->mode]);
		if (exempts_recipients(&l->at[i]))
			buf_format(b,
				"mxonly_%zu = check_recipient_access regexp:" FOLDER "exempt-%zu\nmxonly_%zu_clients =",
				i + 1, i + 1, i + 1);
		else
			buf_format(b, "mxonly_%zu =", i + 1);
		buf_format(b, "%s%s check_client_access cidr:" FOLDER "clients-%zu\n",
			policy->exempt_authenticated ? " permit_sasl_authenticated," : "",
			policy->mode == MODE_MONITOR ? " warn_if_reject" : "", i + 1);
	}
	add_restrictions(b);
}

/* Where mxonlyd listens, as a chrooted smtpd finds it. */
static struct text endpoint(const struct snapshot *s)
{
	struct text first = s->policyd.listen.count > 0 ? snap_item(s, s->policyd.listen, 0) : text_of(queue_folder);
	size_t n = sizeof queue_folder - 1;

	if (first.len > n && memcmp(first.at, queue_folder, n) == 0)
		return text_cut(first.at + n, first.len - n);
	return first;
}

static void add_service(struct buf *b, const struct snapshot *s, const struct snap_policy *policy)
{
	struct text where = endpoint(s), label = snap_text(s, policy->name);
	bool relative = memchr(where.at, ':', where.len) == NULL;

	buf_format(b, "\n\tcheck_policy_service { %s%.*s, timeout=10s,", relative ? "unix:" : "", (int)where.len,
		where.at);
	if (policy->kind == POLICY_DOMAINS)
		buf_format(b, " policy_context=%.*s,", (int)label.len, label.at);
	buf_str(b, "\n\t\t{ default_action = DEFER_IF_PERMIT 4.3.5 Policy server is not there: try again later } }\n");
}

static void write_main_daemon(struct export_job *x, const struct lanes *l)
{
	struct buf *b = export_file(x, "main-mxonlyd.cf", &comment_hash_brief);

	buf_str(b, "\n# For those who run mxonlyd, in place of main.cf: Postfix finds out which domain a recipient "
		   "stands for, and\n"
		   "# hands its policy over. A policy that has no label is found by mxonlyd, from the recipient as it "
		   "was sent.\n\n");
	begin_classes(b, l, true);
	for (size_t i = 0; i < l->count; i++) {
		buf_format(b, "\n# %s: %s\nmxonly_%zu =", l->at[i].titles.at, mode_name[l->at[i].policy->mode], i + 1);
		add_service(b, l->plan->s, l->at[i].policy);
		if (l->at[i].policy->kind == POLICY_DOMAIN)
			export_note(x,
				"%s has no label that policy_context could name: call it [domains LABEL] with names = "
				"...",
				l->at[i].titles.at);
	}
	add_restrictions(b);
}

static int write_postfix(struct export_job *x, struct err *e)
{
	struct lanes l;
	int result = 0;

	if (lanes_make(&l, x, true, e) < 0)
		return -1;
	write_main(x, &l);
	write_main_daemon(x, &l);
	write_domains(x, &l);
	for (size_t i = 0; i < l.count && result == 0; i++) {
		write_exempt(x, &l, i);
		result = write_clients(x, &l, i, e);
	}
	lanes_free(&l);
	return result;
}

static const char *const programs[] = { "postmap", "postconf", NULL };

/* A main.cf of its own, the files where it looks for them; a lane's table knows the relays of that lane. */
static const char trial[] = POSTFIX_TRIAL
	"mkdir -p etc/mxonly && cp domain domains others first clients-* etc/mxonly/ && cp exempt-* etc/mxonly/ "
	"2>/dev/null\n"
	"says() { found=$(postmap -c etc -q \"$1\" \"$2\" 2>&1); case $found in $3 | ${4:-$3}) ;; *) echo \"$1: "
	"$found\"; return "
	"1 ;; "
	"esac; }\n"
	"some() { for table in etc/mxonly/clients-*; do says \"$1\" cidr:$table DUNNO >/dev/null && return 0; done; "
	"return 1; }\n"
	"for file in main.cf main-mxonlyd.cf; do\n"
	"	cat nothing/main.cf $file >etc/main.cf && : >etc/master.cf\n"
	"	yes \"postconf reads $file\" quiet postconf -c etc -n\n"
	"done\n"
	"yes 'postmap makes the table of domains' quiet postmap -c etc etc/mxonly/domains\n"
	"map=$(postconf -c etc -hx smtpd_recipient_restrictions | tr -d '\\n' | sed 's/.*check_recipient_access *//')\n"
	"yes 'every domain finds its class' says u@no-section.invalid \"$map\" DUNNO 'mxonly_*'\n"
	"for address in $relay4 $relay6; do yes \"$address, a relay's, is let in\" some $address; done\n"
	"for address in 127.0.0.1 ::1; do yes \"$address, this host, is let in\" some $address; done\n"
	"for table in etc/mxonly/clients-*; do\n"
	"	for address in $foreign4 $foreign6; do\n"
	"		yes \"$address, a stranger's, is refused by ${table##*/}\" says $address cidr:$table "
	"'*[!DUNO]*'\n"
	"	done\n"
	"done\n"
	"cannot 'what your own main.cf has before and behind these restrictions'\n";

const struct target target_postfix = {
	.name = "postfix",
	.help = "restriction classes and cidr tables for Postfix, with and without mxonlyd",
	.flags = TARGET_RANGES | TARGET_FOLDER,
	.file = "mxonly",
	.what = "For each domain, by its own mode: mail that comes neither from its relays nor from trusted hosts is "
		"refused\n"
		"(enforce), or logged as \"reject_warning\" and let in (monitor). Which domain is meant is what "
		"Postfix "
		"itself\n"
		"made of the recipient. Clients that log in are let in where exempt_authenticated says so.\n"
		"main.cf is for those who want no daemon: the client's address alone counts. main-mxonlyd.cf asks "
		"mxonlyd,\n"
		"naming the policy (policy_context): the watertight way. Use one of them. Postfix 3.1 or later.",
	.load = "mkdir -p /etc/postfix/mxonly && cp ${output}/* /etc/postfix/mxonly/ && cd /etc/postfix/mxonly\n"
		"postmap domains\n"
		"add what main.cf (or main-mxonlyd.cf) here says to /etc/postfix/main.cf; where a parameter is there "
		"already,\n"
		"join both values; smtpd_restriction_classes before all\n"
		"master.cf, where submission (587) and smtps (465) have no restrictions of their own yet:\n"
		"  -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject\n"
		"postfix check && postfix reload",
	.undo = "take these lines out of /etc/postfix/main.cf, then: postfix reload",
	.check = "postmap -q ${relay4} cidr:/etc/postfix/mxonly/clients-1     DUNNO, nothing on standard error\n"
		 "postmap -q ${relay6} cidr:/etc/postfix/mxonly/clients-1     DUNNO\n"
		 "postmap -q ${foreign4} cidr:/etc/postfix/mxonly/clients-1     the refusal\n"
		 "postmap -q ${foreign6} cidr:/etc/postfix/mxonly/clients-1     the refusal\n"
		 "(main.cf tells which clients-N is whose) and in place: a second smtpd on loopback with\n"
		 "smtpd_authorized_xclient_hosts=127.0.0.0/8, there: XCLIENT ADDR=${foreign4}, MAIL FROM, RCPT TO",
	.write = write_postfix,
	.programs = programs,
	.trial = trial,
};
