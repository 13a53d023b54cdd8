/* SPDX-License-Identifier: BSD-2-Clause */

/* mxonly check: the subcommand; server/check.h reads the configuration, for mxonlyd -t as well. */

#include <getopt.h>
#include <stdio.h>

#include "postfix/advice.h"
#include "server/check.h"
#include "tool/check_parts.h"
#include "tool/tool.h"

static const char command[] = "mxonly check";

struct surroundings {
	bool postfix, dns;
	const char *config_directory; /* of Postfix; NULL: the running one's */
	const char *name_server; /* NULL: resolv.conf's */
};

static int help(void)
{
	puts("mxonly check [-c FILE] [--postfix [--config-directory DIR]]\n"
	     "             [--dns [--name-server ADDRESS[@PORT]]]\n"
	     "\n"
	     "  mxonly check                      is " MXONLY_CONFIG " fit to serve?\n"
	     "  mxonly check --postfix --dns      and does all around it fit?\n"
	     "\n"
	     "Reads the configuration as the server would, with every file that it names, and\n"
	     "reports all faults and warnings as FILE:LINE: on standard error. It starts\n"
	     "nothing and changes nothing. Run it before each reload.\n"
	     "\n"
	     "Options:\n"
	     "  -c FILE      the configuration (default " MXONLY_CONFIG ")\n"
	     "  --postfix    Postfix's set-up too: what makes the policy useless or harmful,\n"
	     "               and what to write instead (as root: tries the socket)\n"
	     "  --config-directory DIR\n"
	     "               of another Postfix than the running one\n"
	     "  --dns        look the protected domains' MX records up: what would lose mail\n"
	     "  --name-server ADDRESS[@PORT]\n"
	     "               who is asked (default: as "
	     "/etc/resolv.conf"
	     " says)\n"
	     "  -h, --help   this help\n"
	     "\n"
	     "Exit status: 0 fit to serve (warnings or not), 2 not.");
	return EXIT_YES;
}

static void look_around(void *context, const struct snapshot *s, struct faults *f)
{
	const struct surroundings *around = context;
	struct postfix p;
	struct err e;

	if (around->postfix) {
		if (postfix_read(&p, around->config_directory, &e) < 0) {
			fault_add(f, NULL, 0, "--postfix: %s", e.text);
		} else {
			advice_run(&p, s, f);
			postfix_free(&p);
		}
	}
	if (around->dns)
		check_dns(around->name_server, s, f);
}

int check_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "postfix", no_argument, NULL, 'p' },
		{ "config-directory", required_argument, NULL, 'd' },
		{ "dns", no_argument, NULL, 'n' },
		{ "name-server", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct surroundings around = { 0 };
	const char *path = MXONLY_CONFIG;
	int option;

	while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case 'p':
			around.postfix = true;
			break;
		case 'd':
			around.config_directory = optarg;
			break;
		case 'n':
			around.dns = true;
			break;
		case 's':
			around.name_server = optarg;
			break;
		case 'h':
			return help();
		default:
			return wrong_usage(command, "see which options there are");
		}
	}
	if (optind < argc)
		return wrong_usage(command, "unexpected `%s`: did you mean -c %s?", argv[optind], argv[optind]);
	if (around.config_directory && !around.postfix)
		return wrong_usage(command, "--config-directory goes with --postfix");
	if (around.name_server && !around.dns)
		return wrong_usage(command, "--name-server goes with --dns");
	return check_run(path, look_around, &around);
}
