/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <time.h>

#include "server/view.h"

static void print_time(FILE *to, int64_t seconds)
{
	char words[64];
	time_t t = (time_t)seconds;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || strftime(words, sizeof(words), "%F %T UTC", &tm) == 0)
		snprintf(words, sizeof(words), "@%" PRId64, seconds);
	fputs(words, to);
}

/* "key: 12 s, since 2026-11-22 02:15:00 UTC" */
static void print_age(FILE *to, const char *key, const char *since, int64_t seconds, int64_t now)
{
	fprintf(to, "%s: %" PRId64 " s, %s ", key, now > seconds ? now - seconds : 0, since);
	print_time(to, seconds);
	fputc('\n', to);
}

static void print_configuration(FILE *to, const struct view *v)
{
	const struct supervisor_state *s = v->state;

	fprintf(to, "configuration: %s\n", v->config);
	fprintf(to, "generation: %" PRIu32 "%s\n", s->generation,
		s->announced == s->generation ? "" : ", not yet served by every worker");
	print_age(to, "age", "compiled", v->snapshot->compiled, v->now);
	if (v->served != 0)
		print_age(to, "served", "since", v->served, v->now);
	fprintf(to, "relays: %" PRIu32 "\n", v->snapshot->relays.count);
	fprintf(to, "domains: %" PRIu32 "\n", v->snapshot->domain_count);
}

static void print_listeners(FILE *to, const struct listeners *l)
{
	char name[ENDPOINT_HOST + 32], before[sizeof(name)] = "";

	for (size_t i = 0; i < l->count; i++) {
		listener_name(&l->at[i], name, sizeof(name));
		if (strcmp(name, before) != 0) /* a host of two addresses has two sockets */
			fprintf(to, "listen: %s%s\n", name, l->at[i].adopted ? ", handed over" : "");
		memcpy(before, name, sizeof(name));
	}
}

/* Only when there is something to say. */
static void print_clients(FILE *to, const struct view *v)
{
	struct blindness_finding f;
	char address[IP_TEXT];

	if (blindness_found(v->counters, v->state->workers, v->clock, &f))
		fprintf(to,
			"clients: nearly all seem to be %s (%" PRIu64 " of %" PRIu64
			" requests): a container network or a proxy hides them\n",
			ip_print(&f.address, address), f.same, f.seen);
}

static void print_worker(FILE *to, const struct view *v, unsigned n)
{
	const struct supervisor_worker *w = &v->state->worker[n];
	const struct slot *slot = &v->counters->slot[n];

	fprintf(to, "worker %u: ", n);
	if (w->life == WORKER_ABSENT)
		fputs("is started again soon", to);
	else if (w->life == WORKER_STARTING)
		fprintf(to, "pid %d, starting", (int)v->worker[n]);
	else
		fprintf(to, "pid %d, generation %" PRIu32, (int)v->worker[n], w->generation);
	fprintf(to, ", connections %" PRIu64 ", restarts %" PRIu64 "\n", (uint64_t)slot->open,
		(uint64_t)slot->restarts);
}

static void print_last_load(FILE *to, const struct view *v)
{
	const struct faults *f = v->faults;

	fprintf(to, "last load: %s, ", f->errors == 0 ? "good" : "refused");
	print_time(to, v->loaded);
	fprintf(to, "%s\n", v->state->loading ? ", another is running" : "");
	for (size_t i = 0; i < f->count; i++)
		fprintf(to, "%s: %s\n", f->list[i].warning ? "warning" : "fault", f->list[i].words);
}

void status_print(FILE *to, const struct view *v)
{
	unsigned workers = v->state->workers;

	fprintf(to, "version: %s\n", MXONLY_VERSION);
	print_configuration(to, v);
	fprintf(to, "pid: %d\n", (int)v->pid);
	print_age(to, "uptime", "since", v->began, v->now);
	print_listeners(to, v->listeners);
	fprintf(to, "connections: %" PRIu64 " of at most %" PRIu32 "\n", counters_open_total(v->counters, workers),
		v->snapshot->policyd.max_connections);
	print_clients(to, v);
	fprintf(to, "workers: %u\n", workers);
	for (unsigned n = 0; n < workers; n++)
		print_worker(to, v, n);
	fprintf(to, "log: %s, %s, %" PRIu64 " lines dropped\n", logger_way_name(v->way),
		v->snapshot->policyd.log_json ? "json" : "text", counters_dropped_total(v->counters));
	print_last_load(to, v);
}

/* Ranges that have grown old while they are served; true: there are some. */
static bool print_old_ranges(FILE *to, const struct view *v)
{
	const struct snapshot *s = v->snapshot;
	bool any = false;

	for (uint32_t r = 0; r < s->relays.count; r++) {
		const struct snap_relay *relay = snap_relay(s, r);
		const struct snap_file *files = snap_at(s, relay->files);
		struct text name = snap_text(s, relay->name);
		for (uint32_t i = 0; relay->max_age > 0 && i < relay->files.count; i++) {
			struct text file = snap_text(s, files[i].name);
			int64_t age = v->now - files[i].modified;
			if (age <= (int64_t)relay->max_age)
				continue;
			fprintf(to, "ranges_file: %.*s of [relay %.*s] is older than max_age: %" PRId64 " days\n",
				(int)file.len, file.at, (int)name.len, name.at, age / 86400);
			any = true;
		}
	}
	return any;
}

bool health_print(FILE *to, const struct view *v)
{
	const uint32_t most = v->snapshot->policyd.max_connections;
	struct blindness_finding f;
	bool ill = false;

	for (unsigned n = 0; n < v->state->workers; n++)
		if (v->state->worker[n].life != WORKER_SERVING) {
			print_worker(to, v, n);
			ill = true;
		}
	if (v->faults->errors > 0) {
		print_last_load(to, v);
		ill = true;
	}
	if (counters_open_total(v->counters, v->state->workers) >= most) {
		fprintf(to, "connections: as many as there may be: %" PRIu32 "\n", most);
		ill = true;
	}
	if (blindness_found(v->counters, v->state->workers, v->clock, &f)) {
		print_clients(to, v);
		ill = true;
	}
	ill |= print_old_ranges(to, v);
	return ill;
}
