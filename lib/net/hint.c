/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/hint.h"

#include <stdio.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Takes the text up to the next dot, and the dot. */
static struct text next_part(struct text *rest)
{
	const char *dot = text_find(*rest, '.');
	struct text part = text_cut(rest->at, dot ? (size_t)(dot - rest->at) : rest->len);
	size_t taken = part.len + (dot ? 1 : 0);

	*rest = text_cut(rest->at + taken, rest->len - taken);
	return part;
}

unsigned hint_quad(struct text t, char to[IP_TEXT])
{
	unsigned long parts[4] = { 0 };
	unsigned n = 0;

	while (t.len > 0) {
		struct text part = next_part(&t);
		bool wild = text_is(part, "*") || text_equal_nocase(part, text_of("x"));
		if (wild && n > 0 && t.len == 0)
			break;
		if (n == 4 || part.len > 3 || !text_number(part, 255, &parts[n]))
			return 0;
		n++;
	}
	if (n > 0)
		snprintf(to, IP_TEXT, "%lu.%lu.%lu.%lu", parts[0], parts[1], parts[2], parts[3]);
	return n;
}

static bool only_digits_and_dots(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (!is_digit(t.at[i]) && t.at[i] != '.')
			return false;
	return true;
}

/* One colon behind a dotted quad. */
static bool has_port(struct text t)
{
	const char *colon = text_find(t, ':');
	struct ip ip;

	return colon && ip_parse(&ip, text_cut(t.at, (size_t)(colon - t.at)));
}

static const char *why_not(struct text t)
{
	struct ip ip;

	if (t.len == 0)
		return "an address is missing";
	if (text_find(t, '[') || text_find(t, ']'))
		return "addresses are written without brackets";
	if (text_find(t, '%') && ip_parse_client(&ip, t))
		return "a scope id (%...) has no place here";
	if (has_port(t))
		return "a port has no place here";
	if (text_find(t, '*'))
		return "there are no wildcards; write a prefix as in 192.0.2.0/24";
	if (only_digits_and_dots(t))
		return "an IPv4 address is four numbers from 0 to 255 with dots between them";
	if (!text_find(t, ':') && text_find(t, '.'))
		return "not an address; names belong to `domains`";
	return "not an address";
}

int hint_address(struct text t, struct text whole, struct err *e)
{
	char quad[IP_TEXT];
	unsigned numbers = hint_quad(t, quad);

	if (numbers == 4)
		return err_set(e, HINT_QUOTED ": numbers are written without leading zeros: %s meant?",
			HINT_TEXT(whole), quad);
	if (numbers > 0)
		return err_set(e, HINT_QUOTED ": an IPv4 address has four numbers: %s/%u meant?", HINT_TEXT(whole),
			quad, 8 * numbers);
	return err_set(e, HINT_QUOTED ": %s", HINT_TEXT(whole), why_not(t));
}
