/* SPDX-License-Identifier: BSD-2-Clause */
#include "side.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "policy/dialogue.h"
#include "policy/load.h"
#include "policy/report.h"

struct inside {
	const struct snapshot *snapshot;
	struct buf object; /* of the last verdict */
	unsigned verdicts;
};

static void decided(void *context, const struct snapshot *s, const struct request *rq, const struct verdict *v)
{
	struct inside *in = context;
	char room[LOG_LINE];
	struct line l;

	line_start(&l, room, sizeof(room));
	report_object(&l, s, rq, v);
	in->object.len = 0;
	buf_add(&in->object, room, l.len);
	in->verdicts++;
}

static void malformed(void *context, const char *why)
{
	(void)context;
	(void)why;
}

static int open_file(struct side *s, const char *name, struct buf *said)
{
	struct faults faults = { 0 };
	struct buf path = { 0 };
	char *words = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&words, &len);
	int fd;

	buf_format(&path, "%s/%s", s->folder, name);
	fd = load(path.at, &faults);
	faults_print(&faults, to);
	fclose(to);
	buf_add(said, words, len);
	free(words);
	buf_free(&path);
	faults_free(&faults);
	return fd;
}

static int check(struct side *s, const char *name, struct buf *lines, struct err *e)
{
	int fd = open_file(s, name, lines);

	(void)e;
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int serve(struct side *s, const char *name, const char *refusal, struct buf *said, struct err *e)
{
	struct inside *in = s->own;
	const struct snapshot *next;
	int fd = open_file(s, name, said), done;

	(void)refusal;
	if (fd < 0)
		return 0;
	done = snapshot_map(&next, fd, e);
	close(fd);
	if (done < 0)
		return err_wrap(e, "the new snapshot");
	if (in->snapshot)
		snapshot_unmap(in->snapshot);
	in->snapshot = next;
	return 1;
}

/* Gives the bytes in pieces of at most `piece`; what comes back goes behind r->bytes. */
static int feed(struct inside *in, struct text bytes, size_t piece, struct reply *r, struct err *e)
{
	struct desk desk = { in->snapshot, decided, malformed, in };
	struct dialogue d = { 0 };
	enum dialogue_state state = DIALOGUE_READY;

	while (bytes.len > 0 && state != DIALOGUE_CLOSE) {
		char out[3 * DIALOGUE_REPLY];
		size_t n = bytes.len < piece ? bytes.len : piece, taken, replied;

		state = dialogue_take(&d, &desk, bytes.at, n, &taken, out, sizeof(out), &replied);
		buf_add(&r->bytes, out, replied);
		if (taken > n || (state == DIALOGUE_READY && taken != n) ||
			(taken == 0 && replied == 0 && state != DIALOGUE_CLOSE))
			return err_set(e, "dialogue_take took %zu of %zu bytes in state %d", taken, n, (int)state);
		bytes = text_cut(bytes.at + taken, bytes.len - taken);
	}
	r->closed = state == DIALOGUE_CLOSE;
	dialogue_end(&d);
	return 0;
}

/* However the bytes are cut, the replies are the same. */
static int raw(struct side *s, struct text bytes, unsigned replies, bool closes, struct reply *r, struct err *e)
{
	static const size_t pieces[] = { SIZE_MAX, 1, 7, 4096 };
	struct inside *in = s->own;

	(void)replies;
	(void)closes;
	if (!in->snapshot)
		return err_set(e, "nothing is served");
	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		struct reply again = { 0 };

		if (feed(in, bytes, pieces[i], i ? &again : r, e) < 0)
			return -1;
		if (i && (!text_equal(text_cut(r->bytes.at, r->bytes.len), text_cut(again.bytes.at, again.bytes.len)) ||
				 r->closed != again.closed))
			return err_set(e, "in pieces of %zu bytes it is answered otherwise", pieces[i]);
		reply_free(&again);
	}
	return 0;
}

static int ask(struct side *s, struct text request, struct reply *r, struct err *e)
{
	struct inside *in = s->own;

	in->verdicts = 0;
	if (raw(s, request, 1, false, r, e) < 0)
		return -1;
	if (in->verdicts == 0)
		return err_set(e, "there was no verdict");
	buf_add(&r->object, in->object.at, in->object.len);
	return 0;
}

static void end(struct side *s)
{
	struct inside *in = s->own;

	if (in->snapshot)
		snapshot_unmap(in->snapshot);
	buf_free(&in->object);
	free(in);
}

void side_inside(struct side *s, const char *folder)
{
	*s = (struct side){
		.name = "inside", .folder = folder, .serve = serve, .ask = ask, .raw = raw, .check = check, .end = end
	};
	s->own = must_alloc(sizeof(struct inside));
	memset(s->own, 0, sizeof(struct inside));
}
