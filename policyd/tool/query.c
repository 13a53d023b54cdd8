/* SPDX-License-Identifier: BSD-2-Clause */

/* mxonly query: the command line, and whom it makes answer. */

#include "tool/query.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "tool/tool.h"

const char query_command[] = "mxonly query";

static int help(void)
{
	puts("mxonly query [-c FILE | -s ENDPOINT] [--json | --explain]\n"
	     "             (-q KEY | -r FILE | NAME=VALUE ...)\n"
	     "\n"
	     "  mxonly query --explain client_address=203.0.113.9 recipient=u@example.org\n"
	     "                               what the server would answer, and why\n"
	     "  mxonly query -q 192.0.2.7    the relays whose ranges hold this address\n"
	     "  mxonly query -q example.org  the policy of this domain: mode, then relays\n"
	     "  mxonly query -r requests     many requests as on the wire, blank line between\n"
	     "\n"
	     "request= and protocol_state=RCPT are filled in. The attributes are Postfix's:\n"
	     "client_address client_name reverse_client_name helo_name recipient ...\n"
	     "\n"
	     "  -c FILE      the configuration (default " MXONLY_CONFIG ")\n"
	     "  -s ENDPOINT  ask a running server: unix:/path or inet:host:port\n"
	     "  --json       one object a line\n"
	     "  --explain    candidates, policies (FILE:LINE), relays, factors, ranges\n"
	     "  -q -, -r -   read keys, requests from standard input\n"
	     "\n"
	     "Exit status: 0 permit or found, 1 refuse, defer or not found, 2 for errors;\n"
	     "-r: 0 when all were answered.");
	return EXIT_YES;
}

static int take(const char **value, char option)
{
	if (*value)
		return wrong_usage(query_command, "-%c was given twice", option);
	*value = optarg;
	return 0;
}

static int take_option(struct query *q, int option)
{
	switch (option) {
	case 'c':
		return take(&q->config, 'c');
	case 's':
		return take(&q->endpoint, 's');
	case 'q':
		return take(&q->key, 'q');
	case 'r':
		return take(&q->file, 'r');
	case 'j':
		q->json = true;
		return 0;
	case 'e':
		q->explain = true;
		return 0;
	default:
		return wrong_usage(query_command, "see which options there are");
	}
}

/* What does not go together; returns 0 or the exit status. */
static int agree(struct query *q)
{
	int ways = (q->key != NULL) + (q->file != NULL) + (q->pair_count > 0);

	if (ways == 0)
		return wrong_usage(query_command, "nothing is asked: give -q KEY, -r FILE or NAME=VALUE ...");
	if (ways > 1)
		return wrong_usage(query_command, "-q, -r and NAME=VALUE do not go together: give one of them");
	if (q->json && q->explain)
		return wrong_usage(query_command, "--json and --explain do not go together");
	if (q->endpoint && q->config)
		return wrong_usage(query_command,
			"-c and -s do not go together: a running server has read its configuration already");
	if (q->endpoint && (q->key || q->json || q->explain))
		return wrong_usage(query_command,
			"%s does not go with -s: a server tells its actions only (ask with -c)",
			q->key	  ? "-q"
			: q->json ? "--json"
				  : "--explain");
	q->form = q->json ? QUERY_JSON : q->explain ? QUERY_EXPLAIN : QUERY_PLAIN;
	return 0;
}

static int ask(const struct query *q, struct oracle *o)
{
	return q->file ? query_file(q, o) : query_pairs(q, o);
}

static int ask_server(const struct query *q)
{
	struct server_oracle so;

	server_oracle(&so, q->endpoint);
	int status = ask(q, &so.oracle);
	server_oracle_end(&so);
	return status;
}

static int ask_configuration(const struct query *q)
{
	const struct snapshot *s = open_snapshot(query_command, q->config ? q->config : MXONLY_CONFIG);
	struct local_oracle l;
	int status;

	if (!s)
		return EXIT_WRONG;
	local_oracle(&l, s, q->form);
	status = q->key ? query_keys(q, s) : ask(q, &l.oracle);
	snapshot_unmap(s);
	return status;
}

int query_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "explain", no_argument, NULL, 'e' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct query q = { 0 };
	int option, status;

	while ((option = getopt_long(argc, argv, "c:s:q:r:h", options, NULL)) != -1) {
		if (option == 'h')
			return help();
		if ((status = take_option(&q, option)) != 0)
			return status;
	}
	q.pairs = argv + optind;
	q.pair_count = argc - optind;
	if ((status = agree(&q)) != 0)
		return status;
	return q.endpoint ? ask_server(&q) : ask_configuration(&q);
}
