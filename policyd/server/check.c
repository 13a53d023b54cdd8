/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/check.h"

#include <stdio.h>
#include <unistd.h>

#include "policy/load.h"

static void print_count(const char *before, size_t n, const char *one)
{
	printf("%s%zu %s%s", before, n, one, n == 1 ? "" : "s");
}

/* s: NULL when the configuration itself has faults. */
static void say(const char *path, const struct snapshot *s, const struct faults *f)
{
	if (s == NULL || f->errors > 0) {
		printf("%s: not fit to serve", path);
		print_count(": ", f->errors, "fault");
	} else {
		printf("%s: fit to serve", path);
		print_count(": ", s->relays.count, "relay");
		print_count(", ", s->domain_count, "domain");
		if (f->warnings > 0)
			print_count(", ", f->warnings, "warning");
	}
	putchar('\n');
}

int check_run(const char *path, check_more *more, void *context)
{
	const struct snapshot *s = NULL;
	struct faults f = { 0 };
	int fd = load(path, &f);
	struct err e;

	if (fd >= 0 && snapshot_map(&s, fd, &e) < 0)
		fault_add(&f, path, 0, "%s", e.text);
	if (s && more)
		more(context, s, &f);
	faults_print(&f, stderr);
	say(path, s, &f);
	int status = f.errors > 0 ? 2 : 0;
	if (s)
		snapshot_unmap(s);
	if (fd >= 0)
		close(fd);
	faults_free(&f);
	return status;
}
