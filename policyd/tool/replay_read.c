/* SPDX-License-Identifier: BSD-2-Clause */

/* mxonly replay: the lines of the logs, joined, judged, counted. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/escape.h"
#include "mail/log_entry.h"
#include "tool/replay.h"
#include "tool/tool.h"

enum { SHOWN = 10, SHOWN_BYTES = 160 }; /* of the lines that could not be read */
enum { LINES_APART = 16384 }; /* between two looks at the clock */

static void complain(struct replay *r, struct text line, const char *why)
{
	char shown[4 * SHOWN_BYTES + 1];
	struct line l;

	r->left_out = true;
	tally_skip(r->tally);
	if (r->unclear++ >= SHOWN)
		return;
	progress_clear(&r->progress);
	line_start(&l, shown, sizeof shown);
	line_plain(&l, text_cut(line.at, line.len < SHOWN_BYTES ? line.len : SHOWN_BYTES));
	wrong(replay_command, "%s:%" PRIu64 ": not read: %s: %s%s", r->log, r->line, why, shown,
		line.len > SHOWN_BYTES ? "..." : "");
}

/* An address as Postfix sends it to a policy server: the local part without quotes and backslashes. to has t.len bytes. */
static struct text unquoted(char *to, struct text t)
{
	size_t n = 0, i = 1;

	if (t.len == 0 || t.at[0] != '"')
		return t;
	for (; i < t.len && t.at[i] != '"'; i++) {
		if (t.at[i] == '\\' && i + 1 < t.len)
			i++;
		to[n++] = t.at[i];
	}
	for (i++; i < t.len; i++)
		to[n++] = t.at[i];
	return text_cut(to, n);
}

static void found(void *context, const struct log_delivery *d)
{
	struct replay *r = context;
	char sender[LOG_ADDRESS], recipient[LOG_ADDRESS], path[4096];
	struct request rq = { .attr = {
				      [ATTR_CLIENT_ADDRESS] = d->client_address,
				      [ATTR_CLIENT_NAME] = d->client_name,
				      [ATTR_REVERSE_CLIENT_NAME] = d->reverse_name,
				      [ATTR_HELO_NAME] = d->helo,
				      [ATTR_SENDER] = unquoted(sender, d->sender),
				      [ATTR_RECIPIENT] = unquoted(recipient, d->recipient),
				      [ATTR_QUEUE_ID] = d->queue_id,
				      [ATTR_SASL_USERNAME] = d->sasl_username,
			      } };
	struct finding f = { .without_helo = !d->rejected,
		.rejected = d->rejected,
		.helo = d->helo,
		.sender = rq.attr[ATTR_SENDER],
		.recipient = rq.attr[ATTR_RECIPIENT],
		.date = d->date };
	struct judgement j;

	f.has_address = ip_parse_client(&f.address, d->client_address);
	if (!text_is(d->client_name, "unknown"))
		f.name = d->client_name;
	judge(&f, &j, d->rejected ? r->rejected : r->accepted, &rq);
	if (r->json || f.way == WAY_DIRECT) {
		snprintf(path, sizeof path, "%s:%" PRIu64, r->log, r->line);
		f.path = text_of(path);
	}
	r->outcome[d->rejected][f.outcome]++;
	tally_add(r->tally, &f);
	if (r->json)
		replay_put_json(r, &f, &rq, d, &j);
}

static void read_line(struct replay *r, struct text line, struct log_room *room)
{
	struct log_line l;

	log_line_read(&l, line, room);
	r->postfix_lines += l.postfix;
	if (l.kind == LOG_UNCLEAR)
		complain(r, line, l.why);
	else if (l.kind != LOG_OTHER)
		log_join_add(r->join, &l, &r->clock);
}

static void read_entry(struct replay *r, enum log_entry_state state, struct text entry, struct log_room *room)
{
	if (state == LOG_ENTRY_LONG)
		complain(r, entry, "it is too long for an entry of a log");
	else if (state == LOG_ENTRY_WHOLE)
		read_line(r, entry, room);
}

/* A finding is told with the line that its entry begins at. */
static void read_lines(struct replay *r, struct source *s, struct log_room *room)
{
	struct log_entry e = { 0 };
	struct text piece, entry;
	uint64_t line = 0;

	while (source_line(s, &piece)) {
		line += s->begins;
		if (s->begins && ++r->lines % LINES_APART == 0)
			progress_tell(&r->progress, log_join_counts(r->join)->messages);
		if (e.shape == LOG_LINES) {
			r->line = line;
			if (s->begins && s->inside && piece.len == SOURCE_PIECE)
				complain(r, piece, "it is too long for a line of a log");
			if (!s->begins || (s->inside && piece.len == SOURCE_PIECE))
				continue;
		}
		read_entry(r, log_entry_add(&e, piece, &entry), entry, room);
	}
	read_entry(r, log_entry_end(&e, &entry), entry, room);
	buf_free(&e.text);
}

static int read_log(struct replay *r, struct log_room *room, struct err *e)
{
	int fd = strcmp(r->log, "-") == 0 ? dup(STDIN_FILENO) : open(r->log, O_RDONLY | O_CLOEXEC);
	struct source s;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(e, "%s", strerror(errno));
	log_clock_start(&r->clock, S_ISREG(st.st_mode) ? st.st_mtime : time(NULL));
	if (source_open(&s, fd, &r->watch, e) < 0)
		return -1;
	read_lines(r, &s, room);
	return source_close(&s, e);
}

void replay_read(struct replay *r)
{
	const unsigned untold = FACTOR_BIT_TLS | FACTOR_BIT_CERTIFICATE;
	struct log_room *room = must_alloc(sizeof *room);
	struct err e;

	r->accepted = snapshot_without(r->snapshot, untold | FACTOR_BIT_HELO);
	r->rejected = snapshot_without(r->snapshot, untold);
	r->join = log_join_new(LOG_JOIN_MESSAGES, found, r);
	for (int i = 0; i < r->log_count && !r->watch.stop; i++) {
		r->log = r->logs[i];
		if (read_log(r, room, &e) < 0) {
			r->left_out = true;
			progress_clear(&r->progress);
			wrong(replay_command, "%s: %s", r->log, e.text);
		}
	}
	log_join_end(r->join);
	free(room);
}
