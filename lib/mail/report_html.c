/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/report_html.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/replace.h"
#include "mail/report_html_parts.h"

#define REPORT_MARK "<meta name=\"generator\" content=\"mxonly\"/>"

enum { SOURCES_NAMED = 12 };

static const char *title(const struct report_html *r)
{
	return r->kind == REPORT_AUDIT ? "Direct delivery: audit of the mail received"
				       : "Direct delivery: replay of the mail log";
}

static const char *command(const struct report_html *r)
{
	return r->kind == REPORT_AUDIT ? "mxonly audit" : "mxonly replay";
}

/* Every element is closed: the page is well-formed XML too. */
static void head(struct buf *b, const struct report_html *r)
{
	buf_str(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
		   "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src '");
	buf_str(b, report_style_hash);
	buf_str(b, "'; base-uri 'none'; form-action 'none'\"/>\n"
		   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
		   "<meta name=\"robots\" content=\"noindex\"/>\n"
		   "<meta name=\"referrer\" content=\"no-referrer\"/>\n" REPORT_MARK "\n<title>");
	buf_str(b, title(r));
	buf_str(b, "</title>\n<style>");
	buf_str(b, report_style);
	buf_str(b, "</style>\n</head>\n<body>\n<main>\n<header>\n<p class=\"kicker\">");
	buf_str(b, title(r));
	buf_str(b, "</p>\n");
}

static void sources(struct buf *b, const struct report_html *r)
{
	size_t named = r->source_count < SOURCES_NAMED ? r->source_count : SOURCES_NAMED;

	if (named == 0)
		return;
	for (size_t i = 0; i < named; i++)
		html_text(b, i == 0 ? "<p>Read: <code>" : ", <code>", text_of(r->sources[i]), "</code>");
	if (named < r->source_count)
		html_count(b, " and ", r->source_count - named, " more");
	buf_str(b, ".</p>\n");
}

static void about(struct buf *b, const struct report_html *r, const struct tally *t)
{
	char made[64];
	struct tm tm;

	localtime_r(&r->now, &tm);
	strftime(made, sizeof made, "%-d %B %Y, %H:%M (UTC%z)", &tm);
	buf_format(b, "<footer>\n<p>Made by <code>%s</code> of mxonly %s on %s. Times are local.</p>\n", command(r),
		MXONLY_VERSION, made);
	html_text(
		b, "<p>Judged by <code>", text_of(r->config), "</code>, by the code that decides in the server.</p>\n");
	sources(b, r);
	if (tally_counts(t)->undated > 0)
		html_count(b, "<p>Without a date that can be, and not in the chart: ", tally_counts(t)->undated,
			".</p>\n");
	buf_str(b, "<p>What a client or sender wrote is shown as text; bytes that are not printable ASCII as "
		   "<code>\\xNN</code>. This page holds addresses of people: treat it so.</p>\n</footer>\n");
}

void report_html(struct buf *b, const struct report_html *r, const struct tally *t)
{
	head(b, r);
	report_answer(b, r, t);
	buf_str(b, "</header>\n");
	report_counts(b, t);
	report_near(b, r, t);
	report_advice(b, r, t);
	report_chart(b, r, t);
	report_senders(b, r, t);
	report_recipients(b, r, t);
	report_reasons(b, t);
	report_messages(b, r, t);
	about(b, r, t);
	buf_str(b, "</main>\n</body>\n</html>\n");
}

static bool is_output(const char *path)
{
	return strcmp(path, "-") == 0;
}

int report_html_check(const char *path, const char *config, struct err *e)
{
	return is_output(path) ? 0 : replace_check(path, config, REPORT_MARK, e);
}

static int write_output(const struct buf *b, struct err *e)
{
	if (fwrite(b->at, 1, b->len, stdout) < b->len || fflush(stdout) != 0)
		return err_set(e, "standard output: %s", strerror(errno));
	return 0;
}

int report_html_write(const char *path, const struct report_html *r, const struct tally *t, struct err *e)
{
	struct buf b = { 0 };
	int result;

	report_html(&b, r, t);
	result = is_output(path) ? write_output(&b, e) : replace_file(path, b.at, b.len, e);
	buf_free(&b);
	return result;
}
