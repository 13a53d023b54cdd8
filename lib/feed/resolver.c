/* SPDX-License-Identifier: BSD-2-Clause */
#include "feed/resolver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unbound.h>

#include "base/buf.h"

enum { CLASS_IN = 1, NAME_BYTES = 255, TICK = 200 /* milliseconds */ };

struct resolver {
	struct ub_ctx *ctx;
};

/* A question on its way. */
struct slot {
	struct asking *all;
	struct dns_question *question; /* NULL: free */
	int id;
	time_t since;
};

struct asking {
	struct slot slots[RESOLVER_AT_ONCE];
	size_t busy, failed;
	bool answered; /* at least one was */
};

static time_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* libunbound answers for names of private use itself (RFC 6761); but a network may have them, and then what it says counts. */
static int ask_for_all(struct ub_ctx *ctx)
{
	static const char *const zones[] = { "test.", "invalid.", "onion.", "localhost.", "home.arpa.",
		"resolver.arpa.", "service.arpa.", "127.in-addr.arpa." };
	int why = 0;

	for (size_t i = 0; why == 0 && i < sizeof zones / sizeof *zones; i++)
		why = ub_ctx_zone_remove(ctx, zones[i]);
	return why;
}

/* Forwarders may be on this host; DNSSEC is the business of those who are asked. */
static int set_up(struct ub_ctx *ctx, const char *server, struct err *e)
{
	int why;

	if ((why = ub_ctx_set_option(ctx, "module-config:", "iterator")) != 0 ||
		(why = ub_ctx_set_option(ctx, "do-not-query-localhost:", "no")) != 0 ||
		(why = ub_ctx_set_option(ctx, "unblock-lan-zones:", "yes")) != 0)
		return err_set(e, "libunbound: %s", ub_strerror(why));
	ub_ctx_debuglevel(ctx, 0);
	if (server && ub_ctx_set_fwd(ctx, server) != 0)
		return err_set(e, "%s is no ADDRESS or ADDRESS@PORT of a name server", server);
	if (!server && (why = ub_ctx_resolvconf(ctx, NULL)) != 0)
		return err_set(e, "/etc/resolv.conf: %s", ub_strerror(why));
	if ((why = ub_ctx_async(ctx, 1)) != 0 || (why = ask_for_all(ctx)) != 0) /* the last: it closes the options */
		return err_set(e, "libunbound: %s", ub_strerror(why));
	return 0;
}

struct resolver *resolver_new(const char *server, struct err *e)
{
	struct resolver *r = must_alloc(sizeof *r);

	r->ctx = ub_ctx_create();
	if (r->ctx && set_up(r->ctx, server, e) == 0)
		return r;
	if (r->ctx)
		ub_ctx_delete(r->ctx);
	else
		err_set(e, "libunbound: out of memory");
	free(r);
	return NULL;
}

/* A name on the wire as text; a byte that would make another name of it becomes `?`. false: it is damaged. */
static bool put_name(struct buf *b, const unsigned char *at, size_t len)
{
	size_t i = 0;

	while (i < len && at[i] != 0) {
		size_t end = i + 1 + at[i];
		if (at[i] > 63 || end >= len)
			return false;
		if (b->len > 0)
			buf_str(b, ".");
		for (i++; i < end; i++) {
			char c = ascii_lower((char)at[i]);
			buf_add(b, c > ' ' && c < 0x7f && c != '.' ? &c : "?", 1);
		}
	}
	return i < len;
}

/* A TXT's strings, one behind the other. */
static bool put_strings(struct buf *b, const unsigned char *at, size_t len)
{
	for (size_t i = 0; i < len; i += 1u + at[i]) {
		if (i + 1 + at[i] > len)
			return false;
		buf_add(b, at + i + 1, at[i]);
	}
	return true;
}

static bool read_record(struct dns_record *to, enum dns_type type, const unsigned char *at, size_t len)
{
	char address[INET6_ADDRSTRLEN];
	struct buf b = { 0 };
	bool whole = false;

	*to = (struct dns_record){ 0 };
	if (type == DNS_MX && len > 2) {
		to->preference = (unsigned)at[0] << 8 | at[1];
		whole = put_name(&b, at + 2, len - 2);
	} else if (type == DNS_TXT) {
		whole = put_strings(&b, at, len);
	} else if ((type == DNS_A && len == 4) || (type == DNS_AAAA && len == 16)) {
		whole = inet_ntop(type == DNS_A ? AF_INET : AF_INET6, at, address, sizeof address) != NULL;
		buf_str(&b, address);
	}
	if (whole)
		to->text = must_strndup(b.at ? b.at : "", b.len);
	buf_free(&b);
	return whole;
}

static int by_preference(const void *a, const void *b)
{
	const struct dns_record *x = a, *y = b;

	return x->preference != y->preference ? (x->preference > y->preference) - (x->preference < y->preference)
					      : strcmp(x->text, y->text);
}

static void take_records(struct dns_question *q, const struct ub_result *result)
{
	for (size_t i = 0; result->data && result->data[i]; i++) {
		q->records = must_grow(q->records, q->count, sizeof *q->records);
		q->count += read_record(
			&q->records[q->count], q->type, (const unsigned char *)result->data[i], (size_t)result->len[i]);
	}
	if (q->count > 0)
		qsort(q->records, q->count, sizeof *q->records, by_preference);
}

static void take_alias(struct dns_question *q, const char *canonical)
{
	size_t n = canonical ? strlen(canonical) : 0;

	if (n > 0 && canonical[n - 1] == '.')
		n--;
	if (n == 0 || text_equal_nocase(text_cut(canonical, n), text_of(q->name)))
		return;
	q->alias_of = must_strndup(canonical, n);
	text_lower(q->alias_of, q->alias_of, n);
}

/* Called by ub_process, in this thread. */
static void answered(void *context, int why, struct ub_result *result)
{
	struct slot *slot = context;
	struct dns_question *q = slot->question;

	q->status = DNS_FAILED;
	if (why == 0 && (result->rcode == 0 || result->rcode == 3)) {
		q->status = result->nxdomain ? DNS_NO_NAME : result->havedata ? DNS_FOUND : DNS_NO_DATA;
		take_alias(q, result->canonname);
		if (q->status == DNS_FOUND)
			take_records(q, result);
		slot->all->answered = true;
	} else {
		slot->all->failed++;
	}
	slot->question = NULL;
	slot->all->busy--;
	ub_resolve_free(result);
}

static int send_out(struct resolver *r, struct asking *all, struct slot *slot, struct dns_question *q, struct err *e)
{
	int why;

	*slot = (struct slot){ all, q, 0, now() };
	all->busy++;
	why = ub_resolve_async(r->ctx, q->name, (int)q->type, CLASS_IN, slot, answered, &slot->id);
	if (why == 0)
		return 0;
	slot->question = NULL;
	all->busy--;
	q->status = DNS_FAILED;
	/* A name that is none on the wire is a failed question; anything else is the resolver's own trouble. */
	return why == UB_SYNTAX ? 0 : err_set(e, "libunbound: %s", ub_strerror(why));
}

static void give_up_late(struct resolver *r, struct asking *all)
{
	for (size_t i = 0; i < RESOLVER_AT_ONCE; i++) {
		struct slot *slot = &all->slots[i];
		if (!slot->question || now() - slot->since < RESOLVER_SECONDS)
			continue;
		ub_cancel(r->ctx, slot->id);
		slot->question->status = DNS_FAILED;
		slot->question = NULL;
		all->busy--;
		all->failed++;
	}
}

static int wait_for_answers(struct resolver *r, struct asking *all, struct err *e)
{
	struct pollfd ready = { .fd = ub_fd(r->ctx), .events = POLLIN };
	int why;

	if (poll(&ready, 1, TICK) < 0 && errno != EINTR)
		return err_set(e, "poll: %s", strerror(errno));
	if ((why = ub_process(r->ctx)) != 0)
		return err_set(e, "libunbound: %s", ub_strerror(why));
	give_up_late(r, all);
	return 0;
}

static struct slot *free_slot(struct asking *all)
{
	for (size_t i = 0; i < RESOLVER_AT_ONCE; i++)
		if (!all->slots[i].question)
			return &all->slots[i];
	return NULL;
}

/* Nobody is there to answer. */
static bool hopeless(const struct asking *all)
{
	return !all->answered && all->failed >= RESOLVER_AT_ONCE;
}

int resolver_ask(struct resolver *r, struct dns_question *questions, size_t count, struct err *e)
{
	struct asking all = { 0 };
	size_t next = 0;

	for (size_t i = 0; i < count; i++)
		questions[i].status = DNS_FAILED;
	while (next < count || all.busy > 0) {
		struct slot *slot = next < count ? free_slot(&all) : NULL;
		if (hopeless(&all))
			next = count;
		else if (slot) {
			if (send_out(r, &all, slot, &questions[next++], e) < 0)
				return -1;
			continue;
		}
		if (all.busy > 0 && wait_for_answers(r, &all, e) < 0)
			return -1;
	}
	return 0;
}

void dns_free(struct dns_question *questions, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < questions[i].count; j++)
			free(questions[i].records[j].text);
		free(questions[i].records);
		free(questions[i].alias_of);
		questions[i].records = NULL;
		questions[i].alias_of = NULL;
		questions[i].count = 0;
	}
}

void resolver_free(struct resolver *r)
{
	ub_ctx_delete(r->ctx);
	free(r);
}
