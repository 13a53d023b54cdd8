/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MXONLY_DOMAIN_TABLE_H
#define MXONLY_DOMAIN_TABLE_H

/*
 * domain_table - the hash table of domains within a snapshot: filled, proved, looked up (struct snap_domain says how it lies)
 *
 * Memory:    a look-up (snapshot_policy_of, snapshot_has_domain) allocates nothing and cannot fail
 * Limits:    names of at most DOMAIN_MAX bytes; three homes of four are taken, so a look-up goes through 2.5 slots, hit or miss
 * Tested by: t/unit/test_snapshot.c, t/unit/test_snapshot_check.c, t/fuzz/fuzz_snapshot.c
 */

#include "policy/builder.h"
#include "policy/snapshot.h"

/* Writes the table and its names, and the names of [domain NAME] policies; the policies' array is there already. */
void domain_table_put(struct builder *b);

/* Proves it, and the names of [domain NAME] policies, of which there are own_policies; all else of the policies was proved before. */
int domain_table_check(const struct snapshot *s, size_t length, uint32_t own_policies, struct err *e);

/* A name in the form in which names are compared. */
bool domain_table_name(struct text t);

#endif
