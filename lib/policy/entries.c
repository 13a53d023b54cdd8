/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/entries.h"

#include <stdlib.h>

#include "policy/settings.h"

void entries_start(struct entries *r, struct text bytes, const char *file, struct faults *faults)
{
	*r = (struct entries){ .file = file, .faults = faults };
	lines_start(&r->lines, bytes);
}

void entries_free(struct entries *r)
{
	buf_free(&r->value);
	free(r->marks);
	r->marks = NULL;
}

unsigned entries_line(const struct entries *r, const char *at)
{
	size_t offset = (size_t)(at - r->value.at), low = 0, high = r->mark_count;

	while (low + 1 < high) {
		size_t middle = (low + high) / 2;
		if (r->marks[middle].at <= offset)
			low = middle;
		else
			high = middle;
	}
	return r->marks[low].line;
}

struct text section_inside(struct text line, bool *closed, struct text *behind)
{
	const char *end = text_find(line, ']');
	size_t n = end ? (size_t)(end - line.at) : line.len;

	*closed = end != NULL;
	*behind = end ? text_trim(text_cut(end + 1, line.len - n - 1)) : text_cut(line.at + n, 0);
	return text_trim(text_cut(line.at + 1, n - 1));
}

static struct text first_word(struct text t)
{
	size_t n = 0;

	while (n < t.len && !is_white(t.at[n]))
		n++;
	return text_cut(t.at, n);
}

/* What stands before the first such byte, trimmed; false without one. */
static bool before(struct text t, char c, struct text *part)
{
	const char *at = text_find(t, c);

	if (at)
		*part = text_trim(text_cut(t.at, (size_t)(at - t.at)));
	return at != NULL;
}

const char *key_before_colon(struct text t)
{
	const struct setting *row = NULL;
	struct text key;

	if (!before(t, ':', &key))
		return NULL;
	row = setting_anywhere(key);
	for (unsigned i = 0; !row && i < SECTIONS; i++)
		row = setting_nearest((enum section_kind)i, key);
	return row ? row->key : NULL;
}

static struct text cut_comment(struct text line)
{
	const char *at = line.at, *end = at + line.len;

	for (; at < end && (at = memchr(at, ';', (size_t)(end - at))) != NULL; at++)
		if (at > line.at && is_white(at[-1]))
			return text_cut(line.at, (size_t)(at - line.at));
	return line;
}

/* The next line that is neither blank nor a comment. */
static bool take(struct entries *r, struct physical *p)
{
	struct text line;

	if (r->holding) {
		*p = r->held;
		r->holding = false;
		return true;
	}
	while (lines_next(&r->lines, &line, &p->wrong)) {
		struct text whole = text_trim(line);
		bool comment = whole.len > 0 && (whole.at[0] == ';' || whole.at[0] == '#');
		p->number = r->lines.number;
		if (comment && p->wrong)
			fault_add(r->faults, r->file, p->number, "%s", p->wrong);
		p->text = comment ? text_cut(line.at, 0) : p->wrong ? whole : text_trim(cut_comment(line));
		if (p->text.len == 0 && (comment || !p->wrong))
			continue;
		p->indented = is_white(line.at[0]);
		p->recovered = false;
		return true;
	}
	return false;
}

static void hold(struct entries *r, struct physical p)
{
	r->held = p;
	r->holding = true;
}

/* An indented line that was surely not meant to continue a value. */
static bool stands_alone(struct text t)
{
	struct text key;

	if (t.at[0] == '[')
		return t.at[t.len - 1] == ']' || section_find(first_word(text_cut(t.at + 1, t.len - 1))) != SECTIONS;
	return before(t, '=', &key) && setting_anywhere(key) != NULL;
}

/* Reports such a line, and takes it from now on as if it were not indented. */
static void straighten(struct entries *r, struct physical *p)
{
	if (r->above.len > 0)
		fault_add(r->faults, r->file, p->number, "indented: it would continue `%.*s`", WORDS(r->above));
	else
		fault_add(r->faults, r->file, p->number,
			"indented, and there is no value above that it could continue: `%.*s` at the start of the line "
			"meant?",
			WORDS(p->text));
	p->indented = false;
	p->recovered = true;
}

/* The lines that continue the value of e. */
static void gather(struct entries *r, struct entry *e)
{
	struct physical p;

	while (take(r, &p)) {
		if (!p.indented || (!p.wrong && stands_alone(p.text))) {
			hold(r, p);
			break;
		}
		if (p.wrong) {
			fault_add(r->faults, r->file, p.number, "%s", p.wrong);
			e->damaged = true;
			continue;
		}
		buf_add(&r->value, " ", 1);
		r->marks = must_grow(r->marks, r->mark_count, sizeof *r->marks);
		r->marks[r->mark_count++] = (struct mark){ r->value.len, p.number };
		buf_add(&r->value, p.text.at, p.text.len);
	}
	e->value = text_trim(text_cut(r->value.at, r->value.len));
}

static enum entry_kind key_entry(struct entries *r, const struct physical *p, struct entry *e)
{
	const char *equals = memchr(p->text.at, '=', p->text.len);
	size_t n = (size_t)(equals - p->text.at);
	struct text value = text_trim(text_cut(equals + 1, p->text.len - n - 1));

	e->name = r->above = text_trim(text_cut(p->text.at, n));
	r->value.len = r->mark_count = 0;
	r->marks = must_grow(r->marks, 0, sizeof *r->marks);
	r->marks[r->mark_count++] = (struct mark){ 0, p->number };
	buf_add(&r->value, value.at, value.len);
	gather(r, e);
	return ENTRY_KEY;
}

/* A line that is neither a section nor has a "=". */
static void report_shapeless(struct entries *r, const struct physical *p)
{
	struct text word = first_word(p->text), rest = text_trim(text_cut(word.at + word.len, p->text.len - word.len));
	const char *key = key_before_colon(p->text);

	if (key) {
		const char *colon = memchr(p->text.at, ':', p->text.len);
		rest = text_trim(text_cut(colon + 1, (size_t)(p->text.at + p->text.len - colon - 1)));
		fault_add(r->faults, r->file, p->number, "no `=`: `%s = %.*s` meant?", key, WORDS(rest));
	} else if (setting_anywhere(word)) {
		fault_add(r->faults, r->file, p->number, "no `=`: `%.*s = %.*s` meant?", WORDS(word), WORDS(rest));
	} else if (section_find(word) != SECTIONS && !memchr(p->text.at, ']', p->text.len)) {
		fault_add(r->faults, r->file, p->number, "no `=`: `[%.*s]` meant?", WORDS(p->text));
	} else if (r->above.len > 0) {
		fault_add(r->faults, r->file, p->number,
			"no `=`: neither a section nor `key = value` (a line that continues `%.*s` is indented)",
			WORDS(r->above));
	} else {
		fault_add(r->faults, r->file, p->number, "no `=`: neither a section nor `key = value`");
	}
}

/* Nothing that stands below on indented lines is reported again. */
static enum entry_kind lost(struct entries *r, enum entry_kind kind)
{
	r->swallowing = true;
	r->above.len = 0;
	return kind;
}

static enum entry_kind straight_entry(struct entries *r, const struct physical *p, struct entry *e)
{
	*e = (struct entry){ .line = p->number, .name = p->text, .indented = p->recovered };
	if (p->wrong) {
		fault_add(r->faults, r->file, p->number, "%s", p->wrong);
		return lost(r, p->text.len > 0 && p->text.at[0] == '[' ? ENTRY_LOST_SECTION : ENTRY_LOST_KEY);
	}
	r->swallowing = false;
	if (p->text.at[0] == '[') {
		r->above.len = 0;
		return ENTRY_SECTION;
	}
	if (memchr(p->text.at, '=', p->text.len))
		return key_entry(r, p, e);
	report_shapeless(r, p);
	return lost(r, ENTRY_LOST_KEY);
}

enum entry_kind entries_next(struct entries *r, struct entry *e)
{
	struct physical p;

	while (take(r, &p)) {
		if (p.indented && !p.wrong && stands_alone(p.text))
			straighten(r, &p);
		if (!p.indented || p.wrong)
			return e->kind = straight_entry(r, &p, e);
		if (r->swallowing)
			continue;
		fault_add(r->faults, r->file, p.number, "indented, and there is no value above that it could continue");
		*e = (struct entry){ .line = p.number };
		return e->kind = lost(r, ENTRY_LOST_KEY);
	}
	*e = (struct entry){ 0 };
	return ENTRY_END;
}
