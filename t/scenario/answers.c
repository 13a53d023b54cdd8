/* SPDX-License-Identifier: BSD-2-Clause */
#include "play.h"

#include <stdio.h>
#include <string.h>

#include "object.h"

void play_with(struct play *p)
{
	p->with.len = 0;
	for (unsigned i = 1; i < p->script.count; i++) {
		buf_add(&p->with, p->script.word[i].at, p->script.word[i].len);
		buf_str(&p->with, "\n");
	}
}

/* "action=" and what of it may be on the wire; the action alone comes back. */
static bool well_formed(struct play *p, const struct buf *bytes, struct text *action)
{
	size_t n = bytes->len;

	if (n < 10 || memcmp(bytes->at, "action=", 7) != 0 || memcmp(bytes->at + n - 2, "\n\n", 2) != 0) {
		play_failed(p, "no reply of the protocol: %.*s", (int)n, bytes->at ? bytes->at : "");
		return false;
	}
	*action = text_cut(bytes->at + 7, n - 9);
	if (action->len > ACTION_MAX || action->at[0] == ' ') {
		play_failed(p, "an action of %zu bytes: %.*s", action->len, (int)action->len, action->at);
		return false;
	}
	for (size_t i = 0; i < action->len; i++) {
		if (action->at[i] < ' ' || action->at[i] > '~') {
			play_failed(p, "byte 0x%02x in the action %.*s", (unsigned char)action->at[i], (int)action->len,
				action->at);
			return false;
		}
	}
	return true;
}

/* The words behind the arrow: the action's beginning, the reason, members of the object. */
static void compare(struct play *p, const struct reply *r, struct text action)
{
	struct script *s = &p->script;
	struct word want = s->word[s->arrow + 1];

	if (action.len < want.len || memcmp(action.at, want.at, want.len) != 0 ||
		(want.len > 0 && action.len > want.len && action.at[want.len] != ' ' &&
			!memchr(want.at, ' ', want.len)))
		play_failed(p, "expected %s, got %.*s", want.at, (int)action.len, action.at);
	for (unsigned i = s->arrow + 2; i < s->count; i++) {
		struct word w = s->word[i], value;
		char got[1024], name[32];
		const char *equals = memchr(w.at, '=', w.len);

		if (word_value(w, "action", &value)) {
			if (value.len != action.len || memcmp(value.at, action.at, value.len) != 0)
				play_failed(p, "expected exactly %s, got %.*s", value.at, (int)action.len, action.at);
			continue;
		}
		if (r->object.len == 0)
			continue;
		snprintf(name, sizeof(name), "%.*s", equals ? (int)(equals - w.at) : 6, equals ? w.at : "reason");
		if (!object_member(&r->object, name, got, sizeof(got)))
			play_failed(p, "no member %s in %.*s", name, (int)r->object.len, r->object.at);
		else if (strcmp(got, equals ? equals + 1 : w.at) != 0)
			play_failed(p, "expected %s %s, got %s: %.*s", name, equals ? equals + 1 : w.at, got,
				(int)r->object.len, r->object.at);
	}
}

void play_ask(struct play *p)
{
	struct script *s = &p->script;
	struct buf request = { 0 };
	struct reply r = { 0 };
	struct text action;
	struct err e;
	char words[1024];

	if (s->arrow + 1 >= s->count)
		script_bad(s, "ask name=value ... -> ACTION REASON [member=value ...]");
	if (!p->serving)
		play_serve(p, NULL);
	buf_str(&request, "request=smtpd_access_policy\nprotocol_state=RCPT\n");
	buf_add(&request, p->with.at, p->with.len);
	for (unsigned i = 1; i < s->arrow; i++) {
		buf_add(&request, s->word[i].at, s->word[i].len);
		buf_str(&request, "\n");
	}
	buf_str(&request, "\n");
	if (p->side.ask(&p->side, text_cut(request.at, request.len), &r, &e) < 0) {
		play_failed(p, "%s", e.text);
	} else if (r.bytes.len == 0) { /* the tool: only the object, which holds the action */
		if (object_member(&r.object, "action", words, sizeof(words)))
			compare(p, &r, text_of(words));
		else
			play_failed(p, "no action in %.*s", (int)r.object.len, r.object.at);
	} else if (well_formed(p, &r.bytes, &action)) {
		compare(p, &r, action);
	}
	buf_free(&request);
	reply_free(&r);
}

/* raw "bytes" -> [ACTION ...] [closed] */
void play_raw(struct play *p)
{
	struct script *s = &p->script;
	bool closes = s->count > s->arrow + 1 && word_is(s->word[s->count - 1], "closed");
	unsigned replies = s->count - s->arrow - 1 - closes;
	struct reply r = { 0 };
	struct err e;
	char *at, *next;

	if (s->arrow != 2)
		script_bad(s, "raw \"bytes\" -> [ACTION ...] [closed]");
	if (!p->side.raw)
		return;
	if (!p->serving)
		play_serve(p, NULL);
	if (p->side.raw(&p->side, text_cut(s->word[1].at, s->word[1].len), replies, closes, &r, &e) < 0) {
		play_failed(p, "%s", e.text);
		goto out;
	}
	if (r.closed != closes)
		play_failed(p, closes ? "expected the connection to be closed" : "the connection was closed");
	buf_add(&r.bytes, "", 1);
	at = r.bytes.at;
	for (unsigned i = 0; i < replies; i++, at = next) {
		const char *want = s->word[s->arrow + 1 + i].at;

		next = strstr(at, "\n\n");
		if (!next || strncmp(at, "action=", 7) != 0 || strncmp(at + 7, want, strlen(want)) != 0) {
			play_failed(p, "reply %u: expected %s, got %s", i + 1, want, *at ? at : "nothing");
			goto out;
		}
		next += 2;
	}
	if (*at)
		play_failed(p, "more replies than expected: %s", at);
out:
	reply_free(&r);
}
