/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Whatever the texts of a finding: the page is well formed, and has the elements and attributes of the same page with plain
 * words in their place.
 * Input: a byte of flags, a byte for the reason, and texts, apart by newlines, in the order of `texts` below.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "html_skeleton.h"
#include "report_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXTS = 10 };

/* Page of a tally with this finding and a plain one. */
static char *page_of(const struct snapshot *s, const struct finding *f, const struct text texts[TEXTS])
{
	struct finding g = *f, plain = report_direct();
	struct tally *t = tally_new();
	char *config = must_strndup(texts[8].at, texts[8].len), *source = must_strndup(texts[9].at, texts[9].len);
	const char *sources[] = { source };
	struct report_html r = { .kind = (enum report_kind)f->forged,
		.snapshot = s,
		.config = config,
		.sources = sources,
		.source_count = 1,
		.now = REPORT_NOW };

	g.name = texts[0];
	g.helo = texts[1];
	g.relay = texts[2];
	g.policy = texts[3];
	g.domain = texts[4];
	g.sender = texts[5];
	g.recipient = texts[6];
	g.path = texts[7];
	tally_add(t, &g);
	tally_add(t, &g);
	tally_add(t, &plain);
	char *page = report_page(&r, t);
	tally_free(t);
	free(config);
	free(source);
	return page;
}

static struct text cut_off(struct text *rest)
{
	const char *end = rest->len > 0 ? memchr(rest->at, '\n', rest->len) : NULL;
	struct text t = text_cut(rest->at, end ? (size_t)(end - rest->at) : rest->len);
	size_t taken = end ? t.len + 1 : t.len;

	*rest = text_cut(rest->at + taken, rest->len - taken);
	return t;
}

/* Of another text than any of the plain finding's; "unknown" has a meaning of its own. */
static struct text plain_word(struct text t)
{
	return t.len > 0 && !text_equal_nocase(t, text_of("unknown")) ? text_of("x") : t;
}

/* Equal to one of the plain finding's texts: the two share a row then. */
static bool meets(struct text t)
{
	static const char *const plain[] = { "mail.isp.example", "domain example.org", "example.org", "u@example.org" };

	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
		if (text_equal_nocase(t, text_of(plain[i])))
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct snapshot *s;
	struct finding f = report_direct();
	struct text texts[TEXTS], words[TEXTS], rest;
	struct buf got = { 0 }, want = { 0 };

	if (!s)
		s = fixture_snapshot(REPORT_INI);
	if (size < 2)
		return 0;
	f.way = data[0] & 1 ? WAY_DIRECT : WAY_RELAYED;
	f.forged = data[0] & 2;
	f.has_address = !(data[0] & 4);
	f.date = data[0] & 8 ? 0 : f.date;
	f.outcome = data[0] & 1 ? OUTCOME_DEFER : OUTCOME_PERMIT;
	f.reason = (enum reason)(data[1] % REASONS);
	rest = text_cut((const char *)data + 2, size - 2);
	for (int i = 0; i < TEXTS; i++) {
		texts[i] = cut_off(&rest);
		if (meets(texts[i]))
			return 0;
		words[i] = plain_word(texts[i]);
	}
	char *page = page_of(s, &f, texts), *plain = page_of(s, &f, words);
	if (skeleton_of(page, &got) || skeleton_of(plain, &want) || strcmp(got.at, want.at) != 0)
		abort();
	free(page);
	free(plain);
	buf_free(&got);
	buf_free(&want);
	return 0;
}
