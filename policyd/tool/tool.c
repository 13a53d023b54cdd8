/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/tool.h"

#include <stdarg.h>
#include <stdio.h>

int wrong_usage(const char *command, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "%s: ", command);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, " (%s --help)\n", command);
	return EXIT_WRONG;
}

int wrong(const char *command, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "%s: ", command);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	return EXIT_WRONG;
}
