/* SPDX-License-Identifier: BSD-2-Clause */

/* mxonly query: a snapshot answers, as an action, an object or an explanation. */

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/escape.h"
#include "policy/decide.h"
#include "policy/explain.h"
#include "policy/report.h"
#include "policy/wire.h"
#include "tool/query.h"

enum { OBJECT_MAX = 16384 }; /* bytes of an object, all of its values cut and escaped */

static void put(struct text t, void (*form)(struct line *l, struct text foreign))
{
	size_t cap = t.len * 6 + 3; /* the longest escape of a byte, two quotes, NUL */
	char *at = must_alloc(cap);
	struct line l;

	line_start(&l, at, cap);
	form(&l, t);
	fwrite(l.at, 1, l.len, stdout);
	free(at);
}

void put_json(struct text t)
{
	put(t, line_json);
}

void put_plain(struct text t)
{
	put(t, line_plain);
}

static void put_action(const struct snapshot *s, const struct request *rq, const struct verdict *v)
{
	char action[ACTION_MAX];
	size_t n = verdict_action(s, rq, v, action);

	fwrite(action, 1, n, stdout);
	putchar('\n');
}

static void put_object(const struct snapshot *s, const struct request *rq, const struct verdict *v)
{
	char at[OBJECT_MAX];
	struct line l;

	line_start(&l, at, sizeof at);
	report_object(&l, s, rq, v);
	puts(at);
}

static void put_explanation(const struct snapshot *s, const struct request *rq, const struct verdict *v)
{
	struct buf b = { 0 };

	if (!rq) {
		put_action(s, rq, v);
		printf("  reason bad-request: over %d bytes in a line or %d in all; nothing of it was looked at\n",
			WIRE_LINE, WIRE_REQUEST);
		return;
	}
	explain(&b, s, rq);
	fwrite(b.at, 1, b.len, stdout);
	buf_free(&b);
}

static int answer_here(struct oracle *o, const struct question *q, bool *harms, struct err *e)
{
	struct local_oracle *l = (struct local_oracle *)o; /* its first member */
	struct verdict v;

	(void)e;
	if (q->rq)
		decide(l->snapshot, q->rq, &v, NULL);
	else
		decide_too_long(l->snapshot, &v);
	*harms = verdict_harms(&v);
	if (l->form == QUERY_EXPLAIN && l->again)
		putchar('\n');
	l->again = true;
	switch (l->form) {
	case QUERY_JSON:
		put_object(l->snapshot, q->rq, &v);
		break;
	case QUERY_EXPLAIN:
		put_explanation(l->snapshot, q->rq, &v);
		break;
	default:
		put_action(l->snapshot, q->rq, &v);
	}
	return 0;
}

void local_oracle(struct local_oracle *l, const struct snapshot *s, enum query_form form)
{
	*l = (struct local_oracle){ { answer_here }, s, form, false };
}
