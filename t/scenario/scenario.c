/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scenario - plays dialogues (*.scn) against the code itself, a running mxonlyd or the tool; prints TAP
 *
 * scenario [--server MXONLYD | --tool MXONLY] FILE...
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "play.h"

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

struct options {
	const char *server, *tool;
};

static bool play(const struct options *o, const char *path, bool *skipped)
{
	struct play p = { .folder = "/tmp/mxonly-scenario-XXXXXX" };

	if (!mkdtemp(p.folder) || chmod(p.folder, 0755) < 0) {
		perror(p.folder);
		exit(2);
	}
	if (o->server)
		side_live(&p.side, p.folder, o->server);
	else if (o->tool)
		side_tool(&p.side, p.folder, o->tool);
	else
		side_inside(&p.side, p.folder);
	script_open(&p.script, path);
	while (!p.skipped && script_next(&p.script))
		play_step(&p);
	p.side.end(&p.side);
	script_close(&p.script);
	buf_free(&p.with);
	buf_free(&p.lines);
	nftw(p.folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	*skipped = p.skipped;
	return p.failures == 0;
}

int main(int argc, char **argv)
{
	struct options o = { 0 };
	int first = 1, failures = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (; first + 1 < argc && argv[first][0] == '-'; first += 2) {
		if (strcmp(argv[first], "--server") == 0)
			o.server = argv[first + 1];
		else if (strcmp(argv[first], "--tool") == 0)
			o.tool = argv[first + 1];
		else
			break;
	}
	if (first >= argc || argv[first][0] == '-') {
		fprintf(stderr, "usage: scenario [--server MXONLYD | --tool MXONLY] FILE...\n");
		return 2;
	}
	printf("1..%d\n", argc - first);
	for (int i = first; i < argc; i++) {
		bool skipped, good = play(&o, argv[i], &skipped);

		printf("%s %d - %s%s\n", good ? "ok" : "not ok", i - first + 1, argv[i],
			skipped ? " # SKIP not on this side" : "");
		failures += !good;
	}
	return failures != 0;
}
