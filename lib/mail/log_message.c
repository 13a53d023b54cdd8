/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/log_message.h"

#include "net/ip.h"

enum { QUEUE_ID_MIN = 5, QUEUE_ID_MAX = 40, NAME_LENGTH = 255, TIMES_MAX = 100000 };

bool log_take(struct text *t, const char *words)
{
	size_t n = strlen(words);

	if (t->len < n || memcmp(t->at, words, n) != 0)
		return false;
	*t = text_cut(t->at + n, t->len - n);
	return true;
}

static void unclear(struct log_line *l, const char *why)
{
	l->kind = LOG_UNCLEAR;
	l->why = why;
}

struct text log_behind(struct text t, const char *at)
{
	return text_cut(at, (size_t)(t.at + t.len - at));
}

/* What a queue id can be made of: short ones of hexadecimal digits, long ones of digits and consonants. */
enum { SHORT_ID = 1, LONG_ID = 2 };

static unsigned id_kinds(char c)
{
	if (c >= '0' && c <= '9')
		return SHORT_ID | LONG_ID;
	unsigned kinds = c >= 'A' && c <= 'F' ? SHORT_ID : 0;
	bool letter = ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
	return letter && !memchr("aeiou", ascii_lower(c), 5) ? kinds | LONG_ID : kinds;
}

/* "4F9D195432C: ", "4Xk3jM2Nq7z1v: " */
static bool take_queue_id(struct text *message, struct text *id)
{
	unsigned kinds = SHORT_ID | LONG_ID;
	size_t n = 0;

	while (n < message->len && n < QUEUE_ID_MAX && (kinds & id_kinds(message->at[n])))
		kinds &= id_kinds(message->at[n++]);
	if (n < QUEUE_ID_MIN || message->len < n + 2 || message->at[n] != ':' || message->at[n + 1] != ' ')
		return false;
	*id = text_cut(message->at, n);
	*message = text_cut(message->at + n + 2, message->len - n - 2);
	return true;
}

/* NAME[ADDRESS], with a port behind it if smtpd_client_port_logging is on. The name is one that Postfix verified, or "unknown". */
static bool take_client(struct text *t, struct text *name, struct text *address)
{
	const char *open = text_find(*t, '[');
	const char *close = open ? memchr(open, ']', (size_t)(t->at + t->len - open)) : NULL;
	struct ip ip;

	if (!close)
		return false;
	*name = text_cut(t->at, (size_t)(open - t->at));
	*address = text_cut(open + 1, (size_t)(close - open - 1));
	if (name->len > NAME_LENGTH || text_find(*name, ' ') ||
		(!ip_parse_client(&ip, *address) && !text_is(*address, "unknown")))
		return false;
	*t = log_behind(*t, close + 1);
	if (t->len > 1 && t->at[0] == ':' && t->at[1] >= '0' && t->at[1] <= '9') {
		size_t n = 1;
		while (n < t->len && t->at[n] >= '0' && t->at[n] <= '9')
			n++;
		*t = log_behind(*t, t->at + n);
	}
	return true;
}

/* Up to the next comma. */
static struct text take_value(struct text *t)
{
	const char *comma = text_find(*t, ',');
	struct text value = text_cut(t->at, comma ? (size_t)(comma - t->at) : t->len);

	*t = log_behind(*t, value.at + value.len);
	return value;
}

/* Behind "client=". A user's name may hold anything: all that follows counts as it, and nothing of that is needed. */
static void read_client(struct log_line *l, struct text t)
{
	l->kind = LOG_CLIENT;
	if (!take_client(&t, &l->client_name, &l->client_address))
		return unclear(l, "no NAME[ADDRESS] behind client=");
	while (log_take(&t, ", ")) {
		if (log_take(&t, "orig_queue_id="))
			l->orig_queue_id = take_value(&t);
		else if (log_take(&t, "orig_client=")) {
			if (!take_client(&t, &l->orig_name, &l->orig_address))
				return unclear(l, "no NAME[ADDRESS] behind orig_client=");
		} else if (log_take(&t, "sasl_username=")) {
			l->sasl_username = t;
			return;
		} else
			take_value(&t);
	}
	if (t.len > 0)
		unclear(l, "something unknown behind client=");
}

/* The bytes of a local part in quotes at the head of t, 0 without one; *open: the quotes do not end. */
static size_t quoted_length(struct text t, bool *open)
{
	*open = false;
	if (t.len == 0 || t.at[0] != '"')
		return 0;
	for (size_t i = 1; i < t.len; i++) {
		if (t.at[i] == '\\')
			i++;
		else if (t.at[i] == '"')
			return i + 1;
	}
	*open = true;
	return 0;
}

/* Takes an address, and the words that follow it, off t. Outside of quotes it has no brackets; strict: and no quotes. */
static bool take_address(struct text *t, struct text *address, const char *words, bool strict)
{
	bool open;
	size_t n = quoted_length(*t, &open);

	while (n < t->len && t->at[n] != '<' && t->at[n] != '>' && !(strict && t->at[n] == '"'))
		n++;
	struct text rest = text_cut(t->at + n, t->len - n);
	if (open || n > LOG_ADDRESS || !log_take(&rest, words))
		return false;
	*address = text_cut(t->at, n);
	*t = rest;
	return true;
}

/* Behind "to=<". The recipient that the client named is the one before it was rewritten, if that is told. */
static void read_recipient(struct log_line *l, struct text t)
{
	l->kind = LOG_RECIPIENT;
	if (!take_address(&t, &l->recipient, ">, ", false))
		return unclear(l, "the address behind to= does not end");
	if (log_take(&t, "orig_to=<") && !take_address(&t, &l->recipient, ">, ", false))
		return unclear(l, "the address behind orig_to= does not end");
	if (!log_take(&t, "relay="))
		unclear(l, "no relay= behind to=");
}

static void read_sender(struct log_line *l, struct text t)
{
	l->kind = LOG_SENDER;
	if (!take_address(&t, &l->sender, ">, ", false))
		unclear(l, "the address behind from= does not end");
}

static void read_message_id(struct log_line *l, struct text t)
{
	l->kind = LOG_MESSAGE_ID;
	l->message_id = t;
}

/* Takes ` key=<VALUE>` off the end of t; no bracket is in the value. */
static bool take_last(struct text *t, const char *key, struct text *value)
{
	size_t n = strlen(key);
	const char *open = t->len > 0 && t->at[t->len - 1] == '>' ? memrchr(t->at, '<', t->len) : NULL;

	if (!open || (size_t)(open - t->at) < n || memcmp(open - n, key, n) != 0)
		return false;
	struct text inner = text_cut(open + 1, (size_t)(t->at + t->len - 1 - (open + 1)));
	if (text_find(inner, '>'))
		return false;
	*value = inner;
	*t = text_cut(t->at, (size_t)(open - n - t->at));
	return true;
}

static bool take_last_words(struct text *t, const char *words)
{
	size_t n = strlen(words);

	if (t->len < n || memcmp(t->at + t->len - n, words, n) != 0)
		return false;
	t->len -= n;
	return true;
}

/* Postfix makes HELO free of these before it checks a recipient. */
static bool is_helo(struct text t)
{
	if (t.len > LOG_ADDRESS)
		return false;
	for (size_t i = 0; i < t.len; i++)
		if (strchr(" <>()\\\";@", t.at[i]))
			return false;
	return true;
}

/*
 * "; from=<...> to=<...> " at the very end of t; the recipient may be missing. What a client said before and within it may look like
 * its beginning, but cannot be read to the end from there: outside of quotes is no bracket, and whoever begins with a quote too
 * many, or ends in one, has none left for the other address.
 */
static bool find_addresses(struct log_line *l, struct text t)
{
	static const char begin[] = "; from=<";
	const char *at;

	while ((at = memmem(t.at, t.len, begin, sizeof begin - 1))) {
		t = log_behind(t, at + sizeof begin - 1);
		struct text rest = t;
		if (!take_address(&rest, &l->sender, "> ", true))
			continue;
		l->recipient = rest;
		if (rest.len == 0)
			return true;
		if (log_take(&rest, "to=<") && take_address(&rest, &l->recipient, "> ", true) && rest.len == 0)
			return true;
	}
	return false;
}

/* "554 5.7.1 <u@example.org>: ...; from=<s@x.test> to=<u@example.org> proto=ESMTP helo=<h> sasl_username=<u>", from its end. */
static void read_reject_end(struct log_line *l, struct text t)
{
	take_last(&t, " sasl_username=", &l->sasl_username);
	l->has_helo = take_last(&t, " helo=", &l->helo);
	/* The last space stays: it ends each of the two addresses. */
	if (!is_helo(l->helo) || !(take_last_words(&t, "proto=ESMTP") || take_last_words(&t, "proto=SMTP")))
		return unclear(l, "it does not end as a reject of Postfix does");
	if (!find_addresses(l, t))
		return unclear(l, "no from=<...> to=<...> in a reject");
	if (l->recipient.len == 0)
		l->kind = LOG_OTHER; /* several: none is named */
}

/* Behind "NOQUEUE: " or a queue id. */
static void read_reject(struct log_line *l, struct text t)
{
	static const char *const stages[] = { "RCPT from ", "DATA from ", "BDAT from ", "END-OF-MESSAGE from " };
	bool stage = false;

	if (!log_take(&t, "reject: ") && !log_take(&t, "milter-reject: ") && !log_take(&t, "proxy-reject: ") &&
		!log_take(&t, "discard: "))
		return;
	for (size_t i = 0; i < sizeof stages / sizeof *stages && !stage; i++)
		stage = log_take(&t, stages[i]);
	if (!stage)
		return;
	l->kind = LOG_REJECT;
	if (take_client(&t, &l->client_name, &l->client_address) && log_take(&t, ": "))
		read_reject_end(l, t);
	else
		unclear(l, "no NAME[ADDRESS] in a reject");
}

/* "warning: hostname NAME does not resolve to address ADDRESS: ...": all that the log tells of a name that was not verified. */
static void read_reverse_name(struct log_line *l, struct text t)
{
	static const char middle[] = " does not resolve to address ";
	const char *end = memmem(t.at, t.len, middle, sizeof middle - 1);
	struct ip ip;

	if (!end || memchr(t.at, ' ', (size_t)(end - t.at)))
		return;
	struct text rest = log_behind(t, end + sizeof middle - 1);
	const char *space = text_find(rest, ' ');
	struct text address = text_cut(rest.at, space ? (size_t)(space - rest.at) : rest.len);
	if (address.len > 0 && address.at[address.len - 1] == ':')
		address.len--;
	if (!ip_parse_client(&ip, address))
		return;
	l->kind = LOG_REVERSE_NAME;
	l->client_name = text_cut(t.at, (size_t)(end - t.at));
	l->client_address = address;
}

static void read_smtpd(struct log_line *l, struct text t)
{
	if (log_take(&t, "NOQUEUE: "))
		read_reject(l, t);
	else if (log_take(&t, "warning: hostname "))
		read_reverse_name(l, t);
	else if (take_queue_id(&t, &l->queue_id)) {
		if (log_take(&t, "client="))
			read_client(l, t);
		else
			read_reject(l, t);
	}
}

/* "NOQUEUE: reject: RCPT from [192.0.2.1]:1234: 550 ...": what follows is not needed. */
static void read_postscreen(struct log_line *l, struct text t)
{
	if (log_take(&t, "NOQUEUE: reject: RCPT from ["))
		l->kind = LOG_SCREENED;
}

static void read_cleanup(struct log_line *l, struct text t)
{
	if (!take_queue_id(&t, &l->queue_id))
		return;
	if (log_take(&t, "message-id="))
		read_message_id(l, t);
	else if (log_take(&t, "to=<"))
		read_recipient(l, t);
	else
		read_reject(l, t);
}

static void read_queue(struct log_line *l, struct text t)
{
	if (!take_queue_id(&t, &l->queue_id))
		return;
	if (log_take(&t, "from=<"))
		read_sender(l, t);
	else if (text_is(t, "removed"))
		l->kind = LOG_REMOVED;
	else if (log_take(&t, "to=<"))
		read_recipient(l, t);
}

static void read_pickup(struct log_line *l, struct text t)
{
	if (take_queue_id(&t, &l->queue_id) && log_take(&t, "uid="))
		l->kind = LOG_LOCAL;
}

static void read_delivery(struct log_line *l, struct text t)
{
	if (take_queue_id(&t, &l->queue_id) && log_take(&t, "to=<"))
		read_recipient(l, t);
}

static const struct program {
	const char *name;
	void (*read)(struct log_line *l, struct text message);
} programs[] = {
	{ "smtpd", read_smtpd },
	{ "qmgr", read_queue },
	{ "cleanup", read_cleanup },
	{ "smtp", read_delivery },
	{ "lmtp", read_delivery },
	{ "local", read_delivery },
	{ "virtual", read_delivery },
	{ "pipe", read_delivery },
	{ "error", read_delivery },
	{ "pickup", read_pickup },
	{ "postsuper", read_queue },
	{ "postscreen", read_postscreen },
	{ "discard", read_delivery },
	{ "bounce", read_delivery },
	{ "nqmgr", read_queue },
	{ "oqmgr", read_queue },
};

/* rsyslog's "message repeated 2 times: [ MESSAGE]"; false when its end was cut off. */
static bool take_repeated(struct text *message, unsigned *times)
{
	struct text t = *message;
	unsigned long n;

	if (!log_take(&t, "message repeated "))
		return true;
	const char *space = text_find(t, ' ');
	if (!space || !text_number(text_cut(t.at, (size_t)(space - t.at)), TIMES_MAX, &n))
		return true;
	t = log_behind(t, space);
	if (!log_take(&t, " times: [ "))
		return true;
	*times = (unsigned)n;
	*message = t;
	return take_last_words(message, "]");
}

bool log_message_read(struct log_line *l, struct text program, struct text message)
{
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
		if (!text_is(program, programs[i].name))
			continue;
		if (take_repeated(&message, &l->times))
			programs[i].read(l, message);
		else
			unclear(l, "cut off");
		return true;
	}
	return false;
}
