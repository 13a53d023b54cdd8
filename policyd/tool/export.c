/* SPDX-License-Identifier: BSD-2-Clause */

/* mxonly export: the command line, and where what is written goes. */

#include "export/export.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/escape.h"
#include "export/trial.h"
#include "tool/export.h"
#include "tool/tool.h"

static const char command[] = "mxonly export";

struct options {
	const char *config, *output;
	struct range_list trusted;
	bool list, force, verify;
	bool dash; /* -o - */
};

static int help(void)
{
	puts("mxonly export [-c FILE] TARGET [-o FILE or FOLDER] [--trusted RANGE]...\n"
	     "              [--force] [--verify]\n"
	     "mxonly export --list\n"
	     "\n"
	     "  mxonly export nftables -o /etc/mxonly.nft --verify\n"
	     "  mxonly export exim -c ./mxonly.ini --trusted 203.0.113.2\n"
	     "\n"
	     "Writes the rules of the configuration for another system. Its header says how to\n"
	     "load, undo and verify it, and what was left out.\n"
	     "\n"
	     "  -c FILE          the configuration (default " MXONLY_CONFIG ")\n"
	     "  -o FILE          where it goes (default standard output, or -); a target of\n"
	     "                   several files takes a folder, which is made if need be\n"
	     "  --trusted RANGE  let these hosts in too: your own network, monitoring\n"
	     "  --force          write it although domains differ, or a relay has no range\n"
	     "  --verify         load it into the real program, apart from this machine's own,\n"
	     "                   ask about a relay's addresses and a foreign one, and tell;\n"
	     "                   the rules are then written only with -o\n"
	     "  --list           the targets, and what each writes\n"
	     "  -h, --help       this help\n"
	     "\n"
	     "Exit status: 0 written, 2 not.");
	return EXIT_YES;
}

static int list(void)
{
	for (size_t i = 0; targets[i]; i++)
		printf("%-17s %s\n", targets[i]->name, targets[i]->help);
	return EXIT_YES;
}

/* As wide as exempt_networks may be: whatever is wider lets strangers in. */
static int add_trusted(struct range_list *l, const char *words)
{
	struct text rest = text_of(words), word;
	struct range r;
	struct err e;
	size_t before = l->count;

	while (text_next_word(&rest, &word)) {
		if (range_parse(&r, word, &e) < 0)
			return wrong_usage(command, "--trusted: %s", e.text);
		if (range_wider(&r, 8, 7))
			return wrong_usage(command, "--trusted: \"%.*s\" is wider than /8 (IPv4) or /7 (IPv6)",
				(int)word.len, word.at);
		range_list_add(l, &r);
	}
	return l->count > before ? 0 : wrong_usage(command, "--trusted needs a range");
}

static int take_option(struct options *o, int option)
{
	switch (option) {
	case 'c':
		o->config = optarg;
		return 0;
	case 'o':
		o->output = strcmp(optarg, "-") == 0 ? NULL : optarg;
		o->dash = !o->output;
		return *optarg ? 0 : wrong_usage(command, "-o needs the name of a file or folder");
	case 't':
		return add_trusted(&o->trusted, optarg);
	case 'f':
		o->force = true;
		return 0;
	case 'v':
		o->verify = true;
		return 0;
	case 'l':
		o->list = true;
		return 0;
	default:
		return wrong_usage(command, "see which options there are");
	}
}

static int unknown(const char *name)
{
	const char *nearest, **names = NULL;
	size_t n = 0;

	for (; targets[n]; n++) {
		names = must_grow(names, n, sizeof *names);
		names[n] = targets[n]->name;
	}
	nearest = text_nearest(text_of(name), names, n);
	free(names);
	if (nearest)
		return wrong_usage(command, "unknown target `%s`: did you mean `%s`?", name, nearest);
	return wrong_usage(command, "unknown target `%s`: see mxonly export --list", name);
}

static void tell_warnings(const struct export_job *x)
{
	char text[8192];
	struct line l;

	for (size_t i = 0; i < x->note_count; i++) {
		if (!x->notes[i].warning)
			continue;
		line_start(&l, text, sizeof text);
		line_plain(&l, text_of(x->notes[i].words));
		fprintf(stderr, "%s: warning: %s\n", command, text);
	}
}

/* Tried first: what does not stand its trial replaces nothing. */
static int deliver(const struct export_job *x, const struct options *o, struct err *e)
{
	struct buf report = { 0 };
	int result = 0;

	tell_warnings(x);
	if (o->verify) {
		result = trial_run(x, &report, e);
		fwrite(report.at, 1, report.len, stdout);
		buf_free(&report);
	}
	if (result == 0 && x->output)
		result = export_save(x, o->config, e);
	else if (result == 0 && !o->verify)
		export_print(x, stdout);
	return result;
}

/* A target's only file may be given the folder that it is to lie in. */
static char *path_of_output(const struct target *t, const char *output)
{
	struct buf path = { 0 };
	struct stat s;

	if (!output)
		return NULL;
	buf_str(&path, output);
	if (!(t->flags & TARGET_FOLDER) && stat(output, &s) == 0 && S_ISDIR(s.st_mode))
		buf_format(&path, "/%s", t->file);
	return path.at;
}

static int write_target(const struct target *t, const struct snapshot *s, const struct options *o)
{
	struct export_job x;
	struct plan plan;
	struct err e;
	int result;
	char *output;

	if (plan_make(&plan, s, o->config, &o->trusted, time(NULL), &e) < 0)
		return wrong(command, "%s", e.text);
	output = path_of_output(t, o->output);
	result = export_make(&x, t, &plan, output, o->force, &e);
	if (result == 0) {
		result = deliver(&x, o, &e);
		export_free(&x);
	}
	free(output);
	plan_free(&plan);
	return result < 0 ? wrong(command, "%s", e.text) : EXIT_YES;
}

static int run(const struct options *o, char **arguments, int count)
{
	const struct target *t = count > 0 ? target_find(arguments[0]) : NULL;
	const struct snapshot *s;
	int status;

	if (o->list)
		return count == 0 ? list() : wrong_usage(command, "--list goes alone");
	if (count == 0)
		return wrong_usage(command, "a target is missing: see mxonly export --list");
	if (!t)
		return unknown(arguments[0]);
	if (o->dash && o->verify)
		return wrong_usage(command, "--verify tells on standard output: -o needs a file or folder");
	if (o->dash && (t->flags & TARGET_FOLDER))
		return wrong_usage(command,
			"%s writes several files: -o needs a folder; without -o a script that makes them is printed",
			t->name);
	if (count > 1)
		return wrong_usage(command, "unexpected `%s`: did you mean -o %s?", arguments[1], arguments[1]);
	s = open_snapshot(command, o->config);
	if (!s)
		return EXIT_WRONG;
	status = write_target(t, s, o);
	snapshot_unmap(s);
	return status;
}

int export_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "trusted", required_argument, NULL, 't' },
		{ "force", no_argument, NULL, 'f' },
		{ "verify", no_argument, NULL, 'v' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct options o = { .config = MXONLY_CONFIG };
	int option, status = 0;

	while (status == 0 && (option = getopt_long(argc, argv, "c:o:h", options, NULL)) != -1) {
		if (option == 'h')
			return help();
		status = take_option(&o, option);
	}
	if (status == 0)
		status = run(&o, argv + optind, argc - optind);
	range_list_free(&o.trusted);
	return status;
}
