/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/tool.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fault.h"
#include "policy/load.h"

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

const struct snapshot *open_snapshot(const char *command, const char *path)
{
	const struct snapshot *s = NULL;
	struct faults faults = { 0 };
	struct err e;
	int fd = load(path, &faults);

	if (fd < 0) {
		faults_print(&faults, stderr);
	} else if (snapshot_map(&s, fd, &e) < 0) {
		wrong(command, "%s: %s", path, e.text);
		s = NULL;
	}
	if (fd >= 0)
		close(fd);
	faults_free(&faults);
	return s;
}
