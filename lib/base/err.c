/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* By way of a copy: the arguments may be e's own words. */
static void set(struct err *e, const char *format, va_list args)
{
	struct err fresh;

	vsnprintf(fresh.text, sizeof fresh.text, format, args);
	memcpy(e->text, fresh.text, strlen(fresh.text) + 1);
}

int err_set(struct err *e, const char *format, ...)
{
	va_list args;

	if (!e)
		return -1;
	va_start(args, format);
	set(e, format, args);
	va_end(args);
	return -1;
}

int err_wrap(struct err *e, const char *format, ...)
{
	struct err place;
	va_list args;

	if (!e)
		return -1;
	va_start(args, format);
	set(&place, format, args);
	va_end(args);
	return err_set(e, "%s: %s", place.text, e->text);
}
