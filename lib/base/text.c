/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/text.h"

#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>

enum { WORD_MAX = 64 };

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_apart(char c)
{
	return c == ',' || is_space(c);
}

/* Eight bytes at once: those that are not ASCII and those outside A to Z stay as they are. */
void text_lower(char *to, const char *from, size_t n)
{
	const uint64_t ones = 0x0101010101010101u, high = 0x80 * ones;
	uint64_t word;
	size_t i = 0;

	for (; n - i >= sizeof word; i += sizeof word) {
		memcpy(&word, from + i, sizeof word);
		uint64_t low = word & ~high, from_a = low + ones * (0x80 - 'A'), behind_z = low + ones * (0x7f - 'Z');
		word |= ((from_a & ~behind_z & ~word & high) >> 7) * 0x20;
		memcpy(to + i, &word, sizeof word);
	}
	for (; i < n; i++)
		to[i] = ascii_lower(from[i]);
}

/* Odd numbers without pattern: the fractions of the golden ratio and of the square root of 2. */
#define MULTIPLY_A 0x9e3779b97f4a7c15u
#define MULTIPLY_B 0x6a09e667f3bcc909u

static inline uint64_t hash_step(uint64_t state, uint64_t word)
{
	state ^= word;
	return (state << 29 | state >> 35) * MULTIPLY_A;
}

/* Eight bytes at once, then what is left. */
uint32_t text_hash(struct text t)
{
	uint64_t state = MULTIPLY_B ^ t.len, word;
	size_t i = 0;

	for (; t.len - i >= sizeof word; i += sizeof word) {
		memcpy(&word, t.at + i, sizeof word);
		state = hash_step(state, word);
	}
	for (word = 0; i < t.len; i++)
		word = word << 8 | (unsigned char)t.at[i];
	state = hash_step(state, word);
	return (uint32_t)((state ^ state >> 32) * MULTIPLY_B >> 32);
}

bool text_equal_nocase(struct text a, struct text b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (ascii_lower(a.at[i]) != ascii_lower(b.at[i]))
			return false;
	return true;
}

bool text_begins(struct text t, const char *letters)
{
	size_t n = strlen(letters);

	return t.len >= n && text_equal_nocase(text_cut(t.at, n), text_of(letters));
}

struct text text_trim(struct text t)
{
	while (t.len > 0 && is_space(t.at[t.len - 1]))
		t.len--;
	while (t.len > 0 && is_space(t.at[0])) {
		t.at++;
		t.len--;
	}
	return t;
}

bool text_next_word(struct text *rest, struct text *word)
{
	const char *at = rest->at, *end;
	size_t left = rest->len;

	while (left > 0 && is_apart(*at)) {
		at++;
		left--;
	}
	for (end = at; left > 0 && !is_apart(*end); left--)
		end++;
	*word = text_cut(at, (size_t)(end - at));
	*rest = text_cut(end, left);
	return word->len > 0;
}

bool text_has_word(struct text list)
{
	struct text word;

	return text_next_word(&list, &word);
}

bool text_number(struct text t, unsigned long max, unsigned long *number)
{
	unsigned long n = 0;

	if (t.len == 0)
		return false;
	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] < '0' || t.at[i] > '9')
			return false;
		unsigned long digit = (unsigned long)(t.at[i] - '0');
		if (digit > max || n > (max - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*number = n;
	return true;
}

const char *text_grouped(uint64_t n, char to[TEXT_GROUPED])
{
	char digits[TEXT_GROUPED];
	int len = snprintf(digits, sizeof digits, "%" PRIu64, n), at = 0;

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			to[at++] = ',';
		to[at++] = digits[i];
	}
	to[at] = '\0';
	return to;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned text_distance(struct text a, struct text b)
{
	unsigned row[3][WORD_MAX + 1];
	unsigned *before = row[0], *above = row[1], *here = row[2];

	if (a.len > WORD_MAX || b.len > WORD_MAX)
		return UINT_MAX;
	for (size_t j = 0; j <= b.len; j++)
		above[j] = (unsigned)j;
	for (size_t i = 1; i <= a.len; i++) {
		here[0] = (unsigned)i;
		for (size_t j = 1; j <= b.len; j++) {
			unsigned other = a.at[i - 1] != b.at[j - 1];
			here[j] = least(above[j - 1] + other, least(above[j], here[j - 1]) + 1);
			if (i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] && a.at[i - 2] == b.at[j - 1])
				here[j] = least(here[j], before[j - 2] + 1);
		}
		unsigned *spare = before;
		before = above;
		above = here;
		here = spare;
	}
	return above[b.len];
}

/* t in lower case; what is too long for a suggestion comes back as it is. */
static struct text lower(struct text t, char to[WORD_MAX])
{
	if (t.len > WORD_MAX)
		return t;
	for (size_t i = 0; i < t.len; i++)
		to[i] = ascii_lower(t.at[i]);
	return text_cut(to, t.len);
}

const char *text_nearest(struct text t, const char *const *words, size_t n)
{
	char typed[WORD_MAX], known[WORD_MAX];
	const char *best = NULL;
	unsigned best_distance = UINT_MAX;

	t = lower(t, typed);
	for (size_t i = 0; i < n; i++) {
		if (!words[i])
			continue;
		struct text word = lower(text_of(words[i]), known);
		unsigned longer = (unsigned)(word.len > t.len ? word.len : t.len);
		unsigned distance = text_distance(t, word);
		unsigned allowed = longer < 3 ? 1 : longer / 3;
		if (distance > allowed || (distance > 0 && distance >= longer) || distance >= best_distance)
			continue;
		best_distance = distance;
		best = words[i];
	}
	return best;
}
