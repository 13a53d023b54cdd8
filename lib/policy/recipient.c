/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/recipient.h"

#include <stdint.h>

#include "policy/domain.h"
#include "policy/fold.h"

#define ALL_SEEN ((size_t)-1)

/* What a byte of an address is. */
enum { NAME = 1, FOREIGN = 2, CUT = 4, COLON = 8, TAKEN_OUT = 16, OTHER = 32 };
static const uint8_t kind[256] = { ['a' ... 'z'] = NAME,
	['A' ... 'Z'] = NAME,
	['0' ... '9'] = NAME,
	['-'] = NAME,
	['_'] = NAME,
	['.'] = NAME,
	[128 ... 255] = FOREIGN, /* of a letter that is not ASCII */
	['@'] = CUT,
	['%'] = CUT,
	['!'] = CUT,
	[','] = CUT,
	[':'] = CUT | COLON,
	/* Postfix takes these out of an address when it parses it again. */
	[0 ... ' '] = TAKEN_OUT,
	[0x7f] = TAKEN_OUT,
	['"'] = TAKEN_OUT,
	['\\'] = TAKEN_OUT,
	['#' ... '$'] = OTHER,
	['&' ... '+'] = OTHER,
	['/'] = OTHER,
	[';' ... '?'] = OTHER,
	['['] = OTHER,
	[']' ... '^'] = OTHER,
	['`'] = OTHER,
	['{' ... '~'] = OTHER };

static uint8_t kind_of(char c)
{
	return kind[(unsigned char)c];
}

/* The kinds of all bytes. */
static uint8_t kinds_of(struct text t)
{
	uint8_t all = 0;

	for (size_t i = 0; i < t.len; i++)
		all |= kind_of(t.at[i]);
	return all;
}

/* A `:` behind an `@` or `%`: a source route, which eats the domain it names. */
static bool has_route(const struct recipient *r)
{
	bool open = false;

	for (size_t i = 0; i < r->len; i++) {
		if (open && r->clean[i] == ':')
			return true;
		open |= r->clean[i] == '@' || r->clean[i] == '%';
	}
	return false;
}

/* Nearly always there is nothing to take out. */
static size_t clean(char to[RECIPIENT_MAX], struct text address, uint8_t kinds)
{
	size_t len = 0;

	if (!(kinds & TAKEN_OUT) && address.len <= RECIPIENT_MAX) {
		memcpy(to, address.at, address.len);
		return address.len;
	}
	for (size_t i = 0; i < address.len && len < RECIPIENT_MAX; i++)
		if (!(kind_of(address.at[i]) & TAKEN_OUT))
			to[len++] = address.at[i];
	return len;
}

void recipient_start(struct recipient *r, struct text address, enum recipient_rule rule,
	recipient_has_section *has_section, const void *context)
{
	uint8_t kinds = kinds_of(address);

	r->len = r->end = clean(r->clean, address, kinds);
	r->rule = rule;
	r->counted = false;
	r->no_domain_due = rule == RECIPIENT_STRICT && (kinds & COLON) != 0 && has_route(r);
	r->has_section = has_section;
	r->context = context;
	r->folded_len = 0;
}

static struct text trim_dots(struct text t)
{
	while (t.len > 0 && t.at[0] == '.')
		t = text_cut(t.at + 1, t.len - 1);
	while (t.len > 0 && t.at[t.len - 1] == '.')
		t.len--;
	return t;
}

static bool has_section(const struct recipient *r, struct text name)
{
	char normal[DOMAIN_MAX];
	size_t len = domain_normalise(name, normal, sizeof normal);

	return len <= sizeof normal && r->has_section(r->context, text_cut(normal, len));
}

/*
 * Whether a piece that stands where a domain can stand is one. last: what follows the last `@` of all. Leaves its second form, if
 * it has one, in r->folded.
 */
static bool piece_counts(struct recipient *r, struct text piece, uint8_t kinds, bool last)
{
	if (piece.len == 0 || (kinds & ~(NAME | FOREIGN)) != 0)
		return false;
	r->folded_len = kinds & FOREIGN ? fold(piece, r->folded) : 0;
	if (text_equal(piece, text_cut(r->folded, r->folded_len)))
		r->folded_len = 0;
	if (last || domain_has_dot(piece) || has_section(r, piece) ||
		(r->folded_len > 0 && has_section(r, text_cut(r->folded, r->folded_len))))
		return true;
	r->folded_len = 0;
	return false;
}

/* Takes the rightmost piece off that was not seen, true when it counts. */
static bool take_piece(struct recipient *r, struct text *piece)
{
	size_t end = r->end, start = end;
	bool routes = r->rule == RECIPIENT_STRICT;
	uint8_t kinds = 0, k;

	for (; start > 0; start--, kinds |= k) {
		k = kind_of(r->clean[start - 1]);
		if ((k & CUT) && (routes || r->clean[start - 1] == '@'))
			break;
	}
	r->end = start > 0 && routes ? start - 1 : ALL_SEEN;
	char left = start > 0 ? r->clean[start - 1] : 0, right = end < r->len ? r->clean[end] : 0;
	*piece = trim_dots(text_cut(r->clean + start, end - start));
	if (left != '@' && left != '%' && right != '!')
		return false;
	return piece_counts(r, *piece, kinds, end == r->len && left == '@');
}

bool recipient_next(struct recipient *r, char *name, size_t cap, size_t *len)
{
	struct text piece;

	if (r->folded_len > 0) {
		*len = domain_normalise(text_cut(r->folded, r->folded_len), name, cap);
		r->folded_len = 0;
		return true;
	}
	while (r->end != ALL_SEEN) {
		if (!take_piece(r, &piece))
			continue;
		r->counted = true;
		*len = domain_normalise(piece, name, cap);
		return true;
	}
	if (r->counted && !r->no_domain_due)
		return false;
	r->counted = true;
	r->no_domain_due = false;
	*len = 0;
	return true;
}
