/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mxonlyd - the policy server: its command line
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/check.h"
#include "server/endpoint.h"
#include "server/listener.h"
#include "server/server.h"
#include "server/single.h"

static const char usage_text[] = "usage: mxonlyd [-c FILE] [-l ENDPOINT]... [-t | -i | -D [-p PIDFILE] | -V | -h]\n"
				 "\n"
				 "  systemctl enable --now mxonlyd   what its package is for\n"
				 "  mxonlyd -c ./mxonly.ini          try one out, in the foreground\n"
				 "  mxonlyd -t                       is the configuration fit to serve?\n"
				 "\n"
				 "Answers Postfix's policy requests: who may deliver to which recipient.\n"
				 "\n"
				 "  -c FILE      the configuration, ini or compiled\n"
				 "               (default " MXONLY_CONFIG ")\n"
				 "  -l ENDPOINT  listen there in place of the configuration's `listen`:\n"
				 "               unix:/path, inet:host:port\n"
				 "  -t           only check the configuration: exit 0 when it is fit, 2 when not\n"
				 "  -i           serve one client on standard input and output, for spawn(8)\n"
				 "  -D           go on in the background, once everybody is answered\n"
				 "  -p PIDFILE   with -D: a file that tells the number of the process\n"
				 "  -V           print the version\n"
				 "  -h, --help   this help\n"
				 "\n"
				 "SIGHUP reloads the configuration, SIGTERM stops. See mxonlyd(8), mxonly.ini(5).\n";

struct options {
	struct server_options server;
	struct text listen[LISTENERS_MAX];
	bool check, single;
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
	for (size_t i = 0; i < o->server.listen_count; i++)
		if (text_is(o->listen[i], word)) {
			fprintf(stderr, "mxonlyd: -l: `%s` twice\n", word);
			return -1;
		}
	o->listen[o->server.listen_count++] = text_of(word);
	return 0;
}

/* From the current folder, which a daemon leaves. */
static const char *absolute(const char *before, const char *path)
{
	char *folder, *whole;

	if (*path == '/')
		return path;
	folder = getcwd(NULL, 0);
	if (folder == NULL || asprintf(&whole, "%s%s/%s", before, folder, path) < 0) {
		fprintf(stderr, "mxonlyd: the current folder: %s\n", strerror(errno));
		exit(EXIT_FAILURE);
	}
	free(folder);
	return whole;
}

static void make_absolute(struct options *o)
{
	static const char local[] = "unix:";

	o->server.config = absolute("", o->server.config);
	if (o->server.pidfile != NULL)
		o->server.pidfile = absolute("", o->server.pidfile);
	for (size_t i = 0; i < o->server.listen_count; i++) {
		const char *path = o->listen[i].at + sizeof(local) - 1; /* of an argument: it ends with a NUL */

		if (strncmp(o->listen[i].at, local, sizeof(local) - 1) == 0 && *path != '/')
			o->listen[i] = text_of(absolute(local, path));
	}
}

/* -1: they go together; otherwise the exit status. */
static int check_together(const struct options *o)
{
	if (o->server.pidfile != NULL && !o->server.daemon)
		fprintf(stderr, "mxonlyd: -p goes with -D only\n");
	else if (o->single && o->server.daemon)
		fprintf(stderr, "mxonlyd: -i serves one client that is there already: -D does not go with it\n");
	else
		return -1;
	return wrong_usage();
}

/* -1: go on; otherwise the exit status. */
static int read_options(struct options *o, int argc, char **argv)
{
	static const struct option words[] = { { "help", no_argument, NULL, 'h' }, { 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "c:l:tiDp:Vh", words, NULL)) != -1) {
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
		case 'i':
			o->single = true;
			break;
		case 'D':
			o->server.daemon = true;
			break;
		case 'p':
			o->server.pidfile = optarg;
			break;
		case 'V':
			printf("mxonlyd %s\n", MXONLY_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			printf("%s", usage_text);
			return EXIT_SUCCESS;
		default:
			return wrong_usage();
		}
	}
	if (optind == argc)
		return check_together(o);
	fprintf(stderr, "mxonlyd: unexpected `%s`: did you mean -c %s?\n", argv[optind], argv[optind]);
	return wrong_usage();
}

int main(int argc, char **argv)
{
	static struct options o = { .server.config = MXONLY_CONFIG };
	int status = read_options(&o, argc, argv);

	if (status >= 0)
		return status;
	if (o.check)
		return check_run(o.server.config, NULL, NULL);
	if (o.single)
		return single_run(o.server.config);
	if (o.server.daemon)
		make_absolute(&o);
	o.server.listen = o.listen;
	return server_run(&o.server);
}
