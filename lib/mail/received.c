/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/received.h"

#include "mail/received_lex.h"

static bool word_is(struct text t, const char *word)
{
	return text_equal_nocase(t, text_of(word));
}

static struct text behind(struct text t, size_t n)
{
	return text_cut(t.at + n, t.len - n);
}

static bool contains(struct text t, const char *words)
{
	for (; t.len >= strlen(words); t = behind(t, 1))
		if (text_begins(t, words))
			return true;
	return false;
}

/* What follows the last "@": an ident is the client's word. */
static struct text without_ident(struct text t)
{
	const char *at = t.len == 0 ? NULL : memrchr(t.at, '@', t.len);

	return at ? behind(t, (size_t)(at + 1 - t.at)) : t;
}

/* "[192.0.2.1]", "[IPv6:2001:db8::1]", "[192.0.2.1]:25". */
static bool bracketed(struct text t, struct ip *ip)
{
	const char *close = text_find(t, ']');
	unsigned long port;

	if (!close || t.at[0] != '[')
		return false;
	struct text rest = behind(t, (size_t)(close + 1 - t.at));
	if (rest.len > 0 && (rest.at[0] != ':' || !text_number(behind(rest, 1), 65535, &port)))
		return false;
	t = text_cut(t.at + 1, (size_t)(close - t.at) - 1);
	return ip_parse_client(ip, text_begins(t, "IPv6:") ? behind(t, 5) : t);
}

/* What stands between `from` and `by`. */
struct peer {
	struct text said; /* the word behind `from`: a claim; Exim and qmail may have a name of DNS there */
	struct text literal; /* an address outside of comments */
	bool comment; /* there was one */
	bool tcp_info; /* the one that tells what the server saw was read: no later comment does */
	bool keyed; /* it began with helo=, port= or ident=, as Exim writes it behind a literal */
	bool nameless; /* it began with the address */
	bool behind_helo; /* qmail: a comment of its own held the HELO */
	bool lhlo; /* Zimbra: that of LMTP; the address behind it is its own */
	bool last; /* the last comment held words of the client's choice, which may have ended it: no other is to follow */
};

/*
 * "NAME [ADDRESS]" of most servers, "[ADDRESS] helo=..." of Exim, "ADDRESS" of Exchange, "ident@ADDRESS" of qmail. The last
 * address in brackets counts, for a name may look like one; but nothing behind helo= and ident=, whose values the client chose.
 */
static void read_tcp_info(struct received *r, struct peer *p, struct text comment)
{
	struct text rest = comment, word, before = { 0 }, name = { 0 };
	unsigned words = 0;
	bool in_brackets = false;
	struct ip ip;

	p->tcp_info = true;
	r->odd |= r->tls.len > 0 || r->user.len > 0; /* told before: by the client itself */
	while (lex_comment_word(&rest, &word)) {
		bool helo = text_begins(word, "helo="), ident = text_begins(word, "ident=");
		p->keyed |= words == 0 && (helo || ident || text_begins(word, "port="));
		if (helo)
			r->helo = behind(word, 5);
		p->last = helo || ident;
		if (p->last)
			break;
		words++;
		if (bracketed(without_ident(word), &ip)) {
			in_brackets = true;
			r->address = ip;
			name = without_ident(before);
		}
		before = word;
	}
	/* Not Exim's: a name of DNS that looks like its key, before the address. */
	while (p->keyed && lex_comment_word(&rest, &word))
		r->odd |= bracketed(without_ident(word), &ip);
	r->has_address = in_brackets || (words == 1 && ip_parse_client(&r->address, without_ident(before)));
	p->nameless = in_brackets && name.len == 0;
	/* (sendmail says of a name that does not lead back "(may be forged)") */
	if (name.len > 0 && !word_is(name, "unknown") && !word_is(name, "<unknown>"))
		*(contains(comment, "(may") ? &r->reverse : &r->name) = name;
}

static bool has_literal(struct text comment)
{
	struct text rest = comment, word;
	struct ip ip;

	while (lex_comment_word(&rest, &word))
		if (ip_parse_client(&ip, without_ident(word)))
			return true;
	return text_find(comment, '[') != NULL;
}

/*
 * A comment without a space before it is the end of a HELO: one word, that tells nothing. Where it is more, a parenthesis of the
 * HELO took in what is behind it, or a server writes in this way: nobody can tell which.
 */
static void read_end_of_helo(struct received *r, struct peer *p, struct text comment, const char *end)
{
	struct text word, rest = comment;

	r->odd |= has_literal(comment) || text_find(comment, '(') || text_find(comment, '\\');
	lex_comment_word(&rest, &word);
	r->odd |= word.len != comment.len;
	p->said = text_cut(p->said.at, (size_t)(end - p->said.at));
	p->literal.len = 0;
	p->comment = true;
}

/*
 * What servers write behind the comment with the address. Each kind is told by two words, so that a client whose name is
 * "authenticated.example" is none of them.
 */
static bool read_session(struct received *r, struct text comment)
{
	struct text rest = comment, first, second;

	lex_comment_word(&rest, &first);
	lex_comment_word(&rest, &second);
	if (word_is(first, "using") && text_begins(second, "TLS"))
		r->tls = second;
	else if (word_is(first, "authenticated") && word_is(second, "sender:"))
		lex_comment_word(&rest, &r->user);
	else if ((word_is(first, "authenticated") && (second.len == 0 || text_begins(second, "bits="))) ||
		 text_is(first, "AUTH:"))
		r->user = text_of("authenticated");
	else /* (Postfix, of certificates) */
		return (word_is(first, "Client") && (word_is(second, "CN") || word_is(second, "did"))) ||
		       (word_is(first, "No") && word_is(second, "client"));
	return true;
}

/* In the order that servers have: else a HELO may have been the comment that was read, and this is the real one. */
static void read_peer_comment(struct received *r, struct peer *p, struct text comment)
{
	struct text rest = comment, first;

	p->comment = true;
	r->odd |= p->last;
	lex_comment_word(&rest, &first);
	bool lhlo = word_is(first, "LHLO");
	if (lhlo || word_is(first, "HELO") || word_is(first, "EHLO")) {
		r->odd |= p->behind_helo || p->tcp_info;
		p->behind_helo = true;
		p->lhlo = lhlo;
		lex_comment_word(&rest, &r->helo);
	} else if (!read_session(r, comment)) {
		if (p->tcp_info) {
			r->odd |= has_literal(comment);
			p->last = true;
		} else {
			read_tcp_info(r, p, comment);
		}
	}
	r->odd |= p->said.len == 0 && !r->has_address;
}

/* From behind `from` to behind `by`. */
static void read_peer(struct received *r, struct peer *p, struct lex *l)
{
	struct text t;
	enum lex_kind kind = lex_next(l, &t);
	const char *end_of_helo = NULL;
	struct ip ip;

	if (kind == LEX_WORD) {
		p->said = t;
		end_of_helo = l->at;
		if (bracketed(t, &ip))
			p->literal = t;
		kind = lex_next(l, &t);
	}
	for (; kind == LEX_COMMENT || kind == LEX_WORD; kind = lex_next(l, &t)) {
		if (kind == LEX_COMMENT && end_of_helo && t.at == end_of_helo + 1) {
			read_end_of_helo(r, p, t, l->at);
			end_of_helo = l->at;
		} else if (kind == LEX_COMMENT)
			read_peer_comment(r, p, t);
		else if (word_is(t, "by"))
			return;
		else if (p->comment || !bracketed(t, &ip)) /* (fetchmail: from HOST [ADDRESS] by) */
			r->odd = true;
	}
	r->odd = true;
}

/* "ESMTPSA" and its like (RFC 3848, RFC 6531, Exim): what the letters behind SMTP or LMTP say. */
static void read_protocol(struct received *r, struct text word)
{
	struct text t = text_begins(word, "UTF8") ? behind(word, 4) : word;

	r->protocol = word;
	if (word_is(t, "asmtp"))
		t = text_of("smtpa");
	if (text_begins(t, "E"))
		t = behind(t, 1);
	if (!text_begins(t, "SMTP") && !text_begins(t, "LMTP"))
		return;
	t = behind(t, 4);
	bool tls = text_begins(t, "S"), user = word_is(t, tls ? "SA" : "A");
	if (tls && t.len == (size_t)1 + user && r->tls.len == 0)
		r->tls = word;
	if (user && r->user.len == 0)
		r->user = text_of("authenticated");
}

/* What stands behind `by`. */
struct tail {
	bool exim, ik2; /* whose line it is */
	struct text clause; /* the keyword whose value comes next; empty: none */
};

static void read_tail_comment(struct received *r, struct tail *tail, struct text comment)
{
	struct text rest = comment, first, second;

	lex_comment_word(&rest, &first);
	lex_comment_word(&rest, &second);
	tail->exim |= word_is(first, "Exim");
	tail->ik2 |= word_is(first, "IK2");
	if (word_is(first, "using"))
		first = second;
	if (r->tls.len == 0 && (text_begins(first, "TLS") || text_begins(first, "version=TLS")))
		r->tls = first;
}

static struct text without_angles(struct text t)
{
	return t.len >= 2 && t.at[0] == '<' && t.at[t.len - 1] == '>' ? text_cut(t.at + 1, t.len - 2) : t;
}

/* Of each clause the first counts. */
static void read_tail_word(struct received *r, struct tail *tail, struct text word)
{
	struct text clause = tail->clause;

	tail->clause = text_cut(word.at, 0);
	if (word_is(word, "by") || word_is(word, "from"))
		r->odd = true;
	else if (word_is(clause, "with") && r->protocol.len == 0)
		read_protocol(r, word);
	else if (word_is(clause, "for") && r->recipient.len == 0)
		r->recipient = without_angles(word);
	else if (word_is(word, "with") || word_is(word, "for") || word_is(word, "id"))
		tail->clause = word;
}

/* From behind `by`. */
static void read_tail(struct received *r, struct tail *tail, struct lex *l)
{
	struct text t;
	enum lex_kind kind;

	l->quotes = true;
	kind = lex_next(l, &t);
	if (kind == LEX_WORD) {
		r->by = t;
		kind = lex_next(l, &t);
	}
	for (; kind == LEX_COMMENT || kind == LEX_WORD; kind = lex_next(l, &t)) {
		if (kind == LEX_COMMENT)
			read_tail_comment(r, tail, t);
		else
			read_tail_word(r, tail, t);
	}
	r->date = text_trim(text_cut(l->at, (size_t)(l->end - l->at)));
}

/* Which of what was said is an address, a name, a claim: that depends on who wrote the line. */
static void settle(struct received *r, const struct peer *p, const struct tail *tail)
{
	if (!r->has_address && p->literal.len > 0 && (p->keyed || (tail->exim && !p->comment)))
		r->has_address = bracketed(p->literal, &r->address);
	else if (tail->ik2 && !p->comment)
		r->helo_untold = r->has_address = ip_parse_client(&r->address, p->said);
	r->has_address &= !p->lhlo;
	if (p->behind_helo) {
		r->reverse = word_is(p->said, "unknown") ? r->reverse : p->said;
		return;
	}
	if ((tail->exim || r->helo.len > 0) && p->nameless && p->literal.len == 0)
		r->name = p->said; /* Exim has the verified name there, and the HELO behind helo= if it is another */
	if (r->helo.len == 0 && !r->helo_untold)
		r->helo = p->said;
}

static bool fits(const struct received *r)
{
	const struct text *parts[] = { &r->helo, &r->name, &r->reverse, &r->by, &r->protocol, &r->recipient, &r->tls,
		&r->user };

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (parts[i]->len > RECEIVED_WORD)
			return false;
	return true;
}

void received_parse(struct received *r, struct text value)
{
	struct lex l = { value.at, value.at + value.len, false };
	struct peer peer = { 0 };
	struct tail tail = { 0 };
	struct text t, word;

	*r = (struct received){ 0 };
	switch (lex_next(&l, &t)) {
	case LEX_COMMENT: /* qmail: (qmail N invoked by uid N); sendmail: (from USER@HOST) by */
		if (lex_comment_word(&t, &word) && word_is(word, "from") && lex_next(&l, &t) == LEX_WORD &&
			word_is(t, "by"))
			break;
		return;
	case LEX_WORD:
		break;
	default:
		r->odd = true;
		return;
	}
	if (text_begins(text_cut(t.at, (size_t)(l.end - t.at)), "from mail pickup service by ")) {
		l.at = t.at + strlen("from mail pickup service by"); /* of Microsoft: a file in a folder */
	} else if (word_is(t, "from")) {
		r->has_from = true;
		read_peer(r, &peer, &l);
	} else if (!word_is(t, "by")) {
		r->odd = true;
		return;
	}
	read_tail(r, &tail, &l);
	if (r->has_from)
		settle(r, &peer, &tail);
	const char *behind_helo = peer.said.len > 0 ? peer.said.at + peer.said.len : value.at;
	r->doubtful = lex_count(text_cut(behind_helo, (size_t)(l.end - behind_helo)), "by") > 1;
	/* (no name of a host is nearly as long) */
	r->helo.len = r->helo.len < RECEIVED_WORD ? r->helo.len : RECEIVED_WORD;
	r->odd |= !fits(r);
}
