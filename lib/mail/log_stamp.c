/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/log_stamp.h"

/* How a stamp looks: 0 a digit, A a letter, _ a space or a digit, anything else itself. */
static bool looks(struct text t, const char *form)
{
	size_t n = strlen(form);

	if (t.len < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = t.at[i];
		bool digit = c >= '0' && c <= '9';
		bool letter = ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
		switch (form[i]) {
		case '0':
			if (!digit)
				return false;
			break;
		case '_':
			if (!digit && c != ' ')
				return false;
			break;
		case 'A':
			if (!letter)
				return false;
			break;
		default:
			if (c != form[i])
				return false;
		}
	}
	return true;
}

static size_t digits(struct text t, size_t at)
{
	size_t n = 0;

	while (at + n < t.len && t.at[at + n] >= '0' && t.at[at + n] <= '9')
		n++;
	return n;
}

/* Where the fraction of a second ends that may begin at `at`. */
static size_t fraction(struct text t, size_t at)
{
	if (at >= t.len || (t.at[at] != '.' && t.at[at] != ','))
		return at;
	size_t n = digits(t, at + 1);
	return n > 0 ? at + 1 + n : at;
}

/* Where the zone ends that may begin at `at`: Z, +01:00, +0100. */
static size_t zone(struct text t, size_t at)
{
	struct text rest = text_cut(t.at + at, t.len - at);

	if (rest.len > 0 && rest.at[0] == 'Z')
		return at + 1;
	if (rest.len == 0 || (rest.at[0] != '+' && rest.at[0] != '-'))
		return at;
	rest.at++;
	rest.len--;
	return looks(rest, "00:00") ? at + 6 : looks(rest, "0000") ? at + 5 : at;
}

static const char syslog_form[] = "AAA _0 00:00:00", iso_form[] = "0000-00-00T00:00:00",
		  full_form[] = "AAA 0000-00-00 00:00:00";

/* The length of the stamp at the head of t, 0 without one. */
static size_t stamp_length(struct text t)
{
	if (looks(t, syslog_form))
		return fraction(t, sizeof syslog_form - 1);
	if (looks(t, iso_form))
		return zone(t, fraction(t, sizeof iso_form - 1));
	if (looks(t, full_form)) {
		size_t end = fraction(t, sizeof full_form - 1), word = end + 1;
		while (word < t.len && t.at[word] != ' ')
			word++;
		return word < t.len ? word : end; /* with the zone's name */
	}
	size_t seconds = digits(t, 0), end = fraction(t, seconds);
	return seconds >= 9 && end > seconds ? end : 0;
}

bool log_stamp_take(struct text *line, struct text *stamp)
{
	size_t n = stamp_length(*line);

	if (n == 0 || n >= line->len || line->at[n] != ' ')
		return false;
	*stamp = text_cut(line->at, n);
	while (n < line->len && line->at[n] == ' ')
		n++;
	*line = text_cut(line->at + n, line->len - n);
	return true;
}

void log_clock_start(struct log_clock *c, time_t reference)
{
	struct tm tm;

	*c = (struct log_clock){ .reference = reference };
	/* A day of grace, for clocks that differ and for what is written right now. */
	reference += 24 * 60 * 60;
	if (localtime_r(&reference, &tm)) {
		c->year = tm.tm_year + 1900;
		c->month = tm.tm_mon + 1;
		c->day = tm.tm_mday;
	}
}

static int32_t number(const char *at, size_t n)
{
	int32_t value = 0;

	for (size_t i = 0; i < n; i++)
		value = value * 10 + (at[i] == ' ' ? 0 : at[i] - '0');
	return value;
}

static int32_t month_of(const char *at)
{
	static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
	char name[3];

	text_lower(name, at, sizeof name);
	for (int32_t i = 0; i < 12; i++)
		if (memcmp(months + 3 * i, name, sizeof name) == 0)
			return i + 1;
	return 0;
}

/* Days since 1970-01-01 of a day of the Gregorian calendar; the year begins in March, so that a leap day ends it. */
static int64_t days_of(int32_t year, int32_t month, int32_t day)
{
	int64_t y = month > 2 ? year : (int64_t)year - 1, era = y / 400, of_era = y - era * 400;
	int64_t of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* A wall clock's reading. */
struct reading {
	int32_t year, month, day, hour, minute, second;
};

static bool is_time(const struct reading *r)
{
	return r->month >= 1 && r->month <= 12 && r->day >= 1 && r->day <= 31 && r->hour <= 23 && r->minute <= 59 &&
	       r->second <= 60;
}

/* Offset in seconds: how far the wall clock is ahead of UTC. */
static time_t time_utc(const struct reading *r, int32_t offset)
{
	return days_of(r->year, r->month, r->day) * 86400 + r->hour * 3600 + r->minute * 60 + r->second - offset;
}

static bool same_hour(const struct log_clock *c, const struct reading *r)
{
	return c->hour_known && c->hour == r->hour && c->hour_day == r->day && c->hour_month == r->month &&
	       c->hour_year == r->year;
}

static time_t time_local(struct log_clock *c, const struct reading *r)
{
	if (!same_hour(c, r)) {
		struct tm tm = { .tm_year = r->year - 1900,
			.tm_mon = r->month - 1,
			.tm_mday = r->day,
			.tm_hour = r->hour,
			.tm_isdst = -1 };
		c->hour_begins = mktime(&tm);
		c->hour_year = r->year;
		c->hour_month = r->month;
		c->hour_day = r->day;
		c->hour = r->hour;
		c->hour_known = true;
	}
	return c->hour_begins == (time_t)-1 ? 0 : c->hour_begins + r->minute * 60 + r->second;
}

static void read_clock(struct reading *r, const char *at)
{
	r->hour = number(at, 2);
	r->minute = number(at + 3, 2);
	r->second = number(at + 6, 2);
}

static void read_day(struct reading *r, const char *at)
{
	r->year = number(at, 4);
	r->month = number(at + 5, 2);
	r->day = number(at + 8, 2);
}

static time_t time_syslog(struct log_clock *c, struct text stamp)
{
	struct reading r = { .year = c->year, .month = month_of(stamp.at), .day = number(stamp.at + 4, 2) };

	read_clock(&r, stamp.at + 7);
	if (r.month > c->month || (r.month == c->month && r.day > c->day))
		r.year--;
	return is_time(&r) ? time_local(c, &r) : 0;
}

/* What stands behind the seconds at `at`: a fraction, then a zone or nothing. */
static time_t time_iso(struct log_clock *c, struct text stamp)
{
	struct reading r;
	size_t at = fraction(stamp, sizeof iso_form - 1);

	read_day(&r, stamp.at);
	read_clock(&r, stamp.at + 11);
	if (!is_time(&r))
		return 0;
	if (at == stamp.len)
		return time_local(c, &r);
	if (stamp.at[at] == 'Z')
		return time_utc(&r, 0);
	int32_t minutes = number(stamp.at + at + 1, 2) * 60 + number(stamp.at + stamp.len - 2, 2);
	return time_utc(&r, (stamp.at[at] == '-' ? -60 : 60) * minutes);
}

static time_t time_full(struct log_clock *c, struct text stamp)
{
	struct reading r;

	read_day(&r, stamp.at + 4);
	read_clock(&r, stamp.at + 15);
	if (!is_time(&r))
		return 0;
	bool utc = stamp.len >= 4 && memcmp(stamp.at + stamp.len - 4, " UTC", 4) == 0;
	return utc ? time_utc(&r, 0) : time_local(c, &r);
}

static time_t time_unix(struct text stamp)
{
	unsigned long seconds;

	return text_number(text_cut(stamp.at, digits(stamp, 0)), 1ul << 40, &seconds) ? (time_t)seconds : 0;
}

time_t log_clock_time(struct log_clock *c, struct text stamp)
{
	if (looks(stamp, syslog_form))
		return time_syslog(c, stamp);
	if (looks(stamp, iso_form))
		return time_iso(c, stamp);
	if (looks(stamp, full_form))
		return time_full(c, stamp);
	return time_unix(stamp);
}
