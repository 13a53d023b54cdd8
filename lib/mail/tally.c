/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/tally.h"

#include <stdlib.h>

#include "base/buf.h"
#include "mail/tally_days.h"
#include "mail/tally_table.h"
#include "net/range.h"

enum { NEAR = TALLY_TABLES, TABLES };

struct message {
	struct finding finding;
	char bytes[]; /* of its texts */
};

struct tally {
	struct tally_counts counts;
	struct table table[TABLES];
	struct days days;
	struct message *message[TALLY_MESSAGES]; /* latest first */
	size_t messages;
};

struct tally *tally_new(void)
{
	struct tally *t = must_alloc(sizeof *t);

	*t = (struct tally){ 0 };
	return t;
}

void tally_free(struct tally *t)
{
	if (!t)
		return;
	for (int i = 0; i < TABLES; i++)
		table_free(&t->table[i]);
	for (size_t i = 0; i < t->messages; i++)
		free(t->message[i]);
	days_free(&t->days);
	free(t);
}

static void sums_add(struct tally_sums *s, const struct finding *f)
{
	s->all++;
	s->way[f->way]++;
	if (f->judged)
		s->outcome[f->outcome]++;
	s->rejected += f->way == WAY_DIRECT && f->rejected;
	s->forged += f->forged;
}

/* From first to last; 0 is no date. */
static void widen(time_t *first, time_t *last, time_t date)
{
	if (date == 0)
		return;
	if (*first == 0 || date < *first)
		*first = date;
	if (date > *last)
		*last = date;
}

static struct text cut(struct text t)
{
	return text_cut(t.at, t.len < TALLY_TEXT ? t.len : TALLY_TEXT);
}

/* Cut, in lower case; to has TALLY_TEXT bytes. */
static struct text lower(char *to, struct text t)
{
	t = cut(t);
	text_lower(to, t.at, t.len);
	return text_cut(to, t.len);
}

static void count_row(
	struct table *table, const struct finding *f, struct text key, struct text text0, struct text text1)
{
	struct table_row *row = table_row(table, key, text0, text1);

	sums_add(&row->sums, f);
	widen(&row->first, &row->last, f->date);
}

/* The /24 or /48 of an address. */
static struct text network_of(struct ip ip, char to[RANGE_TEXT])
{
	struct range r = { .first = ip, .last = ip };

	if (ip.v6) {
		r.first.high &= ~(uint64_t)0xffff;
		r.first.low = 0;
		r.last.high |= 0xffff;
		r.last.low = UINT64_MAX;
	} else {
		r.first.low &= ~(uint64_t)0xff;
		r.last.low |= 0xff;
	}
	return text_of(range_print(&r, to));
}

static bool is_near(const struct finding *f)
{
	return f->judged && f->outcome != OUTCOME_PERMIT && f->reason >= REASON_NAME_UNVERIFIED &&
	       f->reason <= REASON_NEAR_MISS;
}

/* Its key: the reason, the address, a NUL, the name. */
static void count_near(struct tally *t, const struct finding *f, struct text address, struct text name)
{
	char key[1 + IP_TEXT + 1 + TALLY_TEXT];
	size_t len = 0;

	key[len++] = (char)f->reason;
	memcpy(key + len, address.at, address.len);
	len += address.len;
	key[len++] = '\0';
	memcpy(key + len, name.at, name.len);
	len += name.len;
	count_row(&t->table[NEAR], f, text_cut(key, len), cut(f->helo), cut(f->relay));
}

static void count_client(struct tally *t, const struct finding *f)
{
	const struct text none = { "", 0 };
	char name[TALLY_TEXT], network[RANGE_TEXT];
	struct text verified = lower(name, f->name.len > 0 ? f->name : text_of("unknown"));

	count_row(&t->table[TALLY_CLIENTS], f, network_of(f->address, network), verified, none);
}

static void count_direct(struct tally *t, const struct finding *f)
{
	const struct text none = { "", 0 };
	char recipient[TALLY_TEXT], name[TALLY_TEXT], address[IP_TEXT] = "", network[RANGE_TEXT];
	struct text verified = lower(name, f->name.len > 0 ? f->name : text_of("unknown"));

	if (f->recipient.len > 0)
		count_row(&t->table[TALLY_RECIPIENTS], f, lower(recipient, f->recipient), none, none);
	if (f->has_address) {
		struct text at = text_of(ip_print(&f->address, address));
		count_row(&t->table[TALLY_NETWORKS], f, network_of(f->address, network), verified, none);
		count_row(&t->table[TALLY_NAMES], f, verified, at, none);
		if (is_near(f))
			count_near(t, f, at, verified);
	}
}

static struct message *message_of(const struct finding *f)
{
	struct finding g = *f;
	struct text *const texts[] = { &g.name, &g.helo, &g.relay, &g.policy, &g.domain, &g.sender, &g.recipient,
		&g.path };
	enum { TEXTS = sizeof texts / sizeof *texts };
	struct message *m = must_alloc(sizeof *m + TEXTS * TALLY_TEXT);
	char *to = m->bytes;

	for (size_t i = 0; i < TEXTS; i++) {
		struct text from = cut(*texts[i]);
		*texts[i] = text_cut(to, from.len);
		if (from.len > 0)
			memcpy(to, from.at, from.len);
		to += from.len;
	}
	m->finding = g;
	return m;
}

static void keep_message(struct tally *t, const struct finding *f)
{
	size_t at = 0;

	while (at < t->messages && t->message[at]->finding.date > f->date)
		at++;
	if (at == TALLY_MESSAGES)
		return;
	if (t->messages == TALLY_MESSAGES)
		free(t->message[--t->messages]);
	memmove(&t->message[at + 1], &t->message[at], (t->messages - at) * sizeof *t->message);
	t->message[at] = message_of(f);
	t->messages++;
}

void tally_add(struct tally *t, const struct finding *given)
{
	struct tally_counts *c = &t->counts;
	struct finding f = *given;
	const struct text none = { "", 0 };

	if (!days_can(f.date))
		f.date = 0;
	sums_add(&c->sums, &f);
	c->undated += f.date == 0;
	c->without_helo += f.without_helo;
	widen(&c->first, &c->last, f.date);
	if (f.date != 0)
		sums_add(days_sums(&t->days, f.date), &f);
	if (f.judged) {
		c->judged++;
		c->reason[f.reason]++;
		if (f.policy.len > 0)
			count_row(&t->table[TALLY_POLICIES], &f, cut(f.policy), none, none);
		if (f.domain.len > 0)
			count_row(&t->table[TALLY_DOMAINS], &f, cut(f.domain), cut(f.policy), none);
		if (f.has_address)
			count_client(t, &f);
	}
	if (f.way == WAY_DIRECT) {
		count_direct(t, &f);
		keep_message(t, &f);
	}
}

void tally_skip(struct tally *t)
{
	t->counts.skipped++;
}

const struct tally_counts *tally_counts(const struct tally *t)
{
	return &t->counts;
}

/* What is not shown of a table: all rows of the order from n on, and what was forgotten. */
static void sum_others(
	struct tally_others *others, const struct table *table, const struct table_row *const *order, size_t n)
{
	*others = (struct tally_others){ .forgot = table->forgot, .sums = table->forgotten };
	for (size_t i = n; i < table->count; i++, others->rows++)
		tally_merge(&others->sums, &order[i]->sums);
}

size_t tally_top(
	const struct tally *t, enum tally_table which, struct tally_row *rows, size_t n, struct tally_others *others)
{
	const struct table *table = &t->table[which];
	const struct table_row **order = table_order(table, table_compare);

	if (n > table->count)
		n = table->count;
	for (size_t i = 0; i < n; i++) {
		const struct table_row *row = order[i];
		rows[i] = (struct tally_row){ .key = row->key,
			.example = row->text[0],
			.sums = row->sums,
			.first = row->first,
			.last = row->last };
	}
	if (others)
		sum_others(others, table, order, n);
	free(order);
	return n;
}

static enum reason near_reason(const struct table_row *row)
{
	return (enum reason)row->key.at[0];
}

static int compare_near(const struct table_row *a, const struct table_row *b)
{
	bool near_a = near_reason(a) == REASON_NEAR_MISS, near_b = near_reason(b) == REASON_NEAR_MISS;

	return near_a != near_b ? near_b - near_a : table_compare(a, b);
}

static struct tally_near near_of(const struct table_row *row)
{
	struct text address = text_of(row->key.at + 1); /* up to the NUL */
	struct text name = text_cut(address.at + address.len + 1, row->key.len - address.len - 2);

	return (struct tally_near){ .reason = near_reason(row),
		.address = address,
		.name = text_is(name, "unknown") ? text_cut("", 0) : name,
		.helo = row->text[0],
		.relay = row->text[1],
		.sums = row->sums,
		.first = row->first,
		.last = row->last };
}

size_t tally_near(const struct tally *t, struct tally_near *near, size_t n, struct tally_others *others)
{
	const struct table *table = &t->table[NEAR];
	const struct table_row **order = table_order(table, compare_near);

	if (n > table->count)
		n = table->count;
	for (size_t i = 0; i < n; i++)
		near[i] = near_of(order[i]);
	if (others)
		sum_others(others, table, order, n);
	free(order);
	return n;
}

size_t tally_days(const struct tally *t, const struct tally_day **days)
{
	*days = t->days.list;
	return t->days.count;
}

const struct finding *tally_message(const struct tally *t, size_t i)
{
	return i < t->messages ? &t->message[i]->finding : NULL;
}
