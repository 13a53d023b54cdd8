/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policyload - a load generator for servers of the Postfix policy delegation protocol: usage() tells how
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "client.h"
#include "sample.h"

struct options {
	unsigned connections;
	double seconds, warm_up;
	uint64_t requests; /* 0: by time */
	const char *file, *target;
};

/* When the warm-up ends, and the measuring; nanoseconds. */
struct plan {
	uint64_t begin, stop;
	struct rusage used;
};

static _Noreturn void usage(void)
{
	fputs("usage: policyload [-c CONNECTIONS] [-d SECONDS | -n REQUESTS] [-f FILE] [-w SECONDS] [-C] [-1]\n"
	      "                  unix:/path | inet:host:port\n"
	      "  -c N  connections, one request outstanding on each (1)\n"
	      "  -d S  measure for S seconds (5)\n"
	      "  -n N  measure N requests instead\n"
	      "  -f F  take the requests from F, blank lines between them\n"
	      "  -w S  warm up for S seconds first, not counted (0)\n"
	      "  -C    a new connection for every request\n"
	      "  -1    each connection asks once; all stay open until standard input ends\n",
		stderr);
	exit(2);
}

static double number(const char *s)
{
	char *end;
	double v = strtod(s, &end);

	if (end == s || *end != '\0' || !(v >= 0))
		usage();
	return v;
}

static void read_options(struct options *o, struct clients *all, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "c:d:n:f:w:C1")) != -1) {
		switch (c) {
		case 'c':
			o->connections = (unsigned)number(optarg);
			break;
		case 'd':
			o->seconds = number(optarg);
			break;
		case 'n':
			o->requests = (uint64_t)number(optarg);
			break;
		case 'f':
			o->file = optarg;
			break;
		case 'w':
			o->warm_up = number(optarg);
			break;
		case 'C':
			all->churn = true;
			break;
		case '1':
			all->once = true;
			break;
		default:
			usage();
		}
	}
	if (optind + 1 != argc || o->connections < 1 || o->connections > 100000)
		usage();
	o->target = argv[optind];
}

static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* What the warm-up met is not counted. */
static void begin_measuring(struct clients *all, const struct options *o, struct plan *p, uint64_t now)
{
	uint64_t under_way = all->in_flight < o->requests ? all->in_flight : o->requests;

	all->measuring = true;
	all->errors = 0;
	p->begin = now;
	p->stop = o->requests > 0 || all->once ? UINT64_MAX : now + (uint64_t)(o->seconds * 1e9);
	if (o->requests > 0)
		all->limit = all->started + o->requests - under_way;
	getrusage(RUSAGE_SELF, &p->used);
}

static bool enough(const struct clients *all, const struct options *o, const struct plan *p, uint64_t now)
{
	bool asked = o->requests > 0 && all->times.total + all->errors >= o->requests;

	return now >= p->stop || (all->measuring && asked) || all->in_flight == 0;
}

/* Returns when the measuring ended. */
static uint64_t run(struct clients *all, const struct options *o, struct plan *p)
{
	for (;;) {
		uint64_t now = now_ns();
		if (!all->measuring && now >= p->begin)
			begin_measuring(all, o, p, now);
		if (enough(all, o, p, now))
			return now;
		uint64_t until = all->measuring ? p->stop : p->begin, ms = (until - now) / 1000000 + 1;
		clients_serve(all, ms > 1000 ? 1000 : (int)ms);
	}
}

static double seconds_of(const struct timeval *from, const struct timeval *to)
{
	return (double)(to->tv_sec - from->tv_sec) + (double)(to->tv_usec - from->tv_usec) / 1e6;
}

static void print(const struct clients *all, const struct plan *p, uint64_t end)
{
	const struct histogram *h = &all->times;
	double seconds = end > p->begin ? (double)(end - p->begin) / 1e9 : 0;
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	double cpu = seconds_of(&p->used.ru_utime, &used.ru_utime) + seconds_of(&p->used.ru_stime, &used.ru_stime);
	printf("requests=%" PRIu64 " seconds=%.3f req_per_s=%.0f p50_us=%.1f p99_us=%.1f p999_us=%.1f max_us=%.1f ",
		h->total, seconds, seconds > 0 ? (double)h->total / seconds : 0, histogram_us(h, 0.5),
		histogram_us(h, 0.99), histogram_us(h, 0.999), (double)h->longest / 1000);
	printf("dunno=%" PRIu64 " reject=%" PRIu64 " defer=%" PRIu64 " other=%" PRIu64 " errors=%" PRIu64
	       " client_cpu_s=%.2f\n",
		all->dunno, all->reject, all->defer, all->other, all->errors, cpu);
	fflush(stdout);
	if (all->first_error[0] != '\0')
		fprintf(stderr, "policyload: first error: %s\n", all->first_error);
}

int main(int argc, char **argv)
{
	static struct clients all;
	struct options o = { .connections = 1, .seconds = 5 };
	struct plan p = { .stop = UINT64_MAX };
	char byte;

	all.limit = UINT64_MAX;
	read_options(&o, &all, argc, argv);
	if (o.file != NULL)
		requests_read(&all.requests, o.file);
	else
		requests_sample(&all.requests, SAMPLE_VARIANTS);
	target_parse(&all.target, o.target);
	signal(SIGPIPE, SIG_IGN);
	raise_limit();
	p.begin = now_ns() + (uint64_t)(o.warm_up * 1e9);
	if (o.warm_up <= 0)
		begin_measuring(&all, &o, &p, now_ns());
	clients_open(&all, o.connections);
	uint64_t end = run(&all, &o, &p);
	print(&all, &p, end);
	while (all.once && read(STDIN_FILENO, &byte, 1) > 0)
		continue;
	return all.errors > 0 || all.times.total == 0 ? 1 : 0;
}
