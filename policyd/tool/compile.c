/* SPDX-License-Identifier: BSD-2-Clause */

/* mxonly compile: the configuration as the sealed snapshot that a server would serve, in a file, by rename. */

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/replace.h"
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

/* What is named so is meant to be ours, even if it is damaged. */
static bool is_named_mxs(const char *path)
{
	size_t n = strlen(path);

	return n > 4 && strcmp(path + n - 4, ".mxs") == 0;
}

static int compile_to(const char *config, const char *target, struct err *e)
{
	const struct snapshot *s;
	struct faults faults = { 0 };
	int fd, result = -1;

	if (replace_check(target, config, is_named_mxs(target) ? NULL : SNAPSHOT_MAGIC, e) < 0)
		return -1;
	fd = load(config, &faults);
	faults_print(&faults, stderr);
	if (fd < 0)
		err_set(e, "%s is not fit to serve: %s was not written", config, target);
	else if (snapshot_map(&s, fd, e) == 0) {
		result = replace_file(target, s, (size_t)s->length, e);
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
