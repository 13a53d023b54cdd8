/* SPDX-License-Identifier: BSD-2-Clause */

/* mxonly replay: the command line, and what becomes of the findings. */

#include "tool/replay.h"

#include <getopt.h>
#include <stdlib.h>

#include "mail/report_html.h"
#include "tool/tool.h"

const char replay_command[] = "mxonly replay";

static int help(void)
{
	puts("mxonly replay [-c FILE] [--json | --html OUT] LOG...|-\n"
	     "\n"
	     "  mxonly replay /var/log/mail.log.1 /var/log/mail.log\n"
	     "  journalctl -u 'postfix*' -o short-iso | mxonly replay -\n"
	     "\n"
	     "Judges the log of a Postfix as if the configuration had been in force: who would\n"
	     "have been refused, deferred, permitted, and why. Logs of syslog, RFC 3339 time\n"
	     "stamps, journal output (text, JSON, export), compressed by gzip; oldest first.\n"
	     "\n"
	     "  -c FILE     the configuration (default " MXONLY_CONFIG ")\n"
	     "  --json      an object a line for each recipient of each message\n"
	     "  --html OUT  the report as one page for a browser (-: on standard output)\n"
	     "  -h, --help  this help\n"
	     "\n"
	     "HELO is not logged for accepted mail: it counts as matching.\n"
	     "\n"
	     "Exit status: 0 all was read, 2 some could not be read, or no line is Postfix's.");
	return EXIT_YES;
}

static int take_options(struct replay *r, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "html", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		if (option == 'h')
			return help();
		if (option == '?')
			return wrong_usage(replay_command, "see which options there are");
		if (option == 'j') {
			r->json = true;
			continue;
		}
		const char **value = option == 'c' ? &r->config : &r->html;
		if (*value)
			return wrong_usage(replay_command, "%s was given twice", option == 'c' ? "-c" : "--html");
		*value = optarg;
	}
	r->logs = argv + optind;
	r->log_count = argc - optind;
	if (r->json && r->html)
		return wrong_usage(replay_command, "--json and --html do not go together");
	if (r->log_count == 0)
		return wrong_usage(
			replay_command, "no log is named: give files, the oldest first, or - for standard input");
	return -1;
}

static int write_html(const struct replay *r)
{
	const struct report_html report = { .kind = REPORT_REPLAY,
		.snapshot = r->snapshot,
		.config = r->config,
		.sources = (const char *const *)r->logs,
		.source_count = (size_t)r->log_count,
		.interrupted = r->watch.stop != 0,
		.now = time(NULL) };
	struct err e;

	if (report_html_write(r->html, &report, r->tally, &e) < 0)
		return wrong(replay_command, "%s", e.text);
	return EXIT_YES;
}

static int tell(const struct replay *r)
{
	int status = r->left_out ? EXIT_WRONG : EXIT_YES;

	if (r->json || r->html) {
		replay_put_answer(r, stderr);
		replay_put_rest(r, stderr);
	} else
		replay_put_text(r, stdout);
	if (r->html && write_html(r) != EXIT_YES)
		status = EXIT_WRONG;
	if (r->watch.stop)
		status = wrong(replay_command, "interrupted: the rest of the logs was not read");
	if (r->lines > 0 && r->postfix_lines == 0)
		status = wrong(replay_command, "no line of Postfix is in what was read: is it a mail log?");
	return status;
}

static int run(struct replay *r)
{
	struct err e;

	if (r->html && report_html_check(r->html, r->config, &e) < 0)
		return wrong(replay_command, "%s", e.text);
	r->snapshot = open_snapshot(replay_command, r->config);
	if (!r->snapshot)
		return EXIT_WRONG;
	r->tally = tally_new();
	progress_start(&r->progress, &r->watch);
	replay_read(r);
	progress_end(&r->progress);
	int status = tell(r);
	tally_free(r->tally);
	log_join_free(r->join);
	free(r->accepted);
	free(r->rejected);
	snapshot_unmap(r->snapshot);
	return status;
}

int replay_main(int argc, char **argv)
{
	struct replay r = { 0 };
	int status = take_options(&r, argc, argv);

	if (status >= 0)
		return status;
	if (!r.config)
		r.config = MXONLY_CONFIG;
	return run(&r);
}
