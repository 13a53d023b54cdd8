/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/received_lex.h"

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Behind the quoted string that begins at `at`, or at + 1 when it does not end. */
static const char *skip_quoted(const char *at, const char *end)
{
	for (const char *p = at + 1; p < end; p++) {
		if (*p == '"')
			return p + 1;
		if (*p == '\\')
			p++;
	}
	return at + 1;
}

/* The same for <...>. */
static const char *skip_angle(const char *at, const char *end)
{
	const char *p = at + 1;

	while (p < end) {
		if (*p == '>')
			return p + 1;
		p = *p == '"' ? skip_quoted(p, end) : p + 1;
	}
	return at + 1;
}

/* Behind the byte or, with quotes, behind the piece that begins at `at`. */
static const char *skip_piece(const char *at, const char *end, bool quotes)
{
	if (quotes && *at == '"')
		return skip_quoted(at, end);
	if (quotes && *at == '<')
		return skip_angle(at, end);
	return at + 1;
}

/* Behind the `)` of the comment that begins at `at`, or the end. */
static const char *skip_comment(const char *at, const char *end, bool quotes)
{
	unsigned depth = 0;

	while (at < end) {
		char c = *at;
		if (c == '\\' && at + 1 < end) {
			at += 2;
			continue;
		}
		depth += c == '(';
		depth -= c == ')';
		/* (a quote within a comment means nothing but within <...>) */
		at = c == '<' ? skip_piece(at, end, quotes) : at + 1;
		if (depth == 0)
			break;
	}
	return at;
}

static struct text between(const char *from, const char *to)
{
	return text_cut(from, (size_t)(to - from));
}

enum lex_kind lex_next(struct lex *l, struct text *t)
{
	const char *begin;

	while (l->at < l->end && is_space(*l->at))
		l->at++;
	begin = l->at;
	*t = text_cut(begin, 0);
	if (begin == l->end)
		return LEX_END;
	if (l->quotes && *begin == ';') {
		l->at++;
		return LEX_SEMICOLON;
	}
	if (*begin == '(') {
		l->at = skip_comment(begin, l->end, l->quotes);
		*t = between(begin + 1, l->at[-1] == ')' && l->at - begin > 1 ? l->at - 1 : l->at);
		return LEX_COMMENT;
	}
	while (l->at < l->end && !is_space(*l->at) && *l->at != '(' && !(l->quotes && *l->at == ';'))
		l->at = skip_piece(l->at, l->end, l->quotes);
	*t = between(begin, l->at);
	return LEX_WORD;
}

bool lex_comment_word(struct text *comment, struct text *word)
{
	const char *at = comment->at, *end = at + comment->len;

	while (at < end && (is_space(*at) || *at == '('))
		at = *at == '(' ? skip_comment(at, end, false) : at + 1;
	*word = text_cut(at, 0);
	while (at < end && !is_space(*at) && *at != '(')
		at++;
	word->len = (size_t)(at - word->at);
	*comment = between(at, end);
	return word->len > 0;
}

static bool is_edge(char c)
{
	return is_space(c) || c == '(' || c == ')';
}

unsigned lex_count(struct text t, const char *word)
{
	const char *at = t.at, *end = at + t.len, *begin;
	unsigned n = 0;

	while (at < end) {
		while (at < end && is_edge(*at))
			at++;
		begin = at;
		while (at < end && !is_edge(*at))
			at++;
		n += text_equal_nocase(between(begin, at), text_of(word));
	}
	return n;
}
