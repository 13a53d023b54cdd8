/* SPDX-License-Identifier: BSD-2-Clause */

/* mxonly check: the subcommand; server/check.h does the work, for mxonlyd -t as well. */

#include <getopt.h>
#include <stdio.h>

#include "server/check.h"
#include "tool/tool.h"

static const char command[] = "mxonly check";

static int help(void)
{
	puts("mxonly check [-c FILE]\n"
	     "\n"
	     "  mxonly check                      is " MXONLY_CONFIG " fit to serve?\n"
	     "  mxonly check -c ./mxonly.ini      is this one?\n"
	     "\n"
	     "Reads the configuration as the server would, with every file that it names, and\n"
	     "reports all faults and warnings as FILE:LINE: on standard error. It starts\n"
	     "nothing and changes nothing. Run it before each reload.\n"
	     "\n"
	     "Options:\n"
	     "  -c FILE     the configuration (default " MXONLY_CONFIG ")\n"
	     "  -h, --help  this help\n"
	     "\n"
	     "Exit status: 0 fit to serve (warnings or not), 2 not.");
	return EXIT_YES;
}

int check_main(int argc, char **argv)
{
	static const struct option options[] = { { "help", no_argument, NULL, 'h' }, { 0 } };
	const char *path = MXONLY_CONFIG;
	int option;

	while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		if (option == 'h')
			return help();
		if (option != 'c')
			return wrong_usage(command, "see which options there are");
		path = optarg;
	}
	if (optind < argc)
		return wrong_usage(command, "unexpected `%s`: did you mean -c %s?", argv[optind], argv[optind]);
	return check_run(path);
}
