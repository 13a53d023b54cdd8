/* SPDX-License-Identifier: BSD-2-Clause */

/* mxonly compile: the configuration as the sealed snapshot that a server would serve, in a file, by rename. */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/file.h"
#include "policy/load.h"
#include "policy/snapshot.h"
#include "tool/tool.h"

static const char command[] = "mxonly compile";

static int help(void)
{
	puts("mxonly compile [-c FILE] -o FILE.mxs\n"
	     "\n"
	     "  mxonly compile -o /etc/mxonly/mxonly.mxs\n"
	     "  mxonlyd -c /etc/mxonly/mxonly.mxs\n"
	     "\n"
	     "Writes the configuration, with every file that it names, as one compiled file.\n"
	     "It is read wherever `-c FILE` is, at once, on every host of the same byte order.\n"
	     "The file is replaced whole or not at all; a faulty configuration replaces none.\n"
	     "Paths in it (sockets) are those of the configuration: name them from the root.\n"
	     "\n"
	     "Options:\n"
	     "  -c FILE     the configuration (default " MXONLY_CONFIG ")\n"
	     "  -o FILE     the compiled file\n"
	     "  -h, --help  this help\n"
	     "\n"
	     "Exit status: 0 written (warnings or not), 2 not.");
	return EXIT_YES;
}

/* Renaming over a device or a socket would take it away, over the configuration its text. */
static int check_target(const char *target, const char *config, struct err *e)
{
	struct stat to, from;

	if (stat(target, &to) < 0)
		return errno == ENOENT ? 0 : err_set(e, "%s: %s", target, strerror(errno));
	if (S_ISDIR(to.st_mode))
		return err_set(e, "%s is a folder: name a file in it", target);
	if (!S_ISREG(to.st_mode))
		return err_set(e, "%s is no ordinary file, which the compiled one could replace", target);
	if (stat(config, &from) == 0 && from.st_dev == to.st_dev && from.st_ino == to.st_ino)
		return err_set(e, "%s is the configuration itself: the compiled one would replace it", target);
	return 0;
}

/* Everything is on the disk before the name leads there: a crash leaves the old file or the new one. */
static int write_whole(int fd, const struct snapshot *s, struct err *e)
{
	mode_t mask = umask(0);

	umask(mask);
	if (fd_write_all(fd, s, (size_t)s->length, e) < 0)
		return -1;
	if (fchmod(fd, 0644 & ~mask) < 0 || fsync(fd) < 0)
		return err_set(e, "cannot write: %s", strerror(errno));
	return 0;
}

/* A new file beside the target, for only there rename(2) is sure to reach it. */
static int replace(const char *target, const struct snapshot *s, struct err *e)
{
	struct buf name = { 0 };
	int fd, result = -1;

	buf_format(&name, "%s.XXXXXX", target);
	fd = mkostemp(name.at, O_CLOEXEC);
	if (fd < 0) {
		err_set(e, "cannot make a file beside it: %s", strerror(errno));
		goto out;
	}
	result = write_whole(fd, s, e);
	if (close(fd) < 0 && result == 0)
		result = err_set(e, "cannot write: %s", strerror(errno));
	if (result == 0 && rename(name.at, target) < 0)
		result = err_set(e, "cannot rename: %s", strerror(errno));
	if (result < 0)
		unlink(name.at);
out:
	buf_free(&name);
	return result < 0 ? err_wrap(e, "%s", target) : 0;
}

static int compile_to(const char *config, const char *target, struct err *e)
{
	const struct snapshot *s;
	struct faults faults = { 0 };
	int fd, result = -1;

	if (check_target(target, config, e) < 0)
		return -1;
	fd = load(config, &faults);
	faults_print(&faults, stderr);
	if (fd < 0)
		err_set(e, "%s is not fit to serve: %s was not written", config, target);
	else if (snapshot_map(&s, fd, e) == 0) {
		result = replace(target, s, e);
		snapshot_unmap(s);
	}
	if (fd >= 0)
		close(fd);
	faults_free(&faults);
	return result;
}

int compile_main(int argc, char **argv)
{
	static const struct option options[] = { { "help", no_argument, NULL, 'h' }, { 0 } };
	const char *config = MXONLY_CONFIG, *target = NULL;
	struct err e;
	int option;

	while ((option = getopt_long(argc, argv, "c:o:h", options, NULL)) != -1) {
		if (option == 'h')
			return help();
		if (option == 'c')
			config = optarg;
		else if (option == 'o')
			target = optarg;
		else
			return wrong_usage(command, "see which options there are");
	}
	if (optind < argc)
		return wrong_usage(command, "unexpected `%s`: did you mean -%c %s?", argv[optind], target ? 'c' : 'o',
			argv[optind]);
	if (!target || !*target)
		return wrong_usage(command, "where to? Give -o FILE.mxs");
	if (strcmp(target, "-") == 0)
		return wrong_usage(command, "a compiled file is not written to standard output: give -o FILE.mxs");
	return compile_to(config, target, &e) < 0 ? wrong(command, "%s", e.text) : EXIT_YES;
}
