/* SPDX-License-Identifier: BSD-2-Clause */

/* mxonly init: from nothing to a configuration that refuses nobody yet, and the lines that make Postfix ask. */

#include "tool/init.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "policy/load.h"
#include "postfix/advice.h"
#include "tool/tool.h"

static const char command[] = "mxonly init";

struct choices {
	struct beginning begin;
	const char *catalogue; /* its folder */
	const char *config_directory; /* Postfix's; NULL: the running one's */
	bool list;
	char *answers[4]; /* what was typed, to be freed */
	size_t answer_count;
};

static int help(void)
{
	puts("mxonly init [-c FILE] [--service NAME] [--relay-domains LIST] [--ranges LIST]\n"
	     "            [--domains LIST] [--config-directory DIR] [--catalogue DIR] | --list\n"
	     "\n"
	     "  mxonly init                        asks, then writes " MXONLY_CONFIG "\n"
	     "  mxonly init --service mxguarddog --ranges 192.0.2.0/24 --domains example.org\n"
	     "\n"
	     "Looks at the running Postfix, writes a configuration that refuses nobody yet\n"
	     "(mode = monitor), and prints the lines for main.cf. It writes over nothing: it\n"
	     "makes a new file, or adds to one that has no relay yet. On a terminal it asks\n"
	     "for what no option says.\n"
	     "\n"
	     "Options:\n"
	     "  -c FILE                 the configuration (default " MXONLY_CONFIG ")\n"
	     "  --service NAME          who filters your mail: see --list, or any other name\n"
	     "  --relay-domains LIST    of the names of its hosts\n"
	     "  --ranges LIST           its addresses\n"
	     "  --domains LIST          that it filters (default: all that Postfix receives)\n"
	     "  --config-directory DIR  of another Postfix than the running one\n"
	     "  --catalogue DIR         of the services that are known\n"
	     "  --list                  prints these, and where each publishes its addresses\n"
	     "  -h, --help              this help\n"
	     "\n"
	     "Exit status: 0 written, 2 not.");
	return EXIT_YES;
}

/* From a terminal; "" at its end. The answer belongs to the choices. */
static const char *ask(struct choices *c, const char *question, const char *preset)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	fprintf(stderr, "%s", question);
	if (*preset)
		fprintf(stderr, " [%s]", preset);
	fprintf(stderr, ": ");
	n = getline(&line, &room, stdin);
	struct text answer = text_trim(text_cut(line ? line : "", n > 0 ? (size_t)n : 0));
	char *copy = answer.len > 0 ? must_strndup(answer.at, answer.len) : must_strndup(preset, strlen(preset));
	free(line);
	c->answers[c->answer_count++] = copy;
	return copy;
}

static void show_service(FILE *to, const struct known_service *s)
{
	fprintf(to, "  %-22s %s\n", s->id, s->name);
}

static int list_services(const struct catalogue *known)
{
	for (size_t i = 0; i < known->count; i++) {
		const struct known_service *s = &known->at[i];
		printf("%s\t%s\n\tdomains: %s\n\taddresses: %s\n\tverified: %s\n", s->id, s->name,
			*s->domains ? s->domains : "not known", s->published, s->verified);
	}
	return EXIT_YES;
}

/* What no option said is asked, where there is somebody to answer. */
static void ask_service(struct choices *c, const struct catalogue *known)
{
	fprintf(stderr, "Which service do your MX records point to? Known are:\n");
	for (size_t i = 0; i < known->count; i++)
		show_service(stderr, &known->at[i]);
	c->begin.service = ask(c, "One of these, or a name for another one", "");
}

static void complete(struct choices *c, const struct catalogue *known, const struct buf *received)
{
	struct beginning *b = &c->begin;
	bool somebody = isatty(STDIN_FILENO);
	const char *preset = received->len > 0 ? received->at : "";

	if (!b->service && somebody)
		ask_service(c, known);
	b->known = b->service ? catalogue_find(known, b->service) : NULL;
	if (!b->relay_domains && b->known && *b->known->domains)
		b->relay_domains = b->known->domains;
	if (!b->relay_domains)
		b->relay_domains = somebody ? ask(c, "The domains that the names of its hosts are in", "") : "";
	if (!b->ranges && somebody && b->known)
		fprintf(stderr, "%s publishes its addresses here: %s\n", b->known->name, b->known->published);
	if (!b->ranges)
		b->ranges = somebody ? ask(c, "Its addresses (192.0.2.0/24, ...; empty if you have none yet)", "") : "";
	if (!b->domains)
		b->domains = somebody ? ask(c, "Your domains that it filters", preset) : preset;
}

/* 0, or the exit status: something is missing. */
static int check_choices(const struct beginning *b)
{
	if (!b->service || !*b->service)
		return wrong_usage(command, "which service do your MX records point to? Give --service NAME");
	if (!*b->relay_domains && !*b->ranges)
		return wrong_usage(command, "how is a host of %s told? Give --ranges, --relay-domains or both%s%s",
			b->service, b->known ? ": it publishes its addresses at " : "",
			b->known ? b->known->published : "");
	if (!*b->domains)
		return wrong_usage(command, "which domains does it filter? Give --domains LIST");
	return 0;
}

static void put_next_steps(const struct beginning *b, const struct snapshot *s)
{
	const char *directory = b->postfix ? b->postfix->directory : "/etc/postfix";
	struct buf lines = { 0 };

	printf("%s: written; it refuses nobody yet (mode = monitor).\n\n", b->config);
	if (b->postfix)
		advice_begin(b->postfix, s, &lines);
	else
		buf_str(&lines, "smtpd_recipient_restrictions =\n"
				"    permit_mynetworks,\n"
				"    permit_sasl_authenticated,\n"
				"    reject_unauth_destination,\n"
				"    check_policy_service { unix:mxonly/policy, timeout=10s,\n"
				"        { default_action = DEFER_IF_PERMIT 4.3.5 Policy server is not there: try "
				"again later } }\n"
				"smtpd_helo_required = yes\n");
	printf("Start the server:\n\n"
	       "    systemctl enable --now mxonlyd.socket mxonlyd\n\n"
	       "Then have Postfix ask it, by these lines in %s/main.cf (in place of those of the same names):\n\n%s\n"
	       "and see that all is well:\n\n"
	       "    postfix reload && mxonly check --postfix --dns\n",
		directory, lines.at);
	buf_free(&lines);
}

/* The text is served by nobody before it was read as the server would read it. */
static int write_checked(const struct beginning *b, bool new, const struct buf *there, const struct buf *text)
{
	struct faults faults = { 0 };
	const struct snapshot *s = NULL;
	struct buf all = { 0 };
	struct err e;
	int fd, status = EXIT_WRONG;

	buf_add(&all, there->at, there->len);
	buf_add(&all, text->at, text->len);
	fd = load_text(text_cut(all.at, all.len), b->config, &faults);
	faults_print(&faults, stderr);
	if (fd < 0 || snapshot_map(&s, fd, &e) < 0) {
		wrong(command, "%s would have these faults: nothing was written", b->config);
	} else if (init_write(b->config, new, text_cut(text->at, text->len), &e) < 0) {
		wrong(command, "%s", e.text);
	} else {
		put_next_steps(b, s);
		status = EXIT_YES;
	}
	if (s)
		snapshot_unmap(s);
	if (fd >= 0)
		close(fd);
	faults_free(&faults);
	buf_free(&all);
	return status;
}

static int begin(const struct beginning *b, bool new, const struct buf *there)
{
	struct buf text = { 0 };
	struct err e;
	int status;

	if (init_text(b, new, &text, &e) < 0)
		status = wrong(command, "%s", e.text);
	else
		status = write_checked(b, new, there, &text);
	buf_free(&text);
	return status;
}

static int run_with(struct choices *c, const struct catalogue *known)
{
	struct buf there = { 0 }, received = { 0 };
	struct postfix p;
	struct err e;
	int place = init_place(c->begin.config, &there, &e), status;

	if (place < 0) {
		buf_free(&there);
		return wrong(command, "%s", e.text);
	}
	if (postfix_read(&p, c->config_directory, &e) == 0) {
		c->begin.postfix = &p;
		init_received(&p, &received);
	} else {
		fprintf(stderr, "%s: warning: cannot look at Postfix: %s\n", command, e.text);
	}
	complete(c, known, &received);
	status = check_choices(&c->begin);
	if (status == 0)
		status = begin(&c->begin, place == 1, &there);
	if (c->begin.postfix)
		postfix_free(&p);
	buf_free(&there);
	buf_free(&received);
	return status;
}

static int run(struct choices *c)
{
	struct catalogue known = { 0 };
	struct faults faults = { 0 };
	int status;

	catalogue_read(&known, c->catalogue, &faults);
	faults_print(&faults, stderr);
	faults_free(&faults);
	status = c->list ? list_services(&known) : run_with(c, &known);
	catalogue_free(&known);
	for (size_t i = 0; i < c->answer_count; i++)
		free(c->answers[i]);
	return status;
}

static bool take_option(struct choices *c, int option)
{
	switch (option) {
	case 'c':
		c->begin.config = optarg;
		return true;
	case 's':
		c->begin.service = optarg;
		return true;
	case 'm':
		c->begin.relay_domains = optarg;
		return true;
	case 'r':
		c->begin.ranges = optarg;
		return true;
	case 'd':
		c->begin.domains = optarg;
		return true;
	case 'p':
		c->config_directory = optarg;
		return true;
	case 'k':
		c->catalogue = optarg;
		return true;
	case 'l':
		c->list = true;
		return true;
	default:
		return false;
	}
}

int init_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "service", required_argument, NULL, 's' },
		{ "relay-domains", required_argument, NULL, 'm' },
		{ "ranges", required_argument, NULL, 'r' },
		{ "domains", required_argument, NULL, 'd' },
		{ "config-directory", required_argument, NULL, 'p' },
		{ "catalogue", required_argument, NULL, 'k' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	char *folder = path_beside(MXONLY_CONFIG, text_of("relays.d"));
	struct choices c = { .begin.config = MXONLY_CONFIG, .catalogue = folder };
	int option, status = -1;

	while (status < 0 && (option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		if (option == 'h')
			status = help();
		else if (!take_option(&c, option))
			status = wrong_usage(command, "see which options there are");
	}
	if (status < 0 && optind < argc)
		status = wrong_usage(command, "unexpected `%s`", argv[optind]);
	if (status < 0)
		status = run(&c);
	free(folder);
	return status;
}
