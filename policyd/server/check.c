/* SPDX-License-Identifier: BSD-2-Clause */
#include "server/check.h"

#include <stdio.h>
#include <unistd.h>

#include "policy/load.h"
#include "policy/snapshot.h"

static void print_count(const char *before, size_t n, const char *one)
{
	printf("%s%zu %s%s", before, n, one, n == 1 ? "" : "s");
}

static int say_fit(const char *path, int fd, const struct faults *f)
{
	const struct snapshot *s;
	struct err e;

	if (snapshot_map(&s, fd, &e) < 0) {
		fprintf(stderr, "%s: %s\n", path, e.text);
		return 2;
	}
	printf("%s: fit to serve", path);
	print_count(": ", s->relays.count, "relay");
	print_count(", ", s->domain_count, "domain");
	if (f->warnings > 0)
		print_count(", ", f->warnings, "warning");
	putchar('\n');
	snapshot_unmap(s);
	return 0;
}

int check_run(const char *path)
{
	struct faults f = { 0 };
	int fd = load(path, &f), status = 2;

	faults_print(&f, stderr);
	if (fd >= 0) {
		status = say_fit(path, fd, &f);
		close(fd);
	} else {
		printf("%s: not fit to serve", path);
		print_count(": ", f.errors, "fault");
		putchar('\n');
	}
	faults_free(&f);
	return status;
}
