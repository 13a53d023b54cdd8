/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mxonlyd - the policy server: its command line
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/check.h"
#include "server/endpoint.h"
#include "server/listener.h"
#include "server/server.h"

static const char usage_text[] =
	"usage: mxonlyd [-c FILE] [-l ENDPOINT]... [-t] [-V] [-h]\n"
	"  -c FILE      the configuration, ini or compiled (" MXONLY_CONFIG ")\n"
	"  -l ENDPOINT  listen there in place of the configuration's `listen`: unix:/path, inet:host:port\n"
	"  -t           only check the configuration: exit 0 when it is fit to serve, 2 when not\n"
	"  -V           print the version\n"
	"  -h, --help   print this\n"
	"SIGHUP reloads the configuration, SIGTERM stops. See mxonlyd(8), mxonly.ini(5).\n";

struct options {
	struct server_options server;
	struct text listen[LISTENERS_MAX];
	bool check;
};

static int wrong_usage(void)
{
	fprintf(stderr, "%s", usage_text);
	return EXIT_CONFIGURATION;
}

static int add_endpoint(struct options *o, const char *word)
{
	struct endpoint p;
	struct err e;

	if (endpoint_read(&p, text_of(word), &e) < 0) {
		fprintf(stderr, "mxonlyd: -l: %s\n", e.text);
		return -1;
	}
	if (o->server.listen_count == LISTENERS_MAX) {
		fprintf(stderr, "mxonlyd: -l: more than %d endpoints\n", LISTENERS_MAX);
		return -1;
	}
	o->listen[o->server.listen_count++] = text_of(word);
	return 0;
}

/* -1: go on; otherwise the exit status. */
static int read_options(struct options *o, int argc, char **argv)
{
	static const struct option words[] = { { "help", no_argument, NULL, 'h' }, { 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "c:l:tVh", words, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->server.config = optarg;
			break;
		case 'l':
			if (add_endpoint(o, optarg) < 0)
				return EXIT_CONFIGURATION;
			break;
		case 't':
			o->check = true;
			break;
		case 'V':
			printf("mxonlyd %s\n", MXONLY_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			printf("%s", usage_text);
			return EXIT_SUCCESS;
		default: /* -i, -D and -p are yet to come */
			return wrong_usage();
		}
	}
	return optind == argc ? -1 : wrong_usage();
}

int main(int argc, char **argv)
{
	static struct options o = { .server.config = MXONLY_CONFIG };
	int status = read_options(&o, argc, argv);

	if (status >= 0)
		return status;
	if (o.check)
		return check_run(o.server.config);
	o.server.listen = o.listen;
	return server_run(&o.server);
}
