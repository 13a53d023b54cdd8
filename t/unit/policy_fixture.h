/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_POLICY_FIXTURE_H
#define MXONLY_POLICY_FIXTURE_H

/*
 * policy_fixture - a snapshot from ini text, and requests from one line, for tests of what decides
 */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "policy/load.h"
#include "policy/request.h"
#include "policy/snapshot.h"

/* The snapshot of a configuration that must be good; ends the test with its faults when it is not. */
static inline const struct snapshot *fixture_snapshot(const char *ini)
{
	struct faults faults = { 0 };
	const struct snapshot *s;
	struct err e;
	int fd = load_text(text_of(ini), "test.ini", &faults);

	if (fd < 0 || snapshot_map(&s, fd, &e) < 0) {
		faults_print(&faults, stderr);
		abort();
	}
	close(fd);
	faults_free(&faults);
	return s;
}

/* "client_address=192.0.2.7 recipient=u@example.org": the slices point into words. */
static inline struct request fixture_request(const char *words)
{
	struct request rq = { 0 };
	struct text rest = text_of(words), word;

	while (text_next_word(&rest, &word)) {
		const char *equals = memchr(word.at, '=', word.len);
		enum attribute a = attribute_of(text_cut(word.at, (size_t)(equals - word.at)));
		if (a == ATTR_COUNT)
			abort();
		rq.attr[a] = text_cut(equals + 1, word.len - (size_t)(equals + 1 - word.at));
	}
	return rq;
}

#endif
