/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fixed - the same work in every run, for t/bench/counts to count its instructions: fixed SUBJECT [PASSES]
 *
 * What is counted happens within measure(); everything before it prepares. Prints how often the thing was done, and the
 * nanoseconds that each took, of the best pass.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "policy/decide.h"
#include "policy/dialogue.h"
#include "policy/load.h"
#include "policy/report.h"
#include "policy/snapshot.h"
#include "sample.h"

/* The requests as they come, and parsed. */
struct work {
	const struct snapshot *snapshot;
	char *bytes[SAMPLE_VARIANTS];
	size_t len[SAMPLE_VARIANTS];
	struct request parsed[SAMPLE_VARIANTS];
	struct verdict verdict[SAMPLE_VARIANTS];
	struct ip ip[SAMPLE_VARIANTS];
	struct text domain[SAMPLE_VARIANTS];
};

/* What is measured must not be optimised away. */
static volatile size_t sink;

typedef void subject(struct work *w, unsigned i);

/* The least that a server does with a request: it finds the end. What other compilers make of the rest is compared with this. */
static void floor_loop(struct work *w, unsigned i)
{
	const char *at = w->bytes[i];
	size_t n = 1;

	while (n < w->len[i] && (at[n] != '\n' || at[n - 1] != '\n'))
		n++;
	sink += n;
}

static void parsing(struct work *w, unsigned i)
{
	struct wire wire = { 0 };
	struct request rq;
	size_t used;

	sink += wire_read(&wire, w->bytes[i], w->len[i], &used, &rq);
}

static void decision(struct work *w, unsigned i)
{
	char action[ACTION_MAX];
	struct verdict v;

	decide(w->snapshot, &w->parsed[i], &v, NULL);
	sink += verdict_action(w->snapshot, &w->parsed[i], &v, action);
}

static void log_line_of(struct work *w, unsigned i)
{
	char words[4096];
	struct line l;

	line_start(&l, words, sizeof words);
	report_decision(&l, w->snapshot, &w->parsed[i], &w->verdict[i], false);
	sink += l.len;
}

static void address(struct work *w, unsigned i)
{
	sink += range_set_holds(snap_set(w->snapshot, snap_relay(w->snapshot, 0)->ranges), &w->ip[i]);
}

static void domain(struct work *w, unsigned i)
{
	sink += snapshot_policy_of(w->snapshot, w->domain[i]);
}

static void nobody_decided(void *c, const struct snapshot *s, const struct request *rq, const struct verdict *v)
{
	(void)c, (void)s, (void)rq, (void)v;
}

static void nobody_malformed(void *c, const char *why)
{
	(void)c, (void)why;
}

static void dialogue(struct work *w, unsigned i)
{
	const struct desk desk = { w->snapshot, nobody_decided, nobody_malformed, NULL };
	static char out[DIALOGUE_REPLY];
	struct dialogue d = { .held = NULL };
	size_t taken, replied;

	dialogue_take(&d, &desk, w->bytes[i], w->len[i], &taken, out, sizeof out, &replied);
	sink += replied;
}

static const struct {
	const char *name;
	subject *run;
} subjects[] = {
	{ "floor", floor_loop },
	{ "parsing", parsing },
	{ "decision", decision },
	{ "dialogue", dialogue },
	{ "log", log_line_of },
	{ "address", address },
	{ "domain", domain },
};
enum { SUBJECTS = sizeof subjects / sizeof *subjects };

/* callgrind counts from here on, and no longer. */
__attribute__((noinline, noclone)) void measure(subject *run, struct work *w);
__attribute__((noinline, noclone)) void measure(subject *run, struct work *w)
{
	for (unsigned i = 0; i < SAMPLE_VARIANTS; i++)
		run(w, i);
}

static void put_config(struct buf *b)
{
	char word[SAMPLE_NAME];

	buf_str(b, "[policyd]\nlog_decisions = none\n[relay filter]\ndomains = " SAMPLE_RELAY "\nranges =\n");
	for (uint32_t i = 0; i < SAMPLE_RANGES; i++) {
		sample_range(i, word);
		buf_format(b, "  %s\n", word);
	}
	buf_str(b, "[default]\nrelays = filter\n");
	for (uint32_t i = 0; i < SAMPLE_DOMAINS; i++) {
		sample_domain(i, word);
		buf_format(b, "[domain %s]\n", word);
	}
}

static const struct snapshot *make_snapshot(void)
{
	const struct snapshot *s;
	struct faults faults = { 0 };
	struct buf text = { 0 };
	struct err e;

	put_config(&text);
	int fd = load_text(text_cut(text.at, text.len), "fixed.ini", &faults);
	if (fd < 0 || snapshot_map(&s, fd, &e) < 0) {
		faults_print(&faults, stderr);
		exit(1);
	}
	close(fd);
	buf_free(&text);
	faults_free(&faults);
	return s;
}

static void prepare(struct work *w)
{
	char request[SAMPLE_REQUEST];
	size_t used;

	w->snapshot = make_snapshot();
	for (unsigned i = 0; i < SAMPLE_VARIANTS; i++) {
		struct wire wire = { 0 };
		w->len[i] = sample_request(i, request);
		w->bytes[i] = must_strndup(request, w->len[i]);
		wire_read(&wire, w->bytes[i], w->len[i], &used, &w->parsed[i]);
		decide(w->snapshot, &w->parsed[i], &w->verdict[i], NULL);
		ip_parse(&w->ip[i], w->parsed[i].attr[ATTR_CLIENT_ADDRESS]);
		struct text recipient = w->parsed[i].attr[ATTR_RECIPIENT];
		const char *at = memchr(recipient.at, '@', recipient.len);
		w->domain[i] = text_cut(at + 1, recipient.len - (size_t)(at + 1 - recipient.at));
	}
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double best_of(unsigned long passes, subject *run, struct work *w)
{
	double best = 1e18;

	do {
		double start = now_ns();
		measure(run, w);
		double took = now_ns() - start;
		best = took < best ? took : best;
	} while (passes-- > 1);
	return best / SAMPLE_VARIANTS;
}

int main(int argc, char **argv)
{
	static struct work w;
	unsigned long passes = argc == 3 ? strtoul(argv[2], NULL, 10) : 1;

	for (size_t i = 0; argc >= 2 && i < SUBJECTS; i++) {
		if (strcmp(argv[1], subjects[i].name) != 0)
			continue;
		prepare(&w);
		double ns = best_of(passes, subjects[i].run, &w);
		printf("%d %.1f\n", SAMPLE_VARIANTS, ns);
		return 0;
	}
	fputs("usage: fixed floor|parsing|decision|dialogue|log|address|domain [PASSES]\n", stderr);
	return 2;
}
