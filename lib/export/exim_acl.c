/* SPDX-License-Identifier: BSD-2-Clause */
#include "export/exim_acl.h"

#include <ctype.h>
#include <stdio.h>

#include "export/lanes.h"

/* What an expansion takes for itself. */
static void add_expandable(struct buf *b, struct text t)
{
	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] == '$' || t.at[i] == '\\')
			buf_str(b, "\\");
		buf_add(b, &t.at[i], 1);
	}
}

/* An access(5) action: the verb of an ACL, and the words for the client (perhaps with codes). */
static struct text split_action(struct text action, const char **verb)
{
	struct text first = { action.at, 0 };
	bool code;

	while (first.len < action.len && action.at[first.len] != ' ')
		first.len++;
	code = first.len > 0 && isdigit((unsigned char)first.at[0]);
	*verb = (code && first.at[0] == '4') || text_is(first, "DEFER") || text_is(first, "DEFER_IF_PERMIT") ? "defer"
		: text_is(first, "DISCARD")								     ? "discard"
													     : "deny";
	return code ? action : text_trim(text_cut(action.at + first.len, action.len - first.len));
}

static void add_message(struct buf *b, struct text words)
{
	buf_str(b, "  message = ");
	if (words.len > 0)
		add_expandable(b, words);
	else
		buf_str(b, "5.7.1 Direct delivery refused: mail for this domain must come through its MX hosts");
	buf_str(b, "\n");
}

/* Local parts with an extension behind any delimiter. */
static void add_extended(struct buf *b, struct text local, struct text delimiters)
{
	for (size_t i = 0; i < delimiters.len; i++) {
		if (isalnum((unsigned char)delimiters.at[i]) || delimiters.at[i] == ';')
			continue;
		buf_str(b, " ; \\N^");
		for (size_t k = 0; k < local.len; k++)
			buf_format(b, "%s%c", isalnum((unsigned char)local.at[k]) ? "" : "\\", local.at[k]);
		buf_format(b, "\\%c\\N", delimiters.at[i]);
	}
}

/* whole: those of the exempt recipients that are whole addresses, else those that are local parts. */
static void add_exempt(struct buf *b, const struct lanes *l, const struct lane *lane, bool whole)
{
	const struct snapshot *s = l->plan->s;
	struct span list = lane->policy->exempt_recipients;
	size_t before = b->len, count = 0;

	buf_str(b, whole ? "  !recipients = <; " : "  !local_parts = <; ");
	for (uint32_t i = 0; i < list.count; i++) {
		struct text recipient = snap_item(s, list, i);
		if (!lane_plain_recipient(recipient) || (memchr(recipient.at, '@', recipient.len) != NULL) != whole)
			continue;
		buf_str(b, count++ > 0 ? " ; " : "");
		buf_add(b, recipient.at, recipient.len);
		if (!whole)
			add_extended(b, recipient, snap_text(s, s->policyd.recipient_delimiter));
	}
	buf_str(b, "\n");
	if (count == 0)
		b->len = before;
}

static void add_lane(struct buf *b, const struct lanes *l, size_t i, const struct exim_place *place)
{
	const struct lane *lane = &l->at[i];
	struct buf action = { 0 };
	const char *verb;

	lane_refusal(&action, l, lane);
	struct text words = split_action(text_cut(action.at, action.len), &verb);
	bool refuses = lane->policy->mode == MODE_ENFORCE;
	buf_format(b, "\n# %s: %s\n%s\n", lane->titles.at, mode_name[lane->policy->mode], refuses ? verb : "warn");
	buf_format(b, "  condition = ${if and {{eq {$received_port}{25}}{eq {$acl_m_mxonly}{%zu}}}}\n", i + 1);
	buf_format(b, "  !hosts = <;%s ; %shosts-%zu\n", place->more_hosts, place->folder, i + 1);
	if (lane->policy->exempt_authenticated)
		buf_str(b, "  !authenticated = *\n");
	add_exempt(b, l, lane, false);
	add_exempt(b, l, lane, true);
	if (refuses)
		add_message(b, words);
	buf_format(b, "  log_message = mxonly: direct delivery %s: $sender_host_address to $local_part@$domain\n",
		refuses ? "refused" : "would be refused");
	buf_free(&action);
}

static void write_acl(struct export_job *x, const struct lanes *l, const struct exim_place *place)
{
	struct buf *b = export_file(x, "acl", &comment_hash_brief);

	buf_format(b,
		"\n# mxonly BEGIN\nwarn\n"
		"  set acl_m_mxonly = ${lookup {$domain} partial0-lsearch* {%sdomains} {$value}{off}}\n",
		place->folder);
	for (size_t i = 0; i < l->count; i++)
		add_lane(b, l, i, place);
	buf_str(b, "# mxonly END\n");
}

static void add_domain(struct buf *b, const char *sign, struct text name, int lane)
{
	buf_format(b, "%s%.*s: ", sign, (int)name.len, name.at);
	if (lane == LANE_OFF)
		buf_str(b, "off\n");
	else
		buf_format(b, "%d\n", lane + 1);
}

/* A partial lookup of *.example.net finds example.net itself too, unless that stands there. */
static void add_parent(struct buf *b, const struct lanes *l, const struct plan_domain *d)
{
	struct text below = d->name, itself = text_cut(d->name.at + 1, d->name.len - 1);

	add_domain(b, "*", below, lane_of(l, d));
	if (!snapshot_has_domain(l->plan->s, itself))
		add_domain(b, "", itself, l->of[snapshot_policy_of(l->plan->s, itself)]);
}

static void write_domains(struct export_job *x, const struct lanes *l)
{
	struct buf *b = export_file(x, "domains", &comment_hash_brief);

	for (size_t i = 0; i < l->exact_count; i++)
		add_domain(b, "", l->exact[i].name, lane_of(l, &l->exact[i]));
	for (size_t i = 0; i < l->parent_count; i++)
		add_parent(b, l, &l->parents[i]);
	add_domain(b, "*", text_of(""), lane_default(l));
}

static int write_hosts(struct export_job *x, const struct lanes *l, size_t i, struct err *e)
{
	struct range_list prefixes = { 0 };
	char name[64];
	int result = ranges_split(&prefixes, &l->at[i].allowed, 0, 0, e);

	snprintf(name, sizeof name, "hosts-%zu", i + 1);
	struct buf *b = export_file(x, name, &comment_hash_brief);
	ranges_print(b, &prefixes, "\n");
	buf_str(b, "\n");
	range_list_free(&prefixes);
	return result;
}

int exim_acl_write(struct export_job *x, const struct exim_place *place, struct err *e)
{
	struct lanes l;
	int result = 0;

	if (lanes_make(&l, x, false, e) < 0)
		return -1;
	write_acl(x, &l, place);
	write_domains(x, &l);
	for (size_t i = 0; i < l.count && result == 0; i++)
		result = write_hosts(x, &l, i, e);
	if (l.domain_count > 2000)
		export_note(x, "for so many domains: exim_dbmbuild domains domains.dbm, and partial0-dbm* with that "
			       "file in acl: "
			       "lsearch reads the file from its top");
	lanes_free(&l);
	return result;
}

const char *const exim_acl_programs[] = { "exim", NULL };

/* A configuration around `acl`, and for each domain the questions, on port 25 and 587. */
const char exim_acl_trial[] =
	"sed \"s|/etc/[a-z0-9/]*mxonly/|$PWD/|g\" acl >acl.here && mkdir -p spool && chmod 777 . spool\n"
	"cat >exim.conf <<END\n"
	"primary_hostname = trial.invalid\n"
	"spool_directory = $PWD/spool\n"
	"log_file_path = $PWD/spool/%slog\n"
	"keep_environment =\n"
	"host_lookup =\n"
	"hostlist loopback = <; 127.0.0.0/8 ; ::1\n"
	"hostlist relay_hosts =\n"
	"acl_smtp_rcpt = check_rcpt\n"
	"begin acl\n"
	"check_rcpt:\n"
	".include $PWD/acl.here\n"
	"  accept\n"
	"begin routers\n"
	"END\n"
	"sed -n 's/^\\*\\.\\(.*\\): [0-9].*/x.\\1/p; s/^\\([^#*].*\\): [0-9].*/\\1/p; s/^\\*: "
	"[0-9].*/no-section.invalid/p' domains |\n"
	"	tail -n 20 >names\n"
	"{\n"
	"	printf 'EHLO trial.invalid\\r\\nMAIL FROM:<a@sender.invalid>\\r\\n'\n"
	"	while read -r name; do printf 'RCPT TO:<u@%s>\\r\\n' \"$name\"; done <names\n"
	"	printf 'QUIT\\r\\n'\n"
	"} >ask\n"
	"replies() {\n"
	"	exim -C \"$PWD/exim.conf\" -bh \"$1\" -oMi \"$2\" <ask 2>/dev/null | tr -d '\\r' | sed '1,/^250 OK/d'\n"
	"}\n"
	"yes 'Exim takes the configuration' exim -C \"$PWD/exim.conf\" -bV\n"
	": >in && : >out && : >submission\n"
	"for address in $relay4 $relay6 127.0.0.1 ::1; do\n"
	"	replies $address 127.0.0.1.25 | grep -q ^250 && echo $address >>in\n"
	"done\n"
	"for address in $foreign4 $foreign6; do\n"
	"	replies $address 127.0.0.1.25 | grep -q '^[45]' && echo $address >>out\n"
	"	replies $address 127.0.0.1.587 | grep -q '^[45]' || echo $address >>submission\n"
	"done\n"
	"for address in $relay4 $relay6 127.0.0.1 ::1; do\n"
	"	yes \"$address, a relay's or this host, is let in by exim -bh\" grep -qx $address in\n"
	"done\n"
	"for address in $foreign4 $foreign6; do\n"
	"	! grep -qx 'deny\\|defer\\|discard' acl || yes \"$address, a stranger's, is refused by exim -bh\" grep "
	"-qx $address out\n"
	"	yes \"$address is let in on port 587 by exim -bh\" grep -qx $address submission\n"
	"done\n"
	"cannot 'where the statements stand in your own ACL: what accepts before them, accepts'\n";
