/* SPDX-License-Identifier: BSD-2-Clause */

/* mxonly init: the configuration to begin with. */

#include <string.h>
#include <time.h>

#include "net/range.h"
#include "policy/domain.h"
#include "policy/lines.h"
#include "postfix/served.h"
#include "tool/init.h"

static const char usual_queue[] = "/var/spool/postfix";

/* Each word of the list, checked and in its own form, on a line of its own. */
static int put_list(struct buf *text, const char *key, const char *list, bool ranges, struct err *e)
{
	struct text rest = text_of(list), word;
	char name[DOMAIN_MAX + 1], print[RANGE_TEXT];
	struct range range;
	bool any = false;

	while (text_next_word(&rest, &word)) {
		if (ranges ? range_parse(&range, word, e) < 0 : domain_parse(word, true, name, e) < 0)
			return err_wrap(e, "%s", key);
		if (any)
			buf_str(text, ",\n          ");
		else
			buf_format(text, "%-7s = ", key);
		buf_str(text, ranges ? range_print(&range, print) : name);
		any = true;
	}
	buf_str(text, any ? "\n" : "");
	return 0;
}

/* The name of a section: letters, digits, `-`, `_` and `.` of what the service is called. */
static void put_label(struct buf *text, const struct beginning *b)
{
	const char *from = b->known ? b->known->id : b->service;

	for (size_t i = 0; i < 60 && from[i]; i++) {
		char c = ascii_lower(from[i]);
		bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("-_.", c));
		buf_add(text, plain ? &c : "-", 1);
	}
}

/* Lines as comments, each behind its title. */
static void put_comment(struct buf *text, const char *title, struct text lines)
{
	struct text line;
	const char *wrong;
	struct lines l;

	lines_start(&l, lines);
	while (lines_next(&l, &line, &wrong))
		buf_format(text, "# %s%.*s\n", title, (int)line.len, line.at);
}

static void put_about(struct buf *text, const struct known_service *known)
{
	if (!known)
		return;
	put_comment(text, "", text_of(known->name));
	put_comment(text, "its addresses: ", text_of(known->published));
	put_comment(text, "what is known of it: ", text_of(known->verified));
	put_comment(text, "", text_cut(known->notes.at ? known->notes.at : "", known->notes.len));
}

static int put_relay(struct buf *text, const struct beginning *b, struct err *e)
{
	buf_str(text, "\n# The service that the MX records point to. A client is its host when everything in `match` "
		      "holds.\n");
	put_about(text, b->known);
	buf_str(text, "[relay ");
	put_label(text, b);
	buf_str(text, "]\n");
	if (put_list(text, "ranges", b->ranges, true, e) < 0 ||
		put_list(text, "domains", b->relay_domains, false, e) < 0)
		return -1;
	if (*b->ranges && *b->relay_domains)
		buf_str(text,
			"match   = address helo       ; the address is in ranges, and HELO at or below domains\n");
	else if (*b->ranges)
		buf_str(text, "match   = address            ; with `domains` HELO could be looked at too\n");
	else
		buf_str(text,
			"match   = name               ; the name that DNS proves; add ranges when you have them\n");
	return 0;
}

static int put_policies(struct buf *text, const char *domains, struct err *e)
{
	buf_str(text, "\n# What is not named below: judged and logged, not refused.\n"
		      "[default]\n"
		      "mode    = monitor\n"
		      "\n"
		      "# When the log has shown nothing for a week that you would miss: mode = enforce, then systemctl "
		      "reload mxonlyd.\n"
		      "# A domain gets a section of its own, [domain example.org], where it is to differ.\n"
		      "[domains protected]\n"
		      "mode    = monitor\n");
	return put_list(text, "names", domains, false, e);
}

static void put_head(struct buf *text, const struct beginning *b)
{
	char day[sizeof "0000-00-00"];
	time_t now = time(NULL);
	struct tm local;

	strftime(day, sizeof day, "%Y-%m-%d", localtime_r(&now, &local));
	buf_format(text,
		"# mxonly.ini - who may deliver, for whom: only the relay services of the MX records\n"
		"#\n"
		"# Begun on %s by mxonly init. Every key is explained in mxonly.ini(5). Before each reload: mxonly "
		"check\n"
		"\n"
		"[policyd]\n",
		day);
	if (b->postfix && strcmp(b->postfix->queue, usual_queue) != 0)
		buf_format(text,
			"listen  = unix:%s/mxonly/policy ; in Postfix's queue folder, where a chrooted smtpd finds "
			"it\n",
			b->postfix->queue);
}

int init_text(const struct beginning *b, bool whole, struct buf *text, struct err *e)
{
	if (whole)
		put_head(text, b);
	if (put_relay(text, b, e) < 0)
		return -1;
	return put_policies(text, b->domains, e);
}

/* Names without a dot, localhost and $myhostname are the host's own. */
static bool is_own(const struct postfix *p, const char *name)
{
	return !strchr(name, '.') || strncmp(name, "localhost", 9) == 0 ||
	       text_equal_nocase(text_of(name), text_of(params_get(&p->main, "myhostname")));
}

void init_received(const struct postfix *p, struct buf *list)
{
	struct served r;

	served_read(&r, p);
	for (size_t i = 0; i < r.count; i++)
		if (!is_own(p, r.names[i].name))
			buf_format(list, "%s%s", list->len > 0 ? " " : "", r.names[i].name);
	served_free(&r);
}
