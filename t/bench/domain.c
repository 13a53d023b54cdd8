/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * domain - nanoseconds from a domain to its policy: domain [DOMAINS ...]
 *
 * Random names of four labels, every second one in the table; beside them a probe of the same table for the whole name and
 * nothing else, and the slot alone where a hash that is known has its home (many of these are under way at once: nothing hangs
 * on the one before). Once without, once with some names that begin with a dot, which cost a probe a label.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fault.h"
#include "policy/load.h"
#include "policy/snapshot.h"
#include "sample.h"
#include "timing.h"

volatile uint64_t timing_sink;

static struct text keys[TIMING_KEYS];
static uint32_t hashes[TIMING_KEYS];

/* Every hundredth name covers what is below it instead, when there are parents. */
static void put_config(struct buf *b, uint32_t count, bool parents)
{
	char name[SAMPLE_NAME];

	buf_str(b, "[relay filter]\nranges = 192.0.2.0/24\n[default]\nrelays = filter\n[domains all]\nmode = monitor\n"
		   "names =\n");
	for (uint32_t i = 0; i < count; i++) {
		sample_domain(i, name);
		buf_format(b, "  %s%s\n", parents && i % 100 == 0 ? "." : "", name);
	}
}

static const struct snapshot *snapshot_with(uint32_t count, bool parents)
{
	const struct snapshot *s;
	struct faults faults = { 0 };
	struct buf text = { 0 };
	struct err e;

	put_config(&text, count, parents);
	int fd = load_text(text_cut(text.at, text.len), "domain.ini", &faults);
	if (fd < 0 || snapshot_map(&s, fd, &e) < 0) {
		faults_print(&faults, stderr);
		exit(1);
	}
	close(fd);
	buf_free(&text);
	faults_free(&faults);
	return s;
}

/* In memory one after another, as a request's bytes would be in the cache. */
static void make_keys(uint32_t count)
{
	static struct buf bytes;
	char name[SAMPLE_NAME];

	bytes.len = 0;
	buf_room(&bytes, (size_t)TIMING_KEYS * SAMPLE_NAME / 2);
	for (uint32_t i = 0; i < TIMING_KEYS; i++) {
		uint32_t random = sample_mix(i + 7777777, 32) % count;
		sample_domain(i % 2 == 0 ? random : random + count, name);
		keys[i] = text_cut(bytes.at + bytes.len, strlen(name));
		buf_str(&bytes, name);
		hashes[i] = text_hash(keys[i]);
	}
}

static bool slot_of(const struct snapshot *s, uint32_t hash)
{
	const struct snap_domain *slots = snap_at(s, s->domains);

	return slots[(uint64_t)hash * s->domain_homes >> 32].hash == hash;
}

static void measure(uint32_t count, bool parents)
{
	const struct snapshot *s = snapshot_with(count, parents);
	double ours, probe, slot;

	make_keys(count);
	TIMING(ours, snapshot_policy_of(s, keys[i]));
	TIMING(probe, snapshot_has_domain(s, keys[i]));
	TIMING(slot, slot_of(s, hashes[i]));
	printf("domains=%u parents=%s look_up=%.1f probe=%.1f slot=%.1f\n", count, parents ? "yes" : "no", ours, probe,
		slot);
	fflush(stdout);
	snapshot_unmap(s);
}

int main(int argc, char **argv)
{
	static const uint32_t usual[] = { 10, 100, 1000, 10000, 100000, 1000000 };
	size_t count = argc > 1 ? (size_t)argc - 1 : sizeof usual / sizeof *usual;

	for (size_t i = 0; i < count; i++) {
		uint32_t domains = argc > 1 ? (uint32_t)strtoul(argv[i + 1], NULL, 10) : usual[i];
		measure(domains, false);
		measure(domains, true);
	}
	return 0;
}
