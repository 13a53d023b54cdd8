/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_QUERY_H
#define MXONLY_QUERY_H

/*
 * query - the parts of `mxonly query`: what was asked for, and who answers
 *
 * Life:      query.c reads the command line into a struct query; a question goes to an oracle, which prints the answer
 * Tested by: t/live/tool_query.t
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/text.h"
#include "policy/request.h"
#include "policy/snapshot.h"

enum query_form { QUERY_PLAIN, QUERY_JSON, QUERY_EXPLAIN };

struct query {
	const char *config; /* -c; NULL: the default */
	const char *endpoint; /* -s; NULL: the configuration answers */
	const char *key; /* -q */
	const char *file; /* -r */
	bool json, explain;
	enum query_form form;
	char **pairs; /* NAME=VALUE */
	int pair_count;
};

extern const char query_command[]; /* "mxonly query" */

/* One request: its bytes as on the wire, and what they say; rq NULL: they pass the protocol's limits. */
struct question {
	struct text bytes;
	const struct request *rq;
};

/* Prints the answer; *harms: refused or deferred. -1 with why there is no answer. */
struct oracle {
	int (*answer)(struct oracle *o, const struct question *q, bool *harms, struct err *e);
};

/* A snapshot answers (query_local.c). */
struct local_oracle {
	struct oracle oracle;
	const struct snapshot *snapshot;
	enum query_form form;
	bool again; /* an answer was printed already */
};

void local_oracle(struct local_oracle *l, const struct snapshot *s, enum query_form form);

/* A running server answers (query_server.c). */
struct server_oracle {
	struct oracle oracle;
	const char *endpoint;
	int fd; /* -1: not connected */
};

void server_oracle(struct server_oracle *so, const char *endpoint);
void server_oracle_end(struct server_oracle *so);

/* The questions (query_request.c, query_key.c); each returns the exit status. */
int query_pairs(const struct query *q, struct oracle *o);
int query_file(const struct query *q, struct oracle *o);
int query_keys(const struct query *q, const struct snapshot *s);

/* A JSON string or escaped words on standard output, of any length (query_local.c). */
void put_json(struct text t);
void put_plain(struct text t);

#endif
