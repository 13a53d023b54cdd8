/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_CONFIG_H
#define MXONLY_CONFIG_H

/*
 * config - what mxonly.ini(5) says, read whole and checked; what compile.h makes a snapshot of
 *
 * Life:      config_read -> compile -> config_free; in a child process or a tool, never in a server's own process
 * Memory:    owns everything it points to; out of memory ends the process (base/buf.h)
 * Errors:    every fault and warning goes to faults, with FILE:LINE; the configuration may be used when faults->errors is 0
 * Tested by: t/unit/test_config*.c, t/fuzz/fuzz_config.c, t/scenario
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/fault.h"
#include "base/str_list.h"
#include "net/range_set.h"
#include "policy/action.h"
#include "policy/recipient.h"
#include "policy/terms.h"

struct place {
	uint32_t file; /* index into config.files */
	uint32_t line; /* from 1 */
};

struct policyd_config {
	struct str_list listen; /* "unix:/path" or "inet:host:port", paths resolved */
	char *socket_group; /* NULL: as created */
	unsigned socket_mode;
	char *user; /* "mxonly" unless set */
	char *group; /* NULL: the user's primary group */
	unsigned workers; /* 0: auto */
	unsigned max_connections;
	unsigned request_timeout, idle_timeout; /* seconds */
	enum recipient_rule routed_recipients;
	char *recipient_delimiter; /* a set of characters; may be empty */
	char *control; /* "unix:/path"; "": none */
	bool control_set; /* false: the default, used only where its folder is there and writable */
	enum log_target { LOG_TARGET_AUTO, LOG_TARGET_STDERR, LOG_TARGET_SYSLOG } log;
	bool log_json;
	enum log_decisions { LOG_DECISIONS_NONE, LOG_DECISIONS_REFUSED, LOG_DECISIONS_ALL } log_decisions;
};

struct ranges_file {
	char *path;
	time_t modified;
};

struct relay_config {
	char *name;
	struct place place;
	struct range_list ranges; /* of `ranges` and of every `ranges_file` */
	struct ranges_file *files;
	size_t file_count;
	uint32_t max_age; /* seconds; 0: none */
	struct str_list domains; /* normalised */
	struct fingerprint *fingerprints;
	size_t fingerprint_count;
	unsigned match; /* bits 1 << enum factor; defaults filled in */
	bool allow_wide_ranges;
};

/* [default] and its overrides, inheritance done: every field has its value. */
struct policy_config {
	enum policy_kind kind;
	char *name; /* domain (normalised, perhaps with a leading dot) or label; "" for [default] */
	struct place place; /* of its section; [default] without one: file 0, line 0 */
	enum mode mode;
	uint32_t *relays; /* indexes into config.relays, in the order listed */
	size_t relay_count;
	char *action[ACTION_USES];
	enum on_doubt on_near_miss, on_mismatch;
	struct range_list exempt_networks;
	bool exempt_authenticated;
	struct str_list
		exempt_recipients; /* "local" in lower case or "local@domain", local in lower case, domain normalised */
	uint32_t
		like; /* fields that this policy did not set are [default]'s, and so is their memory: bit 1 << enum policy_field */
};

enum policy_field {
	FIELD_MODE,
	FIELD_RELAYS,
	FIELD_REFUSE_ACTION,
	FIELD_DEFER_ACTION,
	FIELD_MONITOR_ACTION,
	FIELD_ON_NEAR_MISS,
	FIELD_ON_MISMATCH,
	FIELD_EXEMPT_NETWORKS,
	FIELD_EXEMPT_AUTHENTICATED,
	FIELD_EXEMPT_RECIPIENTS,
	POLICY_FIELDS
};

struct config_domain {
	const char *name; /* normalised, perhaps with a leading dot; NUL-terminated, in config.names */
	uint32_t policy; /* index into config.policies */
	bool alias; /* in no section: how Postfix also spells a name that is in one (domain_folded) */
};

struct config {
	struct str_list files; /* files[0] is the one that was named */
	struct policyd_config policyd;
	struct relay_config *relays; /* in file order */
	size_t relay_count;
	struct policy_config *policies; /* policies[0] is [default] */
	size_t policy_count;
	struct config_domain *domains; /* every domain with a section, each once; then aliases */
	size_t domain_count;
	struct str_list own, internal_networks; /* [audit], as written */
	struct arena *names; /* memory of domain names */
};

/* Reads the file at path and all that it includes or names. */
void config_read(struct config *c, const char *path, struct faults *f);

/* The same from bytes; path is what faults call it and what relative paths stand beside. */
void config_read_text(struct config *c, struct text bytes, const char *path, struct faults *f);

/*
 * [policyd] user and group of that file alone, for a server that must drop root before it reads anything in earnest;
 * malloc'ed. *user is "mxonly" when none is set; "root", which config_read refuses, comes back as it is. *group NULL: none set.
 */
void config_read_user(struct text bytes, char **user, char **group);

void config_free(struct config *c);

#endif
