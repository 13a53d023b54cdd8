/* SPDX-License-Identifier: BSD-2-Clause */
#include <unistd.h>

#include "policy_fixture.h"
#include "server/view.h"
#include "unit.h"

enum { WORKERS = 3 };

/* A server with some workers, that nobody runs. */
struct sample {
	struct view view;
	struct supervisor_state state;
	struct listeners listeners;
	struct faults faults;
	char *text;
	size_t len;
};

static struct sample *sample(const char *ini)
{
	struct sample *s = calloc(1, sizeof *s);
	struct supervisor_actions actions;

	supervisor_begin(&s->state, WORKERS, 0, &actions);
	s->view = (struct view){ .config = "test.ini",
		.snapshot = fixture_snapshot(ini),
		.counters = counters_new(),
		.state = &s->state,
		.listeners = &s->listeners,
		.faults = &s->faults,
		.now = 1000000,
		.pid = 1 };
	return s;
}

static struct counters *counters_of(const struct sample *s)
{
	return (struct counters *)(uintptr_t)s->view.counters;
}

static const char *print(struct sample *s, void (*printer)(FILE *, const struct view *))
{
	free(s->text);
	FILE *to = open_memstream(&s->text, &s->len);
	printer(to, &s->view);
	fclose(to);
	return s->text;
}

static void end(struct sample *s)
{
	faults_free(&s->faults);
	snapshot_unmap(s->view.snapshot);
	free(s->text);
	free(s);
}

#define INI "[relay a]\nranges = 192.0.2.0/24\n[relay b]\nranges = 198.51.100.0/24\n[default]\nrelays = a b\n"

/* Every counter is the sum of all workers' and nobody else's. */
START_TEST(sums)
{
	struct sample *s = sample(INI);
	struct counters *c = counters_of(s);

	for (unsigned n = 0; n < COUNTERS_SLOTS; n++) {
		uint64_t amount = n < WORKERS ? 1u << n : 1000000;

		counters_add(&c->slot[n].decided[OUTCOME_REFUSE][REASON_NEAR_MISS], amount);
		counters_add(&c->slot[n].decided[OUTCOME_PERMIT][REASON_NEAR_MISS], n == 1);
		counters_add(&c->slot[n].malformed, 2 * amount);
		counters_add(&c->slot[n].timed_out, 3 * amount);
		counters_add(&c->slot[n].connections, 4 * amount);
		counters_add(&c->slot[n].open, 5 * amount);
		if (n < COUNTERS_WORKERS) {
			counters_add(&c->relay[n][1].permitted, 6 * amount);
			counters_add(&c->relay[n][0].near_misses, 7 * amount);
		}
	}
	counters_add(&c->slot[COUNTERS_SUPERVISOR].lines_dropped, 5);
	counters_add(&c->slot[2].lines_dropped, 6);
	counters_add(&c->reloads_good, 8);
	counters_add(&c->reloads_refused, 9);
	relay_names_add(&c->names, text_of("a"));
	relay_names_add(&c->names, text_of("b"));
	static const char *const want[] = {
		"\nmxonly_requests_total{outcome=\"refuse\",reason=\"near-miss\"} 7\n",
		"\nmxonly_requests_total{outcome=\"defer\",reason=\"near-miss\"} 0\n",
		"\nmxonly_requests_total{outcome=\"permit\",reason=\"near-miss\"} 1\n",
		"\nmxonly_requests_total{outcome=\"permit\",reason=\"relay\"} 0\n",
		"\nmxonly_relay_requests_total{relay=\"a\"} 0\nmxonly_relay_requests_total{relay=\"b\"} 42\n#",
		"\nmxonly_relay_near_misses_total{relay=\"a\"} 49\nmxonly_relay_near_misses_total{relay=\"b\"} 0\n#",
		"\nmxonly_malformed_requests_total 14\n",
		"\nmxonly_timeouts_total 21\n",
		"\nmxonly_connections_total 28\n",
		"\nmxonly_connections 35\n",
		"\nmxonly_log_lines_dropped_total 11\n",
		"\nmxonly_reloads_total{result=\"good\"} 8\nmxonly_reloads_total{result=\"refused\"} 9\n",
		"\nmxonly_last_load_good 1\n",
		"\nmxonly_workers 0\n",
		"\nmxonly_clients_hidden 0\n",
	};
	print(s, stats_print);
	for (size_t i = 0; i < sizeof want / sizeof *want; i++)
		row_has("sums", s->text, want[i]);
	ck_assert(strstr(s->text, "reason=\"unknown-address\"} 0") != NULL);
	ck_assert(strstr(s->text, "outcome=\"permit\",reason=\"unknown-address\"") == NULL);
	end(s);
}
END_TEST

/* Relays beyond the table are counted together, and shown once they count. */
START_TEST(other_relays)
{
	struct sample *s = sample(INI);

	ck_assert(strstr(print(s, stats_print), "(other)") == NULL);
	counters_add(&counters_of(s)->relay[1][RELAY_OTHER].permitted, 3);
	row_has("other", print(s, stats_print), "\nmxonly_relay_requests_total{relay=\"(other)\"} 3\n");
	ck_assert(strstr(s->text, "near_misses_total{relay=\"(other)\"}") == NULL);
	end(s);
}
END_TEST

START_TEST(durations)
{
	struct sample *s = sample(INI);
	struct counters *c = counters_of(s);

	counters_time(&c->slot[0], 500);
	counters_time(&c->slot[1], 501);
	counters_time(&c->slot[2], 1000000000);
	counters_time(&c->slot[2], 2000000000);
	static const char *const want[] = { "_bucket{le=\"5e-07\"} 1\n", "_bucket{le=\"1e-06\"} 2\n",
		"_bucket{le=\"0.1\"} 2\n", "_bucket{le=\"1\"} 3\n", "_bucket{le=\"+Inf\"} 4\n",
		"_seconds_sum 3.000001001\n", "_seconds_count 4\n" };
	print(s, stats_print);
	for (size_t i = 0; i < sizeof want / sizeof *want; i++)
		row_has("durations", s->text, want[i]);
	end(s);
}
END_TEST

/* What a file's name may hold, in a label. */
START_TEST(labels)
{
	char name[128], ini[256], want[256];
	FILE *file;
	struct sample *s;

	snprintf(name, sizeof name, "/tmp/mxonly-%d\"odd\"\\n\303\266.ranges", (int)getpid());
	snprintf(ini, sizeof ini, "[relay a]\nranges_file = %s\n", name);
	snprintf(want, sizeof want,
		"\nmxonly_ranges_file_age_seconds{relay=\"a\",file=\"/tmp/"
		"mxonly-%d\\\"odd\\\"\\\\n\\\\xc3\\\\xb6.ranges\"} "
		"77\n",
		(int)getpid());
	file = fopen(name, "w");
	ck_assert_ptr_nonnull(file);
	fputs("192.0.2.0/24\n", file);
	fclose(file);
	s = sample(ini);
	unlink(name);
	const struct span files = snap_relay(s->view.snapshot, 0)->files;
	ck_assert_uint_eq(files.count, 1);
	s->view.now = ((const struct snap_file *)snap_at(s->view.snapshot, files))->modified + 77;
	row_has("label", print(s, stats_print), want);
	end(s);
}
END_TEST

START_TEST(status)
{
	struct sample *s = sample(INI);

	warning_add(&s->faults, "test.ini", 3, "odd");
	s->state.worker[0] = (struct supervisor_worker){ .life = WORKER_SERVING, .generation = 1 };
	s->state.worker[2].life = WORKER_ABSENT;
	s->view.worker[0] = 17;
	counters_add(&counters_of(s)->slot[0].open, 4);
	counters_add(&counters_of(s)->slot[2].restarts, 5);
	s->view.now = s->view.snapshot->compiled + 12;
	s->view.began = s->view.now - 100;
	static const char *const want[] = { "version: ", "\nconfiguration: test.ini\n",
		"\ngeneration: 1, not yet served by every worker\n", "\nage: 12 s, compiled 20",
		"\nuptime: 100 s, since ", "\nconnections: 4 of at most 4096\n", "\nworkers: 3\n",
		"\nworker 0: pid 17, generation 1, connections 4, restarts 0\n", "\nworker 1: pid 0, starting, ",
		"\nworker 2: is started again soon, connections 0, restarts 5\n", "\nlast load: good, ",
		"\nwarning: test.ini:3: odd\n" };
	print(s, status_print);
	for (size_t i = 0; i < sizeof want / sizeof *want; i++)
		row_has("status", s->text, want[i]);
	ck_assert(strstr(s->text, "clients:") == NULL);
	struct blindness_slot *clients = &counters_of(s)->slot[2].clients;
	clients->seen[0] = 200;
	clients->same[0] = 190;
	clients->low = 0x0a000001;
	row_has("hidden", print(s, status_print), "\nclients: nearly all seem to be 10.0.0.1 (190 of 200 requests): ");
	row_has("hidden", print(s, stats_print), "\nmxonly_clients_hidden 1\n");
	fault_add(&s->faults, "test.ini", 4, "bad");
	row_has("refused", print(s, status_print), "\nlast load: refused, ");
	row_has("refused", s->text, "\nfault: test.ini:4: bad\n");
	end(s);
}
END_TEST

int main(void)
{
	return unit_run("stats", UNIT_TESTS(sums, other_relays, durations, labels, status));
}
