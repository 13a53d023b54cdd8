/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stddef.h>

#include "server/decisions.h"
#include "server/view.h"

/* The sum of a counter, which stands there in each worker's slot. */
static uint64_t sum(const struct view *v, size_t offset)
{
	uint64_t all = 0;

	for (unsigned n = 0; n < v->state->workers; n++)
		all += *(const counter *)((const char *)&v->counters->slot[n] + offset);
	return all;
}

static void print_number(FILE *to, const char *name, uint64_t value)
{
	fprintf(to, "%s %" PRIu64 "\n", name, value);
}

/* A label's value: quotes and backslashes as the format wants them, what is not printable ASCII as the text \xNN. */
static void print_label(FILE *to, struct text t)
{
	for (size_t i = 0; i < t.len; i++) {
		unsigned char c = (unsigned char)t.at[i];

		if (c == '"' || c == '\\')
			fputc('\\', to);
		if (c >= ' ' && c < 0x7f)
			fputc(c, to);
		else
			fprintf(to, "\\\\x%02x", c);
	}
}

/* What a decision can come to; anything else is shown only if it happens all the same. */
static bool possible(enum outcome outcome, enum reason reason)
{
	switch (reason) {
	case REASON_NO_RECIPIENT:
	case REASON_MODE_OFF:
	case REASON_AUTHENTICATED:
	case REASON_EXEMPT_NETWORK:
	case REASON_EXEMPT_RECIPIENT:
	case REASON_RELAY:
		return outcome == OUTCOME_PERMIT;
	case REASON_BAD_ADDRESS:
	case REASON_NAME_UNVERIFIED:
	case REASON_BAD_REQUEST:
		return outcome == OUTCOME_DEFER;
	case REASON_UNKNOWN_ADDRESS:
		return outcome == OUTCOME_REFUSE;
	default:
		return outcome != OUTCOME_PERMIT;
	}
}

static void print_requests(FILE *to, const struct view *v, const char *name)
{
	for (int o = 0; o < OUTCOMES; o++)
		for (int r = 0; r < REASONS; r++) {
			uint64_t n =
				sum(v, offsetof(struct slot, decided) + (size_t)(o * REASONS + r) * sizeof(counter));

			if (n > 0 || possible((enum outcome)o, (enum reason)r))
				fprintf(to, "%s{outcome=\"%s\",reason=\"%s\"} %" PRIu64 "\n", name, outcome_name[o],
					reason_name[r], n);
		}
}

/* Of each relay that there ever was; of those beyond the table together, once they have counted. */
static void print_by_relay(FILE *to, const struct view *v, const char *name, size_t offset)
{
	const struct counters *c = v->counters;
	uint32_t count = c->names.count;

	for (uint32_t i = 0; i < RELAY_NUMBERS; i++) {
		uint64_t all = 0;

		if (i >= count && i != RELAY_OTHER)
			continue;
		for (unsigned n = 0; n < v->state->workers; n++)
			all += *(const counter *)((const char *)&c->relay[n][i] + offset);
		if (i == RELAY_OTHER && all == 0)
			continue;
		fprintf(to, "%s{relay=\"", name);
		print_label(to, i == RELAY_OTHER ? text_of("(other)") : relay_names_at(&c->names, i));
		fprintf(to, "\"} %" PRIu64 "\n", all);
	}
}

static void print_permitted(FILE *to, const struct view *v, const char *name)
{
	print_by_relay(to, v, name, offsetof(struct relay_counters, permitted));
}

static void print_near_misses(FILE *to, const struct view *v, const char *name)
{
	print_by_relay(to, v, name, offsetof(struct relay_counters, near_misses));
}

static void print_malformed(FILE *to, const struct view *v, const char *name)
{
	print_number(to, name, sum(v, offsetof(struct slot, malformed)));
}

static void print_open(FILE *to, const struct view *v, const char *name)
{
	print_number(to, name, sum(v, offsetof(struct slot, open)));
}

static void print_connections(FILE *to, const struct view *v, const char *name)
{
	print_number(to, name, sum(v, offsetof(struct slot, connections)));
}

static void print_timeouts(FILE *to, const struct view *v, const char *name)
{
	print_number(to, name, sum(v, offsetof(struct slot, timed_out)));
}

static void print_duration(FILE *to, const struct view *v, const char *name)
{
	uint64_t n = 0;

	for (int i = 0; i < COUNTERS_TIMES - 1; i++) {
		n += sum(v, offsetof(struct slot, took) + (size_t)i * sizeof(counter));
		fprintf(to, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name, (double)counters_bound[i] / 1e9, n);
	}
	n += sum(v, offsetof(struct slot, took) + (COUNTERS_TIMES - 1) * sizeof(counter));
	fprintf(to, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, n);
	fprintf(to, "%s_sum %.9f\n", name, (double)sum(v, offsetof(struct slot, took_sum)) / 1e9);
	fprintf(to, "%s_count %" PRIu64 "\n", name, n);
}

static void print_workers(FILE *to, const struct view *v, const char *name)
{
	uint64_t serving = 0;

	for (unsigned n = 0; n < v->state->workers; n++)
		serving += v->state->worker[n].life == WORKER_SERVING;
	print_number(to, name, serving);
}

static void print_restarts(FILE *to, const struct view *v, const char *name)
{
	print_number(to, name, v->counters->restarts);
}

static void print_reloads(FILE *to, const struct view *v, const char *name)
{
	fprintf(to, "%s{result=\"good\"} %" PRIu64 "\n", name, (uint64_t)v->counters->reloads_good);
	fprintf(to, "%s{result=\"refused\"} %" PRIu64 "\n", name, (uint64_t)v->counters->reloads_refused);
}

static void print_last_load(FILE *to, const struct view *v, const char *name)
{
	print_number(to, name, v->faults->errors == 0);
}

static void print_generation(FILE *to, const struct view *v, const char *name)
{
	print_number(to, name, v->counters->generation);
}

static void print_compiled(FILE *to, const struct view *v, const char *name)
{
	fprintf(to, "%s %" PRId64 "\n", name, v->snapshot->compiled);
}

static void print_age(FILE *to, const struct view *v, const char *name)
{
	fprintf(to, "%s %" PRId64 "\n", name, v->now - v->snapshot->compiled);
}

static bool named_before(const struct snapshot *s, const struct snap_file *files, uint32_t i)
{
	for (uint32_t k = 0; k < i; k++)
		if (text_equal(snap_text(s, files[k].name), snap_text(s, files[i].name)))
			return true;
	return false;
}

static void print_files(FILE *to, const struct view *v, const char *name)
{
	const struct snapshot *s = v->snapshot;

	for (uint32_t r = 0; r < s->relays.count; r++) {
		const struct snap_relay *relay = snap_relay(s, r);
		const struct snap_file *files = snap_at(s, relay->files);

		for (uint32_t i = 0; i < relay->files.count; i++) {
			if (named_before(s, files, i))
				continue;
			fprintf(to, "%s{relay=\"", name);
			print_label(to, snap_text(s, relay->name));
			fputs("\",file=\"", to);
			print_label(to, snap_text(s, files[i].name));
			fprintf(to, "\"} %" PRId64 "\n", v->now - files[i].modified);
		}
	}
}

static void print_dropped(FILE *to, const struct view *v, const char *name)
{
	print_number(to, name, counters_dropped_total(v->counters));
}

static void print_hidden(FILE *to, const struct view *v, const char *name)
{
	struct blindness_finding f;

	print_number(to, name, blindness_found(v->counters, v->state->workers, v->clock, &f));
}

static void print_build(FILE *to, const struct view *v, const char *name)
{
	(void)v;
	fprintf(to, "%s{version=\"%s\"} 1\n", name, MXONLY_VERSION);
}

_Static_assert(TIMED_ONE_OF == 61, "the help below says so");

static const struct metric {
	const char *name, *type, *help;
	void (*print)(FILE *to, const struct view *v, const char *name);
} metrics[] = {
	{ "mxonly_requests_total", "counter", "Requests decided, as if enforced, by outcome and reason.",
		print_requests },
	{ "mxonly_relay_requests_total", "counter", "Requests permitted because they came through the relay.",
		print_permitted },
	{ "mxonly_relay_near_misses_total", "counter",
		"Requests of clients named like the relay's, from addresses that are not among its ranges.",
		print_near_misses },
	{ "mxonly_malformed_requests_total", "counter", "Requests that were none: closed without a reply.",
		print_malformed },
	{ "mxonly_connections", "gauge", "Connections open now.", print_open },
	{ "mxonly_connections_total", "counter", "Connections accepted.", print_connections },
	{ "mxonly_clients_hidden", "gauge",
		"1 when nearly all clients have one private address: a container network or a proxy hides them.",
		print_hidden },
	{ "mxonly_timeouts_total", "counter",
		"Connections closed because a request did not end or replies were not read within request_timeout.",
		print_timeouts },
	{ "mxonly_decision_duration_seconds", "histogram",
		"Time to read and decide a request, of one request in 61 (sampled, so that it costs nothing).",
		print_duration },
	{ "mxonly_workers", "gauge", "Worker processes that serve.", print_workers },
	{ "mxonly_worker_restarts_total", "counter", "Worker processes that died and were replaced.", print_restarts },
	{ "mxonly_reloads_total", "counter", "Reloads, by what became of them.", print_reloads },
	{ "mxonly_last_load_good", "gauge",
		"1 when the configuration was good as it was last read, 0 when it was refused.", print_last_load },
	{ "mxonly_generation", "gauge", "Generation of the configuration that every worker serves; the first is 1.",
		print_generation },
	{ "mxonly_snapshot_compiled_timestamp_seconds", "gauge", "When the served configuration was compiled.",
		print_compiled },
	{ "mxonly_snapshot_age_seconds", "gauge", "Time since the served configuration was compiled.", print_age },
	{ "mxonly_ranges_file_age_seconds", "gauge",
		"Time since a ranges_file of the served configuration was changed.", print_files },
	{ "mxonly_log_lines_dropped_total", "counter", "Log lines that nobody could write in time.", print_dropped },
	{ "mxonly_build_info", "gauge", "Always 1, with the version.", print_build },
};

void stats_print(FILE *to, const struct view *v)
{
	for (size_t i = 0; i < sizeof(metrics) / sizeof(*metrics); i++) {
		const struct metric *m = &metrics[i];

		fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name, m->type);
		m->print(to, v, m->name);
	}
}
