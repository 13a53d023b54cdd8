/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/tally_days.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

enum { SLOT = 900 }; /* seconds; every time zone is some quarters of an hour away from UTC */

static const time_t first_second = 315532800, behind_last = 4102444800; /* 1980-01-01 and 2100-01-01, UTC */

bool days_can(time_t date)
{
	return date >= first_second && date < behind_last;
}

int32_t day_of(time_t date)
{
	struct tm local;

	localtime_r(&date, &local);
	return (int32_t)((date + local.tm_gmtoff) / DAY_SECONDS);
}

/* Where the day is, or belongs: most often at the end. */
static size_t find(const struct days *d, int32_t day)
{
	size_t low = 0, high = d->count;

	if (high > 0 && d->list[high - 1].day < day)
		return high;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (d->list[middle].day < day)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct tally_sums *days_sums(struct days *d, time_t date)
{
	if (d->slot_begins == date - date % SLOT)
		return &d->list[d->latest].sums;
	int32_t day = day_of(date);
	size_t at = find(d, day);
	if (at == d->count || d->list[at].day != day) {
		d->list = must_grow(d->list, d->count, sizeof *d->list);
		memmove(&d->list[at + 1], &d->list[at], (d->count - at) * sizeof *d->list);
		d->list[at] = (struct tally_day){ .day = day };
		d->count++;
	}
	d->latest = at;
	d->slot_begins = date - date % SLOT;
	return &d->list[at].sums;
}

void days_free(struct days *d)
{
	free(d->list);
	*d = (struct days){ 0 };
}
