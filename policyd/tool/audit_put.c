/* SPDX-License-Identifier: BSD-2-Clause */

/* mxonly audit: a finding as a line of text or as one JSON object. */

#include <stdio.h>
#include <time.h>

#include "base/escape.h"
#include "tool/audit.h"

/* Bytes: of a path at most 4,096, of the other texts RECEIVED_WORD each, all of them escaped. */
enum { LINE_MAX = 65536 };

static const char *reason_of(const struct finding *f)
{
	return f->judged ? reason_name[f->reason] : f->why;
}

static struct text address_of(const struct finding *f, char room[IP_TEXT])
{
	return f->has_address ? text_of(ip_print(&f->address, room)) : text_cut(NULL, 0);
}

static void put_column(struct line *l, struct text t)
{
	line_str(l, "\t");
	line_plain(l, t.len > 0 ? t : text_of("-"));
}

void audit_put_line(const struct finding *f)
{
	char at[LINE_MAX], address[IP_TEXT];
	struct line l;

	line_start(&l, at, sizeof at);
	line_str(&l, way_name(f->way));
	put_column(&l, address_of(f, address));
	put_column(&l, f->relay);
	put_column(&l, text_of(reason_of(f)));
	line_str(&l, f->forged ? ",forged" : "");
	put_column(&l, f->path);
	puts(at);
}

static void put_member(struct line *l, const char *key, struct text value)
{
	line_format(l, ",\"%s\":", key);
	if (value.len > 0)
		line_json(l, value);
	else
		line_str(l, "null");
}

static void put_date(struct line *l, time_t date)
{
	char text[32];
	struct tm tm;
	size_t n = 0;

	if (date != 0 && gmtime_r(&date, &tm))
		n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	put_member(l, "date", text_cut(text, n));
}

void audit_put_object(const struct finding *f)
{
	char at[LINE_MAX], address[IP_TEXT];
	struct line l;

	line_start(&l, at, sizeof at);
	line_str(&l, "{\"path\":");
	line_json(&l, f->path);
	put_member(&l, "verdict", text_of(way_name(f->way)));
	put_member(&l, "address", address_of(f, address));
	put_member(&l, "name", f->name);
	put_member(&l, "helo", f->helo);
	put_member(&l, "relay", f->relay);
	put_member(&l, "reason", text_of(reason_of(f)));
	line_format(&l, ",\"forged\":%s", f->forged ? "true" : "false");
	if (f->received > 0)
		line_format(&l, ",\"received\":%u", f->received);
	else
		line_str(&l, ",\"received\":null");
	put_date(&l, f->date);
	put_member(&l, "recipient", f->recipient);
	line_str(&l, "}");
	puts(at);
}
