/* SPDX-License-Identifier: BSD-2-Clause */

/* mxonly - the administrator's tool: one table of subcommands, one file (tool/NAME.c) each. */

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "tool/tool.h"

static const struct subcommand {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *title; /* argv[0] of its run */
	const char *help;
} subcommands[] = {
	{ "init", init_main, "mxonly init", "begin: write a first configuration, print the lines for Postfix" },
	{ "query", query_main, "mxonly query", "ask what the policy says: of an address, a domain, a whole request" },
	{ "check", check_main, "mxonly check", "read the configuration as the server would; report every fault" },
	{ "compile", compile_main, "mxonly compile",
		"write the configuration as one compiled file, read at once anywhere" },
	{ "replay", replay_main, "mxonly replay",
		"judge a mail log: what the policy would have refused, before it does" },
	{ "export", export_main, "mxonly export", "write the same rules for firewalls, mail servers, other systems" },
	{ "audit", audit_main, "mxonly audit", "judge mail already received: which came past the relays?" },
	{ "ctl", ctl_main, "mxonly ctl", "ask the running server: its status, its counters, a reload" },
};

enum { SUBCOMMANDS = sizeof subcommands / sizeof *subcommands };

static int help(void)
{
	puts("mxonly - the administrator's tool: who may deliver, for whom, and why\n"
	     "\n"
	     "  mxonly query --explain client_address=203.0.113.9 recipient=u@example.org\n"
	     "                     what the server would answer, and how that comes about\n"
	     "  mxonly check       is " MXONLY_CONFIG " fit to serve?\n"
	     "  mxonly ctl reload  take it over\n"
	     "\n"
	     "Subcommands (mxonly SUBCOMMAND --help tells more):");
	for (size_t i = 0; i < SUBCOMMANDS; i++)
		printf("  %-8s %s\n", subcommands[i].name, subcommands[i].help);
	puts("\nOptions:\n"
	     "  -h, --help     this help\n"
	     "  -V, --version  the version\n"
	     "\n"
	     "Exit status: 0 yes (permit, found, fit), 1 no, 2 wrong usage or a faulty\n"
	     "configuration.");
	return EXIT_YES;
}

static int unknown(const char *name)
{
	const char *names[SUBCOMMANDS];

	if (name[0] == '-')
		return wrong_usage("mxonly", "unknown option %s", name);
	for (size_t i = 0; i < SUBCOMMANDS; i++)
		names[i] = subcommands[i].name;
	const char *nearest = text_nearest(text_of(name), names, SUBCOMMANDS);
	if (nearest)
		return wrong_usage("mxonly", "unknown subcommand `%s`: did you mean `%s`?", name, nearest);
	return wrong_usage("mxonly", "unknown subcommand `%s`", name);
}

static int run(int argc, char **argv)
{
	if (argc < 2)
		return wrong_usage("mxonly", "a subcommand is missing");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return help();
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		puts("mxonly " MXONLY_VERSION);
		return EXIT_YES;
	}
	for (size_t i = 0; i < SUBCOMMANDS; i++) {
		if (strcmp(argv[1], subcommands[i].name) != 0)
			continue;
		char title[32]; /* getopt(3) begins its messages with argv[0] */
		snprintf(title, sizeof title, "%s", subcommands[i].title);
		argv[1] = title;
		return subcommands[i].run(argc - 1, argv + 1);
	}
	return unknown(argv[1]);
}

int main(int argc, char **argv)
{
	int status = run(argc, argv);

	/* An answer that did not arrive (a full disk) must not look like one. */
	if (fflush(stdout) != 0 || ferror(stdout))
		return wrong("mxonly", "standard output cannot be written");
	return status;
}
