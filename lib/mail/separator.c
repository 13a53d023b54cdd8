/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/separator.h"

static const char from[] = "From ";

static bool is_one_of(struct text word, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (text_is(word, names[i]))
			return true;
	return false;
}

static bool is_weekday(struct text word)
{
	static const char *const names[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };

	return is_one_of(word, names, sizeof names / sizeof *names);
}

static bool is_month(struct text word)
{
	static const char *const names[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct",
		"Nov", "Dec" };

	return is_one_of(word, names, sizeof names / sizeof *names);
}

static bool is_number(struct text word, unsigned long max)
{
	unsigned long number;

	return text_number(word, max, &number);
}

static bool is_time(struct text word)
{
	return word.len == 8 && word.at[2] == ':' && word.at[5] == ':' && is_number(text_cut(word.at, 2), 23) &&
	       is_number(text_cut(word.at + 3, 2), 59) && is_number(text_cut(word.at + 6, 2), 60);
}

static bool is_year(struct text word)
{
	return word.len == 4 && is_number(word, 9999);
}

/* "+0100", "CET". */
static bool is_zone(struct text word)
{
	if (word.len == 5 && (word.at[0] == '+' || word.at[0] == '-'))
		return is_number(text_cut(word.at + 1, 4), 9999);
	for (size_t i = 0; i < word.len; i++)
		if (word.at[i] < 'A' || word.at[i] > 'Z')
			return false;
	return word.len >= 1 && word.len <= 5;
}

static struct text take_last_word(struct text *rest)
{
	struct text whole = text_trim(*rest);
	size_t n = whole.len;

	while (n > 0 && whole.at[n - 1] != ' ' && whole.at[n - 1] != '\t')
		n--;
	*rest = text_cut(whole.at, n);
	return text_cut(whole.at + n, whole.len - n);
}

static bool ends_in_date(struct text line)
{
	struct text last = take_last_word(&line), before = take_last_word(&line);

	if ((is_year(last) && is_zone(before)) || (is_zone(last) && is_year(before)))
		before = take_last_word(&line);
	else if (!is_year(last))
		return false;
	struct text day = take_last_word(&line), month = take_last_word(&line);
	return is_time(before) && day.len <= 2 && is_number(day, 31) && is_month(month) &&
	       is_weekday(take_last_word(&line));
}

bool is_separator(struct text line)
{
	return line.len >= sizeof from - 1 && memcmp(line.at, from, sizeof from - 1) == 0;
}

bool is_dated_separator(struct text line)
{
	return is_separator(line) && ends_in_date(text_cut(line.at + sizeof from - 1, line.len - (sizeof from - 1)));
}
