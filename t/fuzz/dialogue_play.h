/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_DIALOGUE_PLAY_H
#define MXONLY_DIALOGUE_PLAY_H

/*
 * dialogue_play - a dialogue held as a server holds it, in pieces, with little room, under changing snapshots
 *
 * It brings its own decide(), which needs no configuration: the linker then leaves the real one in its library. What it
 * answers tells the snapshot of the moment and the recipient.
 */

#include <stdio.h>

#include "policy/dialogue.h"
#include "wire_reference.h"

void decide(const struct snapshot *s, const struct request *rq, struct verdict *v, const struct decide_trace *trace)
{
	(void)s;
	*v = (struct verdict){ .outcome = OUTCOME_REFUSE, .reason = REASON_UNKNOWN_ADDRESS };
	v->domain_len = rq->attr[ATTR_RECIPIENT].len;
	if (trace != NULL)
		abort();
}

void decide_too_long(const struct snapshot *s, struct verdict *v)
{
	(void)s;
	*v = (struct verdict){ .outcome = OUTCOME_DEFER, .reason = REASON_BAD_REQUEST };
}

size_t verdict_action(const struct snapshot *s, const struct request *rq, const struct verdict *v, char to[ACTION_MAX])
{
	char line[ACTION_MAX + 1];
	int n = snprintf(line, sizeof line, "%s %d %zu ", v->outcome == OUTCOME_REFUSE ? "REJECT" : "DEFER",
		(int)s->compiled, v->domain_len);
	size_t room = ACTION_MAX - (size_t)n, more = 0;

	memcpy(to, line, (size_t)n);
	if (rq != NULL) {
		more = rq->attr[ATTR_RECIPIENT].len < room ? rq->attr[ATTR_RECIPIENT].len : room;
		memcpy(to + n, rq->attr[ATTR_RECIPIENT].at, more);
	}
	return (size_t)n + more;
}

/* events: the transcript of what the desk was told; wanted: the replies that this asks for; replies: those that came. */
struct play {
	struct dialogue dialogue;
	struct desk desk;
	struct snapshot snapshots[2];
	struct buf events, wanted, replies;
	bool closed;
};

static inline void play_decided(
	void *context, const struct snapshot *s, const struct request *rq, const struct verdict *v)
{
	struct play *p = context;
	char action[ACTION_MAX];

	if (s != p->desk.snapshot)
		abort();
	transcribe(&p->events, rq != NULL ? WIRE_WHOLE : WIRE_TOO_LONG, rq, NULL);
	buf_str(&p->wanted, "action=");
	buf_add(&p->wanted, action, verdict_action(s, rq, v, action));
	buf_str(&p->wanted, "\n\n");
}

static inline void play_malformed(void *context, const char *why)
{
	struct play *p = context;

	transcribe(&p->events, WIRE_MALFORMED, NULL, why);
}

static inline void play_start(struct play *p)
{
	*p = (struct play){ 0 };
	p->desk = (struct desk){ &p->snapshots[0], play_decided, play_malformed, p };
	p->snapshots[0].compiled = 1;
	p->snapshots[1].compiled = 22;
}

static inline void play_end(struct play *p)
{
	dialogue_end(&p->dialogue);
	if (p->dialogue.held != NULL || dialogue_within(&p->dialogue))
		abort();
	buf_free(&p->events);
	buf_free(&p->wanted);
	buf_free(&p->replies);
}

/* One call, in and out of memory of their exact size; returns the bytes taken. */
static inline size_t play_call(struct play *p, struct text bytes, size_t room)
{
	char *in = malloc(bytes.len + 1), *out = malloc(room + 1);
	size_t taken, replied;

	memcpy(in + 1, bytes.at, bytes.len);
	enum dialogue_state state =
		dialogue_take(&p->dialogue, &p->desk, in + 1, bytes.len, &taken, out + 1, room, &replied);
	p->closed = state == DIALOGUE_CLOSE;
	if (replied > room || taken > bytes.len || (state != DIALOGUE_FULL && taken != bytes.len))
		abort();
	if (state == DIALOGUE_FULL && (taken == bytes.len || room - replied >= DIALOGUE_REPLY))
		abort();
	if ((p->dialogue.held != NULL) != (p->dialogue.held_len > 0) || p->dialogue.held_len > WIRE_REQUEST)
		abort();
	buf_add(&p->replies, out + 1, replied);
	free(in);
	free(out);
	return taken;
}

/* Plays a stream in pieces of 1 to most bytes, every second time with room for 0 to room bytes of replies, else for one. */
static inline void play_stream(struct play *p, struct text stream, unsigned most, unsigned room, unsigned seed)
{
	for (size_t from = 0, have = 0; !p->closed;) {
		p->desk.snapshot = &p->snapshots[reference_random(&seed, 2)];
		from += play_call(p, text_cut(stream.at + from, have - from), reference_random(&seed, room + 1));
		if (!p->closed && from < have)
			from += play_call(p, text_cut(stream.at + from, have - from), DIALOGUE_REPLY);
		if (from == have && have == stream.len)
			break;
		have += 1 + reference_random(&seed, most);
		if (have > stream.len)
			have = stream.len;
	}
}

#endif
