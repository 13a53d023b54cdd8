/* SPDX-License-Identifier: BSD-2-Clause */
#include "play.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "object.h"

void play_failed(struct play *p, const char *format, ...)
{
	va_list args;

	p->failures++;
	printf("# %s:%u: ", p->script.path, p->script.line);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

/* Lines of somebody else's, as comments. */
static void quote(const struct buf *lines)
{
	const char *at = lines->at, *end = at + lines->len;

	while (at && at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		stop = stop ? stop : end;
		printf("#     %.*s\n", (int)(stop - at), at);
		at = stop + 1;
	}
}

static void write_file(struct play *p, const char *name, const struct buf *text)
{
	char path[512];
	FILE *to;

	if (strchr(name, '/'))
		script_bad(&p->script, "a file's name holds no /: all lie in one folder");
	snprintf(path, sizeof(path), "%s/%s", p->folder, name);
	to = fopen(path, "w");
	if (!to || fwrite(text->at, 1, text->len, to) != text->len || fclose(to) != 0)
		script_bad(&p->script, strerror(errno));
}

/* config NAME | config [NAME] <<END | config NAME "bytes" | file NAME <<END | file NAME "bytes" */
static void step_file(struct play *p, bool config)
{
	struct script *s = &p->script;
	bool here = s->count > 1 && word_is(s->word[s->count - 1], "<<END");
	bool named = s->count == 3 || (s->count == 2 && !here);
	char name[128];
	struct buf text = { 0 };

	if (s->count < 2 || s->count > 3 || (!config && !named))
		script_bad(s, "config NAME, config|file [NAME] <<END or config|file NAME \"bytes\"");
	snprintf(name, sizeof(name), "%s", named ? s->word[1].at : "mxonly.ini");
	if (here) {
		script_here(s, &text);
	} else if (s->count == 3) {
		buf_add(&text, s->word[2].at, s->word[2].len);
	} else {
		char *path = path_beside(s->path, text_of(name));
		struct err e;

		if (file_read(path, &text, NULL, &e) < 0)
			script_bad(s, e.text);
		free(path);
	}
	write_file(p, name, &text);
	if (config)
		snprintf(p->name, sizeof(p->name), "%s", name);
	buf_free(&text);
}

/* The configuration that was written last is to be served, or refused at that place. */
void play_serve(struct play *p, const char *refusal)
{
	struct buf said = { 0 };
	struct err e;
	bool quiet = false;
	int served;

	if (p->name[0] == '\0')
		script_bad(&p->script, "no config yet");
	served = p->side.serve(&p->side, p->name, refusal, &said, &e);
	if (served < 0)
		play_failed(p, "%s: %s", p->name, e.text);
	else if (served != !refusal)
		play_failed(p, "%s: expected it to be %s", p->name, refusal ? "refused" : "served");
	else if (refusal && p->side.check && !object_said(&said, p->folder, refusal, false, NULL, 0))
		play_failed(p, "%s: refused, but not at %s", p->name,
			refusal); /* a running server has looked itself: it calls the file otherwise */
	else
		quiet = true;
	if (!quiet)
		quote(&said);
	if (served == 1)
		p->serving = true;
	buf_free(&said);
}

static void step_reload(struct play *p)
{
	struct script *s = &p->script;
	unsigned first = s->arrow + 1;

	if (first < s->count && word_is(s->word[first], "ok"))
		play_serve(p, NULL);
	else if (first + 1 < s->count && word_is(s->word[first], "refused"))
		play_serve(p, s->word[first + 1].at);
	else
		script_bad(s, "reload -> ok | refused FILE:LINE:");
}

/* check -> fit|faulty [N] */
static void step_check(struct play *p)
{
	struct script *s = &p->script;
	bool fit = s->arrow + 1 < s->count && word_is(s->word[s->arrow + 1], "fit");
	struct err e;
	int got;

	if (!fit && (s->arrow + 1 >= s->count || !word_is(s->word[s->arrow + 1], "faulty")))
		script_bad(s, "check -> fit|faulty [NUMBER]");
	p->lines.len = 0;
	if (!p->side.check)
		return;
	got = p->side.check(&p->side, p->name, &p->lines, &e);
	if (got < 0)
		play_failed(p, "%s", e.text);
	else if (got != fit)
		play_failed(p, "expected %s, got %s", fit ? "fit" : "faulty", got ? "fit" : "faulty");
	else if (s->arrow + 2 < s->count &&
		 object_places(&p->lines, p->folder, fit) != strtoul(s->word[s->arrow + 2].at, NULL, 10))
		play_failed(p, "expected %s %s, got %u", s->word[s->arrow + 2].at, fit ? "warnings" : "faults",
			object_places(&p->lines, p->folder, fit));
	else
		return;
	quote(&p->lines);
}

/* fault PLACE words ... | warning PLACE words ...: some line of the last check has them all */
static void step_said(struct play *p, bool warning)
{
	struct script *s = &p->script;
	const char *words[SCRIPT_WORDS];

	if (s->count < 2)
		script_bad(s, "fault|warning FILE:LINE: [words ...]");
	if (!p->side.check)
		return;
	for (unsigned i = 2; i < s->count; i++)
		words[i - 2] = s->word[i].at;
	if (object_said(&p->lines, p->folder, s->word[1].at, warning, words, s->count - 2))
		return;
	play_failed(p, "expected a %s at %s with all these words; it said:", s->word[0].at, s->word[1].at);
	quote(&p->lines);
}

/* query -q KEY -> VALUE | none */
static void step_query(struct play *p)
{
	struct script *s = &p->script;
	struct buf value = { 0 };
	struct err e;
	const char *want;
	int found;

	if (s->count != 5 || s->arrow != 3 || !word_is(s->word[1], "-q"))
		script_bad(s, "query -q KEY -> VALUE (in quotes when it has spaces; none: not found)");
	if (!p->side.query)
		return;
	if (!p->serving)
		play_serve(p, NULL);
	want = s->word[4].at;
	found = p->side.query(&p->side, s->word[2].at, &value, &e);
	buf_add(&value, "", 1);
	if (found < 0)
		play_failed(p, "%s", e.text);
	else if (strcmp(found ? value.at : "none", want) != 0)
		play_failed(p, "expected %s, got %s", want, found ? value.at : "none");
	buf_free(&value);
}

static void step_only(struct play *p)
{
	p->skipped = true;
	for (unsigned i = 1; i < p->script.count; i++) {
		if (word_is(p->script.word[i], p->side.name))
			p->skipped = false;
	}
}

/* age NAME DAYS: that file was changed so long ago */
static void step_age(struct play *p)
{
	struct script *s = &p->script;
	struct timespec times[2] = { 0 };
	char path[512];

	if (s->count != 3)
		script_bad(s, "age NAME DAYS");
	snprintf(path, sizeof(path), "%s/%s", p->folder, s->word[1].at);
	times[0].tv_sec = times[1].tv_sec = time(NULL) - 86400 * strtol(s->word[2].at, NULL, 10);
	if (utimensat(AT_FDCWD, path, times, 0) < 0)
		script_bad(s, strerror(errno));
}

void play_step(struct play *p)
{
	struct word verb = p->script.word[0];

	p->steps++;
	if (word_is(verb, "config") || word_is(verb, "file"))
		step_file(p, word_is(verb, "config"));
	else if (word_is(verb, "age"))
		step_age(p);
	else if (word_is(verb, "reload"))
		step_reload(p);
	else if (word_is(verb, "with"))
		play_with(p);
	else if (word_is(verb, "ask"))
		play_ask(p);
	else if (word_is(verb, "raw"))
		play_raw(p);
	else if (word_is(verb, "check"))
		step_check(p);
	else if (word_is(verb, "fault") || word_is(verb, "warning"))
		step_said(p, word_is(verb, "warning"));
	else if (word_is(verb, "query"))
		step_query(p);
	else if (word_is(verb, "only"))
		step_only(p);
	else
		script_bad(&p->script, "known are config file age reload with ask raw check fault warning query only");
}
