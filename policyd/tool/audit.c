/* SPDX-License-Identifier: BSD-2-Clause */

/* mxonly audit: the command line, and what becomes of each message. */

#include "tool/audit.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/escape.h"
#include "mail/chain.h"
#include "mail/mailbox.h"
#include "mail/report_html.h"
#include "tool/progress.h"
#include "tool/tool.h"

const char audit_command[] = "mxonly audit";

struct audit {
	struct mailbox_reader reader; /* first: its callbacks get this */
	const char *config, *html;
	bool json;
	const char **own; /* --own, as given */
	size_t own_count;
	char **paths;
	int path_count;

	struct trust trust;
	struct chain chain;
	struct tally *tally;
	struct strangers writers; /* of topmost lines, that are none of our hosts */
	struct strangers peers; /* that look direct, and have a verified name of ours */
	struct progress progress;
};

static int help(void)
{
	puts("mxonly audit [-c FILE] [--own HOST]... [--json | --html OUT] PATH...|-\n"
	     "\n"
	     "  mxonly audit --own mx.example.org ~/Maildir\n"
	     "                     which of these messages came past the relays?\n"
	     "  mxonly audit --html report.html /var/mail/*\n"
	     "\n"
	     "Judges mail already received, by its Received lines: from the top, the first\n"
	     "line of an own host that tells of a client from outside decides, as the server\n"
	     "would have. A line a message: verdict, address, relay, reason, path. A path is a\n"
	     "message, an mbox, a Maildir, or a folder of these, compressed by gzip or not.\n"
	     "\n"
	     "  -c FILE     the configuration (default " MXONLY_CONFIG ")\n"
	     "  --own HOST  a host or domain whose Received lines are believed, beside those\n"
	     "              of `own` in [audit]\n"
	     "  --json      an object a line\n"
	     "  --html OUT  a report as one page for a browser, in place of the lines (-: to\n"
	     "              standard output)\n"
	     "  -h, --help  this help\n"
	     "\n"
	     "Verdicts: relayed direct exempt authenticated local unknown.\n"
	     "\n"
	     "Exit status: 0 none is direct, 1 some are, 2 for errors: also when something\n"
	     "could not be read.");
	return EXIT_YES;
}

static int take(const char **value, const char *option)
{
	if (*value)
		return wrong_usage(audit_command, "%s was given twice", option);
	*value = optarg;
	return -1;
}

static int take_option(struct audit *a, int option)
{
	switch (option) {
	case 'c':
		return take(&a->config, "-c");
	case 'o':
		return take(&a->html, "--html");
	case 'w':
		a->own = must_grow(a->own, a->own_count, sizeof *a->own);
		a->own[a->own_count++] = optarg;
		return -1;
	case 'j':
		a->json = true;
		return -1;
	case 'h':
		return help();
	default:
		return wrong_usage(audit_command, "see which options there are");
	}
}

/* -1, or the exit status. */
static int take_options(struct audit *a, int argc, char **argv)
{
	static const struct option options[] = {
		{ "own", required_argument, NULL, 'w' },
		{ "json", no_argument, NULL, 'j' },
		{ "html", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int option, status;

	while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1)
		if ((status = take_option(a, option)) >= 0)
			return status;
	a->paths = argv + optind;
	a->path_count = argc - optind;
	if (a->json && a->html)
		return wrong_usage(audit_command, "--json and --html do not go together");
	if (a->path_count == 0)
		return wrong_usage(audit_command, "no path is named: give messages, mailboxes, folders, or -");
	return -1;
}

/* What may be missing in [audit]. */
static void wonder(struct audit *a, const struct finding *f)
{
	char address[IP_TEXT];

	if (a->chain.stranger.len > 0)
		strangers_add(&a->writers, a->chain.stranger);
	if (f->way == WAY_DIRECT && f->name.len > 0 && trust_own(&a->trust, f->name))
		strangers_add(&a->peers, text_of(ip_print(&f->address, address)));
}

static void tell_guesses(const struct audit *a)
{
	const struct stranger *writer = strangers_most(&a->writers), *peer = strangers_most(&a->peers);
	char n[TEXT_GROUPED];

	if (writer)
		wrong(audit_command,
			"%s unknown: the topmost Received line is by %s: if this is your host, use --own %s, or `own` "
			"in [audit]",
			text_grouped(writer->messages, n), writer->name, writer->name);
	if (peer)
		wrong(audit_command,
			"%s direct: from %s, which has a name of your own hosts: if it is yours, put it into "
			"`internal_networks` in [audit]",
			text_grouped(peer->messages, n), peer->name);
}

static void message(struct mailbox_reader *r, struct text path, const struct header *h)
{
	struct audit *a = (struct audit *)r;
	struct finding f;

	chain_judge(&a->chain, h, &f);
	f.path = path;
	tally_add(a->tally, &f);
	wonder(a, &f);
	if (!a->html) {
		progress_clear(&a->progress);
		(a->json ? audit_put_object : audit_put_line)(&f);
	}
	progress_tell(&a->progress, tally_counts(a->tally)->sums.all);
}

static void failed(struct mailbox_reader *r, struct text path, const char *why)
{
	struct audit *a = (struct audit *)r;
	struct buf room = { 0 };
	struct line l;

	tally_skip(a->tally);
	progress_clear(&a->progress);
	buf_room(&room, 4 * path.len);
	line_start(&l, room.at, 4 * path.len + 1);
	line_plain(&l, path);
	wrong(audit_command, "%s: %s", room.at, why);
	buf_free(&room);
}

/* Without certificates: no Received line holds the fingerprint of one. */
static void warn_of_certificates(const struct snapshot *s)
{
	for (uint32_t i = 0; i < s->relays.count; i++) {
		struct text name = snap_text(s, snap_relay(s, i)->name);
		if (snap_relay(s, i)->match & FACTOR_BIT_CERTIFICATE)
			wrong(audit_command,
				"warning: relay %.*s is told by its certificate alone, and headers hold none: its mail "
				"looks direct",
				(int)name.len, name.at);
	}
}

static void put_counts(const struct tally_counts *counts)
{
	char n[TEXT_GROUPED];
	const struct tally_sums *sums = &counts->sums;

	fprintf(stderr, "%s: %s message%s:", audit_command, text_grouped(sums->all, n), sums->all == 1 ? "" : "s");
	for (int w = 0; w < WAY_COUNT; w++) {
		fprintf(stderr, "%s %s %s", w > 0 ? "," : "", text_grouped(sums->way[w], n), way_name((enum way)w));
		if (w == WAY_DIRECT && sums->forged > 0)
			fprintf(stderr, " (%s forged)", text_grouped(sums->forged, n));
	}
	if (counts->skipped > 0)
		fprintf(stderr, "; %s could not be read", text_grouped(counts->skipped, n));
	fputc('\n', stderr);
}

static int write_html(const struct audit *a, const struct snapshot *s)
{
	const struct report_html report = { .kind = REPORT_AUDIT,
		.snapshot = s,
		.config = a->config,
		.sources = (const char *const *)a->paths,
		.source_count = (size_t)a->path_count,
		.interrupted = a->reader.watch.stop != 0,
		.now = time(NULL) };
	struct err e;

	if (report_html_write(a->html, &report, a->tally, &e) < 0)
		return wrong(audit_command, "%s", e.text);
	return EXIT_YES;
}

static int read_all(struct audit *a, const struct snapshot *s)
{
	const struct tally_counts *counts = tally_counts(a->tally);
	int status = EXIT_YES;

	progress_start(&a->progress, &a->reader.watch);
	for (int i = 0; i < a->path_count && !a->reader.watch.stop; i++)
		mailbox_read(&a->reader, a->paths[i]);
	progress_end(&a->progress);
	fflush(stdout);
	if (counts->sums.way[WAY_DIRECT] > 0)
		status = EXIT_NO;
	if (counts->skipped > 0)
		status = EXIT_WRONG;
	if (a->html && write_html(a, s) != EXIT_YES)
		status = EXIT_WRONG;
	tell_guesses(a);
	if (a->reader.watch.stop)
		status = wrong(audit_command, "interrupted: the rest was not read");
	put_counts(counts);
	return status;
}

static int add_own(struct audit *a)
{
	struct err e;

	for (size_t i = 0; i < a->own_count; i++)
		if (trust_add_own(&a->trust, text_of(a->own[i]), &e) < 0)
			return wrong_usage(audit_command, "--own: %s", e.text);
	return EXIT_YES;
}

static int run(struct audit *a)
{
	struct err e;
	int status;

	if (a->html && report_html_check(a->html, a->config, &e) < 0)
		return wrong(audit_command, "%s", e.text);
	const struct snapshot *s = open_snapshot(audit_command, a->config);
	if (!s)
		return EXIT_WRONG;
	struct snapshot *asked = snapshot_without(s, FACTOR_BIT_CERTIFICATE);
	trust_start(&a->trust, asked);
	a->chain.trust = &a->trust;
	a->tally = tally_new();
	status = add_own(a);
	if (status == EXIT_YES) {
		warn_of_certificates(asked);
		status = read_all(a, s);
	}
	tally_free(a->tally);
	trust_free(&a->trust);
	free(asked);
	snapshot_unmap(s);
	return status;
}

int audit_main(int argc, char **argv)
{
	struct audit *a = must_alloc(sizeof *a);

	*a = (struct audit){ .reader = { .message = message, .failed = failed } };
	int status = take_options(a, argc, argv);
	if (!a->config)
		a->config = MXONLY_CONFIG;
	if (status < 0)
		status = run(a);
	free(a->own);
	free(a);
	return status;
}
