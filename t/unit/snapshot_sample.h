/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_SNAPSHOT_SAMPLE_H
#define MXONLY_SNAPSHOT_SAMPLE_H

/*
 * snapshot_sample - a configuration with something in every part of a snapshot, and the bytes that one is compiled into
 */

#include <stdio.h>

#include "base/fault.h"
#include "policy/compile.h"
#include "policy/config.h"
#include "policy/snapshot.h"
#include "unit.h"

static const char snapshot_sample[] = "[policyd]\n"
				      "listen = unix:/tmp/p inet:[::1]:10040\n"
				      "control =\n"
				      "workers = 3\n"
				      "idle_timeout = 4000\n"
				      "routed_recipients = ignore\n"
				      "log_decisions = all\n"
				      "[relay filter]\n"
				      "ranges = 192.0.2.0/24, 2001:db8:25::/48\n"
				      "domains = relay.example other.example\n"
				      "[relay certified]\n"
				      "fingerprints = ff112233445566778899aabbccddeeff00112233\n"
				      "  00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33\n"
				      "  ff112233445566778899aabbccddeeff00112233\n"
				      "[default]\n"
				      "relays = filter\n"
				      "mode = monitor\n"
				      "exempt_recipients = postmaster abuse@example.org abuse\n"
				      "[domain example.org]\n"
				      "mode = enforce\n"
				      "relays = certified filter\n"
				      "[domain .example.net]\n"
				      "mode = off\n"
				      "[domains customers]\n"
				      "names = example.com .example.com example.net a.example.com b.example.com\n"
				      "refuse_action = 550 5.7.1 No: ${recipient_domain}\n"
				      "exempt_networks = 127.0.0.0/8 10.0.0.0/8\n"
				      "[domains about]\n"
				      "names = example.edu\n"
				      "[audit]\n"
				      "own = mx.example.org\n";

/* The bytes that a configuration is compiled into. */
static inline struct buf compiled(const char *ini)
{
	struct config c = { .relay_count = 0 };
	struct buf out = { 0 };
	struct faults f = { 0 };
	struct err e = { "" };

	config_read_text(&c, text_of(ini), "test.ini", &f);
	faults_print(&f, stderr);
	ck_assert_uint_eq(f.errors, 0);
	ck_assert_msg(compile(&c, &out, &e) == 0, "%s", e.text);
	faults_free(&f);
	config_free(&c);
	return out;
}

static inline const struct snapshot *of(const struct buf *b)
{
	return (const struct snapshot *)b->at;
}

#endif
