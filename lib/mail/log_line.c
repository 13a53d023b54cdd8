/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/log_line.h"

#include "mail/log_message.h"
#include "mail/log_stamp.h"

static void unclear(struct log_line *l, const char *why)
{
	l->kind = LOG_UNCLEAR;
	l->why = why;
}

/* Takes what stands before the next space, and all spaces behind it. */
static struct text take_word(struct text *t)
{
	const char *space = text_find(*t, ' ');
	struct text word = text_cut(t->at, space ? (size_t)(space - t->at) : t->len);
	size_t n = word.len;

	while (n < t->len && t->at[n] == ' ')
		n++;
	*t = text_cut(t->at + n, t->len - n);
	return word;
}

/* "postfix/smtpd[123]:" into program and process; false without the colon. */
static bool is_ident(struct text word, struct text *program, struct text *pid)
{
	if (word.len < 2 || word.at[word.len - 1] != ':')
		return false;
	word.len--;
	*pid = text_cut("", 0);
	if (word.at[word.len - 1] == ']') {
		const char *open = memrchr(word.at, '[', word.len);
		if (!open)
			return false;
		*pid = text_cut(open + 1, (size_t)(word.at + word.len - 1 - (open + 1)));
		word.len = (size_t)(open - word.at);
	}
	*program = word;
	return true;
}

/* What syslog daemons put between the program and what it says: Solaris "[ID 197553 mail.info] ". */
static struct text without_id(struct text message)
{
	const char *end = log_take(&message, "[ID ") ? text_find(message, ']') : NULL;

	if (!end)
		return message;
	message = log_behind(message, end + 1);
	log_take(&message, " ");
	return message;
}

/* What was said by whom, at whatever place a log has it. */
struct entry {
	struct text program, message;
};

/* Behind the stamp: "HOST PROGRAM[PID]: MESSAGE", or without the host; FreeBSD has "<mail.info>" before it. */
static bool read_syslog(struct log_line *l, struct text t, struct entry *e)
{
	struct text word = take_word(&t);

	if (word.len > 0 && word.at[0] == '<')
		word = take_word(&t);
	if (is_ident(word, &e->program, &l->pid)) {
		e->message = t;
		return true;
	}
	l->host = word;
	struct text rest = t;
	word = take_word(&rest);
	if (is_ident(word, &e->program, &l->pid)) {
		e->message = without_id(rest);
		return true;
	}
	*e = (struct entry){ text_cut("", 0), text_cut("", 0) };
	/* "last message repeated 2 times", "-- MARK --" */
	return text_is(word, "last") || text_is(word, "--") || text_is(word, "---");
}

/* Behind "<22>1 STAMP ": "HOST PROGRAM PID ID DATA MESSAGE" (RFC 5424). */
static bool read_rfc5424(struct log_line *l, struct text t, struct entry *e)
{
	l->host = take_word(&t);
	e->program = take_word(&t);
	l->pid = take_word(&t);
	take_word(&t);
	while (t.len > 0 && t.at[0] == '[') {
		const char *end = memmem(t.at, t.len, "] ", 2);
		if (!end)
			return false;
		t = log_behind(t, end + 1);
	}
	log_take(&t, "-");
	log_take(&t, " ");
	log_take(&t, "\xef\xbb\xbf");
	e->message = t;
	return e->program.len > 0;
}

static bool read_journal(struct log_line *l, struct text line, struct log_room *room, struct entry *e)
{
	struct text field[LOG_FIELDS];

	if (line.at[0] == '{' ? !log_journal_read(field, line, room) : !log_export_read(field, line))
		return unclear(l, "no whole entry of the journal"), false;
	struct text time = field[LOG_FIELD_TIME];
	l->stamp = text_cut(time.at, time.len > 6 ? time.len - 6 : 0); /* microseconds */
	l->host = field[LOG_FIELD_HOST];
	l->pid = field[LOG_FIELD_PID];
	*e = (struct entry){ field[LOG_FIELD_IDENT], field[LOG_FIELD_MESSAGE] };
	return true;
}

static bool read_text(struct log_line *l, struct text t, struct entry *e)
{
	bool rfc5424 = false;

	if (t.len > 0 && t.at[0] == '<') {
		const char *end = text_find(t, '>');
		if (end)
			t = log_behind(t, end + 1);
		rfc5424 = log_take(&t, "1 ");
	}
	if (!log_stamp_take(&t, &l->stamp))
		return unclear(l, "no time stamp at its head"), false;
	log_stamp_take(&t, &l->stamp); /* docker logs -t puts one before */
	if (!(rfc5424 ? read_rfc5424(l, t, e) : read_syslog(l, t, e)))
		return unclear(l, "no program is named behind the time stamp"), false;
	return true;
}

/* Nobody's line: empty, "-- Boot ... --" of journalctl, what continues the line above there. */
static bool is_none(struct text line)
{
	return line.len == 0 || line.at[0] == ' ' || line.at[0] == '\t' || log_take(&line, "-- ");
}

/* Names of services that are not on port 25, as master.cf has them, perhaps with more behind: "submission-haproxy". */
static bool is_submission(struct text service)
{
	return log_take(&service, "submission") || log_take(&service, "smtps") || text_is(service, "587") ||
	       text_is(service, "465");
}

static struct text next_part(struct text *t)
{
	const char *slash = text_find(*t, '/');
	struct text part = text_cut(t->at, slash ? (size_t)(slash - t->at) : t->len);

	*t = slash ? text_cut(slash + 1, t->len - part.len - 1) : text_cut("", 0);
	return part;
}

/* "postfix-mx2/submission/smtpd": an instance, perhaps a service, a program. */
static void read_program(struct log_line *l, const struct entry *e)
{
	struct text rest = e->program, part = next_part(&rest);

	if (rest.len == 0)
		return;
	l->instance = part;
	for (; rest.len > 0; part = next_part(&rest))
		l->submission |= is_submission(part);
	struct text name = l->instance;
	l->postfix = log_message_read(l, part, e->message) || log_take(&name, "postfix");
}

void log_line_read(struct log_line *l, struct text line, struct log_room *room)
{
	struct entry e = { { "", 0 }, { "", 0 } };

	*l = (struct log_line){ .kind = LOG_OTHER, .times = 1 };
	if (line.len > 0 && line.at[line.len - 1] == '\r')
		line.len--;
	if (is_none(line))
		return;
	bool journal = line.at[0] == '{' || (line.at[0] == '_' && log_export_begins(line));
	if (journal ? read_journal(l, line, room, &e) : read_text(l, line, &e))
		read_program(l, &e);
}
