/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/log_join.h"

#include <stdlib.h>

#include "base/buf.h"
#include "mail/log_names.h"
#include "mail/log_owner.h"

enum { NONE = UINT32_MAX, MESSAGE_TEXT = 512, RECIPIENTS_MAX = 4 * 1024 * 1024 };

enum origin { FROM_CLIENT, FROM_FILTER, FROM_USER, FROM_HERE, FROM_BEFORE };

enum piece { QUEUE_ID, ADDRESS, NAME, REVERSE, SASL, MESSAGE_ID, SENDER, PIECES };

struct message {
	uint32_t hash; /* of the queue id */
	uint32_t next; /* of the same slot */
	uint32_t older, newer; /* as they were heard of */
	uint32_t recipient_count, recipient_room;
	uint64_t *recipients; /* hashes of those that were found */
	time_t date;
	uint8_t origin, owner;
	uint16_t used; /* of text */
	struct {
		uint16_t at, len;
	} piece[PIECES];
	char text[MESSAGE_TEXT];
};

struct log_join {
	log_found *found;
	void *context;
	struct log_counts counts;
	struct owners owners;
	struct message *messages;
	uint32_t *slots; /* twice as many as messages, a power of two */
	uint32_t slot_mask;
	uint32_t used, room; /* of messages */
	uint32_t free; /* the first of those that were freed, by next */
	uint32_t oldest, newest;
	uint32_t recipients; /* of all messages */
	struct log_names names;
};

struct log_join *log_join_new(uint32_t messages, log_found *found, void *context)
{
	struct log_join *j = must_alloc(sizeof *j);
	uint32_t slots = 2;

	while (slots < 2 * messages)
		slots *= 2;
	memset(j, 0, sizeof *j);
	j->found = found;
	j->context = context;
	j->room = messages;
	j->slot_mask = slots - 1;
	j->messages = must_alloc(messages * sizeof *j->messages);
	j->slots = must_alloc(slots * sizeof *j->slots);
	memset(j->slots, 0xff, slots * sizeof *j->slots);
	j->free = j->oldest = j->newest = NONE;
	return j;
}

static struct text piece(const struct message *m, enum piece p)
{
	return text_cut(m->text + m->piece[p].at, m->piece[p].len);
}

/* The first that is told stays. What there is no room for is cut. */
static void set_piece(struct message *m, enum piece p, struct text t)
{
	size_t room = MESSAGE_TEXT - m->used, max = room < LOG_NAME ? room : LOG_NAME;

	if (t.len == 0 || m->piece[p].len > 0)
		return;
	if (t.len > max)
		t.len = max;
	memcpy(m->text + m->used, t.at, t.len);
	m->piece[p].at = m->used;
	m->piece[p].len = (uint16_t)t.len;
	m->used = (uint16_t)(m->used + t.len);
}

static void unlink_age(struct log_join *j, uint32_t i)
{
	struct message *m = &j->messages[i];

	*(m->older == NONE ? &j->oldest : &j->messages[m->older].newer) = m->newer;
	*(m->newer == NONE ? &j->newest : &j->messages[m->newer].older) = m->older;
}

static void link_newest(struct log_join *j, uint32_t i)
{
	struct message *m = &j->messages[i];

	m->older = j->newest;
	m->newer = NONE;
	*(j->newest == NONE ? &j->oldest : &j->messages[j->newest].newer) = i;
	j->newest = i;
}

static uint32_t *slot_of(struct log_join *j, uint32_t hash)
{
	return &j->slots[hash & j->slot_mask];
}

/* It has left, or nobody waits for it any longer. */
static void drop(struct log_join *j, uint32_t i)
{
	struct message *m = &j->messages[i];
	uint32_t *link = slot_of(j, m->hash);

	j->counts.silent += m->origin == FROM_CLIENT && m->recipient_count == 0;
	while (*link != i)
		link = &j->messages[*link].next;
	*link = m->next;
	unlink_age(j, i);
	j->recipients -= m->recipient_count;
	free(m->recipients);
	m->next = j->free;
	j->free = i;
}

static void forget_oldest(struct log_join *j)
{
	const struct message *m = &j->messages[j->oldest];

	j->counts.forgotten += m->origin == FROM_CLIENT && m->recipient_count == 0;
	drop(j, j->oldest);
}

/* The message of the line; NONE: it was never heard of. */
static uint32_t find(struct log_join *j, struct text queue_id, uint32_t hash, uint8_t owner)
{
	uint32_t shared = NONE;

	for (uint32_t i = *slot_of(j, hash); i != NONE; i = j->messages[i].next) {
		const struct message *m = &j->messages[i];
		if (m->hash != hash || !text_equal(piece(m, QUEUE_ID), queue_id))
			continue;
		if (m->owner == owner)
			return i;
		if (shared == NONE && log_owner_shares(&j->owners, m->owner, owner))
			shared = i;
	}
	return shared;
}

static uint32_t take_room(struct log_join *j)
{
	if (j->free == NONE && j->used < j->room)
		return j->used++;
	if (j->free == NONE)
		forget_oldest(j);
	uint32_t i = j->free;
	j->free = j->messages[i].next;
	return i;
}

static struct message *add(
	struct log_join *j, const struct log_line *l, uint32_t hash, uint8_t owner, enum origin origin)
{
	uint64_t *const count[] = { [FROM_CLIENT] = &j->counts.messages,
		[FROM_FILTER] = &j->counts.reinjected,
		[FROM_USER] = &j->counts.submitted,
		[FROM_HERE] = &j->counts.local,
		[FROM_BEFORE] = &j->counts.unknown };
	uint32_t i = take_room(j), *slot = slot_of(j, hash);
	struct message *m = &j->messages[i];

	memset(m, 0, offsetof(struct message, text));
	m->hash = hash;
	m->owner = owner;
	m->origin = (uint8_t)origin;
	m->next = *slot;
	*slot = i;
	link_newest(j, i);
	set_piece(m, QUEUE_ID, l->queue_id);
	(*count[origin])++;
	return m;
}

/* Queue ids are used again once a message has left: what was known of the one before is over. */
static struct message *add_anew(struct log_join *j, const struct log_line *l, enum origin origin)
{
	uint32_t hash = text_hash(l->queue_id);
	uint8_t owner = log_owner(&j->owners, l);
	uint32_t i = find(j, l->queue_id, hash, owner);

	if (i != NONE && j->messages[i].owner == owner)
		drop(j, i);
	return add(j, l, hash, owner, origin);
}

/* The message of the line, or a new one of that origin. */
static struct message *message_of(struct log_join *j, const struct log_line *l, enum origin origin)
{
	uint32_t hash = text_hash(l->queue_id);
	uint8_t owner = log_owner(&j->owners, l);
	uint32_t i = find(j, l->queue_id, hash, owner);

	if (i == NONE)
		return add(j, l, hash, owner, origin);
	if (i != j->newest) {
		unlink_age(j, i);
		link_newest(j, i);
	}
	return &j->messages[i];
}

static bool is_loopback(struct text address)
{
	struct ip ip;

	if (!ip_parse_client(&ip, address))
		return false;
	return ip.v6 ? ip.high == 0 && ip.low == 1 : ip.low >> 24 == 127;
}

/* A filter on this machine gives a message back, and tells by XFORWARD whose it is. */
static bool is_filtered(const struct log_line *l)
{
	return (l->orig_queue_id.len > 0 || l->orig_address.len > 0) && is_loopback(l->client_address);
}

/*
 * Behind an after-queue filter it had a queue id of its own, and was judged by that; behind a before-queue filter
 * (smtpd_proxy_filter) it had none: now it comes.
 */
static bool had_queue_id(const struct log_line *l)
{
	return l->orig_address.len == 0 || (l->orig_queue_id.len > 0 && !text_is(l->orig_queue_id, "NOQUEUE"));
}

/* Users log in there; those who need not are let in by other rules. */
static bool is_submitted(const struct log_line *l)
{
	return l->submission && l->sasl_username.len == 0;
}

static void add_client(struct log_join *j, const struct log_line *l, struct log_clock *clock)
{
	bool filtered = is_filtered(l), before = filtered && !had_queue_id(l);
	enum origin origin = is_submitted(l) ? FROM_USER : filtered && !before ? FROM_FILTER : FROM_CLIENT;
	struct message *m = add_anew(j, l, origin);

	m->date = log_clock_time(clock, l->stamp);
	set_piece(m, ADDRESS, before ? l->orig_address : l->client_address);
	set_piece(m, NAME, before ? l->orig_name : l->client_name);
	set_piece(m, REVERSE, log_names_of(&j->names, l));
	set_piece(m, SASL, l->sasl_username);
}

/* The same recipient is told of once more whenever delivery is tried again. Returns whether it is new. */
static bool add_recipient(struct log_join *j, struct message *m, struct text recipient)
{
	uint64_t hash = (uint64_t)text_hash(recipient) << 32 |
			(recipient.len > 0 ? text_hash(text_cut(recipient.at + 1, recipient.len - 1)) : 0);

	for (uint32_t i = 0; i < m->recipient_count; i++)
		if (m->recipients[i] == hash)
			return false;
	if (m->recipient_count == m->recipient_room) {
		m->recipient_room = m->recipient_room > 0 ? 2 * m->recipient_room : 2;
		m->recipients = must_realloc(m->recipients, m->recipient_room * sizeof *m->recipients);
	}
	m->recipients[m->recipient_count++] = hash;
	j->recipients++;
	return true;
}

static void tell_recipient(struct log_join *j, const struct log_line *l)
{
	struct message *m = message_of(j, l, FROM_BEFORE);

	if (m->origin != FROM_CLIENT || !add_recipient(j, m, l->recipient))
		return;
	j->counts.deliveries++;
	j->found(j->context, &(struct log_delivery){ .client_address = piece(m, ADDRESS),
				     .client_name = piece(m, NAME),
				     .reverse_name = piece(m, REVERSE),
				     .sasl_username = piece(m, SASL),
				     .sender = piece(m, SENDER),
				     .recipient = l->recipient,
				     .queue_id = piece(m, QUEUE_ID),
				     .message_id = piece(m, MESSAGE_ID),
				     .date = m->date });
	while (j->recipients > RECIPIENTS_MAX)
		forget_oldest(j);
}

static void tell_reject(struct log_join *j, const struct log_line *l, struct log_clock *clock)
{
	struct log_delivery d = { .client_address = l->client_address,
		.client_name = l->client_name,
		.reverse_name = log_names_of(&j->names, l),
		.sasl_username = l->sasl_username,
		.sender = l->sender,
		.recipient = l->recipient,
		.helo = l->helo,
		.queue_id = l->queue_id,
		.has_helo = l->has_helo,
		.rejected = true,
		.date = log_clock_time(clock, l->stamp) };

	if (is_submitted(l)) {
		j->counts.submitted += l->times;
		return;
	}
	for (unsigned i = 0; i < l->times; i++) {
		j->counts.rejects++;
		j->found(j->context, &d);
	}
}

static void remove_message(struct log_join *j, const struct log_line *l)
{
	uint32_t i = find(j, l->queue_id, text_hash(l->queue_id), log_owner(&j->owners, l));

	if (i != NONE)
		drop(j, i);
}

void log_join_add(struct log_join *j, const struct log_line *l, struct log_clock *clock)
{
	switch (l->kind) {
	case LOG_CLIENT:
		add_client(j, l, clock);
		break;
	case LOG_LOCAL:
		add_anew(j, l, FROM_HERE);
		break;
	case LOG_MESSAGE_ID:
		set_piece(message_of(j, l, FROM_HERE), MESSAGE_ID, l->message_id);
		break;
	case LOG_SENDER:
		set_piece(message_of(j, l, FROM_BEFORE), SENDER, l->sender);
		break;
	case LOG_RECIPIENT:
		tell_recipient(j, l);
		break;
	case LOG_REMOVED:
		remove_message(j, l);
		break;
	case LOG_REJECT:
		tell_reject(j, l, clock);
		break;
	case LOG_SCREENED:
		j->counts.screened += l->times;
		break;
	case LOG_REVERSE_NAME:
		log_names_keep(&j->names, l);
		break;
	case LOG_OTHER:
	case LOG_UNCLEAR:
		break;
	}
}

void log_join_end(struct log_join *j)
{
	while (j->oldest != NONE)
		drop(j, j->oldest);
}

const struct log_counts *log_join_counts(const struct log_join *j)
{
	return &j->counts;
}

void log_join_free(struct log_join *j)
{
	if (!j)
		return;
	while (j->oldest != NONE)
		drop(j, j->oldest);
	free(j->messages);
	free(j->slots);
	free(j);
}
