/* SPDX-License-Identifier: BSD-2-Clause */

/* mxonly replay --json: the keys of the server's log, and what a log of the past adds to them. */

#include <time.h>

#include "policy/report.h"
#include "tool/replay.h"

enum { OBJECT_MAX = 32768 }; /* bytes; every value is cut and escaped */

static void put_date(struct line *l, time_t date)
{
	char text[32];
	struct tm tm;

	if (date == 0 || !gmtime_r(&date, &tm) || strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		line_str(l, ",\"date\":null");
	else
		line_format(l, ",\"date\":\"%s\"", text);
}

static void put_text(struct line *l, const char *key, struct text t)
{
	line_format(l, ",\"%s\":", key);
	if (t.len > 0)
		line_json(l, t);
	else
		line_str(l, "null");
}

void replay_put_json(const struct replay *r, const struct finding *f, const struct request *rq,
	const struct log_delivery *d, const struct judgement *j)
{
	char object[OBJECT_MAX];
	struct line l;

	line_start(&l, object, sizeof object);
	report_decision(&l, r->snapshot, rq, &j->verdict, true);
	l.len--; /* its closing brace */
	put_text(&l, "reverse_client_name", d->reverse_name);
	put_text(&l, "message_id", d->message_id);
	put_date(&l, f->date);
	line_format(&l, ",\"rejected\":%s,\"without_helo\":%s", f->rejected ? "true" : "false",
		f->without_helo ? "true" : "false");
	put_text(&l, "path", f->path);
	line_str(&l, "}");
	puts(object);
}
