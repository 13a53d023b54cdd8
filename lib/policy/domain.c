/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/domain.h"

#include <idn2.h>
#include <stdint.h>

#include "base/utf8.h"
#include "net/ip.h"
#include "policy/fold.h"

enum {
	NAME_MAX_BYTES = 8192,
	LABEL_MAX = 63,
	NAME_MAX_DNS = 253,
	UTF8_MAX = 4, /* bytes of a character, each of which takes a byte of an A-label at least */
};

/* A name that is being written into cap bytes; len goes on counting behind the end. */
struct out {
	char *to;
	size_t cap, len;
};

static void put_lower(struct out *o, const char *at, size_t n)
{
	size_t room = o->len < o->cap ? o->cap - o->len : 0, most = n < room ? n : room;

	text_lower(o->to + o->len, at, most);
	o->len += n;
}

static bool is_ascii(struct text t)
{
	uint64_t all = 0, word;
	size_t i = 0;

	for (; t.len - i >= sizeof word; i += sizeof word) {
		memcpy(&word, t.at + i, sizeof word);
		all |= word;
	}
	for (; i < t.len; i++)
		all |= (unsigned char)t.at[i];
	return (all & 0x8080808080808080u) == 0;
}

static struct text cut_dots(struct text t)
{
	while (t.len > 0 && t.at[t.len - 1] == '.')
		t.len--;
	return t;
}

/* The A-label form of t, for idn2_free; NULL when libidn2 refuses it, or t holds a NUL or is longer than any name can be. */
static char *alabels_of(struct text t)
{
	char zero_ended[NAME_MAX_BYTES + 1];
	uint8_t *found = NULL;

	if (t.len > NAME_MAX_BYTES || text_find(t, '\0'))
		return NULL;
	memcpy(zero_ended, t.at, t.len);
	zero_ended[t.len] = 0;
	if (idn2_lookup_u8((const uint8_t *)zero_ended, &found, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
		return NULL;
	return (char *)found;
}

static bool put_alabels(struct out *o, struct text t)
{
	char *found = alabels_of(t);

	if (!found)
		return false;
	struct text name = cut_dots(text_of(found));
	put_lower(o, name.at, name.len);
	idn2_free(found);
	return true;
}

/* Letters and digits alone: some characters stand for a dot, a space or several signs. */
static bool is_word(struct text t)
{
	for (size_t i = 0; i < t.len; i++) {
		char lower = ascii_lower(t.at[i]);
		if ((unsigned char)lower < 0x80 && (lower < 'a' || lower > 'z') && (lower < '0' || lower > '9'))
			return false;
	}
	return t.len > 0;
}

/* A character that is not ASCII, its case folded: there and back again through an A-label of its own. */
static void put_character(struct out *o, struct text c)
{
	char *alabel = alabels_of(c), *folded = NULL;

	if (alabel && idn2_to_unicode_8z8z(alabel, &folded, 0) == IDN2_OK && is_word(text_of(folded)))
		c = text_of(folded);
	put_lower(o, c.at, c.len);
	idn2_free(folded);
	idn2_free(alabel);
}

/*
 * A label that libidn2 refuses, over an emoji or the direction of its letters: Postfix folds the case of the others all the same
 * when it compares names, and delivers to either.
 */
static void put_refused(struct out *o, struct text label)
{
	char folded[UTF8_MAX * LABEL_MAX * 2];
	struct out f = { folded, sizeof folded, 0 };
	unsigned long code;

	for (size_t i = 0, n; i < label.len && f.len <= sizeof folded; i += n) {
		struct text rest = { label.at + i, label.len - i };
		n = utf8_length(rest, &code);
		if (n > 0) {
			put_character(&f, text_cut(rest.at, n));
		} else {
			n = 1;
			put_lower(&f, rest.at, n);
		}
	}
	struct text whole = { folded, f.len };
	if (f.len > sizeof folded) /* no label is that long */
		put_lower(o, label.at, label.len);
	else if (text_equal(whole, label) || !put_alabels(o, whole))
		put_lower(o, folded, f.len);
}

static void put_by_label(struct out *o, struct text name)
{
	for (;;) {
		const char *dot = text_find(name, '.');
		struct text label = { name.at, dot ? (size_t)(dot - name.at) : name.len };
		if (is_ascii(label))
			put_lower(o, label.at, label.len);
		else if (!put_alabels(o, label))
			put_refused(o, label);
		if (!dot)
			return;
		put_lower(o, ".", 1);
		name = text_cut(dot + 1, name.len - label.len - 1);
	}
}

size_t domain_normalise(struct text name, char *to, size_t cap)
{
	struct out o = { to, cap, 0 };

	name = cut_dots(name);
	if (is_ascii(name))
		put_lower(&o, name.at, name.len);
	else if (!put_alabels(&o, name))
		put_by_label(&o, name);
	return o.len;
}

bool domain_is_foreign(struct text name)
{
	return !is_ascii(name) || memmem(name.at, name.len, "xn--", 4) != NULL;
}

bool domain_letters(struct text name, char to[DOMAIN_LETTERS])
{
	char given[DOMAIN_MAX + 1];
	char *letters = NULL;
	struct text spelt;
	bool fits;

	if (name.len > DOMAIN_MAX || !domain_is_foreign(name))
		return false;
	memcpy(given, name.at, name.len);
	given[name.len] = 0;
	/* The leading dot is no label to libidn2. */
	if (idn2_to_unicode_8z8z(given + (given[0] == '.'), &letters, 0) != IDN2_OK)
		letters = NULL;
	spelt = letters ? text_of(letters) : text_of(given + (given[0] == '.'));
	to[0] = '.';
	fits = spelt.len < DOMAIN_LETTERS - 1;
	if (fits)
		to[fold(spelt, to + (given[0] == '.')) + (given[0] == '.')] = 0;
	idn2_free(letters);
	return fits && !text_is(name, to);
}

bool domain_folded(struct text name, char to[DOMAIN_MAX + 1])
{
	char letters[DOMAIN_LETTERS];

	return domain_letters(name, letters) && domain_parse(text_of(letters), true, to, NULL) == 0 &&
	       !text_is(name, to);
}

static bool has_empty_label(struct text t)
{
	char before = '.';

	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] == '.' && before == '.')
			return true;
		before = t.at[i];
	}
	return before == '.';
}

size_t domain_of_host(struct text name, char *to, size_t cap)
{
	if (name.len > 0 && name.at[name.len - 1] == '.')
		name.len--;
	if (has_empty_label(name) || name.at[0] == '[')
		return 0;
	size_t len = domain_normalise(name, to, cap);
	/* Only libidn2 makes dots of what was none. */
	return len > cap || (!is_ascii(name) && has_empty_label(text_cut(to, len))) ? 0 : len;
}

bool domain_within(struct text host, struct text domain)
{
	if (domain.len == 0 || host.len < domain.len)
		return false;
	size_t above = host.len - domain.len;
	return memcmp(host.at + above, domain.at, domain.len) == 0 && (above == 0 || host.at[above - 1] == '.');
}

bool domain_has_dot(struct text name)
{
	return text_find(name, '.') != NULL;
}

/* What is no domain at all but was probably meant as one: -1 with words, or 0. */
static int refuse_other_things(struct text name, bool leading_dot, struct err *e)
{
	const char *at = memrchr(name.at, '@', name.len);
	struct ip ip;

	if (name.len == 0)
		return err_set(e, "an empty name is no domain");
	if (name.at[0] == '[')
		return err_set(e, "`%.*s` is an address literal, not a domain", (int)name.len, name.at);
	if (ip_parse(&ip, cut_dots(name)))
		return err_set(e, "`%.*s` is an address, not a domain", (int)name.len, name.at);
	if (at)
		return err_set(e, "`%.*s` is a mail address: `%.*s` meant?", (int)name.len, name.at,
			(int)(name.at + name.len - at - 1), at + 1);
	if (name.len > 2 && name.at[0] == '*' && name.at[1] == '.')
		return err_set(e, "`%.*s`: no wildcards here: `%.*s` meant?", (int)name.len, name.at,
			(int)(name.len - (leading_dot ? 1 : 2)), name.at + (leading_dot ? 1 : 2));
	if (name.at[0] == '.' && !leading_dot)
		return err_set(e, "`%.*s` begins with a dot: `%.*s` meant?", (int)name.len, name.at,
			(int)(name.len - 1), name.at + 1);
	return 0;
}

static bool name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || (c & 0x80);
}

/* The normalised name, without a leading dot: letters, labels, lengths. given: as the person wrote it. */
/* What libidn2 refused stays as it was written: then it must at least be text. */
static int check_text(struct text name, struct text given, struct err *e)
{
	unsigned long code;

	while (name.len > 0) {
		size_t n = name.at[0] & 0x80 ? utf8_length(name, &code) : 1;
		if (n == 0)
			return err_set(e, "`%.*s` is not UTF-8", (int)given.len, given.at);
		if (n > 1 && utf8_misleads(code))
			return err_set(e, "`%.*s`: U+%04lX cannot stand in a domain", (int)given.len, given.at, code);
		name = text_cut(name.at + n, name.len - n);
	}
	return 0;
}

static int check_labels(struct text name, struct text given, struct err *e)
{
	size_t label = 0;

	if (name.len > NAME_MAX_DNS)
		return err_set(e, "a name of %zu bytes: DNS has at most %d", name.len, NAME_MAX_DNS);
	if (has_empty_label(name))
		return err_set(e, "`%.*s` has an empty label", (int)given.len, given.at);
	for (size_t i = 0; i < name.len; i++) {
		if (!name_byte(name.at[i]))
			return err_set(
				e, "`%c` cannot stand in the domain `%.*s`", name.at[i], (int)given.len, given.at);
		label = name.at[i] == '.' ? 0 : label + 1;
		if (label > LABEL_MAX)
			return err_set(
				e, "`%.*s` has a label of more than %d bytes", (int)given.len, given.at, LABEL_MAX);
	}
	return 0;
}

int domain_parse(struct text name, bool leading_dot, char to[DOMAIN_MAX + 1], struct err *e)
{
	if (refuse_other_things(name, leading_dot, e) < 0)
		return -1;
	bool dot = name.at[0] == '.';
	struct text bare = text_cut(name.at + dot, name.len - dot);
	to[0] = '.';
	size_t len = domain_normalise(bare, to + dot, DOMAIN_MAX - dot);
	struct text normalised = text_cut(to + dot, len);
	if (check_labels(normalised, name, e) < 0 || check_text(normalised, name, e) < 0)
		return -1;
	if (refuse_other_things(normalised, false, e) < 0) /* IDNA makes digits and dots of other characters */
		return -1;
	to[dot + len] = 0;
	return 0;
}
